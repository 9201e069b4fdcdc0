//! Reactions: an emoji on a message, or taken off again. Each emoji of each person is one fact of its own, and the newest
//! clock decides it. Nobody is notified of a reaction.

use protocol::content::reaction::is_emoji;
use protocol::content::{Content, EmojiReaction};
use protocol::id::MessageId;
use protocol::layers::application::Signed;
use store::{Deletion, ReactionRow};

use super::Error;
use super::target::{self, About};
use crate::command::CommandError;
use crate::inbound::{Reason, Rule};
use crate::receive::{Done, Halt, Origin};
use crate::turn::{Turn, row_key};

/// What is done with a reaction, or with a pin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Put on.
    On,
    /// Taken off.
    Off,
}

/// Puts an emoji on a message, or takes it off, and tells everybody in its chat.
pub(crate) fn react(turn: &mut Turn<'_, '_>, id: &MessageId, emoji: &str, mark: Mark) -> Result<(), CommandError> {
    let (place, row) = target::to_speak(turn, id)?;
    let emoji = protocol::content::reaction::canonical(emoji);
    if !is_emoji(&emoji) {
        return Err(Error::NotAnEmoji.into());
    }
    let me = row_key(&turn.me.public);
    let known = turn.tx.reactions().load(id, &me, &emoji)?;
    let stands = known.as_ref().is_some_and(|known| !known.retracted);
    if stands == (mark == Mark::On) {
        return Ok(());
    }
    if mark == Mark::On && turn.tx.reactions().authors(id, &emoji, 1)?.is_empty() {
        if turn.tx.reactions().kinds(id)? >= MOST_KINDS {
            return Err(Error::TooManyReactions.into());
        }
        if known.is_none() && turn.tx.reactions().count_of(id, &me)? >= MOST_OF_ONE {
            return Err(Error::TooManyReactions.into());
        }
    }
    let reaction = EmojiReaction {
        clock: place.next_clock(turn),
        chat_id: Some(place.chat.id.clone()),
        message_id: Some(row.id),
        message_type: place.message_type(),
        emoji,
        retracted: mark == Mark::Off,
    };
    place.tell(turn, reaction.clock, &Content::Reaction(reaction.clone()))?;
    turn.tx.reactions().save(&ReactionRow {
        message: row.id,
        author: me,
        emoji: reaction.emoji,
        clock: reaction.clock,
        retracted: reaction.retracted,
    })?;
    Ok(())
}

/// Somebody's reaction.
pub(crate) fn inbound(
    turn: &mut Turn<'_, '_>,
    origin: &Origin<'_>,
    signed: &Signed,
    reaction: &EmojiReaction,
) -> Result<Done, Halt> {
    reaction.validate(turn.now)?;
    let about = About {
        clock: reaction.clock,
        message_type: reaction.message_type,
        chat: reaction.chat_id.as_ref(),
        message: reaction.message_id.as_ref(),
    };
    let (place, row) = target::heard(turn, origin, signed, &about)?;
    if row.deletion != Deletion::None {
        return Err(Rule::Outdated.into());
    }
    let author = row_key(&signed.author);
    let known = turn.tx.reactions().load(&row.id, &author, &reaction.emoji)?;
    match &known {
        // Of two that one person made at once on two devices, the one that takes it off.
        Some(known) if (reaction.clock, reaction.retracted) <= (known.clock, known.retracted) => {
            return Err(Rule::Outdated.into());
        }
        None if turn.tx.reactions().count_of(&row.id, &author)? >= MOST_OF_ONE => {
            return Err(Halt::Drop(Reason::OverQuota));
        }
        _ => {}
    }
    turn.tx.reactions().save(&ReactionRow {
        message: row.id,
        author,
        emoji: reaction.emoji.clone(),
        clock: reaction.clock,
        retracted: reaction.retracted,
    })?;
    place.observe(turn, reaction.clock)?;
    Ok(Done::Applied)
}

/// Different emoji that we put on one message at most, beside those of others; deployed clients show as many.
pub const MOST_KINDS: u64 = 20;

/// Different emoji that one person may ever have put on one message.
const MOST_OF_ONE: u64 = 50;
