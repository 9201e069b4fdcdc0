//! [`shared`] runs on both databases; what only one of them has is in [`files`], [`servers`] and
//! [`tls`].

mod files;
mod lab;
#[path = "../../tests/server/mod.rs"]
mod server;
mod servers;
mod shared;
mod tls;

use super::*;
use lab::{Home, Lab, NOON, SECOND, envelope};

#[test]
fn refuses_what_does_not_belong_into_an_archive() {
    let at = |timestamp, ephemeral| {
        let message = WakuMessage {
            timestamp,
            ephemeral,
            ..envelope(0, 0, 0).message
        };
        refusal(&message, NOON)
    };
    assert_eq!(at(Some(NOON), false), None);
    assert_eq!(at(Some(NOON), true), Some(Refusal::Ephemeral));
    assert_eq!(at(Some(NOON - 20 * SECOND), false), None);
    assert_eq!(at(Some(NOON - 20 * SECOND - 1), false), Some(Refusal::TooOld));
    assert_eq!(at(Some(NOON + 20 * SECOND), false), None);
    assert_eq!(at(Some(NOON + 20 * SECOND + 1), false), Some(Refusal::FromTheFuture));
    assert_eq!(at(None, false), Some(Refusal::TooOld));
    assert_eq!(at(Some(i64::MIN), false), Some(Refusal::TooOld));
    assert_eq!(at(Some(i64::MAX), false), Some(Refusal::FromTheFuture));
}

fn an_export(messages: usize) -> Vec<u8> {
    let lab = Lab::open(&mut Home::Folder, Retention::NONE);
    let archive = &lab.archive;
    for number in 0..messages {
        let envelope = envelope(number as u32, 0, 10);
        let hash = envelope.hash();
        futures::executor::block_on(archive.backfill(envelope, hash)).unwrap();
    }
    let mut bytes = Vec::new();
    archive.export(&mut bytes, &mut |_| ()).unwrap();
    bytes
}

#[test]
fn a_damaged_export_is_noticed_wherever_it_is_damaged() {
    let whole = an_export(3);
    let lab = Lab::open(&mut Home::Folder, Retention::NONE);
    let archive = &lab.archive;
    let import = |mut bytes: &[u8]| archive.import(&mut bytes, &mut |_| ());
    for length in 0..whole.len() {
        let error = import(&whole[..length]).unwrap_err();
        assert!(
            matches!(error, ImportError::Cut { .. } | ImportError::NotAnExport),
            "{length}: {error}"
        );
    }
    for place in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[place] ^= 1;
        assert!(import(&bytes).is_err(), "a bit at {place}");
    }
    assert!(matches!(
        import(b"undertone-archive 2\n...."),
        Err(ImportError::OtherVersion)
    ));
    assert_eq!(
        import(&whole).unwrap().duplicates,
        3,
        "what was whole before the damage is stored"
    );
}
