//! Profiles, presence, and making sure who somebody is.

use hyper::Method;

use super::{Client, ClientError, NOTHING, path};
use crate::{
    Accepted, Account, ChatNotifications, ConfirmPhrase, Contact, DescribeProfile, PhraseQuestion, SafetyNumber,
    Screen, SetPresence, SetTrust, SetVerified, VerificationText,
};

impl Client {
    /// Changes what the profile says.
    pub async fn describe(&self, profile: &str, body: &DescribeProfile) -> Result<Account, ClientError> {
        self.send(Method::PATCH, &path(&["profiles", profile, "description"]), Some(body))
            .await
    }

    /// The own profile as a `contact` or a `stranger` would show it.
    pub async fn seen(&self, profile: &str, by: &str) -> Result<Contact, ClientError> {
        self.send(Method::GET, &path(&["profiles", profile, "seen", by]), NOTHING)
            .await
    }

    /// Replaces the picture by this image file, cut to a square.
    pub async fn set_picture(&self, profile: &str, file: Vec<u8>) -> Result<Account, ClientError> {
        self.send_bytes(Method::PUT, &path(&["profiles", profile, "picture"]), file)
            .await
    }

    /// Takes the picture away.
    pub async fn remove_picture(&self, profile: &str) -> Result<Account, ClientError> {
        self.send(Method::DELETE, &path(&["profiles", profile, "picture"]), NOTHING)
            .await
    }

    /// Chooses what is told of being there.
    pub async fn set_presence(&self, profile: &str, body: &SetPresence) -> Result<Account, ClientError> {
        self.send(Method::PUT, &path(&["profiles", profile, "presence"]), Some(body))
            .await
    }

    /// Asks which words of the recovery phrase are to be given back.
    pub async fn phrase_question(&self, profile: &str) -> Result<PhraseQuestion, ClientError> {
        self.send(
            Method::POST,
            &path(&["profiles", profile, "phrase", "question"]),
            NOTHING,
        )
        .await
    }

    /// Gives them back.
    pub async fn confirm_phrase(&self, profile: &str, body: &ConfirmPhrase) -> Result<Account, ClientError> {
        self.send(
            Method::POST,
            &path(&["profiles", profile, "phrase", "confirm"]),
            Some(body),
        )
        .await
    }

    /// Erases the recovery phrase from this device.
    pub async fn forget_phrase(&self, profile: &str) -> Result<Accepted, ClientError> {
        self.send(Method::DELETE, &path(&["profiles", profile, "phrase"]), NOTHING)
            .await
    }

    /// One person.
    pub async fn contact(&self, profile: &str, key: &str) -> Result<Contact, ClientError> {
        self.send(Method::GET, &path(&["profiles", profile, "contacts", key]), NOTHING)
            .await
    }

    /// What we and a person compare.
    pub async fn safety_number(&self, profile: &str, key: &str) -> Result<SafetyNumber, ClientError> {
        self.send(
            Method::GET,
            &path(&["profiles", profile, "contacts", key, "safety"]),
            NOTHING,
        )
        .await
    }

    /// Says that the safety number was compared.
    pub async fn set_verified(&self, profile: &str, key: &str, body: &SetVerified) -> Result<Contact, ClientError> {
        let target = path(&["profiles", profile, "contacts", key, "verified"]);
        self.send(Method::PUT, &target, Some(body)).await
    }

    /// Labels a person.
    pub async fn set_trust(&self, profile: &str, key: &str, body: &SetTrust) -> Result<Contact, ClientError> {
        let target = path(&["profiles", profile, "contacts", key, "trust"]);
        self.send(Method::PUT, &target, Some(body)).await
    }

    /// One step of a proof of identity: `ask`, `answer`, `cancel`, `decline`, `trust` or `distrust`.
    pub async fn verify(
        &self,
        profile: &str,
        key: &str,
        action: &str,
        body: &VerificationText,
    ) -> Result<Contact, ClientError> {
        let target = path(&["profiles", profile, "contacts", key, "verification", action]);
        self.send(Method::POST, &target, Some(body)).await
    }

    /// What was chosen about the notifications of a chat.
    pub async fn chat_notifications(&self, profile: &str, chat: &str) -> Result<ChatNotifications, ClientError> {
        let target = path(&["profiles", profile, "chats", chat, "notifications"]);
        self.send(Method::GET, &target, NOTHING).await
    }

    /// Chooses about the notifications of a chat.
    pub async fn set_chat_notifications(
        &self,
        profile: &str,
        chat: &str,
        body: &ChatNotifications,
    ) -> Result<ChatNotifications, ClientError> {
        let target = path(&["profiles", profile, "chats", chat, "notifications"]);
        self.send(Method::PUT, &target, Some(body)).await
    }

    /// Says what somebody looks at.
    pub async fn look_at(&self, profile: &str, body: &Screen) -> Result<Accepted, ClientError> {
        self.send(Method::PUT, &path(&["profiles", profile, "screen"]), Some(body))
            .await
    }
}
