//! What a presence means, and when to tell one's own.
//!
//! Pure. The deployed meanings: an automatic one holds for five minutes from its clock, "always online" for two weeks,
//! an inactive one says "away" for as long as it is the newest. How long "do not disturb" holds is not said anywhere; here
//! it holds as long as "always online".

use protocol::Timestamp;
use protocol::content::Presence;

/// What is shown of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// There, until this moment unless they say so again.
    Online(Timestamp),
    /// There but not to be disturbed, until this moment.
    Busy(Timestamp),
    /// They said that they are away.
    Away,
}

/// What is shown of a presence that was said at `clock`; nothing once it has expired.
pub fn shown(presence: Presence, clock: Timestamp, now: Timestamp) -> Option<Shown> {
    let until = |millis: u64| Some(clock.plus(millis)).filter(|end| now < *end);
    match presence {
        Presence::Automatic => until(AUTOMATIC_MS).map(Shown::Online),
        Presence::AlwaysOnline => until(LONG_MS).map(Shown::Online),
        Presence::DoNotDisturb => until(LONG_MS).map(Shown::Busy),
        Presence::Inactive => Some(Shown::Away),
        Presence::Unknown => None,
    }
}

/// When a presence of ours that was told at `last` has to be told again, if at all. Told less often than it expires, an
/// automatic one would flicker; told more often, all of them would say more about us than they must.
pub fn due_again(presence: Presence, last: Timestamp) -> Option<Timestamp> {
    match presence {
        Presence::Automatic => Some(last.plus(PING_EVERY_MS)),
        Presence::AlwaysOnline | Presence::DoNotDisturb => Some(last.plus(DAY_MS)),
        Presence::Inactive | Presence::Unknown => None,
    }
}

/// Whether a received one counts: newer than the one we know, and not from a future that would outlive all others.
pub fn counts(clock: Timestamp, known: Option<Timestamp>, now: Timestamp) -> bool {
    known.is_none_or(|known| clock > known) && clock <= now.plus(CLOCKS_DIFFER_MS)
}

/// How long an automatic presence holds.
const AUTOMATIC_MS: u64 = 5 * 60 * 1_000;

/// How long the others hold.
const LONG_MS: u64 = 14 * DAY_MS;

/// At most this often, as deployed.
const PING_EVERY_MS: u64 = 5 * 60 * 1_000;

/// How far the clocks of others may be ahead.
const CLOCKS_DIFFER_MS: u64 = 120_000;

const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_800_000_000_000);

    #[test]
    fn what_is_shown_expires_by_itself() {
        let at = |presence, age| shown(presence, NOW, NOW.plus(age));
        let minutes = 60_000;
        assert_eq!(at(Presence::Automatic, 0), Some(Shown::Online(NOW.plus(5 * minutes))));
        assert!(at(Presence::Automatic, 5 * minutes - 1).is_some());
        assert_eq!(at(Presence::Automatic, 5 * minutes), None);
        for long in [Presence::AlwaysOnline, Presence::DoNotDisturb] {
            assert!(at(long, 14 * DAY_MS - 1).is_some());
            assert_eq!(at(long, 14 * DAY_MS), None);
        }
        assert_eq!(at(Presence::Inactive, 400 * DAY_MS), Some(Shown::Away));
        assert_eq!(at(Presence::Unknown, 0), None);
    }

    #[test]
    fn only_what_expires_is_told_again_and_never_more_often_than_every_five_minutes() {
        for presence in [Presence::Automatic, Presence::AlwaysOnline, Presence::DoNotDisturb] {
            let again = due_again(presence, NOW).unwrap();
            assert!(again >= NOW.plus(300_000));
            assert!(matches!(
                shown(presence, NOW, again.minus(1)),
                Some(Shown::Online(_) | Shown::Busy(_))
            ));
        }
        assert_eq!(due_again(Presence::Inactive, NOW), None);
    }

    #[test]
    fn the_newest_counts_but_not_from_the_future() {
        assert!(counts(NOW, None, NOW) && counts(NOW, Some(NOW.minus(1)), NOW));
        assert!(!counts(NOW, Some(NOW), NOW) && !counts(NOW, Some(NOW.plus(1)), NOW));
        assert!(counts(NOW.plus(120_000), None, NOW));
        assert!(!counts(NOW.plus(120_001), None, NOW));
    }
}
