//! What others ask and answer.

use crypto::PublicKey;
use protocol::content::VerificationMessage;
use protocol::content::name::harmless;
use protocol::id::MessageId;
use protocol::layers::application::Signed;
use protocol::wire::verification as wire;
use store::{Asker, VerificationRow, VerificationState};

use super::{note, settle};
use crate::activity::Answer;
use crate::contacts;
use crate::inbound::{Reason, Rule};
use crate::receive::{Done, Halt, Origin};
use crate::turn::{Turn, row_key};

/// One step of a proof of identity. Only between mutual contacts; each counts once, and only after the one before.
pub(crate) fn message(
    turn: &mut Turn<'_, '_>,
    origin: &Origin<'_>,
    signed: &Signed,
    message: &VerificationMessage,
) -> Result<Done, Halt> {
    if signed.author == turn.me.public {
        return Err(Halt::Drop(Reason::Unsupported(signed.kind)));
    }
    origin.must_be_personal(&signed.author)?;
    message.validate(origin.sent_at)?;
    let person = signed.author;
    let contact = contacts::load(turn, &person)?;
    if !contacts::is_mutual(&contact) {
        return Err(Rule::NotAllowed.into());
    }
    match message {
        VerificationMessage::Request(request) => asked(turn, &person, signed.id, request),
        VerificationMessage::Accept(accept) => answered(turn, &person, accept),
        VerificationMessage::Decline(decline) => {
            let mut row = open(turn, &person, Asker::We, &decline.id, decline.clock)?;
            row.state = VerificationState::Declined;
            end(turn, &person, row, decline.clock)
        }
        VerificationMessage::Cancel(cancel) => {
            let mut row = open(turn, &person, Asker::They, &cancel.id, cancel.clock)?;
            row.state = VerificationState::Cancelled;
            end(turn, &person, row, cancel.clock)
        }
    }
}

fn asked(
    turn: &mut Turn<'_, '_>,
    person: &PublicKey,
    id: MessageId,
    request: &wire::RequestContactVerification,
) -> Result<Done, Halt> {
    let known = turn.tx.verifications().with(&row_key(person), Asker::They)?;
    if known.is_some_and(|row| row.requested_clock.max(row.replied_clock) >= request.clock) {
        return Err(Rule::Outdated.into());
    }
    let challenge = harmless(request.challenge.trim());
    note(turn, person, Asker::They, &challenge)?;
    turn.tx.verifications().save(&VerificationRow {
        id,
        person: row_key(person),
        asker: Asker::They,
        challenge,
        response: String::new(),
        state: VerificationState::Pending,
        requested_clock: request.clock,
        replied_clock: 0,
        at: turn.now,
    })?;
    Ok(Done::Applied)
}

fn answered(
    turn: &mut Turn<'_, '_>,
    person: &PublicKey,
    accept: &wire::AcceptContactVerification,
) -> Result<Done, Halt> {
    let mut row = open(turn, person, Asker::We, &accept.id, accept.clock)?;
    row.response = harmless(accept.response.trim());
    row.state = VerificationState::Answered;
    row.replied_clock = accept.clock;
    row.at = turn.now;
    note(turn, person, Asker::We, &row.response)?;
    turn.tx.verifications().save(&row)?;
    Ok(Done::Applied)
}

/// The proof that a message is about, if it still waits.
fn open(
    turn: &mut Turn<'_, '_>,
    person: &PublicKey,
    asker: Asker,
    id: &str,
    clock: u64,
) -> Result<VerificationRow, Halt> {
    let row = turn.tx.verifications().with(&row_key(person), asker)?;
    match row {
        Some(row)
            if id.parse() == Ok(row.id) && row.state == VerificationState::Pending && clock > row.requested_clock =>
        {
            Ok(row)
        }
        _ => Err(Rule::Outdated.into()),
    }
}

fn end(turn: &mut Turn<'_, '_>, person: &PublicKey, mut row: VerificationRow, clock: u64) -> Result<Done, Halt> {
    row.replied_clock = clock;
    row.at = turn.now;
    settle(turn, person, row.asker, Answer::Over)?;
    turn.tx.verifications().save(&row)?;
    Ok(Done::Applied)
}
