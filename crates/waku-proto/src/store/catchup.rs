//! Catching up: which query to send next, to which of at most two store nodes, until every gap is
//! closed or known to stay open.
//!
//! One node delivers the messages of a gap page by page, oldest first. At the end of every stretch the
//! other node is asked for hashes only, and for the messages that the first one lacked. More nodes than
//! two would only learn more about us. Nothing a node says is believed: entries that do not belong to
//! the gap, or do not have the hash they claim, are counted and left out.

use std::collections::{BTreeMap, BTreeSet};

use super::{BAD_RESPONSE, Direction, Entry, MAX_CONTENT_TOPICS, MAX_PAGE, Query, Response};
use crate::envelope::Envelope;
use crate::message::MessageHash;
use crate::topic::{ContentTopic, PubsubTopic};

#[cfg(test)]
mod tests;

/// A stretch of time in which messages may be missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The pubsub topic.
    pub pubsub_topic: PubsubTopic,
    /// At most [`MAX_CONTENT_TOPICS`].
    pub content_topics: BTreeSet<ContentTopic>,
    /// First nanosecond.
    pub from: i64,
    /// Last nanosecond.
    pub to: i64,
}

/// The state of catching up. `P` names a store node; times are in milliseconds.
#[derive(Clone, Debug)]
pub struct Catchup<P> {
    nodes: Vec<P>,
    /// Failures in a row of each node.
    troubles: [u32; 2],
    stretches: BTreeMap<usize, Stretch>,
    in_flight: BTreeMap<Ticket, (usize, usize)>,
    next_ticket: u64,
    page_size: u64,
}

/// Names one query that is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket(u64);

/// A query to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Errand<P> {
    /// Hand it back with the answer.
    pub ticket: Ticket,
    /// The store node to ask.
    pub node: P,
    /// What to ask; the request id is left to the sender.
    pub query: Query,
}

/// What an answer brought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// New messages, oldest first. Handle them before believing `closed`.
    pub envelopes: Vec<Envelope>,
    /// Entries that were left out because they were not asked for or inconsistent.
    pub left_out: usize,
    /// A part of a gap, from its beginning, that is complete now.
    pub closed: Option<Closed>,
    /// A part of a gap that stays open.
    pub open: Option<Gap>,
}

/// A part of a gap that is complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    /// Which part.
    pub gap: Gap,
    /// Whether the second node confirmed it.
    pub confirmed: bool,
}

/// Why no page came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// No connection, no answer in time, or bytes that are no answer.
    Unreachable,
    /// The answer was longer than the limit; ask for smaller pages.
    TooLong,
    /// The node refused, with this status.
    Refused(u32),
}

impl<P: Clone> Catchup<P> {
    /// Closes the gaps with the help of the first one or two of `nodes`. Gaps with too many content
    /// topics are divided.
    pub fn new(gaps: Vec<Gap>, nodes: &[P]) -> Self {
        let stretches = gaps
            .into_iter()
            .flat_map(divide)
            .map(Stretch::new)
            .enumerate()
            .collect();
        let nodes = nodes.iter().take(2).cloned().collect();
        Self {
            nodes,
            troubles: [0; 2],
            stretches,
            in_flight: BTreeMap::new(),
            next_ticket: 0,
            page_size: MAX_PAGE as u64,
        }
    }

    /// The next query to send, if one is due. Call until it says `None`.
    pub fn next_errand(&mut self, now: u64) -> Option<Errand<P>> {
        if self.in_flight.len() >= MAX_IN_FLIGHT || self.nodes.is_empty() {
            return None;
        }
        let nodes = self.nodes.len();
        let (index, stretch) = self
            .stretches
            .iter_mut()
            .find(|(_, stretch)| !stretch.asking && now >= stretch.not_before)?;
        let ticket = Ticket(self.next_ticket);
        self.next_ticket += 1;
        stretch.asking = true;
        let node = stretch.node(nodes);
        self.in_flight.insert(ticket, (*index, node));
        Some(Errand {
            ticket,
            node: self.nodes[node].clone(),
            query: stretch.query(self.page_size),
        })
    }

    /// When [`Self::next_errand`] may have something new, if no answer comes before.
    pub fn next_due(&self) -> Option<u64> {
        self.stretches
            .values()
            .filter(|stretch| !stretch.asking)
            .map(|stretch| stretch.not_before)
            .min()
    }

    /// An answer came.
    pub fn answered(&mut self, ticket: Ticket, response: Response, now: u64) -> Progress {
        let Some((index, node)) = self.in_flight.remove(&ticket) else {
            return Progress::default();
        };
        let Some(stretch) = self.stretches.get_mut(&index) else {
            return Progress::default();
        };
        stretch.asking = false;
        if !response.is_success() {
            return self.troubled(index, node, response.status, now);
        }
        let confirm = self.nodes.len() > 1 && self.troubles[1 - node] < MAX_TROUBLES;
        let (mut progress, next) = match &mut stretch.step {
            Step::Pages(cursor) => pages(cursor, &mut stretch.part, response, confirm),
            Step::Hashes(cursor, missing) => hashes(cursor, missing, &mut stretch.part, response),
            Step::Fetch(missing) => fetch(missing, &mut stretch.part, response),
        };
        if !matches!(next, Next::Trouble) {
            self.troubles[node] = 0;
        }
        match next {
            Next::Same => stretch.failures = 0,
            Next::Step(step) => {
                stretch.failures = 0;
                stretch.step = step;
            }
            Next::Trouble => {
                let trouble = self.troubled(index, node, BAD_RESPONSE, now);
                progress.open = trouble.open;
                progress.closed = trouble.closed;
            }
            Next::Complete { confirmed } => self.complete(index, confirmed, &mut progress),
        }
        progress
    }

    /// No answer came.
    pub fn failed(&mut self, ticket: Ticket, failure: Failure, now: u64) -> Progress {
        let Some((index, node)) = self.in_flight.remove(&ticket) else {
            return Progress::default();
        };
        if let Some(stretch) = self.stretches.get_mut(&index) {
            stretch.asking = false;
        }
        if failure == Failure::TooLong && self.page_size > 1 {
            self.page_size = (self.page_size / 4).max(1);
            return Progress::default();
        }
        let status = if let Failure::Refused(status) = failure {
            status
        } else {
            0
        };
        self.troubled(index, node, status, now)
    }

    /// Whether nothing is left to ask.
    pub fn is_finished(&self) -> bool {
        self.stretches.is_empty()
    }

    /// What is still to be closed.
    pub fn remaining(&self) -> Vec<Gap> {
        self.stretches.values().map(|stretch| stretch.part.rest()).collect()
    }

    fn troubled(&mut self, index: usize, node: usize, status: u32, now: u64) -> Progress {
        let mut progress = Progress::default();
        let pair = self.nodes.len() > 1;
        let Some(stretch) = self.stretches.get_mut(&index) else {
            return progress;
        };
        self.troubles[node] += 1;
        let lost = self.troubles[node] >= MAX_TROUBLES;
        stretch.failures += 1;
        stretch.total_failures += 1;
        let pause = if status == super::TOO_MANY_REQUESTS {
            BUSY_PAUSE
        } else {
            PAUSE
        };
        stretch.not_before = now + (pause << stretch.failures.min(6)) / 2;
        let given_up = stretch.failures >= MAX_FAILURES || stretch.total_failures >= MAX_TOTAL_FAILURES;
        let answered = status != 0;
        match &mut stretch.step {
            Step::Pages(_) if given_up => {
                progress.open = self.stretches.remove(&index).map(|stretch| stretch.part.rest());
            }
            Step::Pages(cursor) if pair || answered => {
                // Another node need not know the cursor, and this one may have forgotten it: the part
                // begins again, so that one node has delivered all of it.
                *cursor = None;
                stretch.part.edge = None;
                stretch.part.reached = stretch.part.gap.from;
                if pair {
                    stretch.source = 1 - node;
                    stretch.not_before = now;
                }
            }
            Step::Hashes(..) | Step::Fetch(_) if lost || given_up => self.complete(index, false, &mut progress),
            Step::Hashes(cursor, missing) if answered => {
                *cursor = None;
                missing.clear();
            }
            Step::Pages(_) | Step::Hashes(..) | Step::Fetch(_) => {}
        }
        progress
    }

    fn complete(&mut self, index: usize, confirmed: bool, progress: &mut Progress) {
        let Some(stretch) = self.stretches.get_mut(&index) else {
            return;
        };
        progress.closed = Some(Closed {
            gap: stretch.part.done(),
            confirmed,
        });
        if stretch.part.is_last {
            self.stretches.remove(&index);
        } else {
            stretch.part.advance();
            stretch.failures = 0;
            stretch.total_failures = 0;
            stretch.step = Step::Pages(None);
        }
    }
}

/// Work on one gap.
#[derive(Clone, Debug)]
struct Stretch {
    part: Part,
    step: Step,
    /// The node that delivers; the other one confirms.
    source: usize,
    asking: bool,
    /// In a row.
    failures: u32,
    /// Since the part began.
    total_failures: u32,
    not_before: u64,
}

#[derive(Clone, Debug)]
enum Step {
    /// Messages from the source, from the cursor on.
    Pages(Option<MessageHash>),
    /// Hashes from the other node, and those that were new.
    Hashes(Option<MessageHash>, BTreeSet<MessageHash>),
    /// Messages that only the other node has.
    Fetch(BTreeSet<MessageHash>),
}

enum Next {
    Same,
    Step(Step),
    Trouble,
    Complete { confirmed: bool },
}

/// The part of a gap that is being worked on: about [`PART`] messages from `gap.from` on.
#[derive(Clone, Debug)]
struct Part {
    gap: Gap,
    /// Time of the newest message so far.
    reached: i64,
    /// Last entry of the last page.
    edge: Option<(i64, MessageHash)>,
    /// Messages delivered, with their time.
    seen: BTreeMap<MessageHash, i64>,
    is_last: bool,
}

impl Stretch {
    fn new(gap: Gap) -> Self {
        let part = Part {
            reached: gap.from,
            edge: None,
            gap,
            seen: BTreeMap::new(),
            is_last: false,
        };
        Self {
            part,
            step: Step::Pages(None),
            source: 0,
            asking: false,
            failures: 0,
            total_failures: 0,
            not_before: 0,
        }
    }

    fn node(&self, nodes: usize) -> usize {
        match self.step {
            Step::Pages(_) => self.source.min(nodes - 1),
            Step::Hashes(..) | Step::Fetch(_) => (1 - self.source).min(nodes - 1),
        }
    }

    fn query(&self, page_size: u64) -> Query {
        let gap = &self.part.gap;
        let of_gap = Query {
            pubsub_topic: Some(gap.pubsub_topic.clone()),
            content_topics: gap.content_topics.iter().cloned().collect(),
            direction: Direction::Forward,
            ..Query::default()
        };
        match &self.step {
            Step::Pages(cursor) => Query {
                start: Some(gap.from),
                end: Some(gap.to),
                cursor: *cursor,
                limit: Some(page_size),
                ..of_gap
            },
            Step::Hashes(cursor, _) => Query {
                include_data: false,
                start: Some(gap.from),
                end: Some(self.part.end()),
                cursor: *cursor,
                limit: Some(MAX_PAGE as u64),
                ..of_gap
            },
            Step::Fetch(missing) => Query {
                hashes: missing
                    .iter()
                    .take(usize::try_from(page_size).unwrap_or(MAX_PAGE))
                    .copied()
                    .collect(),
                limit: Some(page_size),
                ..Query::default()
            },
        }
    }
}

impl Part {
    /// Last nanosecond of the part.
    fn end(&self) -> i64 {
        if self.is_last { self.gap.to } else { self.reached }
    }

    fn done(&self) -> Gap {
        Gap {
            to: self.end(),
            ..self.gap.clone()
        }
    }

    fn rest(&self) -> Gap {
        self.gap.clone()
    }

    /// Begins the next part. It starts at the last time seen, not after it: more messages may carry it.
    fn advance(&mut self) {
        let edge = self.reached;
        self.gap.from = edge;
        self.edge = None;
        self.seen.retain(|_, time| *time == edge);
    }

    /// Takes the entry's message if it belongs here and is what it claims to be; says where it stands.
    fn take(&mut self, entry: Entry, progress: &mut Progress) -> Option<(i64, MessageHash)> {
        let consistent = entry.is_consistent();
        let Some(envelope) = entry.envelope.filter(|envelope| consistent && self.covers(envelope)) else {
            progress.left_out += 1;
            return None;
        };
        let time = envelope.message.timestamp.unwrap_or(0);
        if self.seen.insert(entry.hash, time).is_none() {
            progress.envelopes.push(envelope);
        }
        Some((time, entry.hash))
    }

    fn covers(&self, envelope: &Envelope) -> bool {
        let time = envelope.message.timestamp.unwrap_or(0);
        envelope.pubsub_topic == self.gap.pubsub_topic
            && self.gap.content_topics.contains(&envelope.message.content_topic)
            && (self.gap.from..=self.gap.to).contains(&time)
    }
}

fn pages(cursor: &mut Option<MessageHash>, part: &mut Part, response: Response, confirm: bool) -> (Progress, Next) {
    let mut progress = Progress::default();
    let more = response.cursor;
    let mut edge = part.edge;
    for entry in response.entries {
        edge = edge.max(part.take(entry, &mut progress));
    }
    progress.envelopes.sort_by_key(|envelope| envelope.message.timestamp);
    // Pages come in order. One that does not go on would go on for ever.
    let goes_on = edge > part.edge;
    part.edge = edge;
    part.reached = edge.map_or(part.reached, |(time, _)| part.reached.max(time));
    let next = match more {
        None => {
            part.is_last = true;
            conclude(confirm)
        }
        Some(_) if !goes_on => Next::Trouble,
        Some(_) if part.seen.len() >= PART && part.reached > part.gap.from => conclude(confirm),
        Some(hash) => {
            *cursor = Some(hash);
            Next::Same
        }
    };
    (progress, next)
}

fn conclude(confirm: bool) -> Next {
    if confirm {
        Next::Step(Step::Hashes(None, BTreeSet::new()))
    } else {
        Next::Complete { confirmed: false }
    }
}

fn hashes(
    cursor: &mut Option<MessageHash>,
    missing: &mut BTreeSet<MessageHash>,
    part: &mut Part,
    response: Response,
) -> (Progress, Next) {
    let news: Vec<MessageHash> = response
        .entries
        .iter()
        .map(|entry| entry.hash)
        .filter(|hash| !part.seen.contains_key(hash))
        .collect();
    missing.extend(news);
    let next = match response.cursor {
        Some(hash) if Some(hash) == *cursor || response.entries.is_empty() || missing.len() > MAX_MISSING => {
            Next::Trouble
        }
        Some(hash) => {
            *cursor = Some(hash);
            Next::Same
        }
        None if missing.is_empty() => Next::Complete { confirmed: true },
        None => Next::Step(Step::Fetch(std::mem::take(missing))),
    };
    (Progress::default(), next)
}

fn fetch(missing: &mut BTreeSet<MessageHash>, part: &mut Part, response: Response) -> (Progress, Next) {
    let mut progress = Progress::default();
    let before = missing.len();
    for entry in response.entries {
        if missing.remove(&entry.hash) {
            let _ = part.take(entry, &mut progress);
        } else {
            progress.left_out += 1;
        }
    }
    progress.envelopes.sort_by_key(|envelope| envelope.message.timestamp);
    let next = match missing.len() {
        0 => Next::Complete { confirmed: true },
        after if after == before => Next::Trouble,
        _ => Next::Same,
    };
    (progress, next)
}

fn divide(gap: Gap) -> Vec<Gap> {
    let topics: Vec<ContentTopic> = gap.content_topics.iter().cloned().collect();
    topics
        .chunks(MAX_CONTENT_TOPICS)
        .map(|chunk| Gap {
            content_topics: chunk.iter().cloned().collect(),
            ..gap.clone()
        })
        .collect()
}

/// Messages after which a part is closed and confirmed: large enough that confirming costs little,
/// small enough that an interruption repeats little.
const PART: usize = 1000;
/// Queries at the same time: two to each node.
const MAX_IN_FLIGHT: usize = 4;
/// Failures in a row after which a gap is left open.
const MAX_FAILURES: u32 = 4;
/// Failures in one part after which a gap is left open, so that a node that goes in circles is left.
const MAX_TOTAL_FAILURES: u32 = 16;
/// Failures in a row after which a node is no longer asked to confirm.
const MAX_TROUBLES: u32 = 2;
/// First pause after a failure, doubled each time, in milliseconds.
const PAUSE: u64 = 1_000;
/// First pause after "too many requests".
const BUSY_PAUSE: u64 = 4_000;
/// Hashes that one node may claim to have beyond the other's in one part.
const MAX_MISSING: usize = 10_000;
