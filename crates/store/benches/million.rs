//! A long life in one database: a million messages, searched in every way; a chat of 100,000 opened.
//!
//! `cargo bench -p undertone-store --bench million` takes some minutes, most of them to fill the database, and prints one
//! table; `-- DIRECTORY` keeps the database there, and looks at the one that is there already. A figure is the middle and the longest of 40 looks, each at a snapshot of its own, on a connection that has
//! looked before; "first" is the first look after the database was opened, with the system's cache as it is.
//!
//! Texts have twelve words of a vocabulary of 20,000 in which the word of rank *n* is *n* times rarer than the commonest,
//! as in languages; four in a hundred messages are pictures.
#![allow(missing_docs, clippy::print_stdout)]

use std::path::Path;
use std::time::{Duration, Instant};

use protocol::Timestamp;
use protocol::id::{ChatId, MessageId};
use store::{ChatRow, DatabaseKey, Deletion, MessageRow, PublicKeyBytes, Search, Sort, Store, StoreError};
use undertone_store as store;

const MESSAGES: u64 = 1_000_000;
const LARGE_CHAT: u64 = 100_000;
const CHATS: u64 = 1_000;
const PEOPLE: u64 = 500;
/// Two years, one message a minute.
const APART_MS: u64 = 60_000;
const BEGIN: u64 = 1_700_000_000_000;
const LOOKS: usize = 40;

fn main() {
    let temporary = tempfile::tempdir().expect("a temporary directory");
    let kept = std::env::args().nth(1).filter(|argument| !argument.starts_with('-'));
    let directory = kept.as_deref().map_or(temporary.path(), Path::new);
    let begin = Instant::now();
    if std::fs::read_dir(directory).expect("a directory").next().is_none() {
        let mut store = Store::create(directory, &key()).expect("a new database");
        fill(&mut store);
        store.checkpoint().expect("an empty log");
    }
    let bytes = std::fs::read_dir(directory)
        .expect("the directory")
        .filter_map(|file| file.ok()?.metadata().ok())
        .map(|data| data.len())
        .sum::<u64>();
    println!(
        "{MESSAGES} messages in {CHATS} chats, {} MB, filled in {} s; load average {}",
        bytes / 1_000_000,
        begin.elapsed().as_secs(),
        std::fs::read_to_string("/proc/loadavg").unwrap_or_default().trim()
    );
    let store = Store::open(directory, &key()).expect("the database");
    println!(
        "{:<62} {:>8} {:>9} {:>9} {:>9} {:>6}",
        "", "goal", "first", "middle", "longest", "found"
    );
    for (what, search) in searches() {
        report(what, "100 ms", || {
            store
                .read(|view| view.messages().search(&search, None, 50))
                .map(|found| found.rows.len())
        });
    }
    report("first page of a chat of 100,000", "20 ms", || {
        store
            .read(|view| view.messages().page(&chat(0), None, 50))
            .map(|rows| rows.len())
    });
    report("list of chats, 50 of 1,000", "", || {
        store
            .read(|view| view.chats().summaries(None, 50))
            .map(|rows| rows.len())
    });
}

fn searches() -> Vec<(&'static str, Search)> {
    // over budget: one question a line
    let words = |text: &str| Search {
        text: text.to_owned(),
        ..Search::default()
    };
    let (rare, common) = (word(9_000), word(3));
    let day = |day: u64| Some(Timestamp(BEGIN + day * 86_400_000));
    vec![
        ("a rare word", words(&rare)),
        ("a common word", words(&common)),
        ("the commonest word", words(&word(0))),
        ("two common words", words(&format!("{} {}", word(1), word(2)))),
        ("a common and a rare word", words(&format!("{common} {rare}"))),
        ("the beginning of words, three letters", words(&word(40)[..3])),
        ("no such word", words("xyzzyxyzzy")),
        (
            "a common word in a small chat",
            Search {
                chat: Some(chat(77)),
                ..words(&common)
            },
        ),
        (
            "a common word in the large chat",
            Search {
                chat: Some(chat(0)),
                ..words(&common)
            },
        ),
        (
            "a common word of one person",
            Search {
                author: Some(person(123)),
                ..words(&common)
            },
        ),
        (
            "the commonest word in one week a year ago",
            Search {
                from: day(300),
                before: day(307),
                ..words(&word(0))
            },
        ),
        (
            "pictures with a common word",
            Search {
                sorts: vec![Sort::Content(7)],
                ..words(&common)
            },
        ),
        (
            "pictures of one person, no words",
            Search {
                author: Some(person(7)),
                sorts: vec![Sort::Content(7)],
                ..Search::default()
            },
        ),
        ("characters of a script without spaces, none found", words("東京駅")),
        ("32 words of nonsense", words(&"zz yy xx ".repeat(30))),
    ]
}

fn report(what: &str, goal: &str, mut look: impl FnMut() -> Result<usize, StoreError>) {
    let mut times = Vec::with_capacity(LOOKS);
    let mut found = 0;
    for _ in 0..=LOOKS {
        let begin = Instant::now();
        found = look().expect("a look");
        times.push(begin.elapsed());
    }
    let first = times.remove(0);
    times.sort();
    let ms = |time: Duration| format!("{:.2} ms", time.as_secs_f64() * 1_000.0);
    println!(
        "{what:<62} {goal:>8} {:>9} {:>9} {:>9} {found:>6}",
        ms(first),
        ms(times[LOOKS / 2]),
        ms(times[LOOKS - 1])
    );
}

fn fill(store: &mut Store) {
    store
        .write(|tx| {
            for number in 0..CHATS {
                tx.chats().save(&ChatRow::new(chat(number), Timestamp(BEGIN)))?;
            }
            Ok::<_, StoreError>(())
        })
        .expect("room for chats");
    for batch in 0..MESSAGES / 20_000 {
        store
            .write(|tx| {
                for number in batch * 20_000..(batch + 1) * 20_000 {
                    tx.messages().insert(&message(number))?;
                }
                Ok::<_, StoreError>(())
            })
            .expect("room for messages");
    }
}

fn message(number: u64) -> MessageRow {
    let mut dice = Dice(number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let mut id = [0; 32];
    id.chunks_mut(8)
        .for_each(|part| part.copy_from_slice(&dice.next().to_be_bytes()));
    let is_picture = dice.next().is_multiple_of(25);
    let words: Vec<String> = (0..12).map(|_| word(dice.rank(20_000))).collect();
    let in_large = number.is_multiple_of(MESSAGES / LARGE_CHAT);
    MessageRow {
        id: MessageId::from_bytes(id),
        chat: chat(if in_large { 0 } else { 1 + dice.next() % (CHATS - 1) }),
        author: person(dice.next() % PEOPLE),
        clock: BEGIN + number * APART_MS,
        sent_at: Timestamp(BEGIN + number * APART_MS),
        kind: if is_picture { 7 } else { 1 },
        text: words.join(" "),
        payload: None,
        response_to: None,
        delivery: None,
        request: None,
        edited_clock: 0,
        deletion: Deletion::None,
        deleted_by: None,
        seen: number + 1_000 < MESSAGES,
        mention: false,
    }
}

/// The word of a rank, made of syllables.
fn word(rank: u64) -> String {
    let mut dice = Dice((rank + 1).wrapping_mul(0xbf58_476d_1ce4_e5b9) | 1);
    let syllables = 2 + rank % 3;
    (0..syllables)
        .flat_map(|_| {
            let pick = |letters: &'static [u8], number: u64| letters[(number % letters.len() as u64) as usize] as char;
            let number = dice.next();
            [pick(b"bcdfghklmnprstvw", number), pick(b"aeiou", number >> 32)]
        })
        .collect()
}

struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A rank below `most`; small ones as much more often as they are smaller.
    fn rank(&mut self, most: u64) -> u64 {
        let part = (self.next() >> 11) as f64 / (1u64 << 53) as f64;
        ((most as f64).powf(part) - 1.0) as u64
    }
}

fn key() -> DatabaseKey {
    DatabaseKey::from([9; 32])
}

fn chat(number: u64) -> ChatId {
    ChatId::new(format!("0x04{}", format!("{number:016x}").repeat(8))).expect("an id")
}

fn person(number: u64) -> PublicKeyBytes {
    let mut bytes = [2; 33];
    bytes[25..].copy_from_slice(&number.to_be_bytes());
    PublicKeyBytes::from(bytes)
}
