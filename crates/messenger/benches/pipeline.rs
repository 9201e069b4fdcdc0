//! What a message costs: from envelope bytes to a committed row, and from a text to a published envelope, on an encrypted
//! database on disk with durable commits. Beside each stands its floor: what no implementation of the protocol can avoid.
//!
//! `cargo bench -p undertone-messenger --features sqlcipher`

#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

extern crate undertone_messenger as messenger;

use std::path::Path;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use crypto::{SecretKey, keccak256};
use messenger::accounts::{self, NewAccount};
use messenger::{ChatId, Command, Messenger, PublicKey, Published, Timestamp};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use store::{DatabaseKey, Store};
use tempfile::TempDir;
use waku_proto::Envelope;

/// Envelopes in one transaction of a burst, as the daemon takes them.
const BATCH: usize = 64;
const TEXT: usize = 100;
const CHEAP: crypto::vault::Cost = crypto::vault::Cost {
    memory_kib: 8,
    passes: 1,
    lanes: 1,
};

/// Two people who are contacts, with nothing but their own disks between them.
struct Pair {
    now: Timestamp,
    alice: Messenger,
    bob: Messenger,
    _disks: [TempDir; 2],
}

impl Pair {
    fn new() -> Pair {
        let disks = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let now = Timestamp(1_800_000_000_000);
        let [alice, bob] = [("Alice", &disks[0], 1), ("Bobby", &disks[1], 2)].map(|(name, disk, seed)| {
            accounts::create(&NewAccount {
                directory: disk.path(),
                password: "bench",
                cost: CHEAP,
                display_name: name,
                phrase: None,
                now,
                seed: [seed; 32],
            })
            .unwrap()
        });
        let mut pair = Pair {
            now,
            alice,
            bob,
            _disks: disks,
        };
        let (to, contact) = (pair.bob.account().public_key, pair.alice.account().public_key);
        pair.alice
            .command(
                now,
                Command::SendContactRequest {
                    to,
                    note: "bench".into(),
                },
            )
            .unwrap();
        pair.settle(12);
        pair.bob
            .command(pair.now, Command::AcceptContactRequest { contact })
            .unwrap();
        pair.settle(4);
        for _ in 0..2 {
            pair.alice.command(pair.now, say(&to)).unwrap();
            pair.settle(6);
            pair.bob.command(pair.now, say(&contact)).unwrap();
            pair.settle(6);
        }
        pair
    }

    /// Lets half seconds pass, and everything arrive.
    fn settle(&mut self, halves: usize) {
        for _ in 0..halves {
            self.now = self.now.plus(500);
            self.alice.deadline(self.now).unwrap();
            self.bob.deadline(self.now).unwrap();
            for envelope in publish(&mut self.alice, self.now) {
                self.bob.receive(self.now, &envelope).unwrap();
            }
            for envelope in publish(&mut self.bob, self.now) {
                self.alice.receive(self.now, &envelope).unwrap();
            }
        }
    }

    /// So many messages of Alice, on the network and not yet with Bob.
    fn burst(&mut self, count: usize) -> Vec<Envelope> {
        let to = self.bob.account().public_key;
        let mut envelopes = Vec::with_capacity(count);
        while envelopes.len() < count {
            self.now = self.now.plus(1);
            self.alice.command(self.now, say(&to)).unwrap();
            envelopes.extend(publish(&mut self.alice, self.now));
        }
        envelopes
    }

    /// What Bob acknowledges reaches Alice, so that she does not repeat it.
    fn acknowledge(&mut self) {
        self.settle(2);
    }
}

fn say(to: &PublicKey) -> Command {
    Command::SendText {
        chat: ChatId::one_to_one(to),
        text: "x".repeat(TEXT),
        reply_to: None,
    }
}

fn publish(messenger: &mut Messenger, now: Timestamp) -> Vec<Envelope> {
    let sealed = messenger.seal_due(now, 1_000).unwrap().value;
    for (entry, _) in &sealed {
        messenger.published(now, *entry, Published::Sent).unwrap();
    }
    sealed.into_iter().map(|(_, envelope)| envelope).collect()
}

/// CPU time of this thread so far, where the system tells.
fn cpu() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(
        text.split_whitespace()
            .next()
            .and_then(|first| first.parse().ok())
            .unwrap_or(0),
    )
}

fn receiving(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("receive");
    group.sample_size(10).throughput(Throughput::Elements(1));
    let mut pair = Pair::new();
    let mut used = (Duration::ZERO, 0u32);
    group.throughput(Throughput::Elements(BATCH as u64));
    group.bench_function(BenchmarkId::new("burst, in one transaction", BATCH), |bencher| {
        bencher.iter_custom(|count| {
            let envelopes = pair.burst(count as usize * BATCH);
            let (began, cpu_before) = (Instant::now(), cpu());
            for batch in envelopes.chunks(BATCH) {
                pair.bob.receive_many(pair.now, batch).unwrap();
            }
            let took = began.elapsed();
            used = (used.0 + (cpu() - cpu_before), used.1 + envelopes.len() as u32);
            pair.acknowledge();
            took
        });
    });
    group.throughput(Throughput::Elements(1));
    println!("receive/burst: {:?} of CPU per message", used.0 / used.1.max(1));
    let mut used = (Duration::ZERO, 0u32);
    group.bench_function("one at a time, with its acknowledgement sealed", |bencher| {
        bencher.iter_custom(|count| {
            let envelopes = pair.burst(count as usize);
            let (began, cpu_before) = (Instant::now(), cpu());
            for envelope in &envelopes {
                pair.bob.receive(pair.now, envelope).unwrap();
                pair.now = pair.now.plus(1_000);
                pair.bob.deadline(pair.now).unwrap();
                let acks = publish(&mut pair.bob, pair.now);
                assert_eq!(acks.len(), 1);
            }
            let took = began.elapsed();
            used = (used.0 + (cpu() - cpu_before), used.1 + count as u32);
            pair.acknowledge();
            took
        });
    });
    println!("receive/one at a time: {:?} of CPU per message", used.0 / used.1.max(1));
    group.finish();
}

fn sending(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("send");
    group.sample_size(10).throughput(Throughput::Elements(1));
    let mut pair = Pair::new();
    let to = pair.bob.account().public_key;
    let mut used = (Duration::ZERO, 0u32);
    group.bench_function("from a text to a published envelope", |bencher| {
        bencher.iter_custom(|count| {
            let (began, cpu_before) = (Instant::now(), cpu());
            for _ in 0..count {
                pair.now = pair.now.plus(1_000);
                pair.alice.command(pair.now, say(&to)).unwrap();
                assert!(!publish(&mut pair.alice, pair.now).is_empty());
            }
            let took = began.elapsed();
            used = (used.0 + (cpu() - cpu_before), used.1 + count as u32);
            took
        });
    });
    println!("send: {:?} of CPU per message", used.0 / used.1.max(1));
    group.finish();
}

/// What cannot be avoided.
fn floors(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("floor");
    group.sample_size(20);
    let mut rng = ChaCha20Rng::from_seed([5; 32]);
    let (key, other) = (SecretKey::generate(&mut rng), SecretKey::generate(&mut rng));
    let hash = keccak256(b"floor");
    let signature = key.sign(&hash);
    group.bench_function("three recoveries (envelope, bundle, author)", |bencher| {
        bencher.iter(|| [(); 3].map(|()| signature.recover(&hash).unwrap()));
    });
    group.bench_function("a turn of the ratchet: two ECDHs and one new key", |bencher| {
        bencher.iter(|| {
            let public = other.public_key();
            (
                key.ecdh(&public),
                key.ecdh(&public),
                SecretKey::generate(&mut rng).public_key(),
            )
        });
    });
    group.bench_function("signing twice (author, envelope)", |bencher| {
        bencher.iter(|| [key.sign(&hash), key.sign(&hash)]);
    });
    let disk = tempfile::tempdir().unwrap();
    let mut store = open(disk.path());
    let mut number = 0u64;
    for rows in [1, BATCH] {
        group.throughput(Throughput::Elements(rows as u64));
        group.bench_function(
            BenchmarkId::new("one durable commit of rows of 1 kB", rows),
            |bencher| {
                bencher.iter(|| {
                    store
                        .write(|tx| {
                            (0..rows).try_for_each(|_| {
                                number += 1;
                                tx.settings().set_bytes(&format!("row {}", number % 5_000), &[7; 1_000])
                            })
                        })
                        .unwrap()
                });
            },
        );
    }
    group.finish();
}

/// One message with its acknowledgement, as the network carries them.
fn bytes(_: &mut Criterion) {
    let mut pair = Pair::new();
    let to = pair.bob.account().public_key;
    pair.alice.command(pair.now, say(&to)).unwrap();
    let message: usize = publish(&mut pair.alice, pair.now)
        .iter()
        .map(|envelope| {
            pair.bob.receive(pair.now, envelope).unwrap();
            envelope.message.encoded_len()
        })
        .sum();
    pair.now = pair.now.plus(1_000);
    pair.bob.deadline(pair.now).unwrap();
    let ack: usize = publish(&mut pair.bob, pair.now)
        .iter()
        .map(|envelope| envelope.message.encoded_len())
        .sum();
    println!(
        "wire: a message of {TEXT} characters {message} bytes, its acknowledgement {ack} bytes, together {}",
        message + ack
    );
}

fn open(directory: &Path) -> Store {
    Store::create(directory, &DatabaseKey::from([3; 32])).unwrap()
}

criterion_group!(benches, floors, receiving, sending, bytes);
criterion_main!(benches);
