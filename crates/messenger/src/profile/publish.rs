//! What we tell of ourselves, and to whom: the chat identity of the protocol.
//!
//! Chosen by the person: everybody who knows the key gets it with the contact code; contacts get it in an encrypted
//! message of their own; or nobody gets it. With the contact code, a picture that is for contacts only is sealed for each
//! of them, as deployed. The name also stands in every message, because the protocol has it there.

use std::collections::BTreeMap;

use crypto::{PublicKey, SymmetricKey};
use protocol::content::contact::ContactUpdate;
use protocol::content::identity::{ProfileShowcase, SocialLink};
use protocol::content::{ChatIdentity, Content, ImageFormat, Picture};
use protocol::wire::identity::{ProfileShowcaseEntries, ProfileShowcaseEntriesEncrypted, ProfileShowcaseSocialLink};
use store::{ContactRow, PictureSize, StoreError};

use super::{OwnProfile, contact_code};
use crate::chats;
use crate::contacts::{self, is_mutual, next_clock, relation};
use crate::send;
use crate::settings::{Audience, Settings};
use crate::turn::{Turn, row_key};

/// Who looks at our profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Onlooker {
    /// A contact.
    Contact,
    /// Everybody else who knows our key.
    Stranger,
}

/// Which parts of our profile somebody can see, beside the name and the colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The description and the links.
    pub words: bool,
    /// The picture; never without the words.
    pub picture: bool,
}

/// What these settings let somebody see.
pub fn seen(settings: &Settings, by: Onlooker) -> Seen {
    let may = |audience| match by {
        Onlooker::Contact => audience != Audience::Nobody,
        Onlooker::Stranger => audience == Audience::Everyone,
    };
    let words = may(settings.profile_for);
    Seen {
        words,
        picture: words && may(settings.picture_for),
    }
}

/// Tells those who may know that our profile is another one.
pub(crate) fn changed(turn: &mut Turn<'_, '_>) -> Result<(), StoreError> {
    contact_code::advertise(turn)?;
    let identity = for_contacts(turn)?;
    let mut after = None;
    loop {
        let rows = turn.tx.contacts().list(after.as_ref(), AT_A_TIME)?;
        for row in rows.iter().filter(|row| is_mutual(row)) {
            let Ok(person) = PublicKey::from_compressed(row.identity.as_bytes()) else {
                continue;
            };
            update(turn, &person, row)?;
            if let Some(identity) = &identity {
                send::to_person(turn, &person, &Content::ChatIdentity(Box::new(identity.clone())))?;
            }
        }
        match rows.last() {
            Some(last) if rows.len() == AT_A_TIME as usize => after = Some(last.identity),
            _ => return Ok(()),
        }
    }
}

/// Shows a new contact what contacts may see.
pub(crate) fn introduce(turn: &mut Turn<'_, '_>, person: &PublicKey) -> Result<(), StoreError> {
    // The next contact code is sealed for them too.
    turn.tx.settings().remove(contact_code::IDENTITY_HASH)?;
    if let Some(identity) = for_contacts(turn)? {
        send::to_person(turn, person, &Content::ChatIdentity(Box::new(identity)))?;
    }
    Ok(())
}

/// Our name, and how we see the contact request.
pub(crate) fn update(turn: &mut Turn<'_, '_>, person: &PublicKey, contact: &ContactRow) -> Result<(), StoreError> {
    let chat = chats::one_to_one(turn, person)?;
    let relation = relation(contact);
    let update = ContactUpdate {
        clock: next_clock(chat.clock, &relation, turn.now),
        ens_name: String::new(),
        display_name: turn.me.display_name.clone(),
        contact_request_clock: relation.local_clock,
        contact_request: Some(relation.propagated()),
        recipient: Some(*person),
        customization_color: turn.me.profile.colour,
    };
    send::to_person(turn, person, &Content::ContactUpdate(Box::new(update)))?;
    Ok(())
}

/// What everybody may see, for the contact code; `None`: nothing is to be seen.
pub(crate) fn for_everybody(turn: &mut Turn<'_, '_>) -> Result<Option<ChatIdentity>, StoreError> {
    let (strangers, contacts) = (
        seen(&turn.me.settings, Onlooker::Stranger),
        seen(&turn.me.settings, Onlooker::Contact),
    );
    if !strangers.words {
        return Ok(None);
    }
    let mut identity = plain(turn)?;
    if strangers.picture {
        identity.pictures = pictures(turn)?;
    } else if contacts.picture {
        let pictures = pictures(turn)?;
        identity.pictures = seal(turn, pictures)?;
    }
    Ok(Some(identity))
}

/// What decides whether [`for_everybody`] differs from what was published last. Sealing is random and does not count.
pub(crate) fn digest(turn: &Turn<'_, '_>) -> [u8; 32] {
    let OwnProfile {
        bio,
        colour,
        links,
        picture,
        ..
    } = &turn.me.profile;
    let links: Vec<String> = links
        .iter()
        .map(|link| format!("{}\0{}\0", link.label, link.url))
        .collect();
    let numbers = format!(
        "{colour} {} {:?}",
        picture.unwrap_or_default().0,
        turn.me.settings.picture_for
    );
    crypto::keccak256_parts(&[
        turn.me.display_name.as_bytes(),
        &[0],
        bio.as_bytes(),
        &[0],
        links.concat().as_bytes(),
        numbers.as_bytes(),
    ])
}

/// Whether a link may be shown: a short name, and an address on the web.
pub(crate) fn is_link(label: &str, url: &str) -> bool {
    let labelled = (1..=MAX_LABEL_CHARACTERS).contains(&label.chars().count());
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    labelled
        && url.len() <= MAX_URL_BYTES
        && rest.is_some_and(|rest| !rest.is_empty() && !rest.chars().any(char::is_whitespace))
}

/// What contacts may see, if it is more than the name and the colour, which they know from our messages.
fn for_contacts(turn: &mut Turn<'_, '_>) -> Result<Option<ChatIdentity>, StoreError> {
    let contacts = seen(&turn.me.settings, Onlooker::Contact);
    if !contacts.words {
        return Ok(None);
    }
    let mut identity = plain(turn)?;
    if contacts.picture {
        identity.pictures = pictures(turn)?;
    }
    // An identity that says nothing is sent once there was one that said something, so that it can be taken back.
    let says = !identity.description.is_empty() || !identity.pictures.is_empty() || identity.showcase.is_some();
    let said = turn.tx.settings().number(SAID)? == Some(1);
    if says && !said {
        turn.tx.settings().set_number(SAID, 1)?;
    }
    Ok((says || said).then_some(identity))
}

fn plain(turn: &mut Turn<'_, '_>) -> Result<ChatIdentity, StoreError> {
    let links = turn.tx.people().links(&row_key(&turn.me.public))?;
    let links: Vec<(String, String)> = links.into_iter().map(|link| (link.label, link.url)).collect();
    let legacy = links.iter().map(|(text, url)| SocialLink {
        text: text.clone(),
        url: url.clone(),
    });
    Ok(ChatIdentity {
        clock: turn.now,
        display_name: turn.me.display_name.clone(),
        description: turn.me.profile.bio.clone(),
        customization_color: turn.me.profile.colour,
        social_links: legacy.collect(),
        showcase: (!links.is_empty()).then(|| showcase(links)),
        ..ChatIdentity::default()
    })
}

/// All three parts are always there: deployed clients stumble over a missing one.
fn showcase(links: Vec<(String, String)>) -> ProfileShowcase {
    let social_links = (0_u32..)
        .zip(links)
        .map(|(order, (text, url))| ProfileShowcaseSocialLink { url, order, text });
    ProfileShowcase {
        for_everyone: Some(ProfileShowcaseEntries {
            social_links: social_links.collect(),
            ..ProfileShowcaseEntries::default()
        }),
        for_contacts: Some(ProfileShowcaseEntriesEncrypted::default()),
        for_id_verified_contacts: Some(ProfileShowcaseEntriesEncrypted::default()),
    }
}

fn pictures(turn: &mut Turn<'_, '_>) -> Result<BTreeMap<String, Picture>, StoreError> {
    let own = row_key(&turn.me.public);
    let mut pictures = BTreeMap::new();
    for (size, name) in PICTURES {
        if let Some(row) = turn.tx.people().picture(&own, size)? {
            let picture = Picture {
                payload: row.bytes,
                format: ImageFormat::Jpeg,
                sealed_keys: None,
            };
            pictures.insert(name.to_owned(), picture);
        }
    }
    Ok(pictures)
}

/// Seals pictures under one new key, and the key for everybody we have accepted.
fn seal(turn: &mut Turn<'_, '_>, pictures: BTreeMap<String, Picture>) -> Result<BTreeMap<String, Picture>, StoreError> {
    if pictures.is_empty() {
        return Ok(pictures);
    }
    let key = SymmetricKey::generate(turn.rng);
    let mut slots = Vec::new();
    let mut after = None;
    loop {
        let rows = turn.tx.contacts().list(after.as_ref(), AT_A_TIME)?;
        for row in rows
            .iter()
            .filter(|row| contacts::relation(row).added() && !row.blocked)
        {
            if let Ok(person) = PublicKey::from_compressed(row.identity.as_bytes()) {
                let shared = shared_with(turn, &person);
                slots.push(shared.seal_nonce_first(key.expose(), turn.rng));
            }
        }
        match rows.last() {
            Some(last) if rows.len() == AT_A_TIME as usize => after = Some(last.identity),
            _ => break,
        }
    }
    let sealed = pictures.into_iter().map(|(name, picture)| {
        let picture = Picture {
            payload: key.seal_nonce_first(&picture.payload, turn.rng),
            sealed_keys: Some(slots.clone()),
            ..picture
        };
        (name, picture)
    });
    Ok(sealed.collect())
}

/// The key under which pictures are sealed between us and a person.
pub(crate) fn shared_with(turn: &Turn<'_, '_>, person: &PublicKey) -> SymmetricKey {
    SymmetricKey::from_bytes(turn.me.key.ecdh(person).expose())
}

/// The pictures of a person, by their names on the wire.
pub(crate) const PICTURES: [(PictureSize, &str); 2] =
    [(PictureSize::Thumbnail, "thumbnail"), (PictureSize::Large, "large")];

/// Whether contacts were ever told more than the name.
const SAID: &str = "profile told";

const MAX_LABEL_CHARACTERS: usize = 24;
const MAX_URL_BYTES: usize = 1_024;

/// Contacts that are read at a time.
const AT_A_TIME: u32 = 200;
