//! Catching up: how long after unlocking the first and the last of many missed messages are shown.
//!
//! The messages are made without a network and laid into the archive of a service node; the receiver is a daemon that
//! finds them there. The password costs next to nothing here, so that time counts from the wish to unlock.

use std::path::Path;
use std::time::{Duration, Instant};

use api::{Frame, Item};
use messenger::ChatId;
use tokio::task::JoinSet;
use tokio::time::timeout;
use waku::Envelope;
use waku::archive::{Archive, ArchiveConfig};

use crate::people::{CHEAP, Online, PROFILE, Pair, now, publish, say};
use crate::process::service_node;
use crate::table;

/// So many messages in one chat.
pub(crate) async fn catch_up(count: usize) {
    let dir = tempfile::tempdir().unwrap();
    // What she writes is only made here, not measured: without a disk where that is possible.
    let memory = Path::new(MEMORY);
    let written_in = tempfile::tempdir_in(if memory.is_dir() { memory } else { dir.path() }).unwrap();
    let mut pair = Pair::apart([written_in.path(), dir.path()], CHEAP);
    let began = Instant::now();
    let envelopes = written(&mut pair, count);
    let prepared = began.elapsed();
    let made = envelopes.len();
    let bytes: usize = envelopes.iter().map(|envelope| envelope.message.encoded_len()).sum();
    let chat = ChatId::one_to_one(&pair.alice.account().public_key).to_string();
    let home = pair.home.clone();
    drop(pair);
    let service = dir.path().join("service");
    std::fs::create_dir_all(service.join("node")).unwrap();
    archive(&service.join("node/store.sqlite3"), envelopes).await;
    let (node, address) = service_node(&service);

    let bob = Online::start_locked(&home, &[&address]);
    let (before, cpu) = (Instant::now(), bob.process.cpu());
    bob.unlock().await;
    let unlocked = before.elapsed();
    let (first, last, shown) = watch(&bob, &chat, before, count as u64).await;
    let cpu = bob.process.cpu() - cpu;
    let seconds = |time: Duration| format!("{:.2} s", time.as_secs_f64());
    let (goal, deployed) = if count == 500 {
        ("1 s", "5.7 to 9.7 s")
    } else {
        ("", "")
    };
    table(
        &format!("Catch-up of {count} messages from a local store node ({made} envelopes, {bytes} bytes)"),
        &[
            ("unlocked and answering", "", "1.3 s", seconds(unlocked)),
            ("first shown", "", "4.4 to 8.4 s", seconds(first)),
            ("last shown", goal, deployed, seconds(last)),
            ("shown", "all", "all but 1 of 4,500", format!("{shown} of {count}")),
            (
                "CPU per message",
                "",
                "6.4 to 10.8 ms",
                format!("{:.2} ms", cpu.as_secs_f64() * 1000.0 / count as f64),
            ),
            (
                "anonymous memory at the end",
                "40 MB",
                "",
                format!("{:.1} MB", bob.process.anonymous()),
            ),
        ],
    );
    println!(
        "  made in {prepared:.1?}, {:.0} a second",
        count as f64 / prepared.as_secs_f64()
    );
    bob.process.terminate();
    node.terminate();
}

/// So many texts of Alice, sealed one by one, two milliseconds apart.
fn written(pair: &mut Pair, count: usize) -> Vec<Envelope> {
    let to = pair.bob.account().public_key;
    let mut envelopes = Vec::with_capacity(count);
    for number in 0..count {
        pair.now = pair.now.plus(2);
        pair.alice.command(pair.now, say(&to, number)).unwrap();
        envelopes.extend(publish(&mut pair.alice, pair.now));
    }
    assert!(pair.now < now());
    envelopes
}

/// As if they had been relayed at their time.
async fn archive(path: &Path, envelopes: Vec<Envelope>) {
    let archive = Archive::open(ArchiveConfig::at(path)).unwrap();
    let mut inserts = JoinSet::new();
    for envelope in envelopes {
        if inserts.len() == AT_ONCE {
            inserts.join_next().await;
        }
        let archive = archive.clone();
        let (hash, time) = (envelope.hash(), envelope.message.timestamp.unwrap());
        inserts.spawn(async move { archive.insert(envelope, hash, time).await.unwrap() });
    }
    inserts.join_all().await;
}

/// Follows the events until so many are unread: when the first was, when the last, and how many came.
async fn watch(bob: &Online, chat: &str, since: Instant, count: u64) -> (Duration, Duration, u64) {
    let mut events = bob.client.events(PROFILE, None).await.unwrap();
    // What happened before the stream was open.
    let mut seen = bob.client.chat(PROFILE, chat).await.unwrap().unread;
    let mut first = (seen > 0).then(|| since.elapsed());
    let mut last = since.elapsed();
    while seen < count {
        let Ok(Ok(Some(frame))) = timeout(PATIENCE, events.next()).await else {
            break;
        };
        let unread = match frame {
            Frame::Event(event) => event.items.iter().rev().find_map(|item| unread(item, chat)),
            Frame::Reset { .. } => Some(bob.client.chat(PROFILE, chat).await.unwrap().unread),
            _ => None,
        };
        if let Some(unread) = unread.filter(|unread| *unread > seen) {
            seen = unread;
            last = since.elapsed();
            first = first.or(Some(last));
        }
    }
    (first.unwrap_or(last), last, seen)
}

fn unread(item: &Item, chat: &str) -> Option<u64> {
    match item {
        Item::Chat(told) if told.id == chat => Some(told.unread),
        _ => None,
    }
}

const MEMORY: &str = "/dev/shm";
const AT_ONCE: usize = 256;
const PATIENCE: Duration = Duration::from_secs(20);
