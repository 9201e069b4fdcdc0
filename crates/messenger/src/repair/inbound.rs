//! What others say about messages: records that make absences known, requests, and answers.

use protocol::Timestamp;
use protocol::content::Content;
use protocol::extensions::{Answer, Extensions, Name, Original};
use protocol::id::{ChatKind, MessageId};
use protocol::layers::application::{self, Signed};
use store::{Absence, AbsentRow, LineRow, PublicKeyBytes, StoreError};

use super::{
    BEGUN_ANEW, Conversation, MOST_ABSENT, MOST_ABSENT_AT_ONCE, MOST_LINES, Place, id_of, keep, place, rules, tell,
};
use crate::broken;
use crate::groups;
use crate::inbound::{Inbound, Reason, Rule};
use crate::receive::{self, Audience, Done, Halt, Origin};
use crate::turn::{Turn, row_key};

/// Accounts for a message: it is not absent, and what its record names is here or absent.
pub(crate) fn heard(
    turn: &mut Turn<'_, '_>,
    origin: &Origin<'_>,
    signed: &Signed,
    place: &Place,
    outcome: Inbound,
) -> Result<(), StoreError> {
    let Some(record) = Extensions::find(&signed.body).record else {
        return Ok(());
    };
    let Place {
        conversation,
        clock,
        takes_back,
    } = place;
    let in_group = conversation.chat.kind() == ChatKind::Group;
    let conversation = match in_group {
        true => match groups::audience(turn, origin, &conversation.chat, &signed.author, *clock)? {
            Some(people) => &Conversation::of_group(&conversation.chat, people),
            None => return Ok(()),
        },
        false => conversation,
    };
    let name = Name {
        line: conversation.line(&signed.author, &record.nonce),
        number: record.number,
    };
    let witness = Witness {
        message: signed.id,
        author: row_key(&signed.author),
        clock: *clock,
    };
    let author = Some(witness.author);
    turn.tx.repair().remove_absent(&conversation.chat, &name)?;
    reaches(turn, conversation, &witness, name, author, |number| {
        id_of(number, &record)
    })?;
    if in_group {
        for head in &record.heads {
            reaches(turn, conversation, &witness, *head, None, |_| None)?;
        }
        // What was refused is nothing that others miss; an edit of a deleted message is refused.
        if !matches!(outcome, Inbound::Dropped(_)) {
            keep(turn, conversation, signed, name, origin.sent_at)?;
        }
    }
    if let Some(message) = takes_back {
        taken_back(turn, conversation, &witness.author, message)?;
    }
    Ok(())
}

/// What its author took back before it came is not missed.
fn taken_back(
    turn: &mut Turn<'_, '_>,
    conversation: &Conversation,
    author: &PublicKeyBytes,
    message: &MessageId,
) -> Result<(), StoreError> {
    for name in turn.tx.repair().absent_of(&conversation.chat, message)? {
        let line = turn.tx.repair().line(&conversation.chat, &name.line)?;
        if line.and_then(|line| line.author).as_ref() == Some(author) {
            turn.tx.repair().remove_absent(&conversation.chat, &name)?;
        }
    }
    Ok(())
}

/// The message that makes something known.
struct Witness {
    message: MessageId,
    author: PublicKeyBytes,
    clock: u64,
}

/// A line reaches as far as `to`: if its author is given the message itself is here, else it was only named.
fn reaches(
    turn: &mut Turn<'_, '_>,
    conversation: &Conversation,
    witness: &Witness,
    to: Name,
    author: Option<PublicKeyBytes>,
    id: impl Fn(u64) -> Option<MessageId>,
) -> Result<(), StoreError> {
    let known = turn.tx.repair().line(&conversation.chat, &to.line)?;
    let is_here = author.is_some();
    let reached = match &known {
        Some(line) => line.number,
        None if misses_nothing_before(turn, conversation)? => to.number.saturating_sub(1),
        None => 0,
    };
    let author = author.or(known.as_ref().and_then(|line| line.author));
    let last_absent = if is_here { to.number - 1 } else { to.number };
    let first_absent = (reached + 1).max((to.number + 1).saturating_sub(MOST_ABSENT_AT_ONCE));
    for number in first_absent..=last_absent {
        let row = AbsentRow {
            chat: conversation.chat.clone(),
            name: Name { line: to.line, number },
            message: id(number),
            named_by: witness.message,
            namer: witness.author,
            clock: witness.clock,
            since: turn.now,
            state: Absence::Expected,
            asked: 0,
            due_at: Some(turn.now.plus(rules::GRACE_MS)),
        };
        turn.tx.repair().add_absent(&row, MOST_ABSENT)?;
    }
    if is_here || known.is_none_or(|line| line.number < to.number) {
        let row = LineRow {
            chat: conversation.chat.clone(),
            line: to.line,
            author,
            number: reached.max(to.number),
            heard_at: turn.now,
        };
        turn.tx.repair().save_line(&row, MOST_LINES)?;
    }
    Ok(())
}

/// Whether the first message of a line that is heard of says nothing about those before it: we came later than the line.
fn misses_nothing_before(turn: &mut Turn<'_, '_>, conversation: &Conversation) -> Result<bool, StoreError> {
    let begun_anew = turn
        .tx
        .marks()
        .at(BEGUN_ANEW, conversation.chat.as_str().as_bytes())?
        .is_some();
    Ok(begun_anew || conversation.chat.kind() == ChatKind::Public)
}

/// A request or an answer.
pub(crate) fn exchange(turn: &mut Turn<'_, '_>, origin: &Origin<'_>, signed: &Signed) -> Result<Done, Halt> {
    origin.must_be_personal(&signed.author)?;
    let Extensions { ask, answer, .. } = Extensions::find(&signed.body);
    if ask.is_empty() && answer.is_none() {
        return Err(Halt::Drop(Reason::Undecodable));
    }
    if !ask.is_empty() {
        help(turn, origin, &ask)?;
    }
    if let Some(answer) = answer {
        take(turn, origin, answer)?;
    }
    Ok(Done::Applied)
}

/// Gives what we have of what was written to the one who asks.
fn help(turn: &mut Turn<'_, '_>, origin: &Origin<'_>, names: &[Name]) -> Result<(), Halt> {
    let mut answer = Answer::default();
    let mut size = 0;
    for name in names {
        let Some(original) = turn.tx.repair().original(name)? else {
            if is_own(turn, name)? {
                answer.gone.push(*name);
            }
            continue;
        };
        let mut audience = original.audience.chunks(33);
        let is_for_them = audience.any(|key| key == origin.sender.row.as_bytes());
        // What was deleted for everybody is nobody's to miss.
        if original.bytes.is_empty() || (!is_for_them && !broken::SKIP_MEMBERSHIP) {
            answer.withheld.push(*name);
        } else if answer.originals.is_empty() || size + original.bytes.len() <= ANSWER_BYTES {
            size += original.bytes.len();
            answer.originals.push(Original {
                sent_at: original.sent_at.as_seconds(),
                bytes: original.bytes,
            });
        }
    }
    // Whoever shares nothing with us is told nothing.
    if answer.originals.is_empty() && !origin.sender.is_accepted() {
        return Err(Rule::NotAllowed.into());
    }
    if answer == Answer::default() {
        return Ok(());
    }
    let mark = turn.tx.marks().at(ANSWERED, origin.sender.row.as_bytes())?;
    let mark = rules::allowance(mark, turn.now, size as u64).ok_or(Reason::OverQuota)?;
    turn.tx.marks().set(ANSWERED, origin.sender.row.as_bytes(), mark)?;
    let answer = Extensions {
        answer: Some(answer),
        ..Extensions::default()
    };
    Ok(tell(turn, &origin.sender.key, answer)?)
}

/// Takes what was asked for, and learns what will not come.
fn take(turn: &mut Turn<'_, '_>, origin: &Origin<'_>, answer: Answer) -> Result<(), StoreError> {
    for original in answer.originals {
        take_original(turn, origin, original)?;
    }
    for name in answer.gone {
        for row in turn.tx.repair().lacking(&name)? {
            if writes(turn, origin, &row)? {
                turn.tx.repair().update_absent(&AbsentRow {
                    state: Absence::Gone,
                    due_at: None,
                    ..row
                })?;
            }
        }
    }
    for name in answer.withheld {
        for row in turn.tx.repair().lacking(&name)? {
            if row.namer == origin.sender.row || writes(turn, origin, &row)? {
                turn.tx.repair().remove_absent(&row.chat, &name)?;
            }
        }
    }
    Ok(())
}

/// A message handed on takes the way of every message, if its author's own record says that it is the absent one.
fn take_original(turn: &mut Turn<'_, '_>, origin: &Origin<'_>, original: Original) -> Result<(), StoreError> {
    let Ok(signed) = application::verify(original.bytes, &origin.sender.key) else {
        return Ok(());
    };
    let (Some(record), Ok(content)) = (
        Extensions::find(&signed.body).record,
        Content::parse(signed.kind, &signed.body),
    ) else {
        return Ok(());
    };
    let origin = Origin {
        sender: origin.sender,
        sent_at: Timestamp::from_seconds(original.sent_at).min(origin.sent_at),
        audience: Audience::Us,
        coming: origin.coming,
        sync: None,
    };
    let Some(Place { conversation, .. }) = place(turn, &origin, &signed, &content) else {
        return Ok(());
    };
    let name = Name {
        line: conversation.line(&signed.author, &record.nonce),
        number: record.number,
    };
    if turn.tx.repair().absent(&conversation.chat, &name)?.is_none() {
        return Ok(());
    }
    if receive::message(turn, &origin, signed.bytes)? == Reason::Duplicate.into() {
        // It was here without its record having been read, as with an older version.
        turn.tx.repair().remove_absent(&conversation.chat, &name)?;
    }
    Ok(())
}

/// Whether the one who answers writes the line of an absent message.
fn writes(turn: &mut Turn<'_, '_>, origin: &Origin<'_>, row: &AbsentRow) -> Result<bool, StoreError> {
    let line = turn.tx.repair().line(&row.chat, &row.name.line)?;
    Ok(line.and_then(|line| line.author) == Some(origin.sender.row))
}

/// Whether a line is one of ours.
fn is_own(turn: &mut Turn<'_, '_>, name: &Name) -> Result<bool, StoreError> {
    let Name { line, number } = name;
    let me = row_key(&turn.me.public);
    Ok(turn
        .tx
        .repair()
        .reached(line, &me)?
        .is_some_and(|reached| *number <= reached))
}

/// Bytes of originals in one answer; a larger one goes alone.
const ANSWER_BYTES: usize = 64 << 10;

const ANSWERED: &str = "repair answered until";
