//! Looks into what people have, and meddling with it: for oracles, and for tests of them.

use protocol::Timestamp;
use protocol::id::{ChatId, MessageId};
use store::{Deletion, MessageRow, PublicKeyBytes, StoreError, Tx, View};
use waku_proto::ContentTopic;

use super::{App, Sim, Who};
use crate::life::chat_with;

/// What a test may ask about the people.
impl Sim {
    /// How many turns all messengers took, without those that seal and settle.
    pub fn turns(&self) -> u64 {
        self.turns
    }

    /// How many envelopes were published on a topic since it is watched.
    pub fn published_on(&self, topic: &ContentTopic) -> u64 {
        self.watched.get(topic).copied().unwrap_or(0)
    }

    /// The texts and pictures in a person's chat with another that stand, oldest first.
    pub fn texts_with(&self, who: Who, other: Who) -> Vec<MessageRow> {
        let chat = chat_with(self, other);
        let mut rows = self
            .look(who, |view| view.messages().page(&chat, None, MOST_TEXTS))
            .expect("the database of a simulation works");
        rows.retain(|row| is_said(row.kind) && row.deletion == Deletion::None);
        rows.sort_by_key(MessageRow::cursor);
        rows
    }

    /// The newest message in a person's chat with another.
    pub fn last_message(&self, who: Who, other: Who) -> Option<MessageId> {
        self.texts_with(who, other).last().map(|row| row.id)
    }

    /// The messages that somebody said in one go, oldest first: `first` and those with the same words.
    pub(crate) fn said_at_once(&self, who: Who, chat: &ChatId, first: MessageId, count: usize) -> Vec<MessageId> {
        if count == 1 {
            return vec![first];
        }
        let mut rows = self
            .look(who, |view| view.messages().page(chat, None, MOST_TEXTS))
            .expect("the database of a simulation works");
        rows.sort_by_key(MessageRow::cursor);
        let words = rows.iter().find(|row| row.id == first).map(|row| row.text.clone());
        rows.retain(|row| Some(&row.text) == words.as_ref());
        rows.iter().map(|row| row.id).collect()
    }

    /// Whether a person's app wants to hear what is said on a topic; whether it ever will again while it does not run.
    pub fn hears(&self, who: Who, topic: &ContentTopic) -> bool {
        match &self.people[who.0].app {
            App::Running(messenger) => messenger.interests().pairs().any(|(_, heard)| heard == topic),
            _ => !self
                .look(who, |view| view.topics().listening_on(topic.as_str()))
                .expect("the database of a simulation works")
                .is_empty(),
        }
    }

    /// Whether a person regards another as a mutual contact.
    pub fn is_contact(&self, who: Who, other: Who) -> bool {
        let identity = PublicKeyBytes::from(self.key(other).to_compressed());
        let row = self
            .look(who, |view| view.contacts().load(&identity))
            .expect("the database of a simulation works");
        row.is_some_and(|row| messenger::contacts::relation(&row).mutual())
    }

    /// Since when a person's app runs, if it does and nothing will start or stop it in this moment.
    pub fn awake_since(&self, who: Who) -> Option<Timestamp> {
        let person = &self.people[who.0];
        (matches!(person.app, App::Running(_)) && self.fragility == 0).then_some(person.started_at)
    }

    /// Looks into a person's database, whether their app runs or not.
    pub fn look<T>(&self, who: Who, look: impl FnOnce(&View<'_>) -> Result<T, StoreError>) -> Result<T, StoreError> {
        match &self.people[who.0].app {
            App::Running(messenger) => messenger.store().read(look),
            App::Stopped(store) => store.read(look),
            App::Moving => unreachable!("an app moves within one call"),
        }
    }

    /// Changes a person's database behind the back of their app, as no network can: for tests of the oracle itself.
    pub fn meddle(&mut self, who: Who, change: impl FnOnce(&mut Tx<'_>) -> Result<(), StoreError>) {
        self.crash(who);
        if let App::Stopped(store) = &mut self.people[who.0].app {
            store.write(change).expect("the database of a simulation works");
        }
        self.start(who);
    }

    /// Takes a text out of its author's outbox and data sync, as if it had been sent and its readers had acknowledged it.
    pub fn forget_to_send(&mut self, author: Who, readers: &[Who], text: MessageId) {
        let key = |reader: &Who| PublicKeyBytes::from(self.key(*reader).to_compressed());
        let peers: Vec<PublicKeyBytes> = readers.iter().map(key).collect();
        let forget = |tx: &mut Tx<'_>| {
            tx.outbox().remove_message(&text)?;
            for due in tx.datasync().of_message(&text)? {
                for peer in &peers {
                    tx.datasync().acknowledge(&due.outgoing.id, peer)?;
                }
            }
            Ok(())
        };
        self.meddle(author, forget);
    }

    /// Whether this person has caught up, and nothing of theirs waits to be published or acknowledged.
    pub(super) fn is_settled(&self, who: Who) -> bool {
        let waits = |view: &View<'_>| {
            Ok(view.outbox().count()? > 0
                || view.datasync().next_due()?.is_some()
                || view.repair().next_due()?.is_some())
        };
        self.people[who.0].caught_up
            && self.people[who.0].catchup.is_none()
            && !self.look(who, waits).expect("the database of a simulation works")
    }
}

/// Whether a kind of message, by its number on the wire, is a text or a picture.
pub(crate) fn is_said(kind: u32) -> bool {
    matches!(kind, 1 | 7)
}

/// More than any simulated chat holds.
const MOST_TEXTS: u32 = 100_000;
