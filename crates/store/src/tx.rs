//! One transaction, and the doors from it to the tables.

use std::ops::Deref;

use rusqlite::Connection;

use crate::access::{Access, Record};
use crate::{
    Account, Activity, Bundles, Changes, ChatNotifications, Chats, Contacts, DataSync, Edits, Files, GroupKeys, Groups,
    History, Installations, Marks, Messages, Outbox, People, Pins, Reactions, Repair, Seen, Segments, Sessions,
    Settings, SharedSecrets, StoreError, Topics, Traces, Verifications, Waiting,
};

/// A transaction that may change things. It exists only inside [`Store::write`](crate::Store::write).
pub struct Tx<'c> {
    connection: &'c Connection,
    record: Record,
}

/// A snapshot to read from: what was committed when it began, and nothing later.
pub struct View<'c> {
    connection: &'c Connection,
}

/// An accessor whose changing methods are out of reach.
pub struct ReadOnly<T>(T);

impl<T> Deref for ReadOnly<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<'c> Tx<'c> {
    pub(crate) fn new(connection: &'c Connection) -> Tx<'c> {
        Tx {
            connection,
            record: Record::default(),
        }
    }

    /// What is left to do before the commit; answers what was recorded.
    pub(crate) fn finish(self) -> Result<Changes, StoreError> {
        self.record.unindexed.settle(self.connection)?;
        Ok(self.record.changes)
    }

    /// Runs a part that may be declined: if it answers with an error, what it wrote and what it recorded vanish
    /// together, and the transaction goes on as if it had not been tried.
    ///
    /// The outer error is the database's; after it the whole transaction must be given up.
    pub fn attempt<T, E>(
        &mut self,
        part: impl FnOnce(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<Result<T, E>, StoreError> {
        self.run("SAVEPOINT attempt")?;
        let mut inner = Tx::new(self.connection);
        match part(&mut inner) {
            Ok(value) => {
                let Record { changes, unindexed } = inner.record;
                self.run("RELEASE attempt")?;
                self.record.changes.merge(changes);
                self.record.unindexed.merge(unindexed);
                Ok(Ok(value))
            }
            Err(declined) => {
                self.run("ROLLBACK TO attempt")?;
                self.run("RELEASE attempt")?;
                Ok(Err(declined))
            }
        }
    }

    /// What was recorded so far.
    pub fn changes(&self) -> &Changes {
        &self.record.changes
    }

    fn run(&self, sql: &str) -> Result<(), StoreError> {
        self.connection.prepare_cached(sql)?.execute([])?;
        Ok(())
    }

    fn access(&mut self) -> Access<'_> {
        Access::writing(self.connection, &mut self.record)
    }
}

impl<'c> View<'c> {
    pub(crate) fn new(connection: &'c Connection) -> View<'c> {
        View { connection }
    }

    fn access(&self) -> Access<'_> {
        Access::reading(self.connection)
    }
}

/// The tables, to read and to change.
impl Tx<'_> {
    /// Who we are: names, keys, installation.
    pub fn account(&mut self) -> Account<'_> {
        Account(self.access())
    }

    /// Named values of the person and of the program.
    pub fn settings(&mut self) -> Settings<'_> {
        Settings(self.access())
    }

    /// When something was last done for someone.
    pub fn marks(&mut self) -> Marks<'_> {
        Marks(self.access())
    }

    /// People we know of, and the state of contact requests.
    pub fn contacts(&mut self) -> Contacts<'_> {
        Contacts(self.access())
    }

    /// Conversations of every kind.
    pub fn chats(&mut self) -> Chats<'_> {
        Chats(self.access())
    }

    /// Messages, their order, their state and their text index.
    pub fn messages(&mut self) -> Messages<'_> {
        Messages(self.access())
    }

    /// Which messages changed the text of which.
    pub fn edits(&mut self) -> Edits<'_> {
        Edits(self.access())
    }

    /// Reactions to messages.
    pub fn reactions(&mut self) -> Reactions<'_> {
        Reactions(self.access())
    }

    /// Pinned messages.
    pub fn pins(&mut self) -> Pins<'_> {
        Pins(self.access())
    }

    /// What happened and is worth a look.
    pub fn activity(&mut self) -> Activity<'_> {
        Activity(self.access())
    }

    /// What each conversation is missing, and what helps others.
    pub fn repair(&mut self) -> Repair<'_> {
        Repair(self.access())
    }

    /// What people show of themselves.
    pub fn people(&mut self) -> People<'_> {
        People(self.access())
    }

    /// Proofs of identity.
    pub fn verifications(&mut self) -> Verifications<'_> {
        Verifications(self.access())
    }

    /// What was chosen about notifications for single chats.
    pub fn chat_notifications(&mut self) -> ChatNotifications<'_> {
        ChatNotifications(self.access())
    }

    /// Files that messages announce, and their chunks.
    pub fn files(&mut self) -> Files<'_> {
        Files(self.access())
    }

    /// Private groups.
    pub fn groups(&mut self) -> Groups<'_> {
        Groups(self.access())
    }

    /// Devices of others and of ourselves.
    pub fn installations(&mut self) -> Installations<'_> {
        Installations(self.access())
    }

    /// Signed pre-keys: ours with their secrets, and those of others.
    pub fn bundles(&mut self) -> Bundles<'_> {
        Bundles(self.access())
    }

    /// Double-ratchet sessions.
    pub fn sessions(&mut self) -> Sessions<'_> {
        Sessions(self.access())
    }

    /// Which devices know that we use the shared secret.
    pub fn shared_secrets(&mut self) -> SharedSecrets<'_> {
        SharedSecrets(self.access())
    }

    /// Hash-ratchet keys.
    pub fn group_keys(&mut self) -> GroupKeys<'_> {
        GroupKeys(self.access())
    }

    /// What to repeat until it is acknowledged, and what to acknowledge.
    pub fn datasync(&mut self) -> DataSync<'_> {
        DataSync(self.access())
    }

    /// What waits to be sealed and published.
    pub fn outbox(&mut self) -> Outbox<'_> {
        Outbox(self.access())
    }

    /// Hashes of envelopes and ids of messages that are done with.
    pub fn seen(&mut self) -> Seen<'_> {
        Seen(self.access())
    }

    /// What cannot be applied yet because something is missing.
    pub fn waiting(&mut self) -> Waiting<'_> {
        Waiting(self.access())
    }

    /// Parts of messages that did not fit into one envelope.
    pub fn segments(&mut self) -> Segments<'_> {
        Segments(self.access())
    }

    /// What we listen to, with the keys that open it.
    pub fn topics(&mut self) -> Topics<'_> {
        Topics(self.access())
    }

    /// How far history is complete, per topic.
    pub fn history(&mut self) -> History<'_> {
        History(self.access())
    }

    /// How messages travelled.
    pub fn traces(&mut self) -> Traces<'_> {
        Traces(self.access())
    }
}

/// The tables, to read.
impl View<'_> {
    /// Who we are: names, keys, installation.
    pub fn account(&self) -> ReadOnly<Account<'_>> {
        ReadOnly(Account(self.access()))
    }

    /// Named values of the person and of the program.
    pub fn settings(&self) -> ReadOnly<Settings<'_>> {
        ReadOnly(Settings(self.access()))
    }

    /// When something was last done for someone.
    pub fn marks(&self) -> ReadOnly<Marks<'_>> {
        ReadOnly(Marks(self.access()))
    }

    /// People we know of, and the state of contact requests.
    pub fn contacts(&self) -> ReadOnly<Contacts<'_>> {
        ReadOnly(Contacts(self.access()))
    }

    /// Conversations of every kind.
    pub fn chats(&self) -> ReadOnly<Chats<'_>> {
        ReadOnly(Chats(self.access()))
    }

    /// Messages, their order, their state and their text index.
    pub fn messages(&self) -> ReadOnly<Messages<'_>> {
        ReadOnly(Messages(self.access()))
    }

    /// Which messages changed the text of which.
    pub fn edits(&self) -> ReadOnly<Edits<'_>> {
        ReadOnly(Edits(self.access()))
    }

    /// Reactions to messages.
    pub fn reactions(&self) -> ReadOnly<Reactions<'_>> {
        ReadOnly(Reactions(self.access()))
    }

    /// Pinned messages.
    pub fn pins(&self) -> ReadOnly<Pins<'_>> {
        ReadOnly(Pins(self.access()))
    }

    /// What happened and is worth a look.
    pub fn activity(&self) -> ReadOnly<Activity<'_>> {
        ReadOnly(Activity(self.access()))
    }

    /// What each conversation is missing, and what helps others.
    pub fn repair(&self) -> ReadOnly<Repair<'_>> {
        ReadOnly(Repair(self.access()))
    }

    /// What people show of themselves.
    pub fn people(&self) -> ReadOnly<People<'_>> {
        ReadOnly(People(self.access()))
    }

    /// Proofs of identity.
    pub fn verifications(&self) -> ReadOnly<Verifications<'_>> {
        ReadOnly(Verifications(self.access()))
    }

    /// What was chosen about notifications for single chats.
    pub fn chat_notifications(&self) -> ReadOnly<ChatNotifications<'_>> {
        ReadOnly(ChatNotifications(self.access()))
    }

    /// Files that messages announce, and their chunks.
    pub fn files(&self) -> ReadOnly<Files<'_>> {
        ReadOnly(Files(self.access()))
    }

    /// Private groups.
    pub fn groups(&self) -> ReadOnly<Groups<'_>> {
        ReadOnly(Groups(self.access()))
    }

    /// Devices of others and of ourselves.
    pub fn installations(&self) -> ReadOnly<Installations<'_>> {
        ReadOnly(Installations(self.access()))
    }

    /// Signed pre-keys: ours with their secrets, and those of others.
    pub fn bundles(&self) -> ReadOnly<Bundles<'_>> {
        ReadOnly(Bundles(self.access()))
    }

    /// Double-ratchet sessions.
    pub fn sessions(&self) -> ReadOnly<Sessions<'_>> {
        ReadOnly(Sessions(self.access()))
    }

    /// Which devices know that we use the shared secret.
    pub fn shared_secrets(&self) -> ReadOnly<SharedSecrets<'_>> {
        ReadOnly(SharedSecrets(self.access()))
    }

    /// Hash-ratchet keys.
    pub fn group_keys(&self) -> ReadOnly<GroupKeys<'_>> {
        ReadOnly(GroupKeys(self.access()))
    }

    /// What to repeat until it is acknowledged, and what to acknowledge.
    pub fn datasync(&self) -> ReadOnly<DataSync<'_>> {
        ReadOnly(DataSync(self.access()))
    }

    /// What waits to be sealed and published.
    pub fn outbox(&self) -> ReadOnly<Outbox<'_>> {
        ReadOnly(Outbox(self.access()))
    }

    /// Hashes of envelopes and ids of messages that are done with.
    pub fn seen(&self) -> ReadOnly<Seen<'_>> {
        ReadOnly(Seen(self.access()))
    }

    /// What cannot be applied yet because something is missing.
    pub fn waiting(&self) -> ReadOnly<Waiting<'_>> {
        ReadOnly(Waiting(self.access()))
    }

    /// Parts of messages that did not fit into one envelope.
    pub fn segments(&self) -> ReadOnly<Segments<'_>> {
        ReadOnly(Segments(self.access()))
    }

    /// What we listen to, with the keys that open it.
    pub fn topics(&self) -> ReadOnly<Topics<'_>> {
        ReadOnly(Topics(self.access()))
    }

    /// How far history is complete, per topic.
    pub fn history(&self) -> ReadOnly<History<'_>> {
        ReadOnly(History(self.access()))
    }

    /// How messages travelled.
    pub fn traces(&self) -> ReadOnly<Traces<'_>> {
        ReadOnly(Traces(self.access()))
    }
}

#[cfg(test)]
mod tests;
