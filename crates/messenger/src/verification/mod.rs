//! Making sure who somebody is: by a question that only they can answer, as deployed clients do, and by comparing safety
//! numbers, which is ours and needs no network.
//!
//! A proof changes nothing for the other person; what we conclude from it stays here.

pub(crate) mod commands;
pub(crate) mod inbound;

use crypto::PublicKey;
use crypto::safety::SafetyNumber;
use store::{ActivityKind, Asker, StoreError};

use crate::activity::{self, Answer, Note};
use crate::turn::{Turn, row_key};

pub use commands::{Command, Comparison, Error};

/// The number that we and a person compare.
pub fn safety_number(own: &PublicKey, other: &PublicKey) -> SafetyNumber {
    SafetyNumber::of(own, other)
}

/// Names the entry of the activity centre about a proof with a person.
fn subject(person: &PublicKey, asker: Asker) -> Vec<u8> {
    let mut subject = row_key(person).as_bytes().to_vec();
    subject.push(u8::from(asker == Asker::We));
    subject
}

/// Tells that something waits for us: a question, or an answer to judge.
fn note(turn: &mut Turn<'_, '_>, person: &PublicKey, asker: Asker, text: &str) -> Result<(), StoreError> {
    let subject = subject(person, asker);
    let note = Note::new(ActivityKind::Verification, &subject)
        .by(person)
        .detail(text)
        .asks();
    activity::note(turn, &note)
}

/// Tells how it ended.
fn settle(turn: &mut Turn<'_, '_>, person: &PublicKey, asker: Asker, answer: Answer) -> Result<(), StoreError> {
    activity::settle(turn, ActivityKind::Verification, &subject(person, asker), answer)
}
