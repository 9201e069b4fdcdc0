//! Time and the Lamport clocks of chats.
//!
//! A chat's clock is a Lamport value seeded from wall time in milliseconds. This module never reads a clock: `now` is
//! always given.

use std::fmt;

/// A point in time in Unix milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// A time in whole seconds since 1970.
    pub const fn from_seconds(seconds: u64) -> Timestamp {
        Timestamp(seconds.saturating_mul(1_000))
    }

    /// A time in Unix nanoseconds, cut to milliseconds; negative times become 1970.
    pub const fn from_nanoseconds(nanoseconds: i64) -> Timestamp {
        Timestamp(if nanoseconds < 0 {
            0
        } else {
            nanoseconds as u64 / 1_000_000
        })
    }

    /// Milliseconds since 1970.
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// Whole seconds since 1970.
    pub const fn as_seconds(self) -> u64 {
        self.0 / 1_000
    }

    /// Nanoseconds since 1970, as a WakuMessage and a bundle carry them; stops at `i64::MAX`.
    pub const fn as_nanoseconds(self) -> i64 {
        let nanoseconds = self.0.saturating_mul(1_000_000);
        if nanoseconds > i64::MAX as u64 {
            i64::MAX
        } else {
            nanoseconds as i64
        }
    }

    /// The same time with the milliseconds cut off, which is the resolution of an envelope's time in all rules.
    #[must_use]
    pub const fn whole_seconds(self) -> Timestamp {
        Timestamp(self.0 - self.0 % 1_000)
    }

    /// `millis` later; stops at the end of time.
    #[must_use]
    pub const fn plus(self, millis: u64) -> Timestamp {
        Timestamp(self.0.saturating_add(millis))
    }

    /// `millis` earlier; stops at 1970.
    #[must_use]
    pub const fn minus(self, millis: u64) -> Timestamp {
        Timestamp(self.0.saturating_sub(millis))
    }

    /// Milliseconds from `earlier` to this time; 0 if `earlier` is later.
    pub const fn since(self, earlier: Timestamp) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ms", self.0)
    }
}

/// The clock value of the next message of a chat whose last one is `last` (0: none yet).
pub const fn next(last: u64, now: Timestamp) -> u64 {
    if last < now.0 { now.0 } else { last.saturating_add(1) }
}

/// A chat's last clock after a message with `clock` was seen.
pub const fn observe(last: u64, clock: u64) -> u64 {
    if clock > last { clock } else { last }
}

/// Whether a received clock may stand: not 0 and at most two minutes ahead of `reference`, which is the envelope's time
/// in whole seconds for most kinds and the local time for a few. Old clocks always may.
pub const fn plausible(clock: u64, reference: Timestamp) -> bool {
    clock != 0 && clock.saturating_sub(reference.0) <= MAX_AHEAD_MILLIS
}

/// How far a received clock may run ahead.
pub const MAX_AHEAD_MILLIS: u64 = 120_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn next_follows_wall_time_and_never_repeats() {
        assert_eq!(next(0, Timestamp(1_000)), 1_000);
        assert_eq!(next(999, Timestamp(1_000)), 1_000);
        assert_eq!(next(1_000, Timestamp(1_000)), 1_001);
        assert_eq!(next(5_000, Timestamp(1_000)), 5_001);
        assert_eq!(next(u64::MAX, Timestamp(1)), u64::MAX);
    }

    #[test]
    fn a_clock_may_lag_for_ever_but_not_lead_by_more_than_two_minutes() {
        let reference = Timestamp(1_700_000_000_000);
        assert!(!plausible(0, reference));
        assert!(plausible(1, reference));
        assert!(plausible(reference.0 + 120_000, reference));
        assert!(!plausible(reference.0 + 120_001, reference));
        assert!(!plausible(u64::MAX, reference));
    }

    #[test]
    fn conversions_saturate() {
        assert_eq!(Timestamp::from_nanoseconds(-5), Timestamp(0));
        assert_eq!(
            Timestamp::from_nanoseconds(1_700_000_000_123_999_999),
            Timestamp(1_700_000_000_123)
        );
        assert_eq!(Timestamp(u64::MAX).as_nanoseconds(), i64::MAX);
        assert_eq!(Timestamp(1_999).whole_seconds(), Timestamp(1_000));
        assert_eq!(Timestamp(5).minus(9), Timestamp(0));
    }
}
