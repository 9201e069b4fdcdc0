//! Pictures and sounds in chats, in the deployed form: the bytes stand in the message.
//!
//! No picture is decoded here: they come prepared from the daemon. Sounds are looked at for their kind and length only.

use protocol::content::chat_message::{AudioMessage, Body, ImageMessage};
use protocol::content::{Content, ImageFormat, Kind};
use protocol::id::{ChatId, MessageId};
use protocol::wire::files::FileAnnouncement;

use crate::chats;
use crate::command::{CommandError, Reply};
use crate::turn::Turn;

pub use protocol::sound::{self, Sound};

/// Wishes about pictures and sounds.
#[derive(Clone, Debug)]
pub enum Command {
    /// Sends up to six pictures, as one album if there are several.
    SendPictures {
        /// Where.
        chat: ChatId,
        /// What stands below them; may be empty.
        text: String,
        /// The pictures.
        pictures: Vec<Picture>,
        /// The message they answer.
        reply_to: Option<MessageId>,
    },
    /// Sends a sound.
    SendSound {
        /// Where.
        chat: ChatId,
        /// The sound.
        sound: Sound,
        /// The message it answers.
        reply_to: Option<MessageId>,
    },
}

/// A picture that was made ready for the network.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    /// JPEG, at most [`MAX_PICTURE_BYTES`].
    pub jpeg: Vec<u8>,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
}

/// The person asked for something that cannot be done with these pictures or this sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MediaError {
    /// None, or more than six.
    #[error("one to six pictures go into a message")]
    HowMany,
    /// Deployed clients refuse them there.
    #[error("pictures and sounds cannot be sent to a public chat")]
    PublicChat,
    /// Not made ready.
    #[error("the picture is larger than the network takes")]
    TooLarge,
}

impl MediaError {
    /// A word for programs. Stable across versions.
    pub fn code(&self) -> &'static str {
        match self {
            MediaError::HowMany => "how_many_pictures",
            MediaError::PublicChat => "public_chat",
            MediaError::TooLarge => "picture_too_large",
        }
    }
}

/// What a message carries in itself.
pub enum ChatContent {
    /// A picture, as somebody sent it.
    Picture(ImageMessage),
    /// A sound, as somebody sent it.
    Sound(AudioMessage),
}

/// What the kept body of a chat message carries in itself.
pub fn content(body: &[u8]) -> Option<ChatContent> {
    match Content::parse(Kind::ChatMessage as u32, body).ok()? {
        Content::ChatMessage(message) => match message.body {
            Body::Image(picture) => Some(ChatContent::Picture(picture)),
            Body::Audio(sound) => Some(ChatContent::Sound(sound)),
            _ => None,
        },
        _ => None,
    }
}

impl std::fmt::Debug for Picture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Picture({}×{}, {} bytes)", self.width, self.height, self.jpeg.len())
    }
}

pub(crate) fn carry_out(turn: &mut Turn<'_, '_>, command: Command) -> Result<Reply, CommandError> {
    match command {
        Command::SendPictures {
            chat,
            text,
            pictures,
            reply_to,
        } => send_pictures(turn, &chat, &text, pictures, reply_to),
        Command::SendSound { chat, sound, reply_to } => {
            not_public(&chat)?;
            let body = Body::Audio(AudioMessage {
                r#type: sound.kind as i32,
                duration_ms: sound.duration_ms,
                payload: sound.bytes,
            });
            post(turn, &chat, SOUND_TEXT, body, None, reply_to).map(Reply::Message)
        }
    }
}

/// Says something that is more than text. The one door from here to the chats.
pub(crate) fn post(
    turn: &mut Turn<'_, '_>,
    chat: &ChatId,
    text: &str,
    body: Body,
    file: Option<FileAnnouncement>,
    response_to: Option<MessageId>,
) -> Result<MessageId, CommandError> {
    let saying = chats::Saying {
        body,
        file,
        response_to,
        ..chats::Saying::text(text)
    };
    chats::post(turn, chat, saying)
}

/// Deployed clients send every picture of an album as a message of its own, with the text in each.
fn send_pictures(
    turn: &mut Turn<'_, '_>,
    chat: &ChatId,
    text: &str,
    pictures: Vec<Picture>,
    reply_to: Option<MessageId>,
) -> Result<Reply, CommandError> {
    not_public(chat)?;
    if pictures.is_empty() || pictures.len() > MAX_PICTURES {
        return Err(MediaError::HowMany.into());
    }
    if pictures.iter().any(|picture| picture.jpeg.len() > MAX_PICTURE_BYTES) {
        return Err(MediaError::TooLarge.into());
    }
    let count = pictures.len() as u32;
    let album_id = if count > 1 { new_album(turn) } else { String::new() };
    let mut first = None;
    for Picture { jpeg, width, height } in pictures {
        let body = Body::Image(ImageMessage {
            payload: jpeg,
            format: ImageFormat::Jpeg as i32,
            album_id: album_id.clone(),
            width,
            height,
            album_images_count: if count > 1 { count } else { 0 },
        });
        let id = post(turn, chat, text, body, None, reply_to)?;
        first.get_or_insert(id);
    }
    let first = first.expect("there is at least one picture");
    Ok(Reply::Message(first))
}

fn not_public(chat: &ChatId) -> Result<(), MediaError> {
    let abilities = chats::abilities::of_kind(&chat.kind());
    match abilities.pictures && abilities.sounds {
        true => Ok(()),
        false => Err(MediaError::PublicChat),
    }
}

/// A random UUID of version 4.
fn new_album(turn: &mut Turn<'_, '_>) -> String {
    let mut bytes = [0; 16];
    turn.rng.fill_bytes(&mut bytes);
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let cuts = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]];
    cuts.join("-")
}

/// Pictures of one album.
pub const MAX_PICTURES: usize = 6;

/// The largest picture in a message; what deployed clients allow themselves.
pub const MAX_PICTURE_BYTES: usize = 400_000;

/// What a client shows that cannot play sounds; deployed ones refuse a sound without text.
const SOUND_TEXT: &str = "🎤 Audio message";
