//! The record of what a transaction touched: ids by kind, never values.
//!
//! Accessors write it, nobody else. What a declined [`attempt`](crate::Tx::attempt) touched is not in it.

use std::collections::BTreeSet;

use protocol::id::{ChatId, InstallationId, MessageId};

use crate::{ActivityId, PublicKeyBytes};

/// What a committed transaction touched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Our own name, keys or installation.
    pub account: bool,
    /// Settings, by name.
    pub settings: BTreeSet<String>,
    /// Contacts: saved or removed.
    pub contacts: BTreeSet<PublicKeyBytes>,
    /// Chats: saved, removed, or with another last message or number of unread ones.
    pub chats: BTreeSet<ChatId>,
    /// Private groups: how we stand to them, what they are, or who asks to be let in.
    pub groups: BTreeSet<ChatId>,
    /// Messages: saved or removed, or with other reactions or pins.
    pub messages: BTreeSet<MessageId>,
    /// Chats whose messages were removed up to some place. Those are in `chats` too, and their messages are not listed.
    pub cleared: BTreeSet<ChatId>,
    /// Those of them that are new and were not seen.
    pub arrived: BTreeSet<MessageId>,
    /// Installations of us and of others.
    pub devices: BTreeSet<(PublicKeyBytes, InstallationId)>,
    /// Entries of the activity centre: saved, marked or removed.
    pub activity: BTreeSet<ActivityId>,
    /// Those of them that tell something new.
    pub noted: BTreeSet<ActivityId>,
    /// Something new may be due in the outbox.
    pub outbox: bool,
    /// What we listen to may have changed.
    pub topics: bool,
    /// Something changed about files that go from one device to another.
    pub transfers: bool,
    /// A secret or a text was erased or replaced: [`Store::checkpoint`](crate::Store::checkpoint) is wanted soon.
    pub erased: bool,
}

impl Changes {
    /// Whether nothing was touched.
    pub fn is_empty(&self) -> bool {
        *self == Changes::default()
    }

    /// Adds what another transaction, or a part of this one, touched.
    pub fn merge(&mut self, other: Changes) {
        self.account |= other.account;
        self.settings.extend(other.settings);
        self.contacts.extend(other.contacts);
        self.chats.extend(other.chats);
        self.groups.extend(other.groups);
        self.messages.extend(other.messages);
        self.cleared.extend(other.cleared);
        self.devices.extend(other.devices);
        self.arrived.extend(other.arrived);
        self.activity.extend(other.activity);
        self.noted.extend(other.noted);
        self.outbox |= other.outbox;
        self.topics |= other.topics;
        self.transfers |= other.transfers;
        self.erased |= other.erased;
    }
}
