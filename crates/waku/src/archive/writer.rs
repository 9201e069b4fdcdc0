//! The thread that owns the writing connection: group commit of what is queued, and clean-up in
//! small steps between the batches.
//!
//! An order is answered only after the transaction that carries it is durable. A failed transaction
//! answers every order in it with the reason; the thread goes on, and so do the readers. Only while a
//! server is away, or its certificate no good, are orders kept and tried again: the queue in front of them is bounded.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tracing::{debug, warn};
use waku_proto::{Envelope, MessageHash};

use super::database::Database;
use super::health::Health;
use super::retention::{Phase, Retention, Step};
use super::{ArchiveError, Inserted};

/// What the writer is asked to do.
pub(super) enum Order {
    /// Store one message.
    Insert(Box<Insert>),
    /// Bring the archive within its policy as of a moment (Unix nanoseconds); answers how many
    /// messages were removed.
    CleanUp {
        now: i64,
        reply: oneshot::Sender<Result<u64, ArchiveError>>,
    },
}

/// A message on its way into the archive.
pub(super) struct Insert {
    pub(super) envelope: Envelope,
    pub(super) hash: MessageHash,
    /// Its share of the queue, given back after the answer.
    pub(super) room: OwnedSemaphorePermit,
    pub(super) reply: oneshot::Sender<Result<Inserted, ArchiveError>>,
}

/// Works until every sender is gone and the queue is empty.
pub(super) fn run(database: Database, retention: Retention, health: Health, orders: &Receiver<Order>) {
    Writer {
        database,
        retention,
        health,
        phase: Phase::Watching,
        last_commit: None,
        last_look: Instant::now(),
    }
    .run(orders);
}

struct Writer {
    database: Database,
    retention: Retention,
    health: Health,
    phase: Phase,
    last_commit: Option<Instant>,
    last_look: Instant,
}

impl Writer {
    fn run(&mut self, orders: &Receiver<Order>) {
        loop {
            let patience = match self.phase {
                Phase::Cleaning => Duration::ZERO,
                Phase::Watching => LOOK_INTERVAL.saturating_sub(self.last_look.elapsed()),
            };
            let stored = match orders.recv_timeout(patience) {
                Ok(Order::Insert(first)) => self.store(*first, orders),
                Ok(Order::CleanUp { now, reply }) => {
                    let removed = self.clean_up(now);
                    let _ = reply.send(removed); // the asker may have left
                    0
                }
                Err(RecvTimeoutError::Timeout) => 0,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            // While batches keep coming, each may be followed by the removal of as many and more.
            self.look(STEP_ROWS + stored as u64);
        }
    }

    /// Commits `first` and what is queued behind it; answers how many orders that were.
    fn store(&mut self, first: Insert, orders: &Receiver<Order>) -> usize {
        if let Some(last) = self.last_commit {
            thread::sleep(COMMIT_INTERVAL.saturating_sub(last.elapsed()));
        }
        let mut batch = vec![first];
        let mut aside = Vec::new();
        while batch.len() < BATCH_ORDERS {
            match orders.try_recv() {
                Ok(Order::Insert(insert)) => batch.push(*insert),
                Ok(clean_up) => {
                    aside.push(clean_up);
                    break;
                }
                Err(_) => break,
            }
        }
        let rows: Vec<(&Envelope, MessageHash)> = batch.iter().map(|insert| (&insert.envelope, insert.hash)).collect();
        self.last_commit = Some(Instant::now());
        let outcome = self.insert(&rows);
        if let Err(error) = &outcome {
            warn!(orders = batch.len(), %error, "the archive could not store messages");
        }
        let stored = batch.len();
        answer(batch, outcome);
        for order in aside {
            if let Order::CleanUp { now, reply } = order {
                let _ = reply.send(self.clean_up(now));
            }
        }
        stored
    }

    /// Inserts, and while the server is away tries again, until it is back or the archive closes.
    fn insert(&mut self, rows: &[(&Envelope, MessageHash)]) -> Result<Vec<bool>, ArchiveError> {
        let mut pause = SHORT_PAUSE;
        loop {
            let was_closing = self.health.is_closing();
            if was_closing && let Some(trouble) = self.health.trouble().filter(|trouble| trouble.is_waited_for()) {
                return Err(trouble); // tried for the last time with an earlier batch
            }
            let outcome = self.database.insert(rows);
            self.health.report(&outcome);
            let Some(error) = outcome.as_ref().err().filter(|error| error.is_waited_for()) else {
                return outcome;
            };
            if was_closing {
                return outcome;
            }
            if pause == SHORT_PAUSE {
                warn!(orders = rows.len(), %error, "messages wait for the server of the archive");
            }
            let until = Instant::now() + pause;
            while Instant::now() < until && !self.health.is_closing() {
                thread::sleep(SHORT_PAUSE);
            }
            pause = (pause * 2).min(LONG_PAUSE);
        }
    }

    /// Looks whether the policy asks for a step, and takes at most one.
    fn look(&mut self, rows: u64) {
        let is_due = self.last_look.elapsed() >= LOOK_INTERVAL || self.phase == Phase::Cleaning;
        if !is_due && !self.database.is_cheap_to_look_at() {
            return;
        }
        self.last_look = Instant::now();
        let step = self.step(now(), rows);
        self.health.report(&step);
        self.phase = match step {
            Ok(Some(removed)) => {
                debug!(removed, "archive clean-up");
                Phase::Cleaning
            }
            Ok(None) => Phase::Watching,
            Err(error) => {
                warn!(%error, "the archive could not clean up");
                Phase::Watching // tried again at the next look
            }
        };
    }

    fn clean_up(&mut self, now: i64) -> Result<u64, ArchiveError> {
        let mut total = 0;
        while let Some(removed) = self.step(now, STEP_ROWS)? {
            self.phase = Phase::Cleaning;
            total += removed;
        }
        self.phase = Phase::Watching;
        Ok(total)
    }

    /// Takes one step and answers how many messages it removed; `None` when there is nothing to do,
    /// or when the step changed nothing, so that nobody repeats it for ever.
    fn step(&mut self, now: i64, rows: u64) -> Result<Option<u64>, ArchiveError> {
        let extent = self.database.extent()?;
        let rows = self.database.step_rows(rows);
        let Some(step) = self.retention.next_step(&extent, now, self.phase, rows) else {
            return Ok(None);
        };
        let removed = self.database.clean(step)?;
        let progress = match step {
            Step::Remove { .. } => removed > 0,
            Step::Shrink { .. } => self.database.extent()?.free_pages < extent.free_pages,
        };
        Ok(progress.then_some(removed))
    }
}

fn answer(batch: Vec<Insert>, outcome: Result<Vec<bool>, ArchiveError>) {
    match outcome {
        Ok(news) => {
            for (insert, new) in batch.into_iter().zip(news) {
                let Insert { reply, room, .. } = insert;
                let outcome = if new { Inserted::Stored } else { Inserted::Duplicate };
                let _ = reply.send(Ok(outcome)); // the asker may have left
                drop(room);
            }
        }
        Err(error) => {
            for insert in batch {
                let _ = insert.reply.send(Err(error));
            }
        }
    }
}

/// Unix nanoseconds. A clock outside what 64 bits can say stands still at their edge.
pub(super) fn now() -> i64 {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_nanos()).unwrap_or(i64::MAX),
        Err(_) => 0,
    }
}

/// At most one commit begins in this time: a lone message is committed at once, a stream of them shares
/// the cost of waiting for the disk.
const COMMIT_INTERVAL: Duration = Duration::from_millis(10);
/// Between two attempts to reach a server that is away, at first ...
const SHORT_PAUSE: Duration = Duration::from_millis(100);
/// ... and later.
const LONG_PAUSE: Duration = Duration::from_secs(2);
/// More orders than this wait for the next transaction, so that no asker waits for a huge one.
const BATCH_ORDERS: usize = 2048;
/// How often a quiet archive looks whether messages have become too old.
const LOOK_INTERVAL: Duration = Duration::from_secs(5);
/// Messages removed in one transaction: some milliseconds of work.
const STEP_ROWS: u64 = 500;
