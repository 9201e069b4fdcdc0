//! Store sync between service nodes (WAKU2-SYNC as deployed): reconciliation finds out what differs between two
//! archives, transfer hands it over; so a node that was off fills its own holes.
//!
//! What is said is decided in [`waku_proto::sync`]. Here are the streams, the pace, and the bounds: how many
//! conversations at once, how often a peer may begin one, and from whom messages are taken in. Nothing is
//! remembered between conversations: each looks into the archive.
//!
//! A message that comes this way may be as old as the window is long, but has to meet every other rule of the
//! network: a topic that we relay, the form, the signature of its shard's owner.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use libp2p::PeerId;
use libp2p::swarm::Stream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::task::JoinSet;
use waku_proto::store::Query;
use waku_proto::sync::{Items, PROTOCOL, Payload, transfer};
use waku_proto::{ContentTopic, Envelope, MessageHash, PubsubTopic};

use crate::archive::{Archive, ArchiveError, Scope};
use crate::config::{NodeConfig, StoreSync};
use crate::framing::{self, ReadError, WriteError};
use crate::limits::{ByteBudget, Limiter, Rate};
use crate::protected::ProtectedShard;
use crate::request::{RequestError, Requests};
use crate::status::Purpose;
use crate::store::unix_nanoseconds;
use crate::task::Command;

/// Both sides of store sync; clones share everything.
#[derive(Clone)]
pub(crate) struct Syncer(Arc<Shared>);

struct Shared {
    config: StoreSync,
    archive: Archive,
    topics: Vec<PubsubTopic>,
    cluster: u16,
    protected: Vec<ProtectedShard>,
    max_message_size: usize,
    requests: Requests,
    budget: ByteBudget,
    began: Instant,
    /// Conversations that peers begin.
    limiter: Mutex<Limiter>,
    conversations: Semaphore,
    /// By peer: until when messages are taken from it, and how many more.
    expected: Mutex<BTreeMap<PeerId, (Instant, u32)>>,
}

/// The peer's fault, or the archive's.
#[derive(Debug, thiserror::Error)]
enum SyncError {
    #[error(transparent)]
    Request(#[from] RequestError),
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Write(#[from] WriteError),
    #[error(transparent)]
    Payload(#[from] waku_proto::sync::ranges::DecodeError),
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    #[error("the peer left in the middle")]
    Left,
    #[error("the peer does not come to an end")]
    Endless,
    #[error("the window of store sync holds too many messages; shorten --store-sync-range")]
    TooMany,
}

impl Syncer {
    /// What a node with an archive and store sync needs; `None` for another.
    pub(crate) fn new(config: &NodeConfig, requests: &Requests, budget: &ByteBudget) -> Option<Self> {
        let topics = config.pubsub_topics().collect();
        Some(Self(Arc::new(Shared {
            config: config.store_sync?,
            archive: config.archive.clone()?,
            topics,
            cluster: config.cluster,
            protected: config.protected_shards.clone(),
            max_message_size: config.max_message_size,
            requests: requests.clone(),
            budget: budget.clone(),
            began: Instant::now(),
            limiter: Mutex::new(Limiter::new(BEGIN_RATE)),
            conversations: Semaphore::new(CONVERSATIONS),
            expected: Mutex::default(),
        })))
    }

    /// Begins a conversation with one peer after the other, until the node stops: soon after the start, then
    /// at every interval.
    pub(crate) async fn run(self, node: mpsc::WeakSender<Command>) {
        let mut beat = tokio::time::interval(BEAT);
        beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut last: Option<Instant> = None;
        loop {
            beat.tick().await;
            if last.is_some_and(|last| last.elapsed() < self.0.config.interval) {
                continue;
            }
            let Some(peers) = peers(&node).await else { return };
            let Some(peer) = pick(&peers) else { continue };
            last = Some(Instant::now());
            if let Err(error) = self.begin(peer).await {
                tracing::debug!(%error, "store sync");
            }
        }
    }

    async fn begin(&self, peer: PeerId) -> Result<(), SyncError> {
        let to_send = {
            let Ok(_permit) = self.0.conversations.acquire().await else {
                return Ok(());
            };
            let mut stream = self.0.requests.open(peer, PROTOCOL).await?;
            self.expect(peer);
            let to_send = self.talk(&mut stream, true).await?;
            framing::finish(&mut stream).await;
            to_send
        };
        self.send(peer, to_send).await
    }

    /// Answers a peer that begins a conversation.
    pub(crate) async fn serve(&self, mut stream: Stream, peer: PeerId) {
        let now = u64::try_from(self.0.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let is_admitted = self.lock(&self.0.limiter).admit(peer, now);
        let Some(_permit) = is_admitted.then(|| self.0.conversations.try_acquire().ok()).flatten() else {
            return; // which resets the stream
        };
        self.expect(peer);
        let outcome = async {
            let to_send = self.talk(&mut stream, false).await?;
            framing::finish(&mut stream).await;
            drop(_permit);
            self.send(peer, to_send).await
        };
        if let Err(error) = outcome.await {
            tracing::debug!(%error, "store sync with a peer that began it");
        }
    }

    /// One conversation; answers what the peer lacks.
    async fn talk(&self, stream: &mut Stream, begins: bool) -> Result<Vec<MessageHash>, SyncError> {
        let (start, end) = self.window();
        let mut to_send = Vec::new();
        let mut held: Option<(Scope, Items)> = None;
        if begins {
            let scope = self.scope(&Payload::default());
            let items = self.items(&scope, start, end).await?;
            self.say(stream, items.open(start, end)).await?;
            held = Some((scope, items));
        }
        let mut looks = 0;
        for _ in 0..ROUNDS {
            let Some(bytes) = framing::read(stream, MAX_PAYLOAD, PATIENCE).await? else {
                return Err(SyncError::Left);
            };
            self.0.requests.tally().received(Purpose::Store, bytes.len());
            let payload = Payload::decode(&bytes)?;
            if payload.is_done() {
                return Ok(to_send);
            }
            let scope = self.scope(&payload);
            if scope.is_nothing() {
                self.say(stream, Vec::new()).await?;
                return Ok(to_send);
            }
            let items = match held.take() {
                Some((known, items)) if known == scope => items,
                _ if looks == LOOKS => return Err(SyncError::Endless),
                _ => {
                    looks += 1;
                    self.items(&scope, start, end).await?
                }
            };
            let answer = items.answer(&payload, start);
            let room = waku_proto::sync::items::MAX_TO_SEND.saturating_sub(to_send.len());
            to_send.extend(answer.to_send.into_iter().take(room));
            let is_last = answer.ranges.is_empty();
            self.say(stream, answer.ranges).await?;
            if is_last {
                return Ok(to_send);
            }
            held = Some((scope, items));
        }
        Err(SyncError::Endless)
    }

    async fn say(&self, stream: &mut Stream, ranges: Vec<waku_proto::sync::Range>) -> Result<(), SyncError> {
        let payload = Payload {
            pubsub_topics: self.0.topics.clone(),
            content_topics: Vec::new(),
            ranges,
        };
        let bytes = payload.encode();
        self.0.requests.tally().sent(Purpose::Store, bytes.len());
        Ok(framing::write(stream, &bytes).await?)
    }

    /// The time that is talked about, which ends before now: gossip is still carrying what came later.
    fn window(&self) -> (i64, i64) {
        let nanoseconds = |time: Duration| i64::try_from(time.as_nanos()).unwrap_or(i64::MAX);
        let end = unix_nanoseconds().saturating_sub(nanoseconds(self.0.config.jitter));
        let start = end.saturating_sub(nanoseconds(self.0.config.range));
        (start.max(0), end.max(0))
    }

    /// Of our topics those that the peer names too; it means all if it names none.
    fn scope(&self, payload: &Payload) -> Scope {
        let named = &payload.pubsub_topics;
        let is_common = |topic: &&PubsubTopic| named.is_empty() || named.contains(topic);
        Scope {
            pubsub_topics: self.0.topics.iter().filter(is_common).cloned().collect(),
            content_topics: payload
                .content_topics
                .iter()
                .cloned()
                .collect::<std::collections::BTreeSet<ContentTopic>>()
                .into_iter()
                .collect(),
        }
    }

    async fn items(&self, scope: &Scope, start: i64, end: i64) -> Result<Items, SyncError> {
        let places = self.0.archive.places(scope.clone(), start, end, MAX_ITEMS).await?;
        match places.len() < MAX_ITEMS {
            true => Ok(Items::new(places)),
            false => Err(SyncError::TooMany),
        }
    }

    /// Hands messages over, as many as are still there.
    async fn send(&self, peer: PeerId, hashes: Vec<MessageHash>) -> Result<(), SyncError> {
        if hashes.is_empty() {
            return Ok(());
        }
        tracing::debug!(messages = hashes.len(), "store sync hands over what a peer lacks");
        let mut stream = self.0.requests.open(peer, transfer::PROTOCOL).await?;
        let mut too_long_for_some = Vec::new();
        for hashes in hashes.chunks(waku_proto::store::MAX_HASHES) {
            for envelope in self.kept(hashes).await? {
                let bytes = transfer::encode(envelope);
                // Deployed nodes hang up when a longer one comes: those come last.
                match bytes.len() > DEPLOYED_LIMIT {
                    true if too_long_for_some.len() < LONG_ONES => too_long_for_some.push(bytes),
                    true => {} // found missing again next time
                    false => self.hand_over(&mut stream, &bytes).await?,
                }
            }
        }
        for bytes in too_long_for_some {
            self.hand_over(&mut stream, &bytes).await?;
        }
        framing::finish(&mut stream).await;
        Ok(())
    }

    async fn hand_over(&self, stream: &mut Stream, bytes: &[u8]) -> Result<(), SyncError> {
        self.0.requests.tally().sent(Purpose::Store, bytes.len());
        framing::write(stream, bytes).await?;
        self.0.requests.tally().handed_over();
        Ok(())
    }

    /// The messages with these hashes; a page holds only so many bytes.
    async fn kept(&self, hashes: &[MessageHash]) -> Result<Vec<Envelope>, SyncError> {
        let mut query = Query {
            hashes: hashes.to_vec(),
            limit: Some(hashes.len() as u64),
            ..Query::default()
        };
        let mut envelopes = Vec::new();
        loop {
            let page = self.0.archive.query(query.clone()).await;
            if !page.is_success() {
                return Err(ArchiveError::Closed.into());
            }
            envelopes.extend(page.entries.into_iter().filter_map(|entry| entry.envelope));
            match page.cursor {
                Some(cursor) => query.cursor = Some(cursor),
                None => return Ok(envelopes),
            }
        }
    }

    /// Takes in what a peer hands over after a conversation.
    pub(crate) async fn receive(&self, mut stream: Stream, peer: PeerId) {
        let limit = self.0.max_message_size + WRAPPING;
        let mut under_way = JoinSet::new();
        let (mut taken, mut unfit) = (0_u64, 0_u32);
        while unfit < MAX_UNFIT && self.is_expected(peer) {
            let read = framing::read_within(&mut stream, limit, PATIENCE, &self.0.budget).await;
            let Ok(Some((bytes, permit))) = read else { break };
            self.0.requests.tally().received(Purpose::Store, bytes.len());
            match transfer::decode(&bytes) {
                Ok(envelope) if self.is_fit(&envelope) => {
                    // On its own: the peer may be slow to send the next one.
                    let syncer = self.clone();
                    under_way.spawn(async move { syncer.keep(envelope, permit).await });
                    self.0.requests.tally().taken_over();
                    taken += 1;
                }
                _ => unfit += 1,
            }
            if under_way.len() >= UNDER_WAY && !matches!(under_way.join_next().await, Some(Ok(Ok(())))) {
                break; // the archive cannot take it
            }
        }
        while under_way.join_next().await.is_some() {}
        if taken > 0 || unfit > 0 {
            tracing::debug!(taken, unfit, "store sync took in what a peer handed over");
        }
        framing::finish(&mut stream).await;
    }

    async fn keep(&self, envelope: Envelope, _permit: OwnedSemaphorePermit) -> Result<(), ArchiveError> {
        let hash = envelope.hash();
        self.0.archive.backfill(envelope, hash).await.map(|_| ())
    }

    /// As gossip judges, but for the age.
    fn is_fit(&self, envelope: &Envelope) -> bool {
        let (topic, message) = (&envelope.pubsub_topic, &envelope.message);
        let timestamp = message.timestamp.unwrap_or(0);
        let (start, _) = self.window();
        // Whoever began earlier, or waited for the disk, may be a little behind.
        let is_of_the_window = timestamp >= start.saturating_sub(SLACK_NS) && timestamp <= unix_nanoseconds();
        let mut owners = self
            .0
            .protected
            .iter()
            .filter(|shard| shard.is_about(topic, self.0.cluster));
        is_of_the_window
            && self.0.topics.contains(topic)
            && message.check().is_ok()
            && !message.ephemeral
            && message.encoded_len() <= self.0.max_message_size
            && owners.all(|shard| shard.is_signed(topic, message, timestamp))
    }

    fn expect(&self, peer: PeerId) {
        let mut expected = self.lock(&self.0.expected);
        let now = Instant::now();
        expected.retain(|_, (until, _)| *until > now);
        if expected.len() < MAX_EXPECTED {
            expected.insert(peer, (now + EXPECTED_FOR, MAX_TAKEN));
        }
    }

    /// Whether one more message is taken from the peer.
    fn is_expected(&self, peer: PeerId) -> bool {
        match self.lock(&self.0.expected).get_mut(&peer) {
            Some((until, more)) if *until > Instant::now() && *more > 0 => {
                *more -= 1;
                true
            }
            _ => false,
        }
    }

    fn lock<'a, T>(&self, mutex: &'a Mutex<T>) -> std::sync::MutexGuard<'a, T> {
        mutex.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Connected peers that can reconcile; `None` when the node has stopped.
async fn peers(node: &mpsc::WeakSender<Command>) -> Option<Vec<PeerId>> {
    let (reply, answer) = oneshot::channel();
    let protocol = PROTOCOL;
    node.upgrade()?.send(Command::Servers { protocol, reply }).await.ok()?;
    answer.await.ok()
}

fn pick(peers: &[PeerId]) -> Option<PeerId> {
    // Without randomness it is always the best one.
    let number = getrandom::u64().unwrap_or(0);
    let index = usize::try_from(number % u64::try_from(peers.len().max(1)).ok()?).ok()?;
    peers.get(index).copied()
}

/// How often to look whether it is time.
const BEAT: Duration = Duration::from_millis(500);
/// For the other side to answer; it may look into a large archive.
const PATIENCE: Duration = Duration::from_secs(30);
/// An hour halves its length to nothing in fewer.
const ROUNDS: usize = 24;
/// Times that the archive is looked into during a conversation: once, and again if the peer names other topics.
const LOOKS: u32 = 2;
/// Items of a conversation: some 36 MB while it lasts.
const MAX_ITEMS: usize = 500_000;
/// Conversations at the same time, of both kinds.
const CONVERSATIONS: usize = 2;
/// Longest message of a conversation: some 25,000 items.
const MAX_PAYLOAD: usize = 1024 * 1024;
/// Deployed nodes begin one every five minutes.
const BEGIN_RATE: Rate = Rate {
    burst: 6,
    every: 10_000,
};
/// Deployed nodes read no longer frames of a transfer.
const DEPLOYED_LIMIT: usize = 153_600;
/// Messages above it that are kept in memory until the others are through.
const LONG_ONES: usize = 32;
/// Topic and tags around a message.
const WRAPPING: usize = 1024;
/// Messages on their way into the archive.
const UNDER_WAY: usize = 256;
/// Messages of a transfer that may be unfit before we hang up.
const MAX_UNFIT: u32 = 100;
/// How long after a conversation has begun messages are taken in, ...
const EXPECTED_FOR: Duration = Duration::from_secs(600);
/// ... and how many.
const MAX_TAKEN: u32 = 100_000;
/// Peers that we have talked to in that time.
const MAX_EXPECTED: usize = 256;
/// Nanoseconds that a message may be older than the window.
const SLACK_NS: i64 = 600 * 1_000_000_000;
