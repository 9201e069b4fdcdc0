//! Entering and leaving chats.

use hyper::Method;

use super::{Client, ClientError, NOTHING, path};
use crate::{Accepted, Chat, Draft, JoinPublic, MessagePage};

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

    /// Keeps a text that was begun; an empty one takes it away.
    pub async fn keep_draft(&self, profile: &str, chat: &str, body: &Draft) -> Result<Accepted, ClientError> {
        let target = path(&["profiles", profile, "chats", chat, "draft"]);
        self.send(Method::PUT, &target, Some(body)).await
    }

    /// A message with those around it, latest first.
    pub async fn messages_around(
        &self,
        profile: &str,
        chat: &str,
        message: &str,
        limit: u32,
    ) -> Result<MessagePage, ClientError> {
        let target = path(&["profiles", profile, "chats", chat, "messages"]);
        let query = format!("{target}?around={message}&limit={limit}");
        self.send(Method::GET, &query, NOTHING).await
    }

    /// Messages that are newer than a part that was got before, latest first.
    pub async fn messages_after(
        &self,
        profile: &str,
        chat: &str,
        newer: &str,
        limit: u32,
    ) -> Result<MessagePage, ClientError> {
        let target = path(&["profiles", profile, "chats", chat, "messages"]);
        let query = format!("{target}?after={newer}&limit={limit}");
        self.send(Method::GET, &query, NOTHING).await
    }
}
