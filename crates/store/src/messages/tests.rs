use protocol::Timestamp;
use protocol::id::{ChatId, MessageId};

use super::*;
use crate::testing::{NOW, Numbers, chat, message, message_id, one_to_one, person};
use crate::{PinRow, ReactionRow, Store};

fn store(chats: &[ChatId]) -> Store {
    let mut store = Store::in_memory().unwrap();
    store
        .write(|tx| chats.iter().try_for_each(|id| tx.chats().save(&chat(id))))
        .unwrap();
    store
}

fn add(store: &mut Store, row: &MessageRow) {
    assert!(store.write(|tx| tx.messages().insert(row)).unwrap().0);
}

fn found(store: &Store, search: Search) -> Vec<u64> {
    let found = store.read(|view| view.messages().search(&search, None, 100)).unwrap();
    found.rows.iter().map(|row| row.clock).collect()
}

fn words(text: &str) -> Search {
    Search {
        text: text.to_owned(),
        ..Search::default()
    }
}

#[test]
fn every_column_reads_back() {
    let id = one_to_one(1);
    let mut store = store(std::slice::from_ref(&id));
    let row = MessageRow {
        payload: Some(vec![1, 2, 3]),
        response_to: Some(message_id(9)),
        delivery: Some(Delivery::Sent),
        request: Some(RequestProgress::Pending),
        edited_clock: 5,
        deletion: Deletion::ForMe,
        deleted_by: Some(person(3)),
        seen: true,
        mention: true,
        kind: 11,
        ..message(&id, 1, "text")
    };
    add(&mut store, &row);
    assert_eq!(
        store.read(|view| view.messages().load(&row.id)).unwrap(),
        Some(row.clone())
    );
    let changed = MessageRow {
        text: "other".into(),
        delivery: None,
        request: None,
        payload: None,
        ..row
    };
    store.write(|tx| tx.messages().update(&changed)).unwrap();
    assert_eq!(
        store.read(|view| view.messages().load(&changed.id)).unwrap(),
        Some(changed)
    );
}

#[test]
fn a_message_needs_its_chat() {
    let mut store = store(&[]);
    assert!(
        store
            .write(|tx| tx.messages().insert(&message(&one_to_one(1), 1, "text")))
            .is_err()
    );
}

#[test]
fn a_clock_no_honest_client_has_is_kept_as_the_highest() {
    let id = one_to_one(1);
    let mut store = store(std::slice::from_ref(&id));
    add(
        &mut store,
        &MessageRow {
            clock: u64::MAX,
            ..message(&id, 1, "text")
        },
    );
    let row = store
        .read(|view| view.messages().load(&message_id(1)))
        .unwrap()
        .unwrap();
    assert_eq!(row.clock, i64::MAX as u64);
}

#[test]
fn pages_have_every_message_once_in_order_also_when_clocks_repeat() {
    let id = one_to_one(1);
    let mut store = store(&[id.clone(), one_to_one(2)]);
    let mut numbers = Numbers(3);
    let mut expected: Vec<Cursor> = Vec::new();
    for number in 0..100 {
        let row = MessageRow {
            clock: numbers.next() % 20,
            ..message(&id, number, "text")
        };
        expected.push(row.cursor());
        add(&mut store, &row);
        add(&mut store, &message(&one_to_one(2), 1_000 + number, "elsewhere"));
    }
    expected.sort();
    let mut backwards = Vec::new();
    let mut cursor = None;
    loop {
        let page = store
            .read(|view| view.messages().page(&id, cursor.as_ref(), 7))
            .unwrap();
        let Some(last) = page.last() else { break };
        cursor = Some(last.cursor());
        backwards.extend(page.iter().map(MessageRow::cursor));
    }
    backwards.reverse();
    assert_eq!(backwards, expected);
    let mut forwards = vec![expected[0]];
    loop {
        let after = *forwards.last().unwrap();
        let page = store.read(|view| view.messages().page_after(&id, &after, 7)).unwrap();
        if page.is_empty() {
            break;
        }
        forwards.extend(page.iter().map(MessageRow::cursor));
    }
    assert_eq!(forwards, expected);
}

#[test]
fn unread_counts_follow_the_messages() {
    let id = one_to_one(1);
    let mut store = store(std::slice::from_ref(&id));
    for number in 1..=5 {
        add(
            &mut store,
            &MessageRow {
                mention: number % 2 == 1,
                ..message(&id, number, "text")
            },
        );
    }
    add(
        &mut store,
        &MessageRow {
            seen: true,
            ..message(&id, 6, "ours")
        },
    );
    let counts = |store: &Store| {
        let summary = store.read(|view| view.chats().summary(&id)).unwrap().unwrap();
        (summary.unread, summary.mentions, summary.last.map(|last| last.clock))
    };
    assert_eq!(counts(&store), (5, 3, Some(6)));
    let (count, changes) = store.write(|tx| tx.messages().mark_seen(&id, 3)).unwrap();
    assert_eq!((count, changes.messages.len(), changes.chats.len()), (3, 3, 1));
    assert_eq!(counts(&store), (2, 1, Some(6)));
    store.write(|tx| tx.messages().remove(&message_id(6))).unwrap();
    store.write(|tx| tx.messages().remove(&message_id(5))).unwrap();
    assert_eq!(counts(&store), (1, 0, Some(4)));
}

#[test]
fn delivery_is_told_only_for_messages_that_are_here() {
    let id = one_to_one(1);
    let mut store = store(std::slice::from_ref(&id));
    for number in [3, 1, 2] {
        add(
            &mut store,
            &MessageRow {
                delivery: Some(Delivery::Queued),
                ..message(&id, number, "text")
            },
        );
    }
    let (known, changes) = store
        .write(|tx| tx.messages().set_delivery(&message_id(2), Delivery::Delivered))
        .unwrap();
    assert!(known && changes.messages.contains(&message_id(2)) && changes.chats.contains(&id));
    let (known, changes) = store
        .write(|tx| tx.messages().set_delivery(&message_id(7), Delivery::Failed))
        .unwrap();
    assert!(!known && changes.is_empty());
    let open = store.read(|view| view.messages().undelivered(10)).unwrap();
    assert_eq!(open.iter().map(|row| row.clock).collect::<Vec<_>>(), [1, 3]);
}

#[test]
fn removing_takes_everything_that_hangs_on_a_message() {
    let [kept, gone] = [1, 2].map(one_to_one);
    let mut store = store(&[kept.clone(), gone.clone()]);
    for number in 1..=4 {
        let id = if number == 4 { &kept } else { &gone };
        let row = message(id, number, "word");
        add(&mut store, &row);
        store
            .write(|tx| {
                let (author, emoji) = (person(2), "👍".to_owned());
                tx.reactions().save(&ReactionRow {
                    message: row.id,
                    author,
                    emoji,
                    clock: 1,
                    retracted: false,
                })?;
                tx.pins().save(&PinRow {
                    message: row.id,
                    chat: id.clone(),
                    author,
                    clock: 1,
                    pinned: true,
                })
            })
            .unwrap();
    }
    let (count, changes) = store.write(|tx| tx.messages().remove_up_to(&gone, 2)).unwrap();
    assert_eq!(count, 2);
    assert!(changes.erased && changes.messages.is_empty() && changes.cleared == [gone.clone()].into());
    let ((), changes) = store.write(|tx| tx.chats().remove(&gone)).unwrap();
    assert_eq!(
        (changes.cleared, changes.chats),
        ([gone.clone()].into(), [gone.clone()].into())
    );
    assert_eq!(found(&store, words("word")), [4]);
    store
        .read(|view| {
            for number in 1..=3 {
                assert!(view.reactions().to(&message_id(number))?.is_empty());
                assert!(view.pins().load(&message_id(number))?.is_none());
            }
            assert_eq!(view.reactions().to(&message_id(4))?.len(), 1);
            assert_eq!(view.pins().of_chat(&kept)?.len(), 1);
            assert!(view.chats().load(&gone)?.is_none());
            Ok::<_, StoreError>(())
        })
        .unwrap();
}

#[test]
fn search_ignores_case_and_accents_and_takes_beginnings() {
    let id = one_to_one(1);
    let mut store = store(std::slice::from_ref(&id));
    for (number, text) in [
        (1, "Meet me at the Café tomorrow"),
        (2, "the cafeteria is closed"),
        (3, "nothing of the kind"),
        (4, "明日は東京で会いましょう"),
        (5, "100% \"quoted\" C:\\path under_score"),
        (6, "Straße, Ελλάδα, Привет"),
    ] {
        add(&mut store, &message(&id, number, text));
    }
    assert_eq!(found(&store, words("cafe")), [2, 1]);
    assert_eq!(found(&store, words("CAFÉ tomorrow")), [1]);
    assert_eq!(found(&store, words("tomorrow caf")), [1]);
    assert_eq!(found(&store, words("東京")), [4]);
    assert_eq!(found(&store, words("ελλάδα")), [6]);
    assert_eq!(found(&store, words("привет")), [6]);
    for nothing in ["", "  ", "***", "\"", "missing", "東西"] {
        assert!(found(&store, words(nothing)).is_empty(), "{nothing:?}");
    }
    for hostile in [
        "\"quoted\"",
        "quoted OR",
        "text:quoted",
        "NEAR(quoted",
        "quoted\" OR \"kind",
        "-quoted",
        "^quoted",
    ] {
        let search = words(hostile);
        store.read(|view| view.messages().search(&search, None, 10)).unwrap();
    }
    assert_eq!(found(&store, words("\"quoted\"")), [5]);
    assert!(found(&store, words("kind OR quoted")).is_empty(), "OR is a word");
}

#[test]
fn search_filters_by_chat_person_and_date_and_goes_on() {
    let [first, second] = [1, 2].map(one_to_one);
    let mut store = store(&[first.clone(), second.clone()]);
    for number in 1..=8 {
        let chat = if number <= 4 { &first } else { &second };
        let author = person(if number % 2 == 0 { 2 } else { 3 });
        add(
            &mut store,
            &MessageRow {
                author,
                ..message(chat, number, "word")
            },
        );
    }
    let at = |number: u64| Some(Timestamp(NOW.0 + number));
    let mut search = words("word");
    assert_eq!(found(&store, search.clone()), [8, 7, 6, 5, 4, 3, 2, 1]);
    search.chat = Some(first);
    assert_eq!(found(&store, search.clone()), [4, 3, 2, 1]);
    search.author = Some(person(3));
    assert_eq!(found(&store, search.clone()), [3, 1]);
    search.from = at(2);
    assert_eq!(found(&store, search.clone()), [3]);
    search.before = at(3);
    assert!(found(&store, search.clone()).is_empty());
    search.from = None;
    assert_eq!(found(&store, search), [1]);
    for search in [
        words("word"),
        Search {
            from: at(0),
            ..Search::default()
        },
    ] {
        assert_eq!(paged(&store, &search, 3), [8, 7, 6, 5, 4, 3, 2, 1], "{}", search.text);
    }
}

/// All that is found, in parts.
fn paged(store: &Store, search: &Search, limit: u32) -> Vec<u64> {
    let mut clocks = Vec::new();
    let mut after = None;
    loop {
        let found = store.read(|view| view.messages().search(search, after, limit)).unwrap();
        assert!(found.rows.len() <= limit as usize);
        clocks.extend(found.rows.iter().map(|row| row.clock));
        match found.next {
            Some(next) => after = Some(next),
            None => return clocks,
        }
    }
}

#[test]
fn common_words_are_found_like_rare_ones() {
    // over budget: one world, and one search a line
    let [first, second] = [1, 2].map(one_to_one);
    let mut store = store(&[first.clone(), second.clone()]);
    store
        .write(|tx| {
            for number in 0..5_000_u64 {
                let chat = if number % 100 == 0 { &second } else { &first };
                let row = MessageRow {
                    // Many at one time, and not in the order in which they came.
                    sent_at: Timestamp(NOW.0 + number * 7_919 % 5_000 / 10),
                    kind: if number % 10 == 0 { 7 } else { 1 },
                    author: person((number % 3) as u8 + 2),
                    ..message(chat, number, if number % 2 == 0 { "common even" } else { "common odd" })
                };
                tx.messages().insert(&row)?;
            }
            Ok::<_, StoreError>(())
        })
        .unwrap();
    let all = store.read(|view| view.messages().page(&first, None, 10_000)).unwrap();
    let rest = store.read(|view| view.messages().page(&second, None, 10_000)).unwrap();
    let all: Vec<MessageRow> = all.into_iter().chain(rest).collect();
    let expect = |fits: &dyn Fn(&MessageRow) -> bool| {
        let mut clocks: Vec<u64> = all.iter().filter(|row| fits(row)).map(|row| row.clock).collect();
        clocks.sort_unstable();
        clocks
    };
    let mid = Timestamp(NOW.0 + 250);
    let searches: [(Search, Vec<u64>); 6] = [
        (words("common"), expect(&|_| true)),
        (words("common even"), expect(&|row| row.clock % 2 == 0)),
        (
            Search {
                chat: Some(second.clone()),
                ..words("common")
            },
            expect(&|row| row.chat == second),
        ),
        (
            Search {
                author: Some(person(3)),
                ..words("common")
            },
            expect(&|row| row.author == person(3)),
        ),
        (
            Search {
                sorts: vec![Sort::Content(7), Sort::File],
                ..words("common")
            },
            expect(&|row| row.kind == 7),
        ),
        (
            Search {
                from: Some(mid),
                before: Some(mid.plus(10)),
                ..words("common odd")
            },
            expect(&|row| row.clock % 2 == 1 && (mid..mid.plus(10)).contains(&row.sent_at)),
        ),
    ];
    for (search, expected) in searches {
        let mut clocks = paged(&store, &search, 700);
        let times: Vec<u64> = clocks.iter().map(|clock| clock * 7_919 % 5_000 / 10).collect();
        assert!(times.is_sorted_by(|one, other| one >= other), "the newest first");
        clocks.sort_unstable();
        assert_eq!(clocks, expected, "{search:?}");
    }
}

#[test]
fn the_index_follows_edits_and_removals() {
    let id = one_to_one(1);
    let mut store = store(std::slice::from_ref(&id));
    let mut row = message(&id, 1, "before");
    add(&mut store, &row);
    for text in ["after", "", "again"] {
        row.text = text.to_owned();
        store.write(|tx| tx.messages().update(&row)).unwrap();
        for word in ["before", "after", "again"] {
            assert_eq!(
                found(&store, words(word)).len(),
                usize::from(word == text),
                "{word} while {text:?}"
            );
        }
    }
    store.write(|tx| tx.messages().remove(&row.id)).unwrap();
    assert!(found(&store, words("again")).is_empty());
    store
        .connection
        .execute(
            "INSERT INTO message_text (message_text, rank) VALUES ('integrity-check', 1)",
            [],
        )
        .unwrap();
}

#[test]
fn responses_are_found_by_what_they_answer() {
    let id = one_to_one(1);
    let mut store = store(std::slice::from_ref(&id));
    add(&mut store, &message(&id, 1, "question"));
    add(
        &mut store,
        &MessageRow {
            response_to: Some(message_id(1)),
            ..message(&id, 2, "answer")
        },
    );
    let answers = store.read(|view| view.messages().responses(&message_id(1))).unwrap();
    assert_eq!(answers, [message_id(2)]);
    assert_eq!(
        store.read(|view| view.messages().responses(&message_id(2))).unwrap(),
        Vec::<MessageId>::new()
    );
}

#[test]
fn debug_shows_no_text() {
    let row = message(&one_to_one(1), 1, "a secret matter");
    assert!(!format!("{row:?}").contains("secret"));
    assert!(!format!("{:?}", words("a secret matter")).contains("secret"));
}
