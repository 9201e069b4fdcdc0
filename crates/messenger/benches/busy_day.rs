//! What a busy day costs its receiver: 2,000 messages of all kinds from a friend, on an encrypted database on disk with
//! durable commits, first one at a time as they come during the day, then as the history of a day away.
//!
//! The mix: 61 in 100 texts, 10 replies, 15 reactions, 6 edits, 3 deletions, 1 pin or unpin, 3 pictures of 60 kB, 1 message
//! in a public chat. `cargo bench -p undertone-messenger --features sqlcipher --bench busy_day`
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

extern crate undertone_messenger as messenger;

use std::time::{Duration, Instant};

use messenger::accounts::{self, NewAccount};
use messenger::chats::{self, For, Mark};
use messenger::media::{self, Picture};
use messenger::{ChatId, Command, MessageId, Messenger, Published, Reply, Timestamp};
use waku_proto::Envelope;

const DAY: usize = 2_000;
/// Envelopes in one transaction of a burst, as the daemon takes them.
const BATCH: usize = 64;
const CHEAP: crypto::vault::Cost = crypto::vault::Cost {
    memory_kib: 8,
    passes: 1,
    lanes: 1,
};

struct Pair {
    now: Timestamp,
    alice: Messenger,
    bob: Messenger,
    public: ChatId,
    said: Vec<MessageId>,
}

fn main() {
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
        public: ChatId::new("climbing").unwrap(),
        said: Vec::new(),
    };
    pair.meet();
    println!(
        "load average: {}",
        std::fs::read_to_string("/proc/loadavg").unwrap_or_default().trim()
    );

    let (envelopes, bytes) = pair.day();
    let (began, before) = (Instant::now(), cpu());
    for envelope in &envelopes {
        pair.bob.receive(pair.now, envelope).unwrap();
    }
    report("one at a time", &envelopes, bytes, began.elapsed(), cpu() - before);
    pair.settle(4);

    let (envelopes, bytes) = pair.day();
    let (began, before) = (Instant::now(), cpu());
    for batch in envelopes.chunks(BATCH) {
        pair.bob.receive_many(pair.now, batch).unwrap();
    }
    report(
        "64 in a transaction",
        &envelopes,
        bytes,
        began.elapsed(),
        cpu() - before,
    );
}

fn report(how: &str, envelopes: &[Envelope], bytes: usize, took: Duration, used: Duration) {
    println!(
        "a busy day, {how}: {} envelopes, {:.1} MB, in {:.2} s; {:.2} s of CPU, {:.0} µs each",
        envelopes.len(),
        bytes as f64 / 1e6,
        took.as_secs_f64(),
        used.as_secs_f64(),
        used.as_secs_f64() * 1e6 / envelopes.len() as f64
    );
}

impl Pair {
    /// They become contacts, write to each other, and enter a public chat.
    fn meet(&mut self) {
        let (to, contact) = (self.bob.account().public_key, self.alice.account().public_key);
        let note = "bench".into();
        self.alice
            .command(self.now, Command::SendContactRequest { to, note })
            .unwrap();
        self.settle(12);
        self.bob
            .command(self.now, Command::AcceptContactRequest { contact })
            .unwrap();
        self.settle(4);
        for who in [&mut self.alice, &mut self.bob] {
            let name = "climbing".into();
            who.command(self.now, Command::Chat(chats::Command::JoinPublic { name }))
                .unwrap();
        }
        for _ in 0..2 {
            let back = Command::SendText {
                chat: ChatId::one_to_one(&contact),
                text: "back".into(),
                reply_to: None,
            };
            self.bob.command(self.now, back).unwrap();
            self.settle(6);
            self.text(None);
            self.settle(6);
        }
    }

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

    /// What Alice publishes in a day, and its size.
    fn day(&mut self) -> (Vec<Envelope>, usize) {
        let mut envelopes = Vec::new();
        for number in 0..DAY {
            self.now = self.now.plus(500);
            self.act(number);
            envelopes.extend(publish(&mut self.alice, self.now));
        }
        let bytes = envelopes.iter().map(|envelope| envelope.message.encoded_len()).sum();
        (envelopes, bytes)
    }

    fn act(&mut self, number: usize) {
        let earlier = self.said[number * 7 % self.said.len()];
        let last = *self.said.last().unwrap();
        let mark = if number.is_multiple_of(2) { Mark::On } else { Mark::Off };
        let wish = match number % 100 {
            0..=60 => return self.text(None),
            61..=70 => return self.text(Some(earlier)),
            71..=85 => chats::Command::React {
                message: earlier,
                emoji: ["👍", "🎉", "🧗"][number % 3].into(),
                mark: Mark::On,
            },
            86..=91 => chats::Command::Edit {
                message: last,
                text: format!("what I meant in the {number}th place was something else"),
            },
            92..=94 => chats::Command::Delete {
                message: self.said.pop().unwrap(),
                whom: For::Everyone,
            },
            95 => chats::Command::Pin { message: last, mark },
            96..=98 => return self.picture(),
            _ => return self.say(self.public.clone(), None),
        };
        // A deleted message takes no more marks; the day goes on.
        let _ = self.alice.command(self.now, Command::Chat(wish));
    }

    fn text(&mut self, reply_to: Option<MessageId>) {
        let chat = ChatId::one_to_one(&self.bob.account().public_key);
        self.say(chat, reply_to);
    }

    fn say(&mut self, chat: ChatId, reply_to: Option<MessageId>) {
        let personal = chat != self.public;
        let text = format!(
            "message number {}, with some words as people write them",
            self.said.len()
        );
        let command = Command::SendText { chat, text, reply_to };
        if let Reply::Message(id) = self.alice.command(self.now, command).unwrap().value
            && personal
        {
            self.said.push(id);
        }
    }

    fn picture(&mut self) {
        let picture = Picture {
            jpeg: vec![0xd8; 60_000],
            width: 800,
            height: 600,
        };
        let send = media::Command::SendPictures {
            chat: ChatId::one_to_one(&self.bob.account().public_key),
            text: "Look".into(),
            pictures: vec![picture],
            reply_to: None,
        };
        self.alice.command(self.now, Command::Media(send)).unwrap();
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
    let first = text.split_whitespace().next().and_then(|first| first.parse().ok());
    Duration::from_nanos(first.unwrap_or(0))
}
