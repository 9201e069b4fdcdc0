//! What the tests of this crate share: rows to write, random bytes that repeat, and an independent reader of SQLCipher's
//! page format.

use protocol::Timestamp;
use protocol::id::{ChatId, InstallationId, MessageId};

use rusqlite::Connection;

use crate::{ChatRow, Deletion, MessageRow, PublicKeyBytes};

pub(crate) const NOW: Timestamp = Timestamp(1_700_000_000_000);

/// Numbers that look random and are the same in every run (SplitMix64).
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    #[cfg_attr(not(feature = "sqlcipher"), allow(dead_code))]
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    pub(crate) fn bytes<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| self.next() as u8)
    }
}

pub(crate) fn person(number: u8) -> PublicKeyBytes {
    let mut bytes = [number; 33];
    bytes[0] = 2 + number % 2;
    bytes.into()
}

pub(crate) fn device(number: u32) -> InstallationId {
    InstallationId::new(format!("device-{number}")).unwrap()
}

pub(crate) fn one_to_one(number: u8) -> ChatId {
    let digits: String = (0..64).map(|_| format!("{number:02x}")).collect();
    ChatId::new(format!("0x04{digits}")).unwrap()
}

pub(crate) fn message_id(number: u64) -> MessageId {
    let mut numbers = Numbers(number);
    MessageId::from_bytes(numbers.bytes())
}

pub(crate) fn chat(id: &ChatId) -> ChatRow {
    ChatRow::new(id.clone(), NOW)
}

pub(crate) fn message(chat: &ChatId, number: u64, text: &str) -> MessageRow {
    MessageRow {
        id: message_id(number),
        chat: chat.clone(),
        author: person(1),
        clock: number,
        sent_at: NOW.plus(number),
        kind: 1,
        text: text.to_owned(),
        payload: None,
        response_to: None,
        delivery: None,
        request: None,
        edited_clock: 0,
        deletion: Deletion::None,
        deleted_by: None,
        seen: false,
        mention: false,
    }
}

/// Fails if a statement would walk through a whole table that grows with use. Every statement of every accessor comes
/// through here whenever a test runs it.
pub(crate) fn refuse_scans(connection: &Connection, sql: &str) {
    let mut explain = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    let nulls = vec![rusqlite::types::Null; explain.parameter_count()];
    let details = explain
        .query_map(rusqlite::params_from_iter(nulls), |row| row.get::<_, String>("detail"))
        .unwrap();
    for detail in details.map(Result::unwrap) {
        let scanned = detail.strip_prefix("SCAN ");
        let scans = scanned.is_some_and(|table| {
            !MAY_BE_SCANNED
                .iter()
                .any(|known| format!("{table} ").starts_with(known))
        });
        assert!(!scans && !detail.contains("AUTOMATIC"), "{detail}: {sql}");
    }
}

/// What a scan may walk through, as the plan names it.
const MAY_BE_SCANNED: &[&str] = &[
    "CONSTANT ROW",
    // What an inner statement has found.
    "(subquery",
    // One pre-key a day, erased after a month.
    "own_pre_keys ",
    // The list of chats is ordered by what is looked up for each.
    "c ",
    // An index with its own order.
    "message_text VIRTUAL TABLE INDEX 0:M",
    "message_text VIRTUAL TABLE INDEX 64:M",
    // As many as are unread.
    "activity USING COVERING INDEX",
    "activity USING INDEX activity_unread",
    // One row, or as many as there are things to tell about them all.
    "account ",
    "outbox USING COVERING INDEX",
    "shared_secrets ",
    "topics ",
    "waiting ",
];

#[cfg(feature = "sqlcipher")]
pub(crate) mod cipher;
