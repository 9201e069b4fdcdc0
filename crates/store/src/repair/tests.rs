use super::*;
use crate::testing::{NOW, message_id, one_to_one, person};
use crate::{Changes, Store};

fn name(number: u64) -> Name {
    Name {
        line: Line([7; 8]),
        number,
    }
}

fn absent(number: u64) -> AbsentRow {
    AbsentRow {
        chat: one_to_one(1),
        name: name(number),
        message: (number == 2).then(|| message_id(2)),
        named_by: message_id(9),
        namer: person(1),
        clock: 90,
        since: NOW,
        state: Absence::Expected,
        asked: 0,
        due_at: Some(NOW.plus(number)),
    }
}

fn original(number: u64, size: usize, kept_at: Timestamp) -> OriginalRow {
    OriginalRow {
        message: message_id(number),
        chat: one_to_one(1),
        name: name(number),
        audience: person(1).as_bytes().to_vec(),
        bytes: vec![1; size],
        sent_at: NOW,
        kept_at,
    }
}

#[test]
fn an_absence_becomes_a_gap_and_closes() {
    let mut store = Store::in_memory().unwrap();
    let chat = one_to_one(1);
    store
        .write(|tx| {
            (1..=3).try_for_each(|number| tx.repair().add_absent(&absent(number), 3))?;
            tx.repair().add_absent(&absent(4), 3)?;
            assert_eq!(tx.repair().all_absent(&chat)?.len(), 3, "the fourth is over the bound");
            assert!(tx.repair().gaps(&chat)?.is_empty(), "expected is not missing");
            assert_eq!(tx.repair().next_due()?, Some(NOW.plus(1)));
            assert_eq!(tx.repair().due(NOW.plus(2), 10)?, [absent(1), absent(2)]);
            assert_eq!(tx.repair().lacking(&name(2))?, [absent(2)]);
            Ok::<_, StoreError>(())
        })
        .unwrap();
    let ((), changes) = store
        .write(|tx| {
            for number in 1..=2 {
                tx.repair().update_absent(&AbsentRow {
                    state: Absence::Searching,
                    asked: 1,
                    due_at: Some(NOW.plus(1_000)),
                    ..absent(number)
                })?;
            }
            tx.repair().bring_forward(&chat, NOW.plus(500), NOW.plus(400))?;
            assert_eq!(tx.repair().next_due()?, Some(NOW.plus(3)));
            assert_eq!(tx.repair().due(NOW.plus(400), 10)?.len(), 3);
            assert!(tx.repair().remove_absent(&chat, &name(1))?);
            assert!(!tx.repair().remove_absent(&chat, &name(1))?);
            let gap = GapRow {
                named_by: message_id(9),
                clock: 90,
                count: 1,
                since: NOW,
                state: Absence::Searching,
                asked: 1,
            };
            assert_eq!(tx.repair().gaps(&chat)?, [gap]);
            Ok::<_, StoreError>(())
        })
        .unwrap();
    let expected = Changes {
        chats: [chat].into(),
        messages: [message_id(9)].into(),
        ..Changes::default()
    };
    assert_eq!(changes, expected);
}

#[test]
fn the_lines_that_spoke_last_are_kept() {
    let mut store = Store::in_memory().unwrap();
    let line = |byte: u8| LineRow {
        chat: one_to_one(1),
        line: Line([byte; 8]),
        author: (byte > 1).then(|| person(byte)),
        number: 4,
        heard_at: NOW.plus(byte.into()),
    };
    store
        .write(|tx| {
            for byte in [3, 1, 2] {
                tx.repair().save_line(&line(byte), 2)?;
            }
            assert_eq!(tx.repair().latest_lines(&one_to_one(1), 5)?, [line(3), line(2)]);
            assert_eq!(tx.repair().line(&one_to_one(1), &Line([3; 8]))?, Some(line(3)));
            let own = OwnLineRow {
                chat: one_to_one(1),
                nonce: [5; 8],
                number: 3,
                last: message_id(3),
                audience: vec![1; 16],
            };
            tx.repair().save_own_line(&own)?;
            tx.repair().forget_absent(&one_to_one(1))?;
            assert_eq!(tx.repair().own_line(&one_to_one(1))?, Some(own));
            assert!(tx.repair().latest_lines(&one_to_one(1), 5)?.is_empty());
            Ok::<_, StoreError>(())
        })
        .unwrap();
}

#[test]
fn originals_are_bounded_by_age_number_and_size() {
    let mut store = Store::in_memory().unwrap();
    store
        .write(|tx| {
            let keep = |tx: &mut crate::Tx<'_>, number, size| {
                let row = original(number, size, NOW.plus(number));
                tx.repair().keep_original(&row, 100, [3, 1])
            };
            for number in 1..=3 {
                keep(tx, number, 100)?;
            }
            assert_eq!(tx.repair().original(&name(2))?, Some(original(2, 100, NOW.plus(2))));
            assert!(!tx.changes().erased);
            keep(tx, 4, 101)?;
            keep(tx, 5, 1_000)?;
            assert_eq!(tx.repair().original(&name(4))?, None, "one large one is kept");
            keep(tx, 6, 1)?;
            assert_eq!(tx.repair().original(&name(1))?, None, "three small ones are kept");
            assert_eq!(tx.repair().prune_originals(NOW.plus(3))?, 1);
            assert_eq!(tx.repair().original(&name(2))?, None);
            assert!(tx.repair().original(&name(5))?.is_some());
            assert!(tx.changes().erased);
            Ok::<_, StoreError>(())
        })
        .unwrap();
}

#[test]
fn lateness_is_remembered() {
    let mut store = Store::in_memory().unwrap();
    store
        .write(|tx| {
            tx.repair().mark_late(&message_id(1))?;
            tx.repair().mark_late(&message_id(1))
        })
        .unwrap();
    assert!(store.read(|view| view.repair().is_late(&message_id(1))).unwrap());
    assert!(!store.read(|view| view.repair().is_late(&message_id(2))).unwrap());
}
