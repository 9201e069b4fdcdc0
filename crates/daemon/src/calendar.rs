//! Moments as people write them: year, month, day and time of UTC.

use std::fmt;

/// A second of UTC in the Gregorian calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    year: u64,
    month: u64,
    day: u64,
    hour: u64,
    minute: u64,
    second: u64,
}

impl Moment {
    /// From seconds since 1970.
    pub(crate) fn of_second(second: u64) -> Moment {
        let (day, time) = (second / 86_400, second % 86_400);
        // Years that begin in March, in eras of 400 years, so that the leap day is the last of its year.
        let days = day + 719_468;
        let (era, of_era) = (days / 146_097, days % 146_097);
        let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        let month = (5 * of_year + 2) / 153;
        let date = of_year - (153 * month + 2) / 5 + 1;
        let (month, late) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
        Moment {
            year: year + era * 400 + late,
            month,
            day: date,
            hour: time / 3_600,
            minute: time / 60 % 60,
            second: time % 60,
        }
    }

    /// From milliseconds since 1970.
    pub(crate) fn of_millis(millis: u64) -> Moment {
        Moment::of_second(millis / 1_000)
    }

    /// `2026-11-25`.
    pub(crate) fn date(&self) -> String {
        format!("{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }

    /// `22:30`.
    pub(crate) fn time(&self) -> String {
        format!("{:02}:{:02}", self.hour, self.minute)
    }

    /// `20261125-223050`, for names of files.
    pub(crate) fn stamp(&self) -> String {
        let Moment {
            year,
            month,
            day,
            hour,
            minute,
            second,
        } = self;
        format!("{year:04}{month:02}{day:02}-{hour:02}{minute:02}{second:02}")
    }
}

impl fmt::Display for Moment {
    /// `2026-11-25T22:30:50Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (hour, minute, second) = (self.hour, self.minute, self.second);
        write!(f, "{}T{hour:02}:{minute:02}:{second:02}Z", self.date())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_those_of_the_calendar() {
        // Expected values from `date -u -d @… +%Y%m%d-%H%M%S`.
        for (second, expected) in [
            (0, "19700101-000000"),
            (951_782_399, "20000228-235959"),
            (951_782_400, "20000229-000000"),
            (1_795_645_850, "20261125-223050"),
            (4_107_542_400, "21000301-000000"),
        ] {
            assert_eq!(Moment::of_second(second).stamp(), expected);
        }
        let moment = Moment::of_millis(1_795_645_850_999);
        assert_eq!((moment.date(), moment.time()), ("2026-11-25".into(), "22:30".into()));
        assert_eq!(moment.to_string(), "2026-11-25T22:30:50Z");
        // The last moment that a message can claim is far beyond four digits, and no panic.
        assert!(Moment::of_millis(u64::MAX).date().starts_with("584"));
    }
}
