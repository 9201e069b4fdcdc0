use std::collections::BTreeSet;

use crate::store::Checkpoint;
use crate::testing::{NOW, Numbers, chat, cipher, device, message, one_to_one, person};
use crate::{
    Changes, DatabaseKey, Form, GroupKeyRow, Missing, NewEntry, OutgoingRow, OwnPreKeyRow, ParkedRow, RouteKey, Secret,
    SegmentRow, SessionRow, Store, StoreError, TopicRow, Tx,
};

/// Sixteen bytes that occur nowhere by chance.
type Marker = [u8; 16];

/// What was written in a life of a database, and which of it was erased.
struct Life {
    numbers: Numbers,
    erased: BTreeSet<Marker>,
    standing: BTreeSet<Marker>,
}

impl Life {
    /// Bytes of a secret: a marker with more bytes around it.
    fn secret(&mut self, length: usize) -> (Marker, Secret) {
        let mut bytes: Vec<u8> = (0..length).map(|_| self.numbers.next() as u8).collect();
        let marker: Marker = self.numbers.bytes();
        let at = self.numbers.below(length - marker.len() + 1);
        bytes[at..at + marker.len()].copy_from_slice(&marker);
        self.standing.insert(marker);
        (marker, bytes.into())
    }

    /// A text with a word that ends in a marker. The index keeps only the end of a word that begins like the one before.
    fn text(&mut self) -> (Marker, String) {
        let digits: String = (0..24)
            .map(|_| char::from(b'a' + (self.numbers.next() % 26) as u8))
            .collect();
        let marker: Marker = digits.as_bytes()[8..].try_into().unwrap();
        self.standing.insert(marker);
        (
            marker,
            format!("well {digits} and{}", " more".repeat(self.numbers.below(40))),
        )
    }

    fn erase(&mut self, marker: Marker) {
        self.standing.remove(&marker);
        self.erased.insert(marker);
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Cleaning {
    Whole,
    WithoutSecureDelete,
    WithoutIndexSecureDelete,
    WithoutScrub,
}

/// Lives a life with many secrets and texts, erases most of them, empties the log, and answers how many of the erased and
/// of the standing markers are in the files.
fn markers_left(cleaning: Cleaning) -> (usize, usize) {
    let directory = tempfile::tempdir().unwrap();
    let key = DatabaseKey::from([0x5a; 32]);
    let mut store = Store::create(directory.path(), &key).unwrap();
    match cleaning {
        Cleaning::WithoutSecureDelete => store.connection.execute_batch("PRAGMA secure_delete = OFF").unwrap(),
        Cleaning::WithoutIndexSecureDelete => store
            .connection
            .execute_batch("INSERT INTO message_text (message_text, rank) VALUES ('secure-delete', 0)")
            .unwrap(),
        Cleaning::Whole | Cleaning::WithoutScrub => {}
    }
    if cleaning == Cleaning::WithoutScrub {
        // Nothing empties the log but the statement at the end.
        store.file.as_mut().unwrap().longest_log = u64::MAX;
    }
    let mut life = Life {
        numbers: Numbers(11),
        erased: BTreeSet::new(),
        standing: BTreeSet::new(),
    };
    live(&mut store, &mut life);
    if cleaning == Cleaning::WithoutScrub {
        store
            .connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
            .unwrap();
    } else {
        assert_eq!(store.checkpoint().unwrap(), Checkpoint::Done);
    }
    assert_eq!(std::fs::metadata(store.file.as_ref().unwrap().log()).unwrap().len(), 0);
    assert!(life.erased.len() > 3_000 && life.standing.len() > 500);
    count(&cipher::pages(directory.path(), key.expose()), &life)
}

fn count(pages: &[Vec<u8>], life: &Life) -> (usize, usize) {
    let mut begins = vec![false; 1 << 16];
    for marker in life.erased.iter().chain(&life.standing) {
        begins[usize::from(u16::from_be_bytes([marker[0], marker[1]]))] = true;
    }
    let mut found = BTreeSet::new();
    for page in pages {
        for at in 0..page.len() - 15 {
            if begins[usize::from(u16::from_be_bytes([page[at], page[at + 1]]))] {
                let window: Marker = page[at..at + 16].try_into().unwrap();
                found.insert(window);
            }
        }
    }
    (
        found.intersection(&life.erased).count(),
        found.intersection(&life.standing).count(),
    )
}

fn write(store: &mut Store, turn: impl FnOnce(&mut Tx<'_>) -> Result<(), StoreError>) -> Changes {
    store.write(turn).unwrap().1
}

fn live(store: &mut Store, life: &mut Life) {
    sessions(store, life);
    messages(store, life);
    keys(store, life);
    queues(store, life);
    deletions(store, life);
}

/// Two hundred sessions whose states change in size and place, all but the last state of each superseded.
fn sessions(store: &mut Store, life: &mut Life) {
    let mut current: Vec<Option<Marker>> = vec![None; 200];
    for _ in 0..2_000 {
        let which = life.numbers.below(current.len());
        let longest = if life.numbers.below(10) == 0 { 9_000 } else { 900 };
        let length = 100 + life.numbers.below(longest);
        let (marker, state) = life.secret(length);
        let row = SessionRow {
            identity: person(which as u8),
            installation: device(which as u32 % 3),
            bundle: person(which as u8),
            state,
            ephemeral: None,
            used_at: NOW,
        };
        let changes = write(store, |tx| tx.sessions().save(&row));
        assert!(changes.erased);
        if let Some(old) = current[which].replace(marker) {
            life.erase(old);
        }
    }
}

/// Messages in four chats, written in a mixed order, then half of them removed, edited or deleted, some chats emptied.
fn messages(store: &mut Store, life: &mut Life) {
    let chats = [1, 2, 3, 4].map(one_to_one);
    write(store, |tx| chats.iter().try_for_each(|id| tx.chats().save(&chat(id))));
    let mut rows = Vec::new();
    for number in 0..1_500 {
        let (marker, text) = life.text();
        let mut row = message(&chats[life.numbers.below(4)], 1 + number, &text);
        row.clock = life.numbers.next() >> 20;
        write(store, |tx| tx.messages().insert(&row).map(drop));
        rows.push((marker, row));
    }
    for (marker, row) in &mut rows {
        match life.numbers.below(4) {
            0 => write(store, |tx| tx.messages().remove(&row.id).map(drop)),
            1 => {
                row.text = String::new();
                write(store, |tx| tx.messages().update(row))
            }
            2 => {
                row.text = life.text().1;
                write(store, |tx| tx.messages().update(row))
            }
            _ => continue,
        };
        life.erase(*marker);
    }
    let gone = &chats[3];
    for (marker, row) in rows.iter().filter(|(_, row)| row.chat == *gone) {
        if !life.erased.contains(marker) {
            life.erase(*marker);
        } else if !row.text.is_empty() {
            let end = row.text.split(' ').nth(1).unwrap().as_bytes()[8..].try_into().unwrap();
            life.erase(end);
        }
    }
    write(store, |tx| tx.chats().remove(gone));
}

/// Messages with an edit and a payload, still on their way and kept for others, of which two thirds are deleted: by their
/// author, with everything that carries them, or by us alone.
fn deletions(store: &mut Store, life: &mut Life) {
    let id = one_to_one(9);
    write(store, |tx| tx.chats().save(&chat(&id)));
    for number in 0..150_u64 {
        let [message_id, edit] = [1_000_000 + number, 2_000_000 + number].map(crate::testing::message_id);
        let (text_marker, text) = life.text();
        let secrets: [(Marker, Secret); 5] = std::array::from_fn(|_| life.secret(300));
        let [payload, first, second, sent, kept] = secrets.each_ref().map(|(_, bytes)| bytes.to_vec());
        let row = crate::MessageRow {
            payload: Some(payload),
            ..message(&id, 1_000_000 + number, &text)
        };
        write(store, |tx| {
            tx.messages().insert(&row)?;
            let clock = number;
            tx.edits().add(&row.id, &crate::EditRow { clock, id: edit })?;
            on_its_way(tx, row.id, number, first, sent)?;
            keep(tx, row.id, number, kept)?;
            keep(tx, edit, 1_000 + number, second)
        });
        if number % 3 == 2 {
            continue;
        }
        write(store, |tx| {
            for carrier in [message_id, edit] {
                match number % 3 {
                    0 => tx.repair().erase_original(&carrier)?,
                    _ => tx.repair().remove_original(&carrier)?,
                }
                tx.outbox().remove_message(&carrier)?;
                tx.datasync().withdraw(&carrier)?;
            }
            tx.edits().remove_of(&message_id)?;
            tx.messages().update(&crate::MessageRow {
                text: String::new(),
                payload: None,
                deletion: crate::Deletion::ForEveryone,
                ..row
            })
        });
        secrets.iter().for_each(|(marker, _)| life.erase(*marker));
        life.erase(text_marker);
    }
}

/// What of a message waits to be sent and to be acknowledged.
fn on_its_way(
    tx: &mut Tx<'_>,
    message: protocol::id::MessageId,
    number: u64,
    payload: Vec<u8>,
    body: Vec<u8>,
) -> Result<(), StoreError> {
    tx.outbox().insert(&NewEntry {
        message: Some(message),
        pubsub_topic: String::new(),
        content_topic: String::new(),
        key: RouteKey::Symmetric(vec![1; 32].into()),
        payload,
        ephemeral: false,
        priority: 1,
        due_at: NOW,
        created_at: NOW,
    })?;
    let mut id = [0xdd; 32];
    id[..8].copy_from_slice(&number.to_be_bytes());
    let outgoing = OutgoingRow {
        id,
        group_id: id,
        message: Some(message),
        timestamp: 1,
        body,
    };
    tx.datasync().offer(&outgoing, &person(1), NOW)
}

/// What of a message is kept for others.
fn keep(tx: &mut Tx<'_>, message: protocol::id::MessageId, number: u64, bytes: Vec<u8>) -> Result<(), StoreError> {
    let original = crate::OriginalRow {
        message,
        chat: one_to_one(9),
        name: protocol::extensions::Name {
            line: protocol::extensions::Line([7; 8]),
            number,
        },
        audience: vec![2; 33],
        bytes,
        sent_at: NOW,
        kept_at: NOW,
    };
    tx.repair().keep_original(&original, 1_000, [1_000, 1_000])
}

/// Pre-keys, group keys, topic keys, recovery words.
fn keys(store: &mut Store, life: &mut Life) {
    for number in 0..200_u32 {
        let (old, secret) = life.secret(32);
        let mut public = [number as u8; 33];
        public[1] = (number >> 8) as u8;
        let expired_at = Some(NOW.plus(u64::from(number)));
        let pre_key = OwnPreKeyRow {
            public: public.into(),
            secret,
            version: number,
            created_at: NOW,
            expired_at,
        };
        write(store, |tx| tx.bundles().insert_own(&pre_key));
        if number < 150 {
            life.erase(old);
        }
    }
    write(store, |tx| tx.bundles().erase_own(NOW.plus(150)).map(drop));
    for round in 0..3 {
        for number in 0..60_u8 {
            let length = 60 + life.numbers.below(2_000);
            let (marker, state) = life.secret(length);
            let key = GroupKeyRow {
                group_id: vec![number; 33],
                key_id: [number; 32],
                deprecated_id: 1,
                created_at: 1,
                state,
                received_at: NOW,
            };
            write(store, |tx| tx.group_keys().save(&key));
            if round < 2 {
                life.erase(marker);
            }
            let (marker, key) = life.secret(32);
            let name = format!("topic {number}");
            let topic = TopicRow {
                name: name.clone(),
                pubsub_topic: String::new(),
                content_topic: String::new(),
                key: Some(key),
                listening: true,
            };
            write(store, |tx| {
                tx.topics().save(&topic)?;
                tx.topics().remove(&name)
            });
            life.erase(marker);
        }
    }
}

/// What passes through: outbox, data sync, parked envelopes, segments. All of it goes again.
fn queues(store: &mut Store, life: &mut Life) {
    for number in 0..200_u8 {
        let pieces: [(Marker, Secret); 4] = std::array::from_fn(|_| {
            let length = 40 + life.numbers.below(3_000);
            life.secret(length)
        });
        let (marker, key) = life.secret(32);
        let bytes = pieces.each_ref().map(|(_, bytes)| bytes.to_vec());
        write(store, |tx| queue(tx, number, key, bytes));
        pieces.iter().for_each(|(marker, _)| life.erase(*marker));
        life.erase(marker);
    }
    for number in (0..200_u8).rev() {
        write(store, |tx| {
            for row in tx.outbox().due(NOW, 1)? {
                tx.outbox().remove(row.id)?;
            }
            assert!(tx.datasync().acknowledge(&[number; 32], &person(1))?.is_some());
            assert_eq!(tx.waiting().take(Missing::Session, &[number], 10)?.len(), 1);
            tx.segments().complete(&[number; 32], &person(1), NOW)
        });
    }
}

/// Puts one piece into every queue.
fn queue(tx: &mut Tx<'_>, number: u8, key: Secret, bytes: [Vec<u8>; 4]) -> Result<(), StoreError> {
    let [payload, body, parked, data] = bytes;
    let id = [number; 32];
    tx.outbox().insert(&NewEntry {
        message: None,
        pubsub_topic: String::new(),
        content_topic: String::new(),
        key: RouteKey::Symmetric(key),
        payload,
        ephemeral: false,
        priority: 1,
        due_at: NOW,
        created_at: NOW,
    })?;
    let (group_id, message, timestamp) = (id, None, 1);
    let outgoing = OutgoingRow {
        id,
        group_id,
        message,
        timestamp,
        body,
    };
    tx.datasync().offer(&outgoing, &person(1), NOW)?;
    tx.waiting().park(&ParkedRow {
        missing: Missing::Session,
        what: vec![number],
        form: Form::Envelope,
        digest: id,
        sender: None,
        topic: String::new(),
        bytes: parked,
        sent_at: NOW,
        parked_at: NOW,
    })?;
    tx.segments().insert(&SegmentRow {
        hash: id,
        signer: person(1),
        parity: false,
        position: 0,
        total: 2,
        data,
        received_at: NOW,
    })?;
    Ok(())
}

#[test]
fn nothing_erased_is_left_in_any_page() {
    let (erased, standing) = markers_left(Cleaning::Whole);
    assert_eq!(erased, 0, "erased markers found in the files");
    assert!(standing > 500, "the search finds what stands");
}

#[test]
fn without_secure_delete_the_search_finds_much() {
    assert!(markers_left(Cleaning::WithoutSecureDelete).0 > 100);
}

#[test]
fn without_secure_delete_in_the_index_the_search_finds_words() {
    assert!(markers_left(Cleaning::WithoutIndexSecureDelete).0 > 0);
}

#[test]
fn without_the_scrub_the_search_finds_what_balancing_left() {
    assert!(markers_left(Cleaning::WithoutScrub).0 > 0);
}
