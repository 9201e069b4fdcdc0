//! Makes a data directory with a large profile, without a network: for tests and figures of the page.
//!
//! `long_profile DIR PASSWORD [CHATS [MESSAGES]]`: a profile "Alice Long" with so many public chats of a few messages each,
//! and one more, `long`, with so many messages. The password's cost is none worth the name: not for people.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use messenger::accounts::{self, Cost, NewAccount};
use messenger::{ChatId, MessageId, Timestamp};
use store::{ChatRow, Deletion, MessageRow, PublicKeyBytes, Store, StoreError, Tx};

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [directory, password, counts @ ..] = &args[..] else {
        println!("long_profile DIR PASSWORD [CHATS [MESSAGES]]");
        return;
    };
    let count = |at: usize, otherwise: usize| counts.get(at).map_or(otherwise, |text| text.parse().unwrap());
    let (chats, messages) = (count(0, 1_000), count(1, 100_000));
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64;
    // One message a minute, and the last one now.
    let began = now - (messages + chats * FEW) as u64 * MINUTE;
    let mut store = profile(Path::new(directory), password, Timestamp(began));
    let rooms: Vec<ChatId> = (0..chats)
        .map(|chat| ChatId::new(format!("room-{chat}")).unwrap())
        .collect();
    let long = ChatId::new("long").unwrap();
    let save = |tx: &mut Tx<'_>| {
        for chat in rooms.iter().chain([&long]) {
            tx.chats().save(&ChatRow::new(chat.clone(), Timestamp(began)))?;
        }
        Ok::<_, StoreError>(())
    };
    store.write(save).unwrap();
    let numbers: Vec<usize> = (0..chats * FEW + messages).collect();
    for some in numbers.chunks(BATCH) {
        let write = |tx: &mut Tx<'_>| {
            for number in some {
                let chat = rooms.get(number / FEW).unwrap_or(&long);
                tx.messages().insert(&message(chat, began, *number))?;
            }
            Ok::<_, StoreError>(())
        };
        store.write(write).unwrap();
    }
    store.checkpoint().unwrap();
}

fn profile(directory: &Path, password: &str, now: Timestamp) -> Store {
    let directory = directory.join("profiles").join("0000000000aa");
    std::fs::create_dir_all(&directory).unwrap();
    let file = serde_json::json!({ "name": NAME, "createdAt": now.0 });
    std::fs::write(directory.join("profile.json"), file.to_string()).unwrap();
    let new = NewAccount {
        directory: &directory,
        password,
        cost: CHEAP,
        display_name: NAME,
        phrase: None,
        now,
        seed: [7; 32],
    };
    accounts::create(&new).unwrap().into_store()
}

fn message(chat: &ChatId, began: u64, number: usize) -> MessageRow {
    let mut id = [0; 32];
    for (at, part) in id.chunks_mut(8).enumerate() {
        // Ids are hashes: spread over the whole index.
        let mixed = (number as u64 + 1)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .rotate_left(at as u32 * 17 + 5);
        part.copy_from_slice(&mixed.wrapping_mul(0xbf58_476d_1ce4_e5b9).to_be_bytes());
    }
    let sent_at = began + number as u64 * MINUTE;
    // From three words to several lines, so that no two rows beside each other are of one height.
    let text = format!("number {number}{}", " some *words* of a talk".repeat(number * 7 % 23));
    MessageRow {
        id: MessageId::from_bytes(id),
        chat: chat.clone(),
        author: PublicKeyBytes::from([2; 33]),
        clock: sent_at,
        sent_at: Timestamp(sent_at),
        kind: 1,
        text,
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

const NAME: &str = "Alice Long";
/// Messages of the other chats.
const FEW: usize = 3;
/// Of one transaction.
const BATCH: usize = 5_000;
const MINUTE: u64 = 60_000;
const CHEAP: Cost = Cost {
    memory_kib: 8,
    passes: 1,
    lanes: 1,
};
