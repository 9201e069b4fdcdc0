//! What others announce of themselves.
//!
//! Taken from people we have accepted only. Everything is bounded, and shown without tricks; a newer identity replaces all
//! of an older one, so that what somebody took away is gone here too.

use protocol::clock;
use protocol::content::identity::{ProfileShowcase, parse_showcase};
use protocol::content::name::harmless;
use protocol::content::{ChatIdentity, ContactCode, ImageFormat, Picture, Rule as ContentRule};
use protocol::layers::application::Signed;
use protocol::wire::identity::{ProfileShowcaseEntries, ProfileShowcaseEntriesEncrypted};
use store::{LinkRow, PictureRow, PictureSize};

use super::publish::{PICTURES, is_link, shared_with};
use crate::contacts::{self, Standing};
use crate::inbound::{Reason, Rule};
use crate::receive::{Done, Halt, Origin};
use crate::settings::PicturesOf;
use crate::turn::Turn;

/// A contact code. Its bundle was learnt on the way here.
pub(crate) fn contact_code(
    turn: &mut Turn<'_, '_>,
    origin: &Origin<'_>,
    signed: &Signed,
    code: &ContactCode,
) -> Result<Done, Halt> {
    match &code.identity {
        Some(presented) => identity(turn, origin, signed, presented),
        None if origin.sender.standing == Standing::Own => Err(Halt::Drop(Reason::OwnEcho)),
        None => Ok(Done::Applied),
    }
}

/// Somebody's name, description, colour, links and pictures. Of people we have not accepted it is no business of ours.
pub(crate) fn identity(
    turn: &mut Turn<'_, '_>,
    origin: &Origin<'_>,
    signed: &Signed,
    identity: &ChatIdentity,
) -> Result<Done, Halt> {
    if signed.author != origin.sender.key || origin.sender.standing != Standing::Accepted {
        return Err(Rule::NotAllowed.into());
    }
    identity.validate()?;
    if !clock::plausible(identity.clock.0, origin.sent_at) {
        return Err(ContentRule::Clock.into());
    }
    let mut contact = contacts::load(turn, &signed.author)?;
    if identity.clock.0 <= contact.identity_clock {
        return Err(Rule::Outdated.into());
    }
    contact.identity_clock = identity.clock.0;
    contact.colour = identity.customization_color;
    contact.bio = harmless(&identity.description);
    contacts::inbound::take_name(&mut contact, &identity.display_name);
    turn.tx.contacts().save(&contact)?;
    let links = links(turn, origin, identity);
    if turn.tx.people().links(&origin.sender.row)? != links {
        turn.tx.people().set_links(&origin.sender.row, &links)?;
    }
    for (size, name) in PICTURES {
        let shown = match turn.me.settings.pictures_of {
            PicturesOf::Contacts => identity.pictures.get(name),
            PicturesOf::Nobody => None,
        };
        let opened = shown.and_then(|picture| open_picture(turn, origin, picture, size));
        keep(turn, origin, identity, size, opened)?;
    }
    Ok(Done::Applied)
}

fn keep(
    turn: &mut Turn<'_, '_>,
    origin: &Origin<'_>,
    identity: &ChatIdentity,
    size: PictureSize,
    opened: Option<(ImageFormat, Vec<u8>)>,
) -> Result<(), Halt> {
    let Some((format, bytes)) = opened else {
        return Ok(turn.tx.people().remove_picture(&origin.sender.row, size)?);
    };
    let known = turn.tx.people().picture(&origin.sender.row, size)?;
    if known.is_some_and(|known| known.bytes == bytes) {
        return Ok(());
    }
    turn.tx.people().save_picture(&PictureRow {
        identity: origin.sender.row,
        size,
        format,
        bytes,
        clock: identity.clock,
    })?;
    Ok(())
}

/// A picture as a file, opened if it was sealed for us; nothing if it is not for us, or of no use.
fn open_picture(
    turn: &Turn<'_, '_>,
    origin: &Origin<'_>,
    picture: &Picture,
    size: PictureSize,
) -> Option<(ImageFormat, Vec<u8>)> {
    let limit = match size {
        PictureSize::Thumbnail => MAX_THUMBNAIL,
        PictureSize::Large => MAX_LARGE,
    };
    if picture.payload.is_empty() || picture.payload.len() > limit || picture.format == ImageFormat::UnknownImageFormat
    {
        return None;
    }
    let bytes = match &picture.sealed_keys {
        None => picture.payload.clone(),
        Some(slots) => open_sealed(turn, origin, slots, &picture.payload)?,
    };
    Some((picture.format, bytes))
}

/// Tries every slot: they say not whose they are.
fn open_sealed(turn: &Turn<'_, '_>, origin: &Origin<'_>, slots: &[Vec<u8>], sealed: &[u8]) -> Option<Vec<u8>> {
    let shared = shared_with(turn, &origin.sender.key);
    let key = slots
        .iter()
        .take(MAX_SLOTS)
        .find_map(|slot| shared.open_nonce_first(slot).ok())?;
    let key: &[u8; 32] = key.as_slice().try_into().ok()?;
    crypto::SymmetricKey::from_bytes(key).open_nonce_first(sealed).ok()
}

/// The links that we can read, in their order: those for everybody, those sealed for us, or those of old clients.
fn links(turn: &Turn<'_, '_>, origin: &Origin<'_>, identity: &ChatIdentity) -> Vec<LinkRow> {
    let mut found: Vec<(u32, String, String)> = Vec::new();
    if let Some(showcase) = &identity.showcase {
        for entries in readable(turn, origin, showcase) {
            let links = entries.social_links.into_iter().take(MAX_LINKS);
            found.extend(links.map(|link| (link.order, link.text, link.url)));
        }
        found.sort_by_key(|(order, ..)| *order);
    } else {
        let links = identity.social_links.iter().take(MAX_LINKS);
        found.extend(links.map(|link| (0, link.text.clone(), link.url.clone())));
    }
    found
        .into_iter()
        .map(|(_, label, url)| LinkRow {
            label: harmless(label.trim()),
            url: harmless(url.trim()),
        })
        .filter(|link| is_link(&link.label, &link.url))
        .take(MAX_LINKS)
        .collect()
}

fn readable(turn: &Turn<'_, '_>, origin: &Origin<'_>, showcase: &ProfileShowcase) -> Vec<ProfileShowcaseEntries> {
    let sealed = [&showcase.for_contacts, &showcase.for_id_verified_contacts];
    let opened = sealed
        .into_iter()
        .flatten()
        .filter_map(|part: &ProfileShowcaseEntriesEncrypted| {
            let bytes = open_sealed(turn, origin, &part.encryption_keys, &part.encrypted_entries)?;
            parse_showcase(&bytes)
        });
    showcase.for_everyone.iter().cloned().chain(opened).collect()
}

/// Several times what deployed clients send, in bytes; the daemon decodes them with bounds of its own.
const MAX_THUMBNAIL: usize = 32 << 10;
const MAX_LARGE: usize = 128 << 10;

/// People with more contacts than this are not told apart from an attack.
const MAX_SLOTS: usize = 5_000;

/// As many as deployed clients let a person show.
const MAX_LINKS: usize = 20;
