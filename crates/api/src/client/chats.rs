//! Entering and leaving chats.

use hyper::Method;

use super::{Client, ClientError, NOTHING, path};
use crate::{Accepted, Chat, JoinPublic};

impl Client {
    /// Enters the public chat of a name.
    pub async fn join_public(&self, profile: &str, body: &JoinPublic) -> Result<Chat, ClientError> {
        self.send(Method::POST, &path(&["profiles", profile, "public-chats"]), Some(body))
            .await
    }

    /// Leaves a public chat or a group.
    pub async fn leave_chat(&self, profile: &str, chat: &str) -> Result<Accepted, ClientError> {
        let target = path(&["profiles", profile, "chats", chat, "leave"]);
        self.send(Method::POST, &target, NOTHING).await
    }

    /// Erases what was said in a chat, on this device only.
    pub async fn clear_chat(&self, profile: &str, chat: &str) -> Result<Accepted, ClientError> {
        let target = path(&["profiles", profile, "chats", chat, "clear"]);
        self.send(Method::POST, &target, NOTHING).await
    }

    /// Takes a chat out of the list, with what was said in it.
    pub async fn remove_chat(&self, profile: &str, chat: &str) -> Result<Accepted, ClientError> {
        let target = path(&["profiles", profile, "chats", chat]);
        self.send(Method::DELETE, &target, NOTHING).await
    }
}
