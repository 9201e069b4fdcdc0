//! The activity centre, and muting chats.

use hyper::Method;

use super::{Client, ClientError, NOTHING, encode, path};
use crate::{Accepted, Activity, ActivityPage, ActivityQuery, Chat, MuteChat};

impl Client {
    /// A part of the activity centre, latest first.
    pub async fn activity(&self, profile: &str, query: &ActivityQuery) -> Result<ActivityPage, ClientError> {
        let mut target = path(&["profiles", profile, "activity"]);
        let limit = query.limit.map(|limit| limit.to_string());
        let read = query.read.map(|read| read.to_string());
        let values = [
            ("before", query.before.as_ref()),
            ("limit", limit.as_ref()),
            ("kinds", query.kinds.as_ref()),
            ("read", read.as_ref()),
        ];
        let mut mark = '?';
        for (name, value) in values.into_iter().filter_map(|(name, value)| Some((name, value?))) {
            target.push_str(&format!("{mark}{name}="));
            encode(&mut target, value);
            mark = '&';
        }
        self.send(Method::GET, &target, NOTHING).await
    }

    /// Marks everything in the activity centre as read.
    pub async fn read_activity(&self, profile: &str) -> Result<Accepted, ClientError> {
        self.send(Method::POST, &path(&["profiles", profile, "activity", "read"]), NOTHING)
            .await
    }

    /// Does one thing about an entry: `read`, `unread`, `accept` or `dismiss`.
    pub async fn activity_action(&self, profile: &str, entry: &str, action: &str) -> Result<Activity, ClientError> {
        let target = path(&["profiles", profile, "activity", entry, action]);
        self.send(Method::POST, &target, NOTHING).await
    }

    /// Makes a chat silent, or ends that.
    pub async fn mute(&self, profile: &str, chat: &str, body: &MuteChat) -> Result<Chat, ClientError> {
        self.send(
            Method::PUT,
            &path(&["profiles", profile, "chats", chat, "mute"]),
            Some(body),
        )
        .await
    }
}
