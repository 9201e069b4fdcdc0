//! The event stream: what a user interface must learn, and how it resumes.
//!
//! `GET /v1/profiles/{profile}/events` upgrades to a WebSocket; each text frame is one [`Frame`]. A client that comes back
//! gives the `epoch` and the last `seq` it applied. If the daemon still has everything since, it answers
//! [`Frame::Joined`] and goes on from there; otherwise [`Frame::Reset`]: reload the lists by HTTP, then go on.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Account, Activity, Chat, Connectivity, Contact, Group, Message, Notification, Settings};

/// One text frame of the event stream.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Frame {
    /// First frame: events follow without a gap after `seq`.
    Joined {
        /// The daemon's run.
        epoch: String,
        /// The last event before those that follow.
        seq: u64,
    },
    /// Events were missed (also in mid-stream, when the reader is too slow): reload what is shown.
    Reset {
        /// The daemon's run.
        epoch: String,
        /// The last event before those that follow.
        seq: u64,
    },
    /// What one commit changed. Apply all of it or nothing.
    Event(Event),
    /// Something that is not on disk; may be lost.
    Signal {
        /// What happened.
        signal: Signal,
    },
}

/// What one commit changed.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// The daemon's run: changes whenever the profile is unlocked anew.
    pub epoch: String,
    /// Counts from 1 without gaps within an epoch.
    pub seq: u64,
    /// Every thing that the commit touched, as it is now.
    pub items: Vec<Item>,
}

/// One thing that changed.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(tag = "kind", content = "value", rename_all = "kebab-case")]
pub enum Item {
    /// A message is new or changed.
    Message(Box<Message>),
    /// The message with this id is gone.
    MessageRemoved(String),
    /// So many messages of the chat with this id changed at once (history arrived) that they are not listed: reload the
    /// window that is shown.
    ChatHistory(String),
    /// A chat is new or changed.
    Chat(Box<Chat>),
    /// The chat with this id is gone.
    ChatRemoved(String),
    /// A private group is new or changed.
    Group(Box<Group>),
    /// A contact is new or changed.
    Contact(Contact),
    /// The contact with this key is gone.
    ContactRemoved(String),
    /// An entry of the activity centre is new or changed.
    Activity(Box<Activity>),
    /// The entry of the activity centre with this id is gone.
    ActivityRemoved(String),
    /// So many entries of the activity centre were not read.
    ActivityUnread(u64),
    /// Our own account changed.
    Account(Account),
    /// The profile's settings changed.
    Settings(Settings),
}

/// Things that are not in the database. Lossy: a reader that was away does not get them later.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(tag = "kind", content = "value", rename_all = "kebab-case")]
pub enum Signal {
    /// Whether messages can travel changed. The latest value is also in the node's status.
    Connectivity(Connectivity),
    /// So many topics still lack history; 0 when all was fetched.
    HistoryGaps(u64),
    /// Our clock seems wrong by so many milliseconds.
    ClockAhead(i64),
    /// Something to show at once, already decided.
    Notification(Notification),
    /// The profile was locked; the stream ends.
    Locked,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_told_apart_by_type() {
        let joined = Frame::Joined {
            epoch: "e1".into(),
            seq: 7,
        };
        let text = serde_json::to_string(&joined).unwrap();
        assert_eq!(text, r#"{"type":"joined","epoch":"e1","seq":7}"#);
        assert_eq!(serde_json::from_str::<Frame>(&text).unwrap(), joined);

        let event = Frame::Event(Event {
            epoch: "e1".into(),
            seq: 8,
            items: vec![Item::ChatHistory("c".into())],
        });
        let text = serde_json::to_string(&event).unwrap();
        assert_eq!(
            text,
            r#"{"type":"event","epoch":"e1","seq":8,"items":[{"kind":"chat-history","value":"c"}]}"#
        );
        assert_eq!(serde_json::from_str::<Frame>(&text).unwrap(), event);

        let signal = Frame::Signal { signal: Signal::Locked };
        let text = serde_json::to_string(&signal).unwrap();
        assert_eq!(text, r#"{"type":"signal","signal":{"kind":"locked"}}"#);
        assert_eq!(serde_json::from_str::<Frame>(&text).unwrap(), signal);
    }
}
