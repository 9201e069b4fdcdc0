//! Changing, deleting, pinning and reacting to messages.

use hyper::Method;

use super::{Client, ClientError, NOTHING, path};
use crate::{Accepted, DeleteFor, EditText, Message, Page};

/// What is done about messages that stand already.
impl Client {
    /// Gives a message of ours another text.
    pub async fn edit(&self, profile: &str, message: &str, body: &EditText) -> Result<Accepted, ClientError> {
        let target = path(&["profiles", profile, "messages", message]);
        self.send(Method::PATCH, &target, Some(body)).await
    }

    /// Deletes a message.
    pub async fn delete(&self, profile: &str, message: &str, whom: DeleteFor) -> Result<Accepted, ClientError> {
        let whom = match whom {
            DeleteFor::Everyone => "everyone",
            DeleteFor::Me => "me",
        };
        let target = path(&["profiles", profile, "messages", message]) + "?for=" + whom;
        self.send(Method::DELETE, &target, NOTHING).await
    }

    /// Puts an emoji on a message, or takes it off.
    pub async fn react(&self, profile: &str, message: &str, emoji: &str, on: bool) -> Result<Accepted, ClientError> {
        let target = path(&["profiles", profile, "messages", message, "reactions", emoji]);
        self.send(method(on), &target, NOTHING).await
    }

    /// Pins a message to its chat, or unpins it.
    pub async fn pin(&self, profile: &str, message: &str, on: bool) -> Result<Accepted, ClientError> {
        let target = path(&["profiles", profile, "messages", message, "pin"]);
        self.send(method(on), &target, NOTHING).await
    }

    /// What is pinned in a chat, the newest first.
    pub async fn pinned(&self, profile: &str, chat: &str) -> Result<Page<Message>, ClientError> {
        let target = path(&["profiles", profile, "chats", chat, "pinned"]);
        self.send(Method::GET, &target, NOTHING).await
    }
}

fn method(on: bool) -> Method {
    if on { Method::PUT } else { Method::DELETE }
}
