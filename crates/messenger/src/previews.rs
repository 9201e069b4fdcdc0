//! Previews of web pages: made by whoever sends a link, and carried in the message. Nobody who reads it asks anybody.
//!
//! What a preview says is its sender's claim; the page may be another one. No page is fetched here: previews come ready
//! from the daemon.

use protocol::content::chat_message::{ChatMessage, UnfurledLink};
use protocol::content::name::harmless;
use protocol::content::{Content, Kind};
use protocol::id::{ChatId, MessageId};

use crate::chats::{self, Saying};
use crate::command::CommandError;
use crate::media::Picture;
use crate::turn::Turn;

/// What is said of a page.
#[derive(Clone, PartialEq, Eq)]
pub struct Preview {
    /// Its address, as it stands in the text.
    pub url: String,
    /// Its title; may be empty if the address is that of a picture.
    pub title: String,
    /// A few sentences; may be empty.
    pub description: String,
    /// A small picture: JPEG.
    pub picture: Option<Picture>,
    /// What it is.
    pub of: Of,
}

/// What an address leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// A page.
    Page,
    /// A picture.
    Picture,
}

/// The person asked for something that cannot be done with these previews.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PreviewError {
    /// More than [`MAX_PREVIEWS`].
    #[error("at most five previews go into a message")]
    HowMany,
    /// Its address is not in the text.
    #[error("a preview shows a page whose address stands in the text")]
    NotInText,
    /// Nothing is said, or more than [`MAX_PICTURE_BYTES`].
    #[error("the preview is empty or too large")]
    Size,
}

impl PreviewError {
    /// A word for programs. Stable across versions.
    pub fn code(&self) -> &'static str {
        match self {
            PreviewError::HowMany => "how_many_previews",
            PreviewError::NotInText => "preview_not_in_text",
            PreviewError::Size => "preview_size",
        }
    }
}

impl std::fmt::Debug for Preview {
    /// Neither the address nor what is said.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Preview({:?}, {:?})", self.of, self.picture)
    }
}

/// The previews that the kept body of a message carries, bounded, as its sender claims them: those of web pages whose
/// address stands in the text. People and communities are cards, see [`crate::shown`]. Pictures are as somebody sent them, not to be shown before they were made anew.
pub fn carried(body: &[u8]) -> Vec<Preview> {
    match Content::parse(Kind::ChatMessage as u32, body) {
        Ok(Content::ChatMessage(message)) => of(&message),
        _ => Vec::new(),
    }
}

fn of(message: &ChatMessage) -> Vec<Preview> {
    let pages = message.links.iter().filter_map(page);
    pages
        .filter(|preview| !preview.url.is_empty() && message.text.contains(&preview.url))
        .take(MAX_PREVIEWS)
        .collect()
}

fn page(link: &UnfurledLink) -> Option<Preview> {
    let has_picture = (1..=MAX_READ_PICTURE).contains(&link.thumbnail_payload.len());
    let preview = Preview {
        url: link.url.clone(),
        title: clip(&link.title, MAX_TITLE),
        description: clip(&link.description, MAX_DESCRIPTION),
        picture: has_picture.then(|| Picture {
            jpeg: link.thumbnail_payload.clone(),
            width: link.thumbnail_width,
            height: link.thumbnail_height,
        }),
        of: match link.r#type {
            PICTURE => Of::Picture,
            _ => Of::Page,
        },
    };
    (!preview.title.is_empty() || preview.picture.is_some()).then_some(preview)
}

/// Sends a text with previews of its links.
pub(crate) fn send(
    turn: &mut Turn<'_, '_>,
    chat: &ChatId,
    text: &str,
    previews: &[Preview],
    response_to: Option<MessageId>,
) -> Result<MessageId, CommandError> {
    check(text, previews)?;
    let saying = Saying {
        links: previews.iter().map(to_wire).collect(),
        response_to,
        ..Saying::text(text)
    };
    chats::post(turn, chat, saying)
}

fn check(text: &str, previews: &[Preview]) -> Result<(), PreviewError> {
    if previews.len() > MAX_PREVIEWS {
        return Err(PreviewError::HowMany);
    }
    for preview in previews {
        if !text.contains(&preview.url) {
            return Err(PreviewError::NotInText);
        }
        let bytes = preview.picture.as_ref().map_or(0, |picture| picture.jpeg.len());
        let says = !preview.title.is_empty() || preview.of == Of::Picture && bytes > 0;
        if !says || bytes > MAX_PICTURE_BYTES {
            return Err(PreviewError::Size);
        }
    }
    Ok(())
}

fn to_wire(preview: &Preview) -> UnfurledLink {
    let picture = preview.picture.as_ref();
    UnfurledLink {
        url: preview.url.clone(),
        title: clip(&preview.title, MAX_TITLE),
        description: clip(&preview.description, MAX_DESCRIPTION),
        thumbnail_payload: picture.map(|picture| picture.jpeg.clone()).unwrap_or_default(),
        thumbnail_width: picture.map_or(0, |picture| picture.width),
        thumbnail_height: picture.map_or(0, |picture| picture.height),
        r#type: match preview.of {
            Of::Page => PAGE,
            Of::Picture => PICTURE,
        },
        ..UnfurledLink::default()
    }
}

/// One line without what cannot be seen, of so many characters at most.
pub fn clip(text: &str, most: usize) -> String {
    let seen: String = text.chars().take(MAX_LOOKED_AT).collect();
    let words: Vec<&str> = seen.split_whitespace().collect();
    let line = harmless(&words.join(" "));
    match line.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", line[..end].trim_end()),
        None => line,
    }
}

/// Previews in a message, as deployed clients have it.
pub const MAX_PREVIEWS: usize = 5;
/// Bytes of a preview's picture: five of them fit into one envelope.
pub const MAX_PICTURE_BYTES: usize = 24_000;
/// Characters of a title.
pub const MAX_TITLE: usize = 200;
/// Characters of a description.
pub const MAX_DESCRIPTION: usize = 300;

/// Characters that are looked at for a line.
const MAX_LOOKED_AT: usize = 4_096;
/// Bytes of a picture that somebody else's preview may have before it is not looked at.
const MAX_READ_PICTURE: usize = 1_000_000;
/// Numbers of the wire.
const PAGE: i32 = 0;
const PICTURE: i32 = 1;
