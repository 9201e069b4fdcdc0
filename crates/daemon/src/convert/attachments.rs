//! What a message carries besides its text, and its bytes.

use api::{Attachment, AttachmentKind, AttachmentState};
use messenger::files::{self, Announcement};
use messenger::media::{self, ChatContent, sound};
use messenger::{ChatId, MessageId};
use store::{Deletion, FileState, FileTrouble, MessageRow, StoreError};

use super::{AUDIO, IMAGE, Reading};

/// The bytes of an attachment, as they stand in the database.
pub(crate) enum Bytes {
    /// As somebody sent it: not to be shown before it was made anew.
    Picture(Vec<u8>),
    /// With the media type that its first bytes say.
    Sound(Vec<u8>, &'static str),
    /// A file with its name.
    File(Vec<u8>, String),
    /// A file that stands beside the database.
    Large(Box<Announcement>),
}

impl Reading<'_> {
    /// What a message carries.
    pub(crate) fn attachments(&self, row: &MessageRow) -> Result<Vec<Attachment>, StoreError> {
        if row.deletion != Deletion::None {
            return Ok(Vec::new());
        }
        let path = format!("/v1/profiles/{}/messages/{}/attachment", self.own.profile, row.id);
        if let (IMAGE | AUDIO, Some(payload)) = (row.kind, &row.payload) {
            return Ok(media::content(payload)
                .map(|content| inline(row, &content, path))
                .into_iter()
                .collect());
        }
        let file = match row.payload {
            Some(_) => self.view.files().of_message(&row.id)?,
            None => None,
        };
        let Some((file, announced)) = file.and_then(|file| {
            let announced = Announcement::decode(&file.announcement)?;
            Some((file, announced))
        }) else {
            return Ok(Vec::new());
        };
        let progress = files::progress(self.view, &file, &announced)?;
        let is_kept = file.outgoing && (announced.is_direct() || file.state == FileState::Moving);
        let is_over = matches!(file.state, FileState::Cancelled | FileState::Failed);
        let is_here = file.state == FileState::Complete || is_kept && !is_over;
        let direct = announced.is_direct();
        Ok(vec![Attachment {
            kind: AttachmentKind::File,
            name: Some(announced.name),
            mime: announced.media_type,
            size: announced.size,
            path: is_here.then_some(path),
            state: state(file.state),
            done: Some(progress.done),
            total: Some(progress.total),
            direct,
            trouble: file.trouble.map(trouble),
            ..blank(row)
        }])
    }

    /// The bytes of what a message carries, if they are here.
    pub(crate) fn attachment_bytes(&self, id: &MessageId) -> Result<Option<Bytes>, StoreError> {
        let Some(row) = self
            .view
            .messages()
            .load(id)?
            .filter(|row| row.deletion == Deletion::None)
        else {
            return Ok(None);
        };
        match row.payload.as_deref().and_then(media::content) {
            Some(ChatContent::Picture(picture)) => return Ok(Some(Bytes::Picture(picture.payload))),
            Some(ChatContent::Sound(sound)) => {
                let media_type = sound_type(&sound.payload);
                return Ok(Some(Bytes::Sound(sound.payload, media_type)));
            }
            None => {}
        }
        let Some(file) = self.view.files().of_message(id)? else {
            return Ok(None);
        };
        let Some(announced) = Announcement::decode(&file.announcement) else {
            return Ok(None);
        };
        if announced.is_direct() {
            let is_here = file.outgoing || file.state == FileState::Complete;
            return Ok(is_here.then(|| Bytes::Large(Box::new(announced))));
        }
        let mut data = Vec::new();
        for place in 0..announced.shape.data {
            match self.view.files().chunk(&file.id, place)? {
                Some(chunk) => data.push(chunk),
                None => return Ok(None),
            }
        }
        let whole = files::assemble(&announced, &data);
        Ok(whole.map(|whole| Bytes::File(whole, announced.name)))
    }

    /// What a chat takes on the disk; none if there is no such chat.
    pub(crate) fn storage(&self, chat: &ChatId) -> Result<Option<api::ChatStorage>, StoreError> {
        if self.view.chats().load(chat)?.is_none() {
            return Ok(None);
        }
        let bytes = self.view.files().bytes_of(chat)?;
        Ok(Some(api::ChatStorage {
            messages: bytes.messages,
            files: bytes.files,
        }))
    }

    /// What each chat takes on this device, the largest first.
    pub(crate) fn storage_by_chat(&self) -> Result<Vec<api::StoredChat>, StoreError> {
        let chats = self.view.files().bytes_by_chat(files::MAX_SIZE, MOST_CHATS)?;
        let mut stored = Vec::with_capacity(chats.len());
        for (chat, bytes) in chats {
            let Some(row) = self.view.chats().load(&chat)? else {
                continue;
            };
            stored.push(api::StoredChat {
                name: self.chat_name(&row)?,
                chat: chat.to_string(),
                messages: bytes.messages,
                files: bytes.files,
            });
        }
        Ok(stored)
    }
}

/// Chats of which it is told what they take: beyond that they are small.
const MOST_CHATS: u32 = 200;

fn inline(row: &MessageRow, content: &ChatContent, path: String) -> Attachment {
    let some = |number: u32| (number > 0).then_some(number);
    match content {
        ChatContent::Picture(picture) => Attachment {
            size: picture.payload.len() as u64,
            width: some(picture.width),
            height: some(picture.height),
            album: (!picture.album_id.is_empty()).then(|| picture.album_id.clone()),
            album_size: some(picture.album_images_count),
            path: Some(path),
            ..blank(row)
        },
        ChatContent::Sound(sound) => Attachment {
            kind: AttachmentKind::Audio,
            mime: sound_type(&sound.payload).into(),
            size: sound.payload.len() as u64,
            duration_ms: Some(sound.duration_ms.min(sound::MAX_DURATION_MS)),
            path: Some(path),
            ..blank(row)
        },
    }
}

/// A picture that is here, of which nothing is known.
fn blank(row: &MessageRow) -> Attachment {
    Attachment {
        id: row.id.to_string(),
        kind: AttachmentKind::Image,
        name: None,
        mime: "image/jpeg".into(),
        size: 0,
        width: None,
        height: None,
        duration_ms: None,
        album: None,
        album_size: None,
        path: None,
        state: AttachmentState::Complete,
        done: None,
        total: None,
        direct: false,
        trouble: None,
    }
}

fn sound_type(bytes: &[u8]) -> &'static str {
    match sound::kind_of(bytes) {
        Some(sound::AudioType::Aac) => "audio/aac",
        Some(sound::AudioType::Amr) => "audio/amr",
        _ => "application/octet-stream",
    }
}

fn trouble(trouble: FileTrouble) -> api::FileTrouble {
    match trouble {
        FileTrouble::DiskFull => api::FileTrouble::DiskFull,
        FileTrouble::Wrong => api::FileTrouble::Wrong,
        FileTrouble::Unreachable => api::FileTrouble::Unreachable,
        FileTrouble::Gone => api::FileTrouble::Gone,
    }
}

fn state(state: FileState) -> AttachmentState {
    match state {
        FileState::Offered => AttachmentState::Offered,
        FileState::Moving => AttachmentState::Moving,
        FileState::Complete => AttachmentState::Complete,
        FileState::Cancelled => AttachmentState::Cancelled,
        FileState::Failed => AttachmentState::Failed,
    }
}
