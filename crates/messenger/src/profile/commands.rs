//! What a person does to their own profile.

use protocol::content::name::{self, harmless};
use protocol::content::{ImageFormat, Presence};
use store::{LinkRow, PictureRow, PictureSize};
use zeroize::Zeroizing;

use super::{Link, change, phrase, publish};
use crate::command::{CommandError, Fault, Reply};
use crate::presence;
use crate::turn::{Turn, row_key};

/// One wish about our own profile.
#[derive(Clone, PartialEq, Eq)]
pub enum Command {
    /// Changes what is said; `None` leaves it as it is.
    Describe {
        /// At most 240 characters; empty takes it away.
        bio: Option<String>,
        /// 0 to 17, as the wire numbers colours.
        colour: Option<u32>,
        /// At most 20.
        links: Option<Vec<Link>>,
    },
    /// Replaces the picture by these two JPEG files.
    SetPicture {
        /// At most 5,632 bytes.
        thumbnail: Vec<u8>,
        /// At most 38,400 bytes.
        large: Vec<u8>,
    },
    /// Takes the picture away.
    RemovePicture,
    /// Chooses what is told of being there.
    SetPresence {
        /// `Unknown`: nothing.
        presence: Presence,
        /// At most 128 characters.
        text: String,
    },
    /// Asks which two words of the recovery phrase are to be given back. Answers their places.
    AskForWords,
    /// Gives those two words back, which shows that the phrase was written down.
    ConfirmPhrase {
        /// In the order of the places.
        words: [Zeroizing<String>; 2],
    },
    /// Erases the recovery phrase from this device, because it was written down. It must have been confirmed.
    ForgetPhrase,
}

impl std::fmt::Debug for Command {
    /// Which wish, not what it holds.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Command::Describe { .. } => "Describe(..)",
            Command::SetPicture { .. } => "SetPicture(..)",
            Command::RemovePicture => "RemovePicture",
            Command::SetPresence { .. } => "SetPresence(..)",
            Command::AskForWords => "AskForWords",
            Command::ConfirmPhrase { .. } => "ConfirmPhrase(..)",
            Command::ForgetPhrase => "ForgetPhrase",
        })
    }
}

/// The person asked for something that cannot be done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// More than 240 characters.
    #[error("a description has at most 240 characters")]
    BioTooLong,
    /// Control characters, marks of direction, or characters without width.
    #[error("the text has characters that cannot be seen; type it anew")]
    HiddenCharacters,
    /// The number names no colour.
    #[error("a colour is a number from 0 to 17")]
    BadColour,
    /// More than 20 links.
    #[error("a profile shows at most 20 links")]
    TooManyLinks,
    /// A link without label, with too long a label, or that leads elsewhere than to the web.
    #[error("a link has a label of 1 to 24 characters and an address that begins with https:// or http://")]
    BadLink,
    /// The files are no pictures of the form that is sent, or too large.
    #[error("the picture cannot be made small enough; choose a simpler one")]
    BadPicture,
    /// More than 128 characters.
    #[error("the text beside the presence has at most 128 characters")]
    PresenceTooLong,
    /// There is no phrase on this device.
    #[error("the recovery phrase is not on this device")]
    PhraseGone,
    /// Nobody was asked for words.
    #[error("ask first which two words are wanted")]
    NotAsked,
    /// The words are others.
    #[error("these are not the words at those places; look at what you wrote down")]
    WrongWords,
    /// The phrase may only go once it was confirmed.
    #[error("confirm two words of the recovery phrase first; without it the profile cannot be restored")]
    PhraseNotConfirmed,
}

impl Error {
    /// A word for programs. Stable across versions.
    pub fn code(&self) -> &'static str {
        match self {
            Error::BioTooLong => "bio_too_long",
            Error::HiddenCharacters => "hidden_characters",
            Error::BadColour => "bad_colour",
            Error::TooManyLinks => "too_many_links",
            Error::BadLink => "bad_link",
            Error::BadPicture => "bad_picture",
            Error::PresenceTooLong => "presence_too_long",
            Error::PhraseGone => "no_phrase",
            Error::NotAsked => "not_asked",
            Error::WrongWords => "wrong_words",
            Error::PhraseNotConfirmed => "phrase_not_confirmed",
        }
    }

    /// What kind of mistake it is.
    pub fn fault(&self) -> Fault {
        match self {
            Error::PhraseGone => Fault::NotFound,
            Error::NotAsked | Error::PhraseNotConfirmed => Fault::Conflict,
            _ => Fault::Invalid,
        }
    }
}

/// Carries out one of them.
pub(crate) fn carry_out(turn: &mut Turn<'_, '_>, command: Command) -> Result<Reply, CommandError> {
    match command {
        Command::Describe { bio, colour, links } => describe(turn, bio.as_deref(), colour, links.as_deref())?,
        Command::SetPicture { thumbnail, large } => set_picture(turn, thumbnail, large)?,
        Command::RemovePicture => {
            let own = row_key(&turn.me.public);
            turn.tx.people().remove_picture(&own, PictureSize::Thumbnail)?;
            turn.tx.people().remove_picture(&own, PictureSize::Large)?;
            change(turn, |_| {})?;
        }
        Command::SetPresence { presence, text } => presence::choose(turn, presence, &text)?,
        Command::AskForWords => return Ok(Reply::Places(phrase::ask(turn)?)),
        Command::ConfirmPhrase { words } => phrase::confirm(turn, &words)?,
        Command::ForgetPhrase => phrase::forget(turn)?,
    }
    Ok(Reply::Done)
}

/// A text of our own without blanks around it; refused if it holds what others would not see.
pub(crate) fn own_text(text: &str) -> Result<&str, Error> {
    let text = text.trim();
    match harmless(text) == text {
        true => Ok(text),
        false => Err(Error::HiddenCharacters),
    }
}

fn describe(
    turn: &mut Turn<'_, '_>,
    bio: Option<&str>,
    colour: Option<u32>,
    links: Option<&[Link]>,
) -> Result<(), CommandError> {
    let bio = bio.map(own_text).transpose()?;
    if bio.is_some_and(|bio| name::bio(bio).is_err()) {
        return Err(Error::BioTooLong.into());
    }
    if colour.is_some_and(|colour| colour > LAST_COLOUR) {
        return Err(Error::BadColour.into());
    }
    if let Some(links) = links {
        let rows = links.iter().map(link).collect::<Result<Vec<LinkRow>, Error>>()?;
        if rows.len() > MAX_LINKS {
            return Err(Error::TooManyLinks.into());
        }
        turn.tx.people().set_links(&row_key(&turn.me.public), &rows)?;
    }
    change(turn, |row| {
        if let Some(bio) = bio {
            row.bio = bio.to_owned();
        }
        row.colour = colour.unwrap_or(row.colour);
    })?;
    Ok(())
}

fn link(link: &Link) -> Result<LinkRow, Error> {
    let (label, url) = (own_text(&link.label)?, own_text(&link.url)?);
    match publish::is_link(label, url) {
        true => Ok(LinkRow {
            label: label.to_owned(),
            url: url.to_owned(),
        }),
        false => Err(Error::BadLink),
    }
}

fn set_picture(turn: &mut Turn<'_, '_>, thumbnail: Vec<u8>, large: Vec<u8>) -> Result<(), CommandError> {
    let fits = |bytes: &[u8], most: usize| bytes.starts_with(JPEG) && bytes.len() <= most;
    if !fits(&thumbnail, MAX_THUMBNAIL) || !fits(&large, MAX_LARGE) {
        return Err(Error::BadPicture.into());
    }
    let (identity, clock) = (row_key(&turn.me.public), turn.now);
    for (size, bytes) in [(PictureSize::Thumbnail, thumbnail), (PictureSize::Large, large)] {
        turn.tx.people().save_picture(&PictureRow {
            identity,
            size,
            format: ImageFormat::Jpeg,
            bytes,
            clock,
        })?;
    }
    change(turn, |_| {})?;
    Ok(())
}

/// The last of the colours that a person can choose.
const LAST_COLOUR: u32 = 17;

const MAX_LINKS: usize = 20;

/// How a JPEG file begins.
const JPEG: &[u8] = &[0xff, 0xd8, 0xff];

/// The largest thumbnail of deployed clients, in bytes.
const MAX_THUMBNAIL: usize = 5_632;

/// The largest picture of deployed clients, in bytes.
const MAX_LARGE: usize = 38_400;
