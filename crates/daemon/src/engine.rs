//! The one thread that owns an unlocked profile's [`Messenger`]: where it meets the clock, the disk and everybody else.
//!
//! Every input is one turn: read the clock, call the messenger once, then tell what the commit changed to those who must
//! know: the event log, the publisher (something is due), the link (other interests, gaps in the history). Requests come
//! before envelopes, so that a person never waits for the network. All queues are bounded; whoever fills one waits.
//!
//! A database that fails ends the engine: nothing may be acknowledged that is not on disk.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use api::{Item, Signal};
use messenger::traces::Carrier;
use messenger::{
    AccountInfo, ChatId, Command, CommandError, HistoryGap, HistoryPage, Inbound, Messenger, Mnemonic, OutboxId,
    Receipt, Reply, Settings, Timestamp, notifications,
};
use store::{Changes, StoreError};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot, watch};
use waku_proto::{Envelope, Interests};

use crate::convert::{self, Own, Reading};
use crate::event_log::EventLog;

/// Speaks to the engine; clones share it.
#[derive(Clone)]
pub(crate) struct Engine {
    requests: mpsc::Sender<Request>,
    envelopes: mpsc::Sender<(Envelope, Carrier)>,
    board: Board,
}

/// The engine is gone: the profile was locked, or its database failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stopped;

/// What the engine says about itself, always the latest.
#[derive(Clone)]
pub(crate) struct Board {
    /// Who we are.
    pub(crate) own: watch::Receiver<AccountInfo>,
    /// What the person chose.
    pub(crate) settings: watch::Receiver<Settings>,
    /// When the outbox has something to publish next.
    pub(crate) due: watch::Receiver<Option<Timestamp>>,
    /// What we want to hear.
    pub(crate) interests: watch::Receiver<Interests>,
    /// Counts how often a first message began to wait for somebody's contact code.
    pub(crate) urgent: watch::Receiver<u64>,
    /// Counts how often something changed about files that go from one device to another.
    pub(crate) transfers: watch::Receiver<u64>,
    /// Why the engine ended by itself, if it did. The sender is gone when the engine is.
    pub(crate) failure: watch::Receiver<Option<String>>,
}

/// One thing to do, and whom to tell.
enum Request {
    Command(Command, oneshot::Sender<Result<Reply, CommandError>>),
    SealDue(usize, oneshot::Sender<Vec<(OutboxId, Envelope)>>),
    Published(Vec<Receipt>, oneshot::Sender<()>),
    HistoryGaps(oneshot::Sender<Vec<HistoryGap>>),
    HistoryPage(HistoryPage, oneshot::Sender<()>),
    Connected(oneshot::Sender<()>),
    Phrase(oneshot::Sender<Option<Mnemonic>>),
    LookAt(Option<ChatId>, oneshot::Sender<()>),
    Stop(oneshot::Sender<()>),
}

impl Engine {
    /// Starts the thread.
    pub(crate) fn start(messenger: Messenger, log: Arc<EventLog>, profile: String) -> std::io::Result<Self> {
        let (requests, requests_out) = mpsc::channel(REQUESTS);
        let (envelopes, envelopes_out) = mpsc::channel(ENVELOPES);
        let (own, own_out) = watch::channel(messenger.account());
        let (settings, settings_out) = watch::channel(messenger.settings());
        let (due, due_out) = watch::channel(None);
        let (interests, interests_out) = watch::channel(messenger.interests());
        let (urgent, urgent_out) = watch::channel(0);
        let (transfers, transfers_out) = watch::channel(0);
        let (failure, failure_out) = watch::channel(None);
        let board = Board {
            own: own_out,
            settings: settings_out,
            due: due_out,
            interests: interests_out,
            urgent: urgent_out,
            transfers: transfers_out,
            failure: failure_out,
        };
        let core = Core {
            messenger,
            log,
            profile,
            own,
            settings,
            due,
            interests,
            urgent,
            transfers,
            on_screen: None,
        };
        let handle = Handle::current();
        std::thread::Builder::new().name("engine".into()).spawn(move || {
            let _in_runtime = handle.enter();
            if let Err(error) = core.run(&handle, requests_out, envelopes_out) {
                tracing::error!(?error, "the database failed; the profile is locked");
                failure.send_replace(Some(error.to_string()));
            }
        })?;
        Ok(Self {
            requests,
            envelopes,
            board,
        })
    }

    /// What the engine says about itself.
    pub(crate) fn board(&self) -> &Board {
        &self.board
    }

    /// Handles a wish of the person.
    pub(crate) async fn command(&self, command: Command) -> Result<Result<Reply, CommandError>, Stopped> {
        self.ask(|answer| Request::Command(command, answer)).await
    }

    /// Takes a received envelope; waits while the engine has enough to do.
    pub(crate) async fn receive(&self, envelope: Envelope, carrier: Carrier) -> Result<(), Stopped> {
        self.envelopes.send((envelope, carrier)).await.map_err(|_| Stopped)
    }

    /// Seals up to `limit` outbox entries that are due.
    pub(crate) async fn seal_due(&self, limit: usize) -> Result<Vec<(OutboxId, Envelope)>, Stopped> {
        self.ask(|answer| Request::SealDue(limit, answer)).await
    }

    /// Says what became of some of them.
    pub(crate) async fn published(&self, receipts: Vec<Receipt>) -> Result<(), Stopped> {
        self.ask(|answer| Request::Published(receipts, answer)).await
    }

    /// The history that is missing now.
    pub(crate) async fn history_gaps(&self) -> Result<Vec<HistoryGap>, Stopped> {
        self.ask(Request::HistoryGaps).await
    }

    /// Applies a page of history; waits until it is on disk.
    pub(crate) async fn history_page(&self, page: HistoryPage) -> Result<(), Stopped> {
        self.ask(|answer| Request::HistoryPage(page, answer)).await
    }

    /// Says that the network is there again: what waits is due now.
    pub(crate) async fn connected(&self) -> Result<(), Stopped> {
        self.ask(Request::Connected).await
    }

    /// The recovery phrase, as long as it is kept on this device.
    pub(crate) async fn phrase(&self) -> Result<Option<Mnemonic>, Stopped> {
        self.ask(Request::Phrase).await
    }

    /// Remembers which chat somebody looks at, so that it is not told besides.
    pub(crate) async fn look_at(&self, chat: Option<ChatId>) -> Result<(), Stopped> {
        self.ask(|answer| Request::LookAt(chat, answer)).await
    }

    /// Ends the engine; everything secret is wiped when this returns.
    pub(crate) async fn stop(&self) {
        // An error means that it ended already.
        let _ = self.ask(Request::Stop).await;
    }

    async fn ask<T>(&self, request: impl FnOnce(oneshot::Sender<T>) -> Request) -> Result<T, Stopped> {
        let (answer, answered) = oneshot::channel();
        self.requests.send(request(answer)).await.map_err(|_| Stopped)?;
        answered.await.map_err(|_| Stopped)
    }
}

/// What the thread owns.
struct Core {
    messenger: Messenger,
    log: Arc<EventLog>,
    profile: String,
    own: watch::Sender<AccountInfo>,
    settings: watch::Sender<Settings>,
    due: watch::Sender<Option<Timestamp>>,
    interests: watch::Sender<Interests>,
    urgent: watch::Sender<u64>,
    transfers: watch::Sender<u64>,
    /// The chat that somebody looks at.
    on_screen: Option<ChatId>,
}

/// What wakes the thread.
enum Wake {
    Request(Option<Request>),
    Envelope((Envelope, Carrier)),
    Deadline,
}

impl Core {
    fn run(
        mut self,
        handle: &Handle,
        mut requests: mpsc::Receiver<Request>,
        mut envelopes: mpsc::Receiver<(Envelope, Carrier)>,
    ) -> Result<(), StoreError> {
        self.look_at_outbox()?;
        let mut breath = Duration::ZERO;
        loop {
            let wait = self
                .messenger
                .next_deadline()
                .map(|at| Duration::from_millis(at.0.saturating_sub(now().0)));
            let wait = wait.map(|wait| wait.max(breath));
            breath = Duration::ZERO;
            let wake = handle.block_on(async {
                tokio::select! {
                    biased;
                    request = requests.recv() => Wake::Request(request),
                    () = sleep_for(wait) => Wake::Deadline,
                    Some(envelope) = envelopes.recv() => Wake::Envelope(envelope),
                }
            });
            match wake {
                Wake::Request(None) => return self.end(),
                Wake::Request(Some(Request::Stop(done))) => {
                    self.end()?;
                    let _ = done.send(());
                    return Ok(());
                }
                Wake::Request(Some(request)) => self.answer(request)?,
                Wake::Deadline => {
                    let commit = self.messenger.deadline(now())?;
                    self.committed(commit.changes)?;
                    breath = BREATH;
                }
                Wake::Envelope(first) => self.receive(first, &mut envelopes)?,
            }
        }
    }

    /// Wipes everything.
    fn end(self) -> Result<(), StoreError> {
        self.messenger.lock()
    }

    /// Handles one request. Whoever asked may have left; what was done stays done.
    fn answer(&mut self, request: Request) -> Result<(), StoreError> {
        let now = now();
        match request {
            Request::Command(command, answer) => match self.messenger.command(now, command) {
                Ok(commit) => {
                    let about_people = !commit.changes.contacts.is_empty();
                    self.committed(commit.changes)?;
                    let _ = answer.send(Ok(commit.value));
                    if about_people && self.messenger.history_gaps(now)?.iter().any(|gap| gap.urgent) {
                        self.urgent.send_modify(|count| *count += 1);
                    }
                }
                Err(error) => {
                    let _ = answer.send(Err(error));
                }
            },
            Request::SealDue(limit, answer) => {
                let sealed = self.messenger.seal_due(now, limit)?;
                self.committed(sealed.changes)?;
                self.look_at_outbox()?;
                let _ = answer.send(sealed.value);
            }
            Request::Published(receipts, answer) => {
                let commit = self.messenger.published_many(now, &receipts)?;
                self.committed(commit.changes)?;
                self.look_at_outbox()?;
                let _ = answer.send(());
            }
            Request::HistoryGaps(answer) => {
                let _ = answer.send(self.messenger.history_gaps(now)?);
            }
            Request::HistoryPage(page, answer) => {
                let commit = self.messenger.history_page(now, page)?;
                self.committed(commit.changes)?;
                let _ = answer.send(());
            }
            Request::Connected(answer) => {
                let commit = self.messenger.connected(now)?;
                self.committed(commit.changes)?;
                let _ = answer.send(());
            }
            Request::Phrase(answer) => {
                let _ = answer.send(self.messenger.export_phrase()?);
            }
            Request::LookAt(chat, answer) => {
                self.on_screen = chat;
                let _ = answer.send(());
            }
            Request::Stop(_) => unreachable!("handled by the loop"),
        }
        Ok(())
    }

    /// Handles an envelope, and those that wait behind it, in one transaction.
    fn receive(
        &mut self,
        first: (Envelope, Carrier),
        more: &mut mpsc::Receiver<(Envelope, Carrier)>,
    ) -> Result<(), StoreError> {
        let mut batch = vec![first];
        while batch.len() < BATCH
            && let Ok(brought) = more.try_recv()
        {
            batch.push(brought);
        }
        let commit = self.messenger.receive_from(now(), &batch)?;
        self.committed(commit.changes)?;
        for inbound in &commit.value {
            if let Inbound::Dropped(reason) = inbound {
                tracing::debug!(reason = reason.name(), "an envelope was dropped");
            }
        }
        Ok(())
    }

    /// Tells what a commit changed to those who must know.
    fn committed(&mut self, changes: Changes) -> Result<(), StoreError> {
        if changes.account || !changes.settings.is_empty() {
            self.own.send_replace(self.messenger.account());
        }
        if !changes.settings.is_empty() {
            self.settings
                .send_if_modified(|known| replace(known, self.messenger.settings()));
        }
        if changes.topics {
            self.interests
                .send_if_modified(|known| replace(known, self.messenger.interests()));
        }
        if changes.outbox {
            self.look_at_outbox()?;
        }
        // With its message goes a file.
        if changes.transfers || changes.erased {
            self.transfers.send_modify(|count| *count += 1);
        }
        self.log.append(self.items(&changes)?);
        self.notify(&changes)
    }

    /// Shows what of the commit is to be shown. Whoever is not listening now does not get it later.
    fn notify(&self, changes: &Changes) -> Result<(), StoreError> {
        if changes.arrived.is_empty() && changes.noted.is_empty() {
            return Ok(());
        }
        let account = self.own.borrow().clone();
        let settings = self.settings.borrow().notifications;
        let own = Own::of(&self.profile, &account);
        let shown = self.messenger.store().read(|view| {
            let situation = notifications::Situation {
                own: &account.public_key,
                settings: &settings,
                now: now(),
                on_screen: self.on_screen.as_ref(),
            };
            let notices = notifications::of_commit(view, &situation, changes)?;
            let reading = Reading { view, own: &own };
            notices
                .iter()
                .filter_map(|notice| reading.notification(notice).transpose())
                .collect::<Result<Vec<_>, StoreError>>()
        })?;
        for notification in shown {
            self.log.signal(Signal::Notification(notification));
        }
        Ok(())
    }

    /// Everything that the commit touched, as it is now, read in one snapshot.
    fn items(&self, changes: &Changes) -> Result<Vec<Item>, StoreError> {
        let account = self.own.borrow().clone();
        let own = Own::of(&self.profile, &account);
        let mut items = Vec::new();
        if changes.account || changes.contacts.contains(&own.key) {
            items.push(Item::Account(convert::account(&self.profile, &account)));
        }
        if !changes.settings.is_empty() {
            items.push(Item::Settings(convert::settings::settings(&self.settings.borrow())));
        }
        let lists = changes.contacts.is_empty() && changes.chats.is_empty() && changes.messages.is_empty();
        if lists && changes.activity.is_empty() && changes.groups.is_empty() {
            return Ok(items);
        }
        // The writer's own connection: its pages are in memory already.
        self.messenger.store().read(|view| {
            let reading = Reading { view, own: &own };
            for key in changes.contacts.iter().filter(|key| **key != own.key) {
                items.push(match reading.contact_by_key(key)? {
                    Some(contact) => Item::Contact(contact),
                    None => Item::ContactRemoved(convert::key_text(key)),
                });
            }
            for id in &changes.chats {
                items.push(match reading.chat(id)? {
                    Some(chat) => Item::Chat(Box::new(chat)),
                    None => Item::ChatRemoved(id.to_string()),
                });
            }
            // Its name, and what can be done in it, are those of the person.
            for id in changes.contacts.iter().filter_map(convert::chat_with) {
                if !changes.chats.contains(&id) {
                    items.extend(reading.chat(&id)?.map(|chat| Item::Chat(Box::new(chat))));
                }
            }
            for id in &changes.groups {
                // A group that is gone is a chat that is gone.
                items.extend(reading.group(id)?.map(|group| Item::Group(Box::new(group))));
            }
            let mut messages = Vec::new();
            for id in &changes.messages {
                messages.push(match reading.message(id)? {
                    Some(message) => Item::Message(Box::new(message)),
                    None => Item::MessageRemoved(id.to_string()),
                });
            }
            items.extend(collapse(messages));
            let listed = |id: &&ChatId| changes.chats.contains(*id);
            items.extend(
                changes
                    .cleared
                    .iter()
                    .filter(listed)
                    .map(|id| Item::ChatHistory(id.to_string())),
            );
            items.extend(activity(&reading, changes)?);
            Ok(items)
        })
    }

    fn look_at_outbox(&self) -> Result<(), StoreError> {
        let due = self.messenger.next_publication()?;
        self.due.send_if_modified(|known| replace(known, due));
        Ok(())
    }
}

/// What changed in the activity centre, and how much of it is unread then.
fn activity(reading: &Reading<'_>, changes: &Changes) -> Result<Vec<Item>, StoreError> {
    let mut items = Vec::new();
    for id in &changes.activity {
        items.push(match reading.activity_entry(*id)? {
            Some(entry) => Item::Activity(Box::new(entry)),
            None => Item::ActivityRemoved(id.0.to_string()),
        });
    }
    if !items.is_empty() {
        items.push(Item::ActivityUnread(reading.view.activity().unread()?));
    }
    Ok(items)
}

/// Messages of a chat of which too many changed at once become one word: reload.
fn collapse(messages: Vec<Item>) -> Vec<Item> {
    let mut counts = BTreeMap::<String, usize>::new();
    for item in &messages {
        if let Item::Message(message) = item {
            *counts.entry(message.chat.clone()).or_default() += 1;
        }
    }
    counts.retain(|_, count| *count > MOST_MESSAGES);
    let listed = messages.into_iter().filter(|item| match item {
        Item::Message(message) => !counts.contains_key(&message.chat),
        _ => true,
    });
    let mut items: Vec<Item> = listed.collect();
    items.extend(counts.keys().cloned().map(Item::ChatHistory));
    items
}

fn replace<T: PartialEq>(known: &mut T, new: T) -> bool {
    let changed = *known != new;
    *known = new;
    changed
}

async fn sleep_for(wait: Option<Duration>) {
    match wait {
        Some(wait) => tokio::time::sleep(wait).await,
        None => std::future::pending().await,
    }
}

/// The system's clock.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// Requests waiting: one for each connection of the API, and a few of our own.
const REQUESTS: usize = 64;
/// Envelopes waiting: seconds of a busy shard at 1 kB each; beyond that relay waits.
const ENVELOPES: usize = 1024;
/// Envelopes in one transaction: one flush of the disk for all of them, while a person waits at most some 100 ms.
const BATCH: usize = 64;
/// Between two deadline turns, so that one that cannot be met does not keep the thread busy.
const BREATH: Duration = Duration::from_millis(50);
/// Messages of one chat that one event lists at most.
const MOST_MESSAGES: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    fn message(chat: &str, id: usize) -> Item {
        Item::Message(Box::new(api::Message {
            late: false,
            written: None,
            edited_at: None,
            deleted: false,
            deleted_by: None,
            pinned: false,
            pinned_by_name: None,
            reactions: Vec::new(),
            happening: None,
            id: id.to_string(),
            chat: chat.into(),
            kind: api::MessageKind::Text,
            author: String::new(),
            author_name: String::new(),
            own: false,
            text: String::new(),
            blocks: Vec::new(),
            cards: Vec::new(),
            brought: None,
            sticker: None,
            emoji_only: false,
            mentions_me: false,
            sent_at: 0,
            clock: 0,
            delivery: None,
            reach: None,
            reply_to: None,
            read: false,
            links: Vec::new(),
            attachments: Vec::new(),
        }))
    }

    #[test]
    fn history_of_a_chat_becomes_one_word() {
        let mut messages: Vec<Item> = (0..=MOST_MESSAGES).map(|id| message("long", id)).collect();
        messages.extend((0..MOST_MESSAGES).map(|id| message("short", id)));
        messages.push(Item::MessageRemoved("gone".into()));
        let items = collapse(messages);
        assert_eq!(items.len(), MOST_MESSAGES + 2);
        assert_eq!(items.last(), Some(&Item::ChatHistory("long".into())));
        assert!(items.contains(&Item::MessageRemoved("gone".into())));
    }
}
