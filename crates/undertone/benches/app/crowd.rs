//! The memory of a daemon with 1,000 chats, after a person has looked around in them.
//!
//! Half of the chats are with people, half are public; each has 100 messages. The person loads the whole list, opens
//! twenty chats, reads further back in each, and searches.

use std::time::Duration;

use api::{PageQuery, SearchQuery};
use messenger::{ChatId, MessageId, Timestamp};
use store::{ChatRow, Deletion, MessageRow, PublicKeyBytes, Store, StoreError};

use crate::people::{CHEAP, Online, PROFILE, Pair};
use crate::process::service_node;
use crate::table;

/// At rest, and after looking around.
pub(crate) async fn crowd() {
    let dir = tempfile::tempdir().unwrap();
    let pair = Pair::new(dir.path(), CHEAP);
    let home = pair.home.clone();
    fill(pair.bob.into_store());
    let (node, address) = service_node(&dir.path().join("service"));
    let bob = Online::start(&home, &[&address]).await;
    bob.settled().await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    let before = (bob.process.anonymous(), bob.process.resident());
    let mut chats = Vec::new();
    let mut query = PageQuery {
        before: None,
        limit: Some(200),
    };
    loop {
        let page = bob.client.chats(PROFILE, &query).await.unwrap();
        chats.extend(page.items);
        match page.next {
            Some(next) => query.before = Some(next),
            None => break,
        }
    }
    assert!(chats.len() >= CHATS, "{}", chats.len());
    for chat in chats.iter().step_by(chats.len() / 20) {
        let mut query = PageQuery {
            before: None,
            limit: Some(50),
        };
        let page = bob.client.messages(PROFILE, &chat.id, &query).await.unwrap();
        query.before = page.next;
        bob.client.messages(PROFILE, &chat.id, &query).await.unwrap();
    }
    for text in ["words", "some wor", "nothing of the kind"] {
        let query = SearchQuery {
            text: text.into(),
            ..SearchQuery::default()
        };
        bob.client.search(PROFILE, &query).await.unwrap();
    }
    let megabytes = |(anonymous, resident): (f64, f64)| format!("{anonymous:.1} MB, {resident:.1} MB");
    let after = (bob.process.anonymous(), bob.process.resident());
    table(
        &format!("Memory of a daemon with {CHATS} chats of {MESSAGES} messages (relay mode, one node)"),
        &[
            ("anonymous, resident: at rest", "150 MB", "", megabytes(before)),
            ("after looking around in them", "150 MB", "", megabytes(after)),
            (
                "the most resident until then",
                "150 MB",
                "",
                format!("{:.1} MB", bob.process.most_resident()),
            ),
        ],
    );
    bob.process.terminate();
    node.terminate();
}

fn fill(mut store: Store) {
    for number in 0..CHATS {
        let id = match number % 2 {
            0 => ChatId::new(format!("room-{number}")).unwrap(),
            _ => ChatId::new(format!("0x04{}", format!("{number:04x}").repeat(32))).unwrap(),
        };
        let write = |tx: &mut store::Tx<'_>| {
            tx.chats().save(&ChatRow::new(id.clone(), Timestamp(1)))?;
            for at in 0..MESSAGES {
                tx.messages().insert(&message(&id, number * MESSAGES + at))?;
            }
            Ok::<_, StoreError>(())
        };
        store.write(write).unwrap();
    }
    store.checkpoint().unwrap();
}

fn message(chat: &ChatId, number: usize) -> MessageRow {
    let mut id = [0; 32];
    for (at, part) in id.chunks_mut(8).enumerate() {
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
        seen: !number.is_multiple_of(10),
        mention: false,
    }
}

const CHATS: usize = 1_000;
const MESSAGES: usize = 100;
