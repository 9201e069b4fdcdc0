//! Two people who are contacts, made without a network, and their daemons.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use api::client::Client;
use api::{Connectivity, Unlock};
use messenger::accounts::{self, Cost, NewAccount};
use messenger::{ChatId, Command, Messenger, PublicKey, Published, Timestamp};
use waku::Envelope;

use crate::process::{Process, undertone};

/// Two contacts with a session in both directions. Both profiles are open, and `now` lies in the past.
pub(crate) struct Pair {
    pub(crate) now: Timestamp,
    pub(crate) alice: Messenger,
    pub(crate) bob: Messenger,
    /// Bob's data directory for a daemon.
    pub(crate) home: PathBuf,
}

/// A daemon with one unlocked profile.
pub(crate) struct Online {
    pub(crate) process: Process,
    pub(crate) client: Client,
}

impl Pair {
    /// Makes them an hour ago, below a directory.
    pub(crate) fn new(parent: &Path, cost: Cost) -> Self {
        Self::apart([parent, parent], cost)
    }

    /// Makes them an hour ago, each below a directory.
    pub(crate) fn apart([of_alice, of_bob]: [&Path; 2], cost: Cost) -> Self {
        let mut now = now();
        now.0 -= 3_600_000;
        let make = |parent: &Path, name: &str, seed| {
            let directory = parent.join(name).join("profiles").join(PROFILE);
            std::fs::create_dir_all(&directory).unwrap();
            let file = serde_json::json!({ "name": name, "createdAt": now.0 });
            std::fs::write(directory.join("profile.json"), file.to_string()).unwrap();
            accounts::create(&NewAccount {
                directory: &directory,
                password: PASSWORD,
                cost,
                display_name: name,
                phrase: None,
                now,
                seed: [seed; 32],
            })
            .unwrap()
        };
        let alice = make(of_alice, "Alice", 1);
        let bob = make(of_bob, "Bobby", 2);
        let home = of_bob.join("Bobby");
        let mut pair = Self { now, alice, bob, home };
        let (to, contact) = (pair.bob.account().public_key, pair.alice.account().public_key);
        let note = "bench".into();
        pair.alice
            .command(now, Command::SendContactRequest { to, note })
            .unwrap();
        pair.settle(12);
        let accept = Command::AcceptContactRequest { contact };
        pair.bob.command(pair.now, accept).unwrap();
        pair.settle(4);
        for _ in 0..2 {
            pair.alice.command(pair.now, say(&to, 0)).unwrap();
            pair.settle(6);
            pair.bob.command(pair.now, say(&contact, 0)).unwrap();
            pair.settle(6);
        }
        let chat = ChatId::one_to_one(&contact);
        pair.bob.command(pair.now, Command::MarkRead { chat }).unwrap();
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
}

impl Online {
    /// Starts the daemon of a data directory and unlocks its profile.
    pub(crate) async fn start(home: &Path, nodes: &[&str]) -> Self {
        let online = Self::start_locked(home, nodes);
        online.unlock().await;
        online
    }

    /// Starts the daemon of a data directory.
    pub(crate) fn start_locked(home: &Path, nodes: &[&str]) -> Self {
        let mut command = undertone(&["start", "--json", "--no-discovery", "--light=false"]);
        command.args(["--api-port", "0", "--listen-address", "127.0.0.1", "--data-dir"]);
        command.arg(home);
        for node in nodes {
            command.args(["--static-node", node]);
        }
        let (process, _) = Process::start(&mut command);
        let client = Client::find(home).unwrap();
        Self { process, client }
    }

    /// Unlocks the profile.
    pub(crate) async fn unlock(&self) {
        let password = api::Secret::new(PASSWORD.to_owned());
        self.client.unlock(PROFILE, &Unlock { password }).await.unwrap();
    }

    /// Waits until a node is there and the past is known.
    pub(crate) async fn settled(&self) {
        for _ in 0..600 {
            let node = self.client.node(PROFILE).await.unwrap();
            if node.connectivity != Connectivity::Offline && node.history_gaps == 0 && node.outbox == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("the daemon did not come to rest");
    }
}

/// A text of 100 characters.
pub(crate) fn text(number: usize) -> String {
    format!("{number:<6}{}", "x".repeat(94))
}

pub(crate) fn say(to: &PublicKey, number: usize) -> Command {
    Command::SendText {
        chat: ChatId::one_to_one(to),
        text: text(number),
        reply_to: None,
    }
}

/// Everything that is due, as the network would have taken it.
pub(crate) fn publish(messenger: &mut Messenger, now: Timestamp) -> Vec<Envelope> {
    let sealed = messenger.seal_due(now, 1_000).unwrap().value;
    for (entry, _) in &sealed {
        messenger.published(now, *entry, Published::Sent).unwrap();
    }
    sealed.into_iter().map(|(_, envelope)| envelope).collect()
}

/// The system's clock.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp(since.as_millis() as u64)
}

/// The name of every profile's directory.
pub(crate) const PROFILE: &str = "0000000000aa";
/// What a guess at a password costs where that is not asked about.
pub(crate) const CHEAP: Cost = Cost {
    memory_kib: 8,
    passes: 1,
    lanes: 1,
};
const PASSWORD: &str = "the password of a bench";
