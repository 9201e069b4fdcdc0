//! Who may write what, and where a message stands.
//!
//! Pure. What a message has to look like by itself is `ChatMessage::validate`; here is what depends on chat and author.

use std::ops::Range;

use crypto::PublicKey;
use protocol::Timestamp;
use protocol::content::chat_message::Body;
use protocol::content::rule::MAX_TEXT_CHARACTERS;
use protocol::mention::{Whom, mentions};
use store::ChatRow;

use super::commands::Mute;
use super::{Room, Saying};
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

/// Whether we may write in a public chat: while we are in it.
pub fn may_write_publicly(chat: &ChatRow) -> Result<(), CommandError> {
    match chat.active {
        true => Ok(()),
        false => Err(CommandError::ChatNotFound),
    }
}

/// The public chat that a text names, as deployed clients write it: small letters, digits and minus signs. A sign `#`
/// before it and capitals are forgiven. None if it cannot be a name, or would be the topic of something else.
pub fn public_name(text: &str) -> Option<String> {
    let name = text.trim().trim_start_matches('#').to_ascii_lowercase();
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let fits = (1..=MAX_PUBLIC_NAME_BYTES).contains(&name.len()) && name.bytes().all(plain);
    let other = name.starts_with("0x") || name.starts_with("contact-discovery-");
    (fits && !other).then_some(name)
}

/// Long enough for every name that people type.
const MAX_PUBLIC_NAME_BYTES: usize = 100;

/// The ten minutes in which something was sent. They are the same for everybody and in whatever order messages come, so
/// it does not matter whether a message is heard at once or found in the past.
pub fn span_of(sent_at: Timestamp) -> Range<Timestamp> {
    let start = sent_at.minus(sent_at.0 % FLOOD_SPAN_MS);
    start..start.plus(FLOOD_SPAN_MS)
}

/// Whether one more message in a public chat would be too many: of its author, or of all when its author is a stranger.
pub fn is_flood(of_author: u64, of_all: u64) -> bool {
    of_author >= u64::from(MOST_OF_ONE) || of_all >= u64::from(MOST_OF_ALL)
}

/// Whether a clock is further ahead than a badly set clock explains.
pub fn is_ahead(clock: u64, now: Timestamp) -> bool {
    clock > now.plus(MOST_AHEAD_MS).0
}

const FLOOD_SPAN_MS: u64 = 10 * 60 * 1_000;

/// Messages of one person in a public chat in ten minutes. Nobody types faster for long.
pub const MOST_OF_ONE: u32 = 100;

/// Messages of everybody in a public chat in ten minutes, beyond which strangers are not heard: more than anybody reads.
pub const MOST_OF_ALL: u32 = 500;

const MOST_AHEAD_MS: u64 = 60 * 60 * 1_000;

/// Whether something of this form can be said in such a chat. A picture may go without text; in public chats, deployed
/// clients take neither pictures nor sounds.
pub(crate) fn saying(room: &Room, saying: &Saying) -> Result<(), CommandError> {
    let picture = matches!(saying.body, Body::Image(_));
    let heavy = picture || matches!(saying.body, Body::Audio(_));
    if heavy && matches!(room, Room::Public) {
        return Err(CommandError::UnsupportedChat);
    }
    match text(&saying.text) {
        Err(CommandError::EmptyText) if picture => Ok(()),
        outcome => outcome,
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

/// Whether a text calls us, by our key or as one of all.
pub fn is_called(text: &str, own: &PublicKey) -> bool {
    let calls = |whom: Whom| matches!(whom, Whom::Everybody) || whom == Whom::Person(*own);
    mentions(text).into_iter().any(|mention| calls(mention.whom))
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

/// Whether a message of this kind can get another text: what deployed clients let people edit.
pub fn is_editable(kind: u32) -> bool {
    matches!(kind, TEXT | EMOJI | IMAGE | BRIDGE)
}

/// The kind of a message after an edit that names another one: a text may become only emoji, and the other way round.
pub(crate) fn kind_after_edit(kind: u32, content_type: i32) -> u32 {
    match (kind, content_type.unsigned_abs()) {
        (TEXT | EMOJI, other @ (TEXT | EMOJI)) => other,
        _ => kind,
    }
}

/// Whether a message of this kind was said by somebody, and is no line that a device made for itself.
pub fn is_said(kind: u32) -> bool {
    !matches!(kind, 6 | 10 | 13..=17)
}

/// The clocks this near to one.
pub(crate) fn around(clock: u64, span: u64) -> std::ops::RangeInclusive<u64> {
    clock.saturating_sub(span)..=clock.saturating_add(span)
}

// Numbers of the wire's content types.
pub(crate) const TEXT: u32 = 1;
pub(crate) const EMOJI: u32 = 4;
const IMAGE: u32 = 7;
/// The line of a pinned message, which no message from the network may be.
pub(crate) const PINNED_LINE: u32 = 14;
const BRIDGE: u32 = 18;

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
    fn an_edit_makes_no_picture_of_a_text() {
        assert_eq!(kind_after_edit(TEXT, 4), EMOJI);
        assert_eq!(kind_after_edit(EMOJI, 1), TEXT);
        for (kind, content_type) in [(TEXT, 0), (TEXT, 7), (TEXT, 14), (TEXT, -14), (IMAGE, 1), (BRIDGE, 1)] {
            assert_eq!(kind_after_edit(kind, content_type), kind, "{content_type}");
        }
        assert!(is_editable(IMAGE) && is_said(IMAGE) && is_said(11));
        assert!(!is_editable(8) && !is_editable(11) && !is_said(PINNED_LINE));
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
    fn a_public_name_is_what_deployed_clients_let_people_type() {
        assert_eq!(public_name(" #Status ").as_deref(), Some("status"));
        assert_eq!(public_name("introductions-2").as_deref(), Some("introductions-2"));
        let key = format!("0x04{}", "ab".repeat(64));
        let long = "a".repeat(101);
        for other in [
            "",
            "#",
            "two words",
            "grüße",
            "a/b",
            "a\u{202e}b",
            &key,
            "contact-discovery-17",
            &long,
        ] {
            assert_eq!(public_name(other), None, "{other}");
        }
    }

    #[test]
    fn a_text_is_counted_in_characters() {
        assert!(matches!(text(" \n "), Err(CommandError::EmptyText)));
        assert!(text(&"é".repeat(4_096)).is_ok());
        assert!(matches!(text(&"é".repeat(4_097)), Err(CommandError::MessageTooLong)));
    }
}
