//! Presence: telling that we are there, and hearing it of others. Off until the person chooses otherwise, because
//! everybody who knows our key can hear it.
//!
//! Told on the contact-code topic, in the clear for all who can open that. What it means is in [`rules`].

pub mod rules;

use protocol::Timestamp;
use protocol::content::name::harmless;
use protocol::content::{Content, Presence, StatusUpdate};
use protocol::layers::application::Signed;
use store::{AccountRow, PresenceRow, StoreError};

use crate::command::CommandError;
use crate::contacts::Standing;
use crate::inbound::{Reason, Rule};
use crate::profile;
use crate::receive::{Done, Halt, Origin};
use crate::send;
use crate::turn::Turn;

/// Chooses what we tell of being there; `Unknown` is nothing. Whoever was told before is told that we are away.
pub(crate) fn choose(turn: &mut Turn<'_, '_>, presence: Presence, text: &str) -> Result<(), CommandError> {
    let text = profile::own_text(text)?;
    if text.chars().nth(MAX_TEXT_CHARACTERS).is_some() {
        return Err(profile::Error::PresenceTooLong.into());
    }
    let Some(row) = turn.tx.account().load()? else {
        return Ok(());
    };
    let told_before = row.presence;
    turn.tx.account().save(&AccountRow {
        presence,
        presence_text: text.to_owned(),
        ..row
    })?;
    match (presence, told_before) {
        (Presence::Unknown, Presence::Unknown | Presence::Inactive) => {}
        (Presence::Unknown, _) => tell(turn, Presence::Inactive, "")?,
        _ => tell(turn, presence, text)?,
    }
    Ok(())
}

/// Tells it again, if it is due.
pub(crate) fn tell_if_due(turn: &mut Turn<'_, '_>) -> Result<(), StoreError> {
    if turn.tx.marks().at(DUE, &[])?.is_none_or(|due| turn.now < due) {
        return Ok(());
    }
    match turn.tx.account().load()? {
        Some(row) => tell(turn, row.presence, &row.presence_text),
        None => Ok(()),
    }
}

/// The mark of when it is due again.
pub(crate) const DUE: &str = "presence due";

/// Somebody's presence; of people we have accepted, and from our other devices.
pub(crate) fn inbound(
    turn: &mut Turn<'_, '_>,
    origin: &Origin<'_>,
    signed: &Signed,
    update: &StatusUpdate,
) -> Result<Done, Halt> {
    if signed.author != origin.sender.key || !origin.sender.is_accepted() {
        return Err(Rule::NotAllowed.into());
    }
    update.validate()?;
    if origin.sender.standing == Standing::Own {
        return adopt(turn, update);
    }
    let known = turn.tx.people().presence(&origin.sender.row)?;
    if !rules::counts(update.clock, known.map(|row| row.clock), turn.now) {
        return Err(Halt::Drop(Reason::RuleBroken(Rule::Outdated)));
    }
    turn.tx.people().save_presence(&PresenceRow {
        identity: origin.sender.row,
        presence: update.presence,
        clock: update.clock,
        text: harmless(&update.custom_text),
    })?;
    Ok(Done::Applied)
}

/// What was chosen on another device of ours holds here too, if it is newer than what we told last.
fn adopt(turn: &mut Turn<'_, '_>, update: &StatusUpdate) -> Result<Done, Halt> {
    let told = turn.tx.marks().at(TOLD, &[])?;
    if !rules::counts(update.clock, told, turn.now) {
        return Err(Rule::Outdated.into());
    }
    if let Some(row) = turn.tx.account().load()? {
        turn.tx.account().save(&AccountRow {
            presence: update.presence,
            presence_text: harmless(&update.custom_text),
            ..row
        })?;
    }
    remember(turn, update.presence, update.clock)?;
    Ok(Done::Applied)
}

fn tell(turn: &mut Turn<'_, '_>, presence: Presence, text: &str) -> Result<(), StoreError> {
    if presence == Presence::Unknown {
        return turn.tx.marks().remove(DUE, &[]);
    }
    // Two choices within a second would otherwise have one time, and the second would not count.
    let last = turn.tx.marks().at(TOLD, &[])?.unwrap_or_default();
    let clock = turn.now.whole_seconds().max(last.whole_seconds().plus(1_000));
    let update = StatusUpdate {
        clock,
        presence,
        custom_text: text.to_owned(),
    };
    let content = Content::StatusUpdate(update);
    match presence {
        // Nobody wants to know it in an hour.
        Presence::Automatic => send::to_followers_briefly(turn, &content)?,
        _ => send::to_followers(turn, &content)?,
    }
    remember(turn, presence, clock)
}

fn remember(turn: &mut Turn<'_, '_>, presence: Presence, clock: Timestamp) -> Result<(), StoreError> {
    turn.tx.marks().set(TOLD, &[], clock)?;
    match rules::due_again(presence, turn.now) {
        Some(due) => turn.tx.marks().set(DUE, &[], due),
        None => turn.tx.marks().remove(DUE, &[]),
    }
}

const TOLD: &str = "presence told";

/// As the protocol has it.
const MAX_TEXT_CHARACTERS: usize = 128;
