//! Who may write what, and where a message stands.
//!
//! Pure. What a message has to look like by itself is `ChatMessage::validate`; here is what depends on chat and author.

use protocol::Timestamp;
use protocol::content::rule::MAX_TEXT_CHARACTERS;

use super::commands::Mute;
use crate::command::CommandError;
use crate::contacts::rules::Relation;

/// Whether we may write to a person, and why not.
pub fn may_write(relation: &Relation) -> Result<(), CommandError> {
    match () {
        () if relation.blocked => Err(CommandError::Blocked),
        () if !relation.mutual() => Err(CommandError::NotAContact),
        () => Ok(()),
    }
}

/// Whether a text can be sent: not blank, at most 4,096 characters. It is sent as it stands.
pub fn text(text: &str) -> Result<(), CommandError> {
    if text.trim().is_empty() {
        return Err(CommandError::EmptyText);
    }
    match text.chars().nth(MAX_TEXT_CHARACTERS) {
        Some(_) => Err(CommandError::MessageTooLong),
        None => Ok(()),
    }
}

/// Whether a person's messages are shown: once we have asked or accepted them. Until then they wait.
pub fn shows(relation: &Relation) -> bool {
    relation.added() && !relation.blocked
}

/// Whether a message of this clock was cleared away with what stood before it.
pub fn was_cleared(clock: u64, deleted_at_clock: u64) -> bool {
    clock <= deleted_at_clock
}

/// Until when a chat that is muted now makes no noise.
pub fn muted_until(how: Mute, now: Timestamp) -> Option<Timestamp> {
    match how {
        Mute::Off => None,
        Mute::For(millis) => Some(now.plus(millis).min(FOREVER)),
        Mute::Forever => Some(FOREVER),
    }
}

/// Whether a chat makes no noise at a moment. A mute ends by itself; nothing has to be written for it.
pub fn is_muted(muted_until: Option<Timestamp>, now: Timestamp) -> bool {
    muted_until.is_some_and(|end| now < end)
}

/// The moment that means "until it is switched on again": the last one that every program reads exactly.
pub const FOREVER: Timestamp = Timestamp((1 << 53) - 1);

/// Whether a message came late: into the middle of a chat, more than a minute after it was sent.
pub fn is_late(clock: u64, chat_clock: u64, sent_at: Timestamp, now: Timestamp) -> bool {
    clock < chat_clock && now.since(sent_at) > LATE_MS
}

const LATE_MS: u64 = 60_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_mutual_contacts_write_to_each_other() {
        let mut relation = Relation::default();
        assert!(matches!(may_write(&relation), Err(CommandError::NotAContact)));
        relation.asked(1);
        assert!(matches!(may_write(&relation), Err(CommandError::NotAContact)));
        assert!(!shows(&relation));
        relation.ask(2);
        assert!(may_write(&relation).is_ok() && shows(&relation));
        relation.block(3);
        assert!(matches!(may_write(&relation), Err(CommandError::Blocked)));
        assert!(!shows(&relation));
    }

    #[test]
    fn a_mute_ends_by_itself_or_never() {
        let now = Timestamp(1_800_000_000_000);
        let hour = muted_until(Mute::For(3_600_000), now);
        assert!(is_muted(hour, now) && is_muted(hour, now.plus(3_599_999)));
        assert!(!is_muted(hour, now.plus(3_600_000)));
        for long in [Mute::Forever, Mute::For(u64::MAX)] {
            assert_eq!(muted_until(long, now), Some(FOREVER));
        }
        assert!(!is_muted(muted_until(Mute::Off, now), now));
    }

    #[test]
    fn a_text_is_counted_in_characters() {
        assert!(matches!(text(" \n "), Err(CommandError::EmptyText)));
        assert!(text(&"é".repeat(4_096)).is_ok());
        assert!(matches!(text(&"é".repeat(4_097)), Err(CommandError::MessageTooLong)));
    }
}
