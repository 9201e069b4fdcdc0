use std::panic::{AssertUnwindSafe, catch_unwind};

use proptest::prelude::*;

use crate::testing::{NOW, chat, message, message_id, one_to_one};
use crate::{Changes, Messages, Store, StoreError, Tx};

#[derive(Debug, PartialEq)]
enum Declined {
    Rule,
    Disk,
}

impl From<StoreError> for Declined {
    fn from(_: StoreError) -> Declined {
        Declined::Disk
    }
}

fn insert(tx: &mut Tx<'_>, number: u64) -> Result<(), Declined> {
    tx.messages().insert(&message(&one_to_one(1), number, "text"))?;
    Ok(())
}

fn store_with_chat() -> Store {
    let mut store = Store::in_memory().unwrap();
    store.write(|tx| tx.chats().save(&chat(&one_to_one(1)))).unwrap();
    store
}

fn present(store: &Store) -> Vec<u64> {
    let all = |messages: &Messages<'_>| messages.page(&one_to_one(1), None, 1_000);
    let rows = store.read(|view| all(&view.messages())).unwrap();
    rows.iter().map(|row| row.clock).rev().collect()
}

#[test]
fn a_commit_tells_what_it_touched() {
    let mut store = store_with_chat();
    let ((), changes) = store.write(|tx| insert(tx, 1)).unwrap();
    let expected = Changes {
        chats: [one_to_one(1)].into(),
        messages: [message_id(1)].into(),
        arrived: [message_id(1)].into(),
        ..Changes::default()
    };
    assert_eq!(changes, expected);
    let ((), changes) = store.write(|tx| insert(tx, 1)).unwrap();
    assert!(changes.is_empty(), "the same message again changes nothing");
}

#[test]
fn an_error_of_the_turn_rolls_everything_back() {
    let mut store = store_with_chat();
    let outcome = store.write(|tx| {
        insert(tx, 1)?;
        Err::<(), _>(Declined::Rule)
    });
    assert_eq!(outcome.unwrap_err(), Declined::Rule);
    assert!(present(&store).is_empty());
}

#[test]
fn a_panic_in_the_turn_rolls_everything_back() {
    let mut store = store_with_chat();
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        store.write(|tx| -> Result<(), Declined> {
            insert(tx, 1)?;
            tx.attempt(|tx| -> Result<(), Declined> {
                insert(tx, 2)?;
                panic!("a mistake of ours");
            })?
        })
    }));
    assert!(panicked.is_err());
    assert!(present(&store).is_empty());
    store.write(|tx| insert(tx, 3)).unwrap();
    assert_eq!(present(&store), [3]);
}

#[test]
fn a_declined_part_leaves_neither_rows_nor_record() {
    let mut store = store_with_chat();
    let ((), changes) = store
        .write(|tx| {
            insert(tx, 1)?;
            let declined = tx.attempt(|tx| {
                insert(tx, 2)?;
                tx.settings().set_number("tried", 1)?;
                tx.attempt(|tx| insert(tx, 3))??;
                Err::<(), _>(Declined::Rule)
            })?;
            assert_eq!(declined, Err(Declined::Rule));
            tx.attempt(|tx| insert(tx, 4))?
        })
        .unwrap();
    assert_eq!(present(&store), [1, 4]);
    assert_eq!(changes.messages, [message_id(1), message_id(4)].into());
    assert!(changes.settings.is_empty());
}

#[test]
fn a_declined_part_leaves_no_words_in_the_index() {
    let mut store = store_with_chat();
    store
        .write(|tx| -> Result<(), Declined> {
            let declined = tx.attempt(|tx| {
                tx.messages().insert(&message(&one_to_one(1), 1, "xylophone"))?;
                Err::<(), _>(Declined::Rule)
            })?;
            assert!(declined.is_err());
            insert(tx, 2)
        })
        .unwrap();
    let search = crate::Search {
        text: "xylophone".into(),
        ..Default::default()
    };
    assert!(
        store
            .read(|view| view.messages().search(&search, None, 10))
            .unwrap()
            .rows
            .is_empty()
    );
    check_index(&store);
}

/// Fails if the text index does not agree with the messages.
fn check_index(store: &Store) {
    store
        .connection
        .execute(
            "INSERT INTO message_text (message_text, rank) VALUES ('integrity-check', 1)",
            [],
        )
        .unwrap();
}

/// A tree of parts: each inserts a message, runs its parts, and perhaps declines.
#[derive(Clone, Debug)]
struct Part {
    declines: bool,
    parts: Vec<Part>,
}

fn part() -> impl Strategy<Value = Part> {
    let leaf = any::<bool>().prop_map(|declines| Part {
        declines,
        parts: Vec::new(),
    });
    leaf.prop_recursive(4, 24, 4, |inner| {
        (any::<bool>(), prop::collection::vec(inner, 0..4)).prop_map(|(declines, parts)| Part { declines, parts })
    })
}

/// Runs a part in the database and, beside it, in the head: `kept` is what should remain.
fn run(tx: &mut Tx<'_>, part: &Part, next: &mut u64, kept: &mut Vec<u64>) -> Result<(), Declined> {
    *next += 1;
    insert(tx, *next)?;
    kept.push(*next);
    for inner in &part.parts {
        let mut inner_kept = Vec::new();
        match tx.attempt(|tx| run(tx, inner, next, &mut inner_kept))? {
            Ok(()) => kept.extend(inner_kept),
            Err(declined) => assert_eq!(declined, Declined::Rule),
        }
    }
    if part.declines { Err(Declined::Rule) } else { Ok(()) }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn rows_and_record_agree_with_what_was_not_declined(part in part()) {
        let mut store = store_with_chat();
        let mut kept = Vec::new();
        let outcome = store.write(|tx| run(tx, &part, &mut 0, &mut kept));
        match outcome {
            Ok(((), changes)) => {
                let ids: std::collections::BTreeSet<_> = kept.iter().map(|number| message_id(*number)).collect();
                prop_assert_eq!(changes.messages, ids);
                prop_assert_eq!(present(&store), kept);
            }
            Err(declined) => {
                prop_assert_eq!(declined, Declined::Rule);
                prop_assert!(present(&store).is_empty());
            }
        }
        check_index(&store);
    }
}

#[test]
fn a_view_sees_one_moment() {
    let mut store = store_with_chat();
    store.write(|tx| insert(tx, 1)).unwrap();
    let seen = store
        .read(|view| {
            let first = view.messages().contains(&message_id(1))?;
            Ok::<_, StoreError>((first, view.messages().contains(&message_id(2))?))
        })
        .unwrap();
    assert_eq!(seen, (true, false));
    assert!(
        store
            .read(|view| view.chats().load(&one_to_one(1)))
            .unwrap()
            .unwrap()
            .created_at
            == NOW
    );
}
