//! Cold start with 100,000 messages: from the start of the process to the first page of the largest chat.
//!
//! Half of the messages stand in one chat with a contact, the rest in ten others. The files are in the system's cache, as
//! in the deployed client's figure. The password costs next to nothing here; what it costs a person is shown beside it.

use std::time::{Duration, Instant};

use api::PageQuery;
use messenger::accounts::{self, Cost, NewAccount};
use messenger::{ChatId, MessageId, Timestamp};
use store::{ChatRow, Deletion, MessageRow, PublicKeyBytes, Store, StoreError};

use crate::people::{CHEAP, Online, PROFILE, Pair, now};
use crate::process::service_node;
use crate::table;

/// The median of five starts.
pub(crate) async fn cold_start() {
    let dir = tempfile::tempdir().unwrap();
    let pair = Pair::new(dir.path(), CHEAP);
    let home = pair.home.clone();
    let chat = ChatId::one_to_one(&pair.alice.account().public_key);
    fill_chats(pair.bob.into_store(), &chat);
    let (_node, address) = service_node(&dir.path().join("service"));

    let mut starts = Vec::new();
    for _ in 0..5 {
        let began = Instant::now();
        let bob = Online::start_locked(&home, &[&address]);
        let answering = began.elapsed();
        bob.unlock().await;
        let unlocked = began.elapsed();
        let query = PageQuery {
            before: None,
            limit: Some(20),
        };
        let page = bob.client.messages(PROFILE, chat.as_str(), &query).await.unwrap();
        let shown = began.elapsed();
        assert_eq!(page.items.len(), 20);
        tokio::time::sleep(Duration::from_secs(1)).await;
        starts.push([shown, unlocked, answering, bob.process.cpu_of_threads()]);
        bob.process.terminate();
    }
    starts.sort();
    let [shown, unlocked, answering, cpu] = starts[starts.len() / 2].map(|time| time.as_secs_f64() * 1000.0);
    table(
        &format!("Cold start with {MESSAGES} messages, median of {} starts", starts.len()),
        &[
            (
                "from start to first page of 20",
                "150 ms",
                "226 ms",
                format!("{shown:.0} ms"),
            ),
            ("of this, until the API answers", "", "", format!("{answering:.0} ms")),
            ("of this, unlocking", "", "", format!("{:.0} ms", unlocked - answering)),
            ("of this, the page", "", "6 ms", format!("{:.1} ms", shown - unlocked)),
            ("CPU, with the second after", "", "200 ms", format!("{cpu:.0} ms")),
            (
                "on top: the password's cost (Argon2)",
                "",
                "",
                format!("{:.0} ms", password()),
            ),
        ],
    );
}

/// Half of the messages into one chat, the rest into ten others.
fn fill_chats(mut store: Store, chat: &ChatId) {
    let others = (1..=10u8).map(|number| ChatId::new(format!("0x04{}", format!("{number:02x}").repeat(64))).unwrap());
    fill(&mut store, chat, MESSAGES / 2, 0);
    for (at, other) in others.enumerate() {
        store
            .write(|tx| tx.chats().save(&ChatRow::new(other.clone(), Timestamp(1))))
            .unwrap();
        fill(&mut store, &other, MESSAGES / 20, MESSAGES / 2 + at * MESSAGES / 20);
    }
    store.checkpoint().unwrap();
}

fn fill(store: &mut Store, chat: &ChatId, count: usize, from: usize) {
    let numbers: Vec<usize> = (from..from + count).collect();
    for some in numbers.chunks(1_000) {
        let write = |tx: &mut store::Tx<'_>| {
            for number in some {
                tx.messages().insert(&message(chat, *number))?;
            }
            Ok::<_, StoreError>(())
        };
        store.write(write).unwrap();
    }
}

fn message(chat: &ChatId, number: usize) -> MessageRow {
    let mut id = [0; 32];
    for (at, part) in id.chunks_mut(8).enumerate() {
        // Ids are hashes: spread over the whole index.
        let mixed = (number as u64 + 1)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .rotate_left(at as u32 * 17 + 5);
        part.copy_from_slice(&mixed.wrapping_mul(0xbf58_476d_1ce4_e5b9).to_be_bytes());
    }
    MessageRow {
        id: MessageId::from_bytes(id),
        chat: chat.clone(),
        author: PublicKeyBytes::from([2; 33]),
        clock: number as u64 + 1,
        sent_at: Timestamp(number as u64 + 1),
        kind: 1,
        text: format!("{number:<6}{}", "some words ".repeat(8)),
        payload: None,
        response_to: None,
        delivery: None,
        request: None,
        edited_clock: 0,
        deletion: Deletion::None,
        deleted_by: None,
        seen: true,
        mention: false,
    }
}

/// What checking a password costs, ms.
fn password() -> f64 {
    let dir = tempfile::tempdir().unwrap();
    let new = NewAccount {
        directory: dir.path(),
        password: "costly",
        cost: Cost::DEFAULT,
        display_name: "Alice",
        phrase: None,
        now: now(),
        seed: [3; 32],
    };
    drop(accounts::create(&new).unwrap());
    let began = Instant::now();
    accounts::check_password(dir.path(), "costly").unwrap();
    began.elapsed().as_secs_f64() * 1000.0
}

const MESSAGES: usize = 100_000;
