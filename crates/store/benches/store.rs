//! What the database costs: opening it with 100,000 messages, showing a chat, one durable commit, emptying the log, search.
//!
//! Floors: opening reads a handful of pages (about 15 µs each to verify and decrypt); a durable commit is one `fsync` of the
//! log on the disk below the temporary directory.

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use protocol::Timestamp;
use protocol::id::{ChatId, InstallationId, MessageId};
use store::{
    ChatRow, Checkpoint, DatabaseKey, Deletion, MessageRow, PublicKeyBytes, Search, SessionRow, Store, StoreError,
};
use tempfile::TempDir;
use undertone_store as store;

/// A profile with 100 chats of 1,000 messages each.
fn full() -> (TempDir, Store) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let mut store = Store::create(directory.path(), &key()).expect("a new database");
    for batch in 0..100 {
        let chat = chat(batch as u8);
        store
            .write(|tx| {
                tx.chats().save(&ChatRow::new(chat.clone(), Timestamp(1)))?;
                for number in 0..1_000 {
                    tx.messages().insert(&message(&chat, batch * 1_000 + number))?;
                }
                Ok::<_, StoreError>(())
            })
            .expect("room for messages");
    }
    store.checkpoint().expect("an empty log");
    (directory, store)
}

fn cold_start(c: &mut Criterion) {
    let (directory, store) = full();
    drop(store);
    c.bench_function("open with 100,000 messages, list of chats, last page", |b| {
        b.iter(|| {
            let store = Store::open(directory.path(), &key()).expect("the database");
            let shown = store.read(|view| {
                let chats = view.chats().summaries(None, 50)?;
                let page = view.messages().page(&chats[0].chat.id, None, 50)?;
                Ok::<_, StoreError>((chats.len(), page.len()))
            });
            assert_eq!(black_box(shown.expect("lists")), (50, 50));
        });
    });
}

fn reading(c: &mut Criterion) {
    let (_directory, store) = full();
    c.bench_function("page of 50 messages", |b| {
        b.iter(|| {
            store
                .read(|view| view.messages().page(&chat(7), None, 50))
                .expect("a page")
        });
    });
    let search = Search {
        text: "message number 77".into(),
        ..Search::default()
    };
    c.bench_function("search for three words in 100,000 messages", |b| {
        b.iter(|| {
            store
                .read(|view| view.messages().search(&search, None, 50))
                .expect("a search")
        });
    });
}

/// What a received message costs here: session, message, two marks, one clock.
fn receive(tx: &mut store::Tx<'_>, chat: &ChatId, number: u64) -> Result<(), StoreError> {
    let row = message(chat, number);
    if tx.seen().has_envelope(row.id.as_bytes())? {
        return Ok(());
    }
    let [identity, bundle] = [2; 2].map(|byte| PublicKeyBytes::from([byte; 33]));
    let installation = InstallationId::new("device").expect("an id");
    let state = tx
        .sessions()
        .load(&identity, &installation, &bundle)?
        .map(|row| row.state);
    let session = SessionRow {
        identity,
        installation,
        bundle,
        state: state.unwrap_or_else(|| vec![number as u8; 400].into()),
        ephemeral: None,
        used_at: Timestamp(number),
    };
    tx.sessions().save(&session)?;
    tx.messages().insert(&row)?;
    tx.chats().set_clock(chat, number)?;
    tx.seen().add_message(&row.id, Timestamp(number))?;
    tx.seen().add_envelope(row.id.as_bytes(), Timestamp(number))?;
    Ok(())
}

fn writing(c: &mut Criterion) {
    let (_directory, mut store) = full();
    let mut number = 1_000_000;
    c.bench_function("one received message, one durable commit", |b| {
        b.iter(|| {
            number += 1;
            store.write(|tx| receive(tx, &chat(7), number)).expect("a commit");
        });
    });
    c.bench_function("500 received messages, one durable commit", |b| {
        b.iter(|| {
            store
                .write(|tx| {
                    for _ in 0..500 {
                        number += 1;
                        let next = number;
                        tx.attempt(|tx| receive(tx, &chat(7), next))??;
                    }
                    Ok::<_, StoreError>(())
                })
                .expect("a commit");
        });
    });
    c.bench_function("emptying the log after 20 received messages", |b| {
        b.iter_custom(|rounds| {
            let mut spent = Duration::ZERO;
            for _ in 0..rounds {
                for _ in 0..20 {
                    number += 1;
                    store.write(|tx| receive(tx, &chat(7), number)).expect("a commit");
                }
                let start = Instant::now();
                assert_eq!(store.checkpoint().expect("a checkpoint"), Checkpoint::Done);
                spent += start.elapsed();
            }
            spent
        });
    });
}

fn key() -> DatabaseKey {
    DatabaseKey::from([9; 32])
}

fn chat(number: u8) -> ChatId {
    ChatId::new(format!("0x04{}", format!("{number:02x}").repeat(64))).expect("an id")
}

fn message(chat: &ChatId, number: u64) -> MessageRow {
    let mut id = [0; 32];
    for (at, part) in id.chunks_mut(8).enumerate() {
        let mixed = (number + 1)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .rotate_left(at as u32 * 17 + 5);
        part.copy_from_slice(&mixed.wrapping_mul(0xbf58_476d_1ce4_e5b9).to_be_bytes());
    }
    MessageRow {
        id: MessageId::from_bytes(id),
        chat: chat.clone(),
        author: PublicKeyBytes::from([2; 33]),
        clock: number,
        sent_at: Timestamp(number),
        kind: 1,
        text: format!("This is message number {number}, with some more words that nobody will ever read."),
        payload: None,
        response_to: None,
        delivery: None,
        request: None,
        edited_clock: 0,
        deletion: Deletion::None,
        deleted_by: None,
        seen: !number.is_multiple_of(50),
        mention: false,
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10).warm_up_time(Duration::from_millis(500));
    targets = cold_start, reading, writing
}
criterion_main!(benches);
