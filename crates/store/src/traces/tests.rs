use protocol::id::MessageId;

use super::*;
use crate::testing::{NOW, chat, message, message_id, one_to_one, person};
use crate::{Store, Tx};

fn parcel(first_entry: Option<i64>, segments: u32) -> ParcelRow {
    ParcelRow {
        outgoing: first_entry.is_some(),
        person: Some(person(2)),
        lock: TraceLock::Topic,
        pubsub_topic: "/waku/2/rs/16/32".into(),
        content_topic: "/waku/1/0x01020304/rfc26".into(),
        ephemeral: false,
        whole: None,
        segments,
        encrypted: 500,
        synced: 240,
        entries: first_entry.map(|first| (OutboxId(first), segments)),
        at: NOW,
    }
}

fn key(installation: &str) -> TraceKeyRow {
    TraceKeyRow {
        installation: installation.into(),
        scheme: TraceScheme::Ratchet,
        chain: Some([7; 8]),
        number: Some(3),
        pre_key: Some(person(9)),
        acknowledged_at: None,
    }
}

fn envelope(hash: u8, segment: u32) -> TraceEnvelopeRow {
    TraceEnvelopeRow {
        hash: [hash; 32],
        segment,
        parity: false,
        data: 500,
        sealed: 796,
        wire: 850,
        start: vec![1, 2, 3],
        stamped: NOW,
        outcome: TraceOutcome::Taken,
        peers: Some(4),
        at: NOW.plus(1),
    }
}

fn sighting(way: TraceWay, peer: &str, at: u64) -> SightingRow {
    SightingRow {
        way,
        peer: peer.into(),
        at: NOW.plus(at),
    }
}

fn written(tx: &mut Tx<'_>, id: &MessageId, parcel: &ParcelRow) -> Result<ParcelId, StoreError> {
    let row = tx.traces().add(parcel)?;
    tx.traces().add_message(row, id, 200, Some(&[5; 32]))?;
    tx.traces().add_key(row, &key("a"))?;
    tx.traces().add_key(row, &key("b"))?;
    Ok(row)
}

#[test]
fn what_was_recorded_is_read_again() {
    let mut store = Store::in_memory().unwrap();
    let id = message_id(1);
    store
        .write(|tx| {
            let row = written(tx, &id, &parcel(Some(10), 2))?;
            assert_eq!(tx.traces().of_entry(OutboxId(9))?, None);
            assert_eq!(tx.traces().of_entry(OutboxId(11))?, Some((row, parcel(Some(10), 2), 1)));
            assert_eq!(
                tx.traces().of_entry(OutboxId(12))?,
                None,
                "an entry of something that is not traced"
            );
            let handed = [sighting(TraceWay::Handed, "p1", 1)];
            tx.traces().add_envelope(row, &envelope(2, 1), &handed)?;
            tx.traces().add_envelope(row, &envelope(1, 0), &[])?;
            assert!(tx.traces().sighted(&[2; 32], &sighting(TraceWay::Store, "p2", 5), 2)?);
            assert!(
                !tx.traces().sighted(&[2; 32], &sighting(TraceWay::Store, "p3", 5), 2)?,
                "only so many"
            );
            assert!(!tx.traces().sighted(&[9; 32], &sighting(TraceWay::Store, "p3", 5), 2)?);
            tx.traces().acknowledged(&id, &person(2), "b", NOW.plus(9))?;
            tx.traces().acknowledged(&id, &person(3), "a", NOW.plus(9))?;
            tx.traces().answered(&[5; 32], NOW.plus(3))?;
            tx.traces().answered(&[5; 32], NOW.plus(4))?;
            Ok::<_, StoreError>(())
        })
        .unwrap();
    store
        .read(|view| {
            let traced = view.traces().of_message(&id, 10)?;
            let [(row, stored)] = &traced[..] else {
                panic!("{traced:?}")
            };
            assert_eq!(*stored, parcel(Some(10), 2));
            assert_eq!((row.signed, row.answered_at), (200, Some(NOW.plus(3))));
            let keys = view.traces().keys(row.parcel)?;
            let acknowledged = TraceKeyRow {
                acknowledged_at: Some(NOW.plus(9)),
                ..key("b")
            };
            assert_eq!(keys, [key("a"), acknowledged]);
            let seen = vec![sighting(TraceWay::Handed, "p1", 1), sighting(TraceWay::Store, "p2", 5)];
            assert_eq!(
                view.traces().envelopes(row.parcel)?,
                [(envelope(1, 0), vec![]), (envelope(2, 1), seen)]
            );
            Ok::<_, StoreError>(())
        })
        .unwrap();
}

#[test]
fn segments_that_come_one_by_one_are_one_parcel() {
    let mut store = Store::in_memory().unwrap();
    let first = ParcelRow {
        whole: Some([3; 32]),
        encrypted: 0,
        synced: 0,
        ..parcel(None, 2)
    };
    let then = ParcelRow {
        encrypted: 900,
        synced: 800,
        at: NOW.plus(7),
        ..first.clone()
    };
    let other = ParcelRow {
        person: Some(person(3)),
        ..first.clone()
    };
    let (rows, _) = store
        .write(|tx| {
            [&first, &then, &other]
                .map(|row| tx.traces().add(row))
                .into_iter()
                .collect::<Result<Vec<_>, _>>()
        })
        .unwrap();
    assert_eq!(rows[0], rows[1]);
    assert_ne!(rows[0], rows[2], "two people, two parcels");
}

#[test]
fn a_trace_goes_with_its_message_and_a_shared_parcel_stays() {
    let mut store = Store::in_memory().unwrap();
    let (first, second) = (message(&one_to_one(1), 1, "a"), message(&one_to_one(1), 2, "b"));
    store
        .write(|tx| {
            tx.chats().save(&chat(&one_to_one(1)))?;
            tx.messages().insert(&first)?;
            tx.messages().insert(&second)?;
            let shared = written(tx, &first.id, &parcel(None, 1))?;
            tx.traces().add_message(shared, &second.id, 100, None)?;
            let own = written(tx, &first.id, &parcel(Some(1), 1))?;
            tx.traces()
                .add_envelope(own, &envelope(1, 0), &[sighting(TraceWay::Relay, "p", 0)])?;
            tx.messages().remove(&first.id)?;
            assert_eq!(tx.traces().of_message(&first.id, 9)?, []);
            assert_eq!(tx.traces().of_message(&second.id, 9)?.len(), 1);
            assert_eq!(tx.traces().envelopes(own)?, []);
            tx.messages().remove(&second.id)?;
            assert_eq!(tx.traces().keys(shared)?, []);
            Ok::<_, StoreError>(())
        })
        .unwrap();
}

#[test]
fn the_old_and_the_many_are_forgotten() {
    let mut store = Store::in_memory().unwrap();
    store
        .write(|tx| {
            for number in 0..5 {
                let at = NOW.plus(number);
                written(tx, &message_id(number), &ParcelRow { at, ..parcel(None, 1) })?;
            }
            assert_eq!(tx.traces().prune(NOW.plus(1), 10)?, 1);
            assert_eq!(tx.traces().prune(NOW, 2)?, 2);
            for number in 0..5 {
                let left = tx.traces().of_message(&message_id(number), 9)?.len();
                assert_eq!(left, usize::from(number > 2), "{number}");
            }
            Ok::<_, StoreError>(())
        })
        .unwrap();
}
