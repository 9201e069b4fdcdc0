//! What a person does to make sure who somebody is.

use crypto::PublicKey;
use protocol::clock;
use protocol::content::{Content, VerificationMessage};
use protocol::wire::verification as wire;
use store::{Asker, ContactRow, Trust, VerificationRow, VerificationState};

use super::settle;
use crate::activity::Answer;
use crate::chats;
use crate::command::{CommandError, Fault};
use crate::contacts::{is_mutual, next_clock, relation};
use crate::send;
use crate::turn::{Turn, row_key};

/// One wish about somebody's identity.
#[derive(Clone, PartialEq, Eq)]
pub enum Command {
    /// Asks a contact something that only they can answer.
    Ask {
        /// Who is asked.
        person: PublicKey,
        /// The question, 1 to 280 bytes.
        question: String,
    },
    /// Takes the question back.
    Cancel {
        /// Who was asked.
        person: PublicKey,
    },
    /// Answers a contact's question.
    Answer {
        /// Who asked.
        person: PublicKey,
        /// The answer, 1 to 280 bytes.
        answer: String,
    },
    /// Refuses to answer. They are told.
    Decline {
        /// Who asked.
        person: PublicKey,
    },
    /// Says whether an answer was right. They are not told.
    Judge {
        /// Who answered.
        person: PublicKey,
        /// `Trusted` or `Untrusted`.
        trust: Trust,
    },
    /// Says that the safety number was compared, and whether it was the same on both sides.
    Compared {
        /// With whom.
        person: PublicKey,
        /// How the two numbers were.
        outcome: Comparison,
    },
    /// Labels a person. They are not told.
    SetTrust {
        /// Who.
        person: PublicKey,
        /// What we think of them.
        trust: Trust,
    },
}

/// How two safety numbers were.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// The same: nobody stands between us.
    Same,
    /// Not the same, or the mark is taken back.
    Different,
}

impl std::fmt::Debug for Command {
    /// Which wish, not what people wrote.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Command::Ask { .. } => "Ask(..)",
            Command::Cancel { .. } => "Cancel(..)",
            Command::Answer { .. } => "Answer(..)",
            Command::Decline { .. } => "Decline(..)",
            Command::Judge { .. } => "Judge(..)",
            Command::Compared { .. } => "Compared(..)",
            Command::SetTrust { .. } => "SetTrust(..)",
        })
    }
}

/// The person asked for something that cannot be done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The text is empty or too long.
    #[error("a question and an answer have 1 to 280 bytes")]
    BadText,
    /// A question of ours waits for an answer.
    #[error("you have asked already; wait for the answer, or take the question back")]
    AlreadyAsked,
    /// Nobody asked, or nobody answered.
    #[error("there is no question and no answer that waits for this")]
    NothingOpen,
    /// An answer is right or wrong.
    #[error("an answer is judged as trusted or as untrusted")]
    NoJudgement,
}

impl Error {
    /// A word for programs. Stable across versions.
    pub fn code(&self) -> &'static str {
        match self {
            Error::BadText => "bad_challenge",
            Error::AlreadyAsked => "already_verifying",
            Error::NothingOpen => "nothing_to_verify",
            Error::NoJudgement => "no_judgement",
        }
    }

    /// What kind of mistake it is.
    pub fn fault(&self) -> Fault {
        match self {
            Error::BadText | Error::NoJudgement => Fault::Invalid,
            Error::AlreadyAsked | Error::NothingOpen => Fault::Conflict,
        }
    }
}

/// Carries out one of them; answers whom it was about.
pub(crate) fn carry_out(turn: &mut Turn<'_, '_>, command: &Command) -> Result<PublicKey, CommandError> {
    match command {
        Command::Ask { person, question } => ask(turn, person, question).map(|()| *person),
        Command::Cancel { person } => cancel(turn, person).map(|()| *person),
        Command::Answer { person, answer: text } => answer(turn, person, text).map(|()| *person),
        Command::Decline { person } => decline(turn, person).map(|()| *person),
        Command::Judge { person, trust } => judge(turn, person, *trust).map(|()| *person),
        Command::Compared { person, outcome } => compared(turn, person, *outcome).map(|()| *person),
        Command::SetTrust { person, trust } => {
            let mut contact = somebody(turn, person)?;
            contact.trust = *trust;
            turn.tx.contacts().save(&contact)?;
            Ok(*person)
        }
    }
}

fn ask(turn: &mut Turn<'_, '_>, person: &PublicKey, question: &str) -> Result<(), CommandError> {
    let challenge = text(question)?;
    let contact = mutual(turn, person)?;
    let known = turn.tx.verifications().with(&contact.identity, Asker::We)?;
    if known.is_some_and(|row| row.state == VerificationState::Pending) {
        return Err(Error::AlreadyAsked.into());
    }
    let clock = next(turn, person, &contact)?;
    let request = wire::RequestContactVerification {
        clock,
        challenge: challenge.clone(),
    };
    let signed = send::to_person(
        turn,
        person,
        &Content::Verification(VerificationMessage::Request(request)),
    )?;
    settle(turn, person, Asker::We, Answer::Over)?;
    turn.tx.verifications().save(&VerificationRow {
        id: signed.id,
        person: contact.identity,
        asker: Asker::We,
        challenge,
        response: String::new(),
        state: VerificationState::Pending,
        requested_clock: clock,
        replied_clock: 0,
        at: turn.now,
    })?;
    Ok(())
}

fn cancel(turn: &mut Turn<'_, '_>, person: &PublicKey) -> Result<(), CommandError> {
    let (row, clock) = pending(turn, person, Asker::We)?;
    let cancel = wire::CancelContactVerification {
        clock,
        id: row.id.to_string(),
    };
    send::to_person(
        turn,
        person,
        &Content::Verification(VerificationMessage::Cancel(cancel)),
    )?;
    close(turn, row, VerificationState::Cancelled, clock)
}

fn answer(turn: &mut Turn<'_, '_>, person: &PublicKey, answer: &str) -> Result<(), CommandError> {
    let response = text(answer)?;
    let (mut row, clock) = pending(turn, person, Asker::They)?;
    let accept = wire::AcceptContactVerification {
        clock,
        id: row.id.to_string(),
        response: response.clone(),
    };
    send::to_person(
        turn,
        person,
        &Content::Verification(VerificationMessage::Accept(accept)),
    )?;
    settle(turn, person, Asker::They, Answer::Accepted)?;
    row.response = response;
    close(turn, row, VerificationState::Answered, clock)
}

fn decline(turn: &mut Turn<'_, '_>, person: &PublicKey) -> Result<(), CommandError> {
    let (row, clock) = pending(turn, person, Asker::They)?;
    let decline = wire::DeclineContactVerification {
        clock,
        id: row.id.to_string(),
    };
    send::to_person(
        turn,
        person,
        &Content::Verification(VerificationMessage::Decline(decline)),
    )?;
    settle(turn, person, Asker::They, Answer::Dismissed)?;
    close(turn, row, VerificationState::Declined, clock)
}

fn judge(turn: &mut Turn<'_, '_>, person: &PublicKey, trust: Trust) -> Result<(), CommandError> {
    let mut contact = mutual(turn, person)?;
    let row = turn.tx.verifications().with(&contact.identity, Asker::We)?;
    let row = row
        .filter(|row| row.state == VerificationState::Answered)
        .ok_or(Error::NothingOpen)?;
    let (state, answer) = match trust {
        Trust::Trusted => (VerificationState::Trusted, Answer::Accepted),
        Trust::Untrusted => (VerificationState::Untrusted, Answer::Dismissed),
        Trust::Unknown => return Err(Error::NoJudgement.into()),
    };
    contact.trust = trust;
    contact.verified_at = (trust == Trust::Trusted).then_some(turn.now);
    turn.tx.contacts().save(&contact)?;
    settle(turn, person, Asker::We, answer)?;
    let clock = row.replied_clock;
    close(turn, row, state, clock)
}

fn compared(turn: &mut Turn<'_, '_>, person: &PublicKey, outcome: Comparison) -> Result<(), CommandError> {
    let mut contact = somebody(turn, person)?;
    contact.verified_at = (outcome == Comparison::Same).then_some(turn.now);
    turn.tx.contacts().save(&contact)?;
    Ok(())
}

fn close(
    turn: &mut Turn<'_, '_>,
    row: VerificationRow,
    state: VerificationState,
    clock: u64,
) -> Result<(), CommandError> {
    turn.tx.verifications().save(&VerificationRow {
        state,
        replied_clock: clock,
        at: turn.now,
        ..row
    })?;
    Ok(())
}

/// The question that waits between us and a contact, and the clock of what is done about it.
fn pending(turn: &mut Turn<'_, '_>, person: &PublicKey, asker: Asker) -> Result<(VerificationRow, u64), CommandError> {
    let contact = mutual(turn, person)?;
    let row = turn.tx.verifications().with(&contact.identity, asker)?;
    let row = row
        .filter(|row| row.state == VerificationState::Pending)
        .ok_or(Error::NothingOpen)?;
    let clock = next(turn, person, &contact)?.max(row.requested_clock + 1);
    Ok((row, clock))
}

fn next(turn: &mut Turn<'_, '_>, person: &PublicKey, contact: &ContactRow) -> Result<u64, CommandError> {
    let chat = chats::one_to_one(turn, person)?;
    let next = next_clock(chat.clock, &relation(contact), turn.now);
    turn.tx.chats().set_clock(&chat.id, clock::observe(chat.clock, next))?;
    Ok(next)
}

fn mutual(turn: &mut Turn<'_, '_>, person: &PublicKey) -> Result<ContactRow, CommandError> {
    let contact = somebody(turn, person)?;
    match is_mutual(&contact) {
        true => Ok(contact),
        false => Err(CommandError::NotAContact),
    }
}

fn somebody(turn: &mut Turn<'_, '_>, person: &PublicKey) -> Result<ContactRow, CommandError> {
    if *person == turn.me.public {
        return Err(CommandError::OwnKey);
    }
    // Only somebody of whom we know can be labelled: a row for every key that is typed would be a list of strangers.
    let known = turn.tx.contacts().load(&row_key(person))?;
    known.ok_or(CommandError::ContactNotFound)
}

/// A question or an answer as it may be sent: the bound of deployed clients counts bytes.
fn text(text: &str) -> Result<String, Error> {
    let text = text.trim();
    match text.len() {
        1..=MAX_TEXT_BYTES if protocol::content::name::harmless(text) == text => Ok(text.to_owned()),
        _ => Err(Error::BadText),
    }
}

const MAX_TEXT_BYTES: usize = 280;
