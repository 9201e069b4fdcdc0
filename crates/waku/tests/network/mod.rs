//! A network of real nodes on loopback in one process, what each of them hears and when, and its bad days.
//!
//! Every node relays, listens on TCP and dials some of those that were there before it; the first one has an archive. There
//! is no discovery, and no latency unless it is asked for.
#![allow(dead_code, clippy::unwrap_used)]

mod line;

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures::future::join_all;
use tempfile::TempDir;
use tokio::task::JoinHandle;
use undertone_waku::archive::{Archive, ArchiveConfig};
use undertone_waku::{Events, Multiaddr, Node, NodeConfig, NodeEvent, NodeStatus, Protocol, StartError};
use waku_proto::store::{PROTOCOL, Query};
use waku_proto::{ContentTopic, Envelope, Interests, MessageHash, PubsubTopic, Shard, WakuMessage};

use line::Line;
pub(crate) use line::Quality;

const CONTENT_TOPIC: &str = "/waku/1/0xcffd5810/rfc26";
/// What must happen at all.
const PATIENCE: Duration = Duration::from_secs(60);
/// Messages that a client asks of a store at once.
const PAGE: u64 = 100;

/// The nodes, by their place.
pub(crate) struct Network {
    members: Vec<Member>,
    heard: Heard,
    numbers: u64,
    _folder: TempDir,
}

struct Member {
    config: NodeConfig,
    /// Where others find it.
    address: Multiaddr,
    /// What lies before it.
    _line: Option<Line>,
    /// None while it is down.
    running: Option<(Node, JoinHandle<()>)>,
}

/// Who heard which message when.
type Heard = Arc<Mutex<BTreeMap<MessageHash, BTreeMap<usize, Instant>>>>;

/// What became of some messages.
#[derive(Debug, Default)]
pub(crate) struct Spread {
    /// For each message: until the last node that was up had it, or nothing if one never did.
    pub(crate) last: Vec<Option<Duration>>,
    /// Bytes that an average node received, per message.
    pub(crate) received: f64,
    /// Bytes that an average node sent, per message.
    pub(crate) sent: f64,
}

/// What a round of churn came to.
#[derive(Debug, Default)]
pub(crate) struct Round {
    pub(crate) spread: Spread,
    /// Nodes that were down meanwhile.
    pub(crate) down: usize,
    /// Messages that those had from the store afterwards, of `down` times the number of messages.
    pub(crate) fetched: usize,
    /// Until all that were down had a neighbour again and all that they had missed.
    pub(crate) recovered: Duration,
}

impl Network {
    /// Starts `count` nodes that dial `dials` earlier ones each, through lines of this quality if there is one, and waits
    /// until each has neighbours in the mesh.
    pub(crate) async fn start(count: usize, dials: usize, quality: Option<Quality>) -> Self {
        let folder = TempDir::new().unwrap();
        let archive = Archive::open(ArchiveConfig::at(folder.path().join("store.sqlite3"))).unwrap();
        let mut network = Self {
            members: Vec::new(),
            heard: Heard::default(),
            numbers: 0,
            _folder: folder,
        };
        for place in 0..count {
            let chosen = network.choose(dials.min(place), &(0..place).collect::<Vec<_>>());
            let config = NodeConfig {
                static_nodes: chosen
                    .into_iter()
                    .map(|other| network.members[other].address.clone())
                    .collect(),
                archive: (place == 0).then(|| archive.clone()),
                shards: vec![32],
                ..NodeConfig::default()
            };
            network.join(config, quality).await;
        }
        network.until_meshed(&network.places()).await;
        network
    }

    /// One more node, behind a line if there is a quality.
    async fn join(&mut self, config: NodeConfig, quality: Option<Quality>) {
        for _ in 0..10 {
            self.members.push(Member::new(config.clone(), quality).await);
            // Fails when somebody else was quicker to take the port.
            if self.up(self.members.len() - 1).await.is_ok() {
                return;
            }
            self.members.pop();
        }
        panic!("no port can be listened on");
    }

    /// Publishes `count` messages of `size` bytes at nodes that are up, in turns, `pause` apart, and sees how they spread.
    pub(crate) async fn publish(&mut self, count: usize, size: usize, pause: Duration) -> Spread {
        let up = self.places();
        let before = self.traffic(&up).await;
        let mut beat = tokio::time::interval(pause);
        let mut published = Vec::new();
        for _ in 0..count {
            beat.tick().await;
            let place = self.choose(1, &up)[0];
            let envelope = self.message(size);
            published.push((envelope.hash(), Instant::now()));
            within("a neighbour", async {
                while self.node(place).publish(envelope.clone()).await.is_err() {
                    tokio::time::sleep(Duration::from_millis(20)).await; // between two attempts
                }
            })
            .await;
        }
        let last = self.until_heard(&published, &up).await;
        let after = self.traffic(&up).await;
        let each = |bytes: u64| bytes as f64 / up.len() as f64 / count as f64;
        Spread {
            last,
            received: each(after.0 - before.0),
            sent: each(after.1 - before.1),
        }
    }

    /// Kills `share` percent of the nodes, publishes, starts them again, and lets them ask the store for what they missed.
    pub(crate) async fn churn(&mut self, share: usize, count: usize, size: usize, pause: Duration) -> Round {
        let others: Vec<usize> = (1..self.members.len()).collect();
        let down = self.choose(self.members.len() * share / 100, &others);
        for place in &down {
            let (node, listening) = self.members[*place].running.take().unwrap();
            // Without a goodbye.
            drop(node);
            within("the end of a node", listening).await.unwrap();
        }
        let from = now();
        let spread = self.publish(count, size, pause).await;
        let missed: BTreeSet<MessageHash> = self.heard.lock().unwrap().keys().copied().collect();
        let started = Instant::now();
        for place in &down {
            self.up(*place).await.unwrap();
        }
        self.until_meshed(&down).await;
        // All at a time, as they came back.
        let fetches = join_all(down.iter().map(|place| self.fetch(*place, from))).await;
        let fetched = fetches.iter().map(|fetch| fetch.intersection(&missed).count()).sum();
        self.heard.lock().unwrap().clear();
        Round {
            spread,
            down: down.len(),
            fetched,
            recovered: started.elapsed(),
        }
    }

    /// Nodes that are up.
    fn places(&self) -> Vec<usize> {
        (0..self.members.len())
            .filter(|place| self.members[*place].running.is_some())
            .collect()
    }

    fn node(&self, place: usize) -> &Node {
        &self.members[place].running.as_ref().unwrap().0
    }

    async fn up(&mut self, place: usize) -> Result<(), StartError> {
        let (node, events) = Node::start(self.members[place].config.clone()).await?;
        node.set_interests(Interests::from_iter([(topic(), ContentTopic::from(CONTENT_TOPIC))]))
            .await;
        let listening = tokio::spawn(listen(place, events, Arc::clone(&self.heard)));
        self.members[place].running = Some((node, listening));
        Ok(())
    }

    async fn until_meshed(&self, places: &[usize]) {
        for place in places {
            let is_meshed = |status: &NodeStatus| status.peers.iter().any(|peer| !peer.mesh.is_empty());
            self.until(*place, "a mesh", is_meshed).await;
        }
    }

    async fn until(&self, place: usize, what: &str, reached: impl Fn(&NodeStatus) -> bool) {
        within(what, async {
            while !reached(&self.node(place).status().await.unwrap()) {
                tokio::time::sleep(Duration::from_millis(20)).await; // between two looks
            }
        })
        .await;
    }

    /// Until all of them have every message. What is missing after that is missing.
    async fn until_heard(&self, published: &[(MessageHash, Instant)], up: &[usize]) -> Vec<Option<Duration>> {
        let until = Instant::now() + PATIENCE;
        loop {
            let last: Vec<Option<Duration>> = {
                let heard = self.heard.lock().unwrap();
                let of = |(hash, at): &(MessageHash, Instant)| {
                    let times = heard.get(hash)?;
                    up.iter().all(|place| times.contains_key(place)).then_some(())?;
                    Some(times.values().max()?.duration_since(*at))
                };
                published.iter().map(of).collect()
            };
            if last.iter().all(Option::is_some) || Instant::now() > until {
                return last;
            }
            tokio::time::sleep(Duration::from_millis(20)).await; // between two looks
        }
    }

    /// What a node gets from the store, from a time on.
    async fn fetch(&self, place: usize, from: i64) -> BTreeSet<MessageHash> {
        let store = self.node(0).status().await.unwrap();
        let node = self.node(place);
        node.connect(self.members[0].address.clone()).await.unwrap();
        let offers = |status: &NodeStatus| {
            let mut peers = status.peers.iter().filter(|peer| peer.peer_id == store.peer_id);
            peers.any(|peer| peer.protocols.iter().any(|protocol| protocol == PROTOCOL))
        };
        self.until(place, "the store", offers).await;
        let mut query = Query {
            pubsub_topic: Some(topic()),
            content_topics: vec![CONTENT_TOPIC.into()],
            start: Some(from),
            limit: Some(PAGE),
            ..Query::default()
        };
        let mut all = BTreeSet::new();
        loop {
            let page = node.query_history(Some(store.peer_id), query.clone()).await.unwrap();
            all.extend(page.entries.iter().map(|entry| entry.hash));
            match page.cursor {
                Some(cursor) if !page.entries.is_empty() => query.cursor = Some(cursor),
                _ => return all,
            }
        }
    }

    /// Bytes received and sent by these nodes since their start.
    async fn traffic(&self, places: &[usize]) -> (u64, u64) {
        let mut sum = (0, 0);
        for place in places {
            let total = self.node(*place).status().await.unwrap().traffic.total;
            sum = (sum.0 + total.received, sum.1 + total.sent);
        }
        sum
    }

    /// A message of now, different for every number.
    fn message(&mut self, size: usize) -> Envelope {
        self.numbers += 1;
        let mut payload = self.numbers.to_be_bytes().to_vec();
        payload.resize(size.max(8), b'x');
        let message = WakuMessage {
            payload,
            content_topic: ContentTopic::from(CONTENT_TOPIC),
            version: 1,
            timestamp: Some(now()),
            ..WakuMessage::default()
        };
        Envelope::new(topic(), message)
    }

    /// Some of these, the same in every run (splitmix64).
    fn choose(&mut self, count: usize, among: &[usize]) -> Vec<usize> {
        let mut left = among.to_vec();
        let mut chosen = Vec::new();
        while chosen.len() < count && !left.is_empty() {
            self.numbers += 1;
            let mut value = self.numbers.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            value = (value ^ value >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            value = (value ^ value >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
            let index = (value ^ value >> 31) % left.len() as u64;
            chosen.push(left.swap_remove(usize::try_from(index).unwrap()));
        }
        chosen
    }
}

impl Member {
    /// Not running yet, on a port that stays its own, so that it is found after a restart.
    async fn new(mut config: NodeConfig, quality: Option<Quality>) -> Self {
        let port = free_port();
        let line = match quality {
            Some(quality) => Some(Line::new(port, quality).await),
            None => None,
        };
        config.listen = vec![loopback(port)];
        config.announce = line.iter().map(|line| loopback(line.port())).collect();
        config.announce_only = line.is_some();
        let outside = line.as_ref().map_or(port, Line::port);
        let name = config.keypair.public().to_peer_id();
        Self {
            config,
            address: loopback(outside).with(Protocol::P2p(name)),
            _line: line,
            running: None,
        }
    }
}

impl Spread {
    /// How many messages reached all that were up.
    pub(crate) fn complete(&self) -> usize {
        self.last.iter().flatten().count()
    }

    /// Until the last node had it, of the messages that reached all: so many percent were there sooner.
    pub(crate) fn percentile(&self, percent: usize) -> Duration {
        let mut times: Vec<Duration> = self.last.iter().flatten().copied().collect();
        times.sort();
        times
            .get((times.len() * percent / 100).min(times.len().saturating_sub(1)))
            .copied()
            .unwrap_or_default()
    }
}

async fn listen(place: usize, mut events: Events, heard: Heard) {
    while let Some(event) = events.recv().await {
        if let NodeEvent::Envelope { hash, .. } = event {
            let at = Instant::now();
            heard
                .lock()
                .unwrap()
                .entry(hash)
                .or_default()
                .entry(place)
                .or_insert(at);
        }
    }
}

async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future)
        .await
        .unwrap_or_else(|_| panic!("{what} did not come in time"))
}

/// One that nobody listens on.
fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}

fn loopback(port: u16) -> Multiaddr {
    Multiaddr::from(Ipv4Addr::LOCALHOST).with(Protocol::Tcp(port))
}

fn topic() -> PubsubTopic {
    Shard::new(16, 32).topic()
}

/// Nanoseconds since 1970.
fn now() -> i64 {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    i64::try_from(since.as_nanos()).unwrap()
}
