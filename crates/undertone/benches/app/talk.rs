//! What a text of 100 characters costs its sender and its receiver, between two daemons over one service node.
//!
//! A client listens to the events of each, so the price of telling a user interface is included; so is the HTTP request
//! of every text sent. The idle rate, measured just before, is taken off.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Duration, Instant};

use api::client::Client;
use api::{ChatKind, Delivery, Frame, Item, Message, PageQuery, SendText};
use messenger::Timestamp;
use messenger::accounts::Cost;
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use waku::Query;
use waku::archive::{Archive, ArchiveConfig};

use crate::people::{Online, PROFILE, Pair, now, text};
use crate::process::{Process, service_node};
use crate::table;

/// A person's pace.
pub(crate) async fn paced() {
    let used = talk(60, Duration::from_millis(350)).await;
    table(
        "One-to-one texts, one every 350 ms (60)",
        &[
            ("receiving, CPU per message", "2 ms", "18 ms", used.receiving()),
            ("sending, CPU per message", "2 ms", "29 ms", used.sending()),
            ("service node, CPU per message", "", "3.3 ms", used.serving()),
            (
                "from send to shown, median",
                "",
                "",
                format!("{:.1} ms", used.median_ms()),
            ),
            ("envelopes per message", "2", "2.4 to 3", used.envelopes()),
            (
                "bytes per message, all envelopes",
                "1,700",
                "2,235 to 2,500",
                used.bytes(),
            ),
            ("sender and receiver idle", "", "", used.idle()),
        ],
    );
    used.topics();
}

/// As fast as the daemon takes them.
pub(crate) async fn burst() {
    let used = talk(500, Duration::ZERO).await;
    table(
        "One-to-one texts in a burst (500)",
        &[
            ("receiving, CPU per message", "0.5 ms", "8 ms", used.receiving()),
            ("sending, CPU per message", "2 ms", "21 ms", used.sending()),
            ("service node, CPU per message", "", "1.3 ms", used.serving()),
            (
                "all taken by the daemon",
                "",
                "",
                format!("{:.2} s", used.sent.as_secs_f64()),
            ),
            ("all shown", "", "", format!("{:.2} s", used.shown.as_secs_f64())),
            (
                "all delivered",
                "",
                "",
                format!("{:.2} s", used.delivered.as_secs_f64()),
            ),
            ("envelopes per message", "", "1.1", used.envelopes()),
            ("bytes per message, all envelopes", "", "1,364", used.bytes()),
            (
                "sender, anonymous memory before, after",
                "40 MB",
                "22 MB (start)",
                used.memory(0),
            ),
            (
                "receiver, anonymous memory before, after",
                "40 MB",
                "22 MB (start)",
                used.memory(1),
            ),
        ],
    );
    used.topics();
}

/// What was seen. Of arrays, the parts are sender, receiver, service node.
struct Used {
    count: usize,
    cpu: [Duration; 3],
    /// Processor seconds per second.
    idle: [f64; 3],
    /// For how long processor time was counted.
    counted: Duration,
    anonymous: [(f64, f64); 2],
    /// From the first text on.
    sent: Duration,
    shown: Duration,
    delivered: Duration,
    latencies: Vec<Duration>,
    /// How many and how large, by content topic.
    envelopes: BTreeMap<String, (usize, usize)>,
}

async fn talk(count: usize, every: Duration) -> Used {
    let dir = tempfile::tempdir().unwrap();
    let stage = Stage::set(&dir).await;
    let idle = stage.idle().await;
    let anonymous = [&stage.alice, &stage.bob].map(|online| online.process.anonymous());
    let cpu = stage.cpu();
    let chat = chat(&stage.alice.client).await;
    let mut arrivals = listen(&stage.bob.client, |message| !message.own).await;
    let mut receipts = listen(&stage.alice.client, |message| {
        message.delivery == Some(Delivery::Delivered)
    })
    .await;
    let (began, first) = (now(), Instant::now());
    let mut sent = Vec::with_capacity(count);
    for number in 0..count {
        sent.push(Instant::now());
        let body = SendText {
            mentions: Vec::new(),
            text: text(number),
            reply_to: None,
            previews: Vec::new(),
        };
        stage.alice.client.send_text(PROFILE, &chat, &body).await.unwrap();
        sleep((every * (number as u32 + 1)).saturating_sub(first.elapsed())).await;
    }
    let all_sent = first.elapsed();
    let shown = collect(&mut arrivals, count).await;
    let delivered = collect(&mut receipts, count).await;
    // The tail: the last acknowledgements, and whatever follows them.
    sleep(TAIL).await;
    let ended = now();
    let counted = first.elapsed();
    let cpu_after = stage.cpu();
    let after = [&stage.alice, &stage.bob].map(|online| online.process.anonymous());
    stage.end();
    let last = |seen: &BTreeMap<usize, Instant>| *seen.values().max().unwrap() - first;
    Used {
        count,
        cpu: std::array::from_fn(|at| cpu_after[at] - cpu[at]),
        idle,
        counted,
        anonymous: std::array::from_fn(|at| (anonymous[at], after[at])),
        sent: all_sent,
        shown: last(&shown),
        delivered: last(&delivered),
        latencies: shown.iter().map(|(number, at)| *at - sent[*number]).collect(),
        envelopes: archived(&dir.path().join("service/node/store.sqlite3"), began, ended),
    }
}

/// Two daemons and a service node, at rest.
struct Stage {
    alice: Online,
    bob: Online,
    node: Process,
}

impl Stage {
    async fn set(dir: &TempDir) -> Self {
        let pair = Pair::new(dir.path(), Cost::DEFAULT);
        drop(pair);
        let (node, address) = service_node(&dir.path().join("service"));
        let alice = Online::start(&dir.path().join("Alice"), &[&address]).await;
        let bob = Online::start(&dir.path().join("Bobby"), &[&address]).await;
        alice.settled().await;
        bob.settled().await;
        // What everybody announces at the start has passed by then, and meshes stand.
        sleep(Duration::from_secs(10)).await;
        Self { alice, bob, node }
    }

    fn cpu(&self) -> [Duration; 3] {
        [&self.alice.process, &self.bob.process, &self.node].map(Process::cpu)
    }

    async fn idle(&self) -> [f64; 3] {
        let before = self.cpu();
        sleep(IDLE).await;
        let after = self.cpu();
        std::array::from_fn(|at| (after[at] - before[at]).as_secs_f64() / IDLE.as_secs_f64())
    }

    fn end(self) {
        self.alice.process.terminate();
        self.bob.process.terminate();
        self.node.terminate();
    }
}

impl Used {
    fn receiving(&self) -> String {
        self.per_message(1)
    }

    fn sending(&self) -> String {
        self.per_message(0)
    }

    fn serving(&self) -> String {
        self.per_message(2)
    }

    fn per_message(&self, at: usize) -> String {
        let own = self.cpu[at].as_secs_f64() - self.idle[at] * self.counted.as_secs_f64();
        format!("{:.2} ms", own * 1000.0 / self.count as f64)
    }

    fn median_ms(&self) -> f64 {
        let mut sorted = self.latencies.clone();
        sorted.sort();
        sorted[sorted.len() / 2].as_secs_f64() * 1000.0
    }

    fn envelopes(&self) -> String {
        let all: usize = self.envelopes.values().map(|(count, _)| count).sum();
        format!("{:.2}", all as f64 / self.count as f64)
    }

    fn bytes(&self) -> String {
        let all: usize = self.envelopes.values().map(|(_, bytes)| bytes).sum();
        format!("{:.0}", all as f64 / self.count as f64)
    }

    fn idle(&self) -> String {
        format!(
            "{:.2} % and {:.2} % of a core",
            self.idle[0] * 100.0,
            self.idle[1] * 100.0
        )
    }

    fn memory(&self, at: usize) -> String {
        let (before, after) = self.anonymous[at];
        format!("{before:.1} MB, {after:.1} MB")
    }

    fn topics(&self) {
        for (topic, (count, bytes)) in &self.envelopes {
            println!("  {topic}: {count} envelopes of {} bytes on average", bytes / count);
        }
    }
}

async fn chat(client: &Client) -> String {
    let chats = client.chats(PROFILE, &PageQuery::default()).await.unwrap().items;
    let chat = chats.into_iter().find(|chat| chat.kind == ChatKind::OneToOne);
    chat.unwrap().id
}

/// The numbers of the messages that are told of and chosen, with the moment.
async fn listen(client: &Client, chosen: fn(&Message) -> bool) -> mpsc::Receiver<(usize, Instant)> {
    let mut events = client.events(PROFILE, None).await.unwrap();
    let (told, numbers) = mpsc::channel(LISTENING);
    tokio::spawn(async move {
        while let Ok(Some(frame)) = events.next().await {
            let Frame::Event(event) = frame else { continue };
            for item in event.items {
                let Item::Message(message) = item else { continue };
                let number = message
                    .text
                    .split_whitespace()
                    .next()
                    .and_then(|word| word.parse().ok());
                if let Some(number) = number.filter(|_| chosen(&message)) {
                    let _ = told.send((number, Instant::now())).await;
                }
            }
        }
    });
    numbers
}

/// Waits for all numbers; the first moment of each.
async fn collect(numbers: &mut mpsc::Receiver<(usize, Instant)>, count: usize) -> BTreeMap<usize, Instant> {
    let mut seen = BTreeMap::new();
    while seen.len() < count {
        match timeout(PATIENCE, numbers.recv()).await {
            Ok(Some((number, at))) => {
                seen.entry(number).or_insert(at);
            }
            _ => {
                let missing: BTreeSet<usize> = (0..count).filter(|number| !seen.contains_key(number)).collect();
                println!("  {} of {count} did not come: {missing:?}", missing.len());
                break;
            }
        }
    }
    seen
}

/// The envelopes of a time in a service node's archive: how many and how many bytes, by content topic.
fn archived(path: &Path, from: Timestamp, to: Timestamp) -> BTreeMap<String, (usize, usize)> {
    let archive = Archive::open(ArchiveConfig::at(path)).unwrap();
    let mut found = BTreeMap::<String, (usize, usize)>::new();
    let mut query = Query {
        start: Some(from.0 as i64 * 1_000_000),
        end: Some(to.0 as i64 * 1_000_000),
        limit: Some(100),
        ..Query::default()
    };
    loop {
        let page = archive.query_blocking(&query);
        for envelope in page.entries.into_iter().filter_map(|entry| entry.envelope) {
            let entry = found.entry(envelope.message.content_topic.to_string()).or_default();
            entry.0 += 1;
            entry.1 += envelope.message.encoded_len();
        }
        match page.cursor {
            None => return found,
            cursor => query.cursor = cursor,
        }
    }
}

const IDLE: Duration = Duration::from_secs(20);
const TAIL: Duration = Duration::from_secs(4);
const PATIENCE: Duration = Duration::from_secs(30);
/// More than any of these talks has.
const LISTENING: usize = 4_096;
