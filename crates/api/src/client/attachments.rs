//! Pictures, sounds and files.

use std::path::Path;

use hyper::Method;

use super::{Client, ClientError, NOTHING, Transferred, answer, encode, path};
use crate::{Accepted, AttachmentKind, ChatStorage, Created, MadePreview, MakePreview, SendAttachments, Upload};

impl Client {
    /// Hands over the bytes of something to send.
    pub async fn upload(
        &self,
        profile: &str,
        kind: AttachmentKind,
        name: Option<&str>,
        bytes: Vec<u8>,
    ) -> Result<Upload, ClientError> {
        let mut target = path(&["profiles", profile, "uploads"]);
        target.push_str(match kind {
            AttachmentKind::Image => "?kind=image",
            AttachmentKind::Audio => "?kind=audio",
            AttachmentKind::File => "?kind=file",
        });
        if let Some(name) = name {
            target.push_str("&name=");
            encode(&mut target, name);
        }
        let (status, bytes) = self
            .raw(Method::POST, &target, "application/octet-stream", bytes)
            .await?;
        answer(status, &bytes)
    }

    /// Hands over a file, piece by piece.
    pub async fn upload_file(&self, profile: &str, name: Option<&str>, file: &Path) -> Result<Upload, ClientError> {
        let mut target = path(&["profiles", profile, "uploads"]) + "?kind=file";
        if let Some(name) = name {
            target.push_str("&name=");
            encode(&mut target, name);
        }
        self.send_file(&target, file).await
    }

    /// Writes what a message carries to a new file, piece by piece.
    pub async fn save_attachment(&self, profile: &str, message: &str, to: &Path) -> Result<(), ClientError> {
        let target = path(&["profiles", profile, "messages", message, "attachment"]);
        self.fetch_file(&target, to, &mut |_| ()).await
    }

    /// Sends what was uploaded.
    pub async fn send_attachments(
        &self,
        profile: &str,
        chat: &str,
        body: &SendAttachments,
    ) -> Result<Created, ClientError> {
        let target = path(&["profiles", profile, "chats", chat, "attachments"]);
        self.send(Method::POST, &target, Some(body)).await
    }

    /// The bytes at a path that an answer gave, such as a picture's.
    pub async fn bytes(&self, path: &str) -> Result<Vec<u8>, ClientError> {
        let (status, bytes) = self.raw(Method::GET, path, "application/json", Vec::new()).await?;
        match status.is_success() {
            true => Ok(bytes.to_vec()),
            false => Err(answer::<Accepted>(status, &bytes)
                .err()
                .unwrap_or(ClientError::Incomprehensible)),
        }
    }

    /// The bytes of a message's attachment.
    pub async fn attachment(&self, profile: &str, message: &str) -> Result<Vec<u8>, ClientError> {
        self.bytes(&path(&["profiles", profile, "messages", message, "attachment"]))
            .await
    }

    /// Fetches a file that is not fetched by itself, or was given up.
    pub async fn fetch_attachment(&self, profile: &str, message: &str) -> Result<Accepted, ClientError> {
        let target = path(&["profiles", profile, "messages", message, "attachment", "fetch"]);
        self.send(Method::POST, &target, NOTHING).await
    }

    /// Gives up sending or fetching a file.
    pub async fn cancel_attachment(&self, profile: &str, message: &str) -> Result<Accepted, ClientError> {
        let target = path(&["profiles", profile, "messages", message, "attachment", "cancel"]);
        self.send(Method::POST, &target, NOTHING).await
    }

    /// Makes a preview of a link.
    pub async fn make_preview(&self, profile: &str, body: &MakePreview) -> Result<MadePreview, ClientError> {
        let target = path(&["profiles", profile, "previews"]);
        self.send(Method::POST, &target, Some(body)).await
    }

    /// Writes a chat to a new file: a ZIP archive that anybody can read.
    pub async fn export_chat(
        &self,
        profile: &str,
        chat: &str,
        to: &Path,
        progress: &mut (dyn FnMut(Transferred) + Send),
    ) -> Result<(), ClientError> {
        let target = path(&["profiles", profile, "chats", chat, "export"]);
        self.fetch_file(&target, to, progress).await
    }

    /// What a chat takes on this device.
    pub async fn storage(&self, profile: &str, chat: &str) -> Result<ChatStorage, ClientError> {
        self.send(
            Method::GET,
            &path(&["profiles", profile, "chats", chat, "storage"]),
            NOTHING,
        )
        .await
    }
}
