//! Retention: how long an archive keeps messages (13/WAKU2-STORE leaves this to the node).
//!
//! The syntax is the one of nwaku's `--store-message-retention-policy`: `time:SECONDS`,
//! `capacity:MESSAGES`, `size:AMOUNTmb` or `size:AMOUNTgb` (1024-based), `none`, several joined by
//! `;`. All that are given apply together. What is removed is always the oldest by sender's time.
//!
//! This file is pure: it reads a policy and says what the next small step is. It deletes nothing
//! itself; the writer thread of the archive carries the steps out between two batches of inserts,
//! so that a large clean-up never holds up new messages.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// What an archive keeps. A limit that is `None` does not apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Messages older than this by their sender's time are removed.
    pub time: Option<Duration>,
    /// At most this many messages are kept.
    pub capacity: Option<u64>,
    /// The database file stays within this many bytes. The write-ahead log beside it (a few
    /// megabytes) is not counted.
    pub size: Option<u64>,
}

/// The user's fault: the text is not a retention policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RetentionError {
    /// No known name in front of the colon.
    #[error("unknown retention policy; use time:SECONDS, capacity:MESSAGES, size:AMOUNTmb, size:AMOUNTgb or none")]
    UnknownPolicy,
    /// The part after `time:`.
    #[error("time: needs a whole number of seconds greater than zero, as in time:172800")]
    Time,
    /// The part after `capacity:`.
    #[error("capacity: needs a whole number of messages greater than zero, as in capacity:100000")]
    Capacity,
    /// The part after `size:`.
    #[error("size: needs an amount of at least 1mb with its unit mb or gb, as in size:500mb or size:1.5gb")]
    Size,
}

impl Retention {
    /// Everything is kept for ever.
    pub const NONE: Retention = Retention {
        time: None,
        capacity: None,
        size: None,
    };

    /// The next step towards what the policy allows, `None` when nothing is left to do.
    ///
    /// `cleaning` says that a clean-up is under way: it then continues a little below the limits
    /// that started it, so that a full archive cleans up now and then instead of after every insert.
    pub(super) fn next_step(&self, extent: &Extent, now: i64, phase: Phase, rows: u64) -> Option<Step> {
        self.expired(extent, now, phase, rows)
            .or_else(|| self.surplus(extent, phase, rows))
            .or_else(|| self.unused_space(extent))
    }

    fn expired(&self, extent: &Extent, now: i64, phase: Phase, rows: u64) -> Option<Step> {
        let keep = i64::try_from(self.time?.as_nanos()).ok()?;
        let oldest = extent.oldest?;
        let slack = (keep / SLACK_PART).min(TIME_SLACK_MAX_NS);
        let mut cutoff = now.saturating_sub(keep);
        if (1..=keep / SLACK_PART).contains(&extent.grain) {
            // Whole stretches alone: nothing is removed one by one.
            cutoff = cutoff.div_euclid(extent.grain).saturating_mul(extent.grain);
        }
        let start = match phase {
            Phase::Watching => cutoff.saturating_sub(slack),
            Phase::Cleaning => cutoff,
        };
        (oldest < start).then_some(Step::Remove {
            rows,
            before: Some(cutoff),
        })
    }

    fn surplus(&self, extent: &Extent, phase: Phase, rows: u64) -> Option<Step> {
        if extent.messages == 0 {
            return None;
        }
        let by_count = self.capacity.map_or(0, |limit| {
            let floor = limit - limit / SLACK_PART.unsigned_abs();
            match phase {
                Phase::Watching if extent.messages <= limit => 0,
                _ => extent.messages.saturating_sub(floor),
            }
        });
        // Pages that deletion freed are used again by later inserts: as long as the pages in use
        // stay below the limit, so does the file.
        let by_size = self.size_in_pages(extent).map_or(0, |limit| {
            let used = extent.pages - extent.free_pages;
            let floor = limit * SIZE_LOW_PERCENT / 100;
            match phase {
                Phase::Watching if used * 100 <= limit * SIZE_HIGH_PERCENT => 0,
                // As many as the surplus holds of messages of average size.
                _ => (used.saturating_sub(floor) * extent.messages).div_ceil(used.max(1)),
            }
        });
        let rows = by_count.max(by_size).min(rows);
        (rows > 0).then_some(Step::Remove { rows, before: None })
    }

    fn unused_space(&self, extent: &Extent) -> Option<Step> {
        let beyond_limit = self.size_in_pages(extent).is_some_and(|limit| extent.pages > limit);
        let mostly_empty = extent.free_pages > FREE_PAGES_KEPT && extent.free_pages > extent.pages / FREE_PAGES_PART;
        (extent.free_pages > 0 && (beyond_limit || mostly_empty)).then(|| Step::Shrink {
            pages: extent.free_pages.min(SHRINK_STEP_PAGES),
        })
    }

    fn size_in_pages(&self, extent: &Extent) -> Option<u64> {
        self.size.map(|bytes| bytes / extent.page_size.max(1))
    }
}

impl Default for Retention {
    /// Two days, as the deployed service nodes.
    fn default() -> Retention {
        Retention {
            time: Some(Duration::from_secs(172_800)),
            ..Retention::NONE
        }
    }
}

impl FromStr for Retention {
    type Err = RetentionError;

    fn from_str(text: &str) -> Result<Retention, RetentionError> {
        let mut retention = Retention::NONE;
        for part in text.split(';').map(str::trim).filter(|part| !part.is_empty()) {
            if part.eq_ignore_ascii_case("none") {
                continue;
            }
            let (policy, argument) = part.split_once(':').ok_or(RetentionError::UnknownPolicy)?;
            match policy.trim().to_ascii_lowercase().as_str() {
                "time" => tighten(&mut retention.time, parse_time(argument)?),
                "capacity" => tighten(&mut retention.capacity, parse_capacity(argument)?),
                "size" => tighten(&mut retention.size, parse_size(argument)?),
                _ => return Err(RetentionError::UnknownPolicy),
            }
        }
        Ok(retention)
    }
}

impl fmt::Display for Retention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<String> = [
            self.time.map(|time| format!("time:{}", time.as_secs())),
            self.capacity.map(|messages| format!("capacity:{messages}")),
            self.size.map(|bytes| format!("size:{}mb", bytes as f64 / MEBIBYTE)),
        ]
        .into_iter()
        .flatten()
        .collect();
        match parts.is_empty() {
            true => f.write_str("none"),
            false => f.write_str(&parts.join(";")),
        }
    }
}

/// How full the database is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Extent {
    pub(super) messages: u64,
    /// Timestamp of the oldest message, nanoseconds.
    pub(super) oldest: Option<i64>,
    pub(super) pages: u64,
    pub(super) free_pages: u64,
    pub(super) page_size: u64,
    /// Nanoseconds of a stretch of time that is removed at once for nothing; 0 if there is no such thing.
    pub(super) grain: i64,
}

/// Whether a clean-up has begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Watching,
    Cleaning,
}

/// One bounded piece of clean-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Remove at most `rows` of the oldest messages; with `before`, only those older than it.
    Remove { rows: u64, before: Option<i64> },
    /// Give at most `pages` unused pages back to the file system.
    Shrink { pages: u64 },
}

/// Of two limits of one kind the stricter one holds.
fn tighten<T: Ord>(limit: &mut Option<T>, value: T) {
    match limit {
        Some(present) if *present <= value => {}
        _ => *limit = Some(value),
    }
}

fn parse_time(text: &str) -> Result<Duration, RetentionError> {
    match text.trim().parse::<u64>() {
        // Beyond what a 64-bit count of nanoseconds can say, no message is ever too old.
        Ok(seconds) if seconds > 0 => Ok(Duration::from_secs(seconds.min(MAX_SECONDS))),
        _ => Err(RetentionError::Time),
    }
}

fn parse_capacity(text: &str) -> Result<u64, RetentionError> {
    match text.trim().parse::<u64>() {
        Ok(messages) if messages > 0 => Ok(messages),
        _ => Err(RetentionError::Capacity),
    }
}

fn parse_size(text: &str) -> Result<u64, RetentionError> {
    let text = text.trim().to_ascii_lowercase();
    let (amount, unit) = if let Some(amount) = text.strip_suffix("mb") {
        (amount, MEBIBYTE)
    } else if let Some(amount) = text.strip_suffix("gb") {
        (amount, MEBIBYTE * 1024.0)
    } else {
        return Err(RetentionError::Size);
    };
    let bytes = amount.trim().parse::<f64>().map_err(|_| RetentionError::Size)? * unit;
    match bytes.is_finite() && bytes >= MEBIBYTE {
        true => Ok(bytes as u64), // saturates
        false => Err(RetentionError::Size),
    }
}

const MEBIBYTE: f64 = 1024.0 * 1024.0;
/// `i64::MAX` nanoseconds, in seconds.
const MAX_SECONDS: u64 = 9_223_372_036;
/// A clean-up goes one twentieth below its limit.
const SLACK_PART: i64 = 20;
/// Messages outlive `time:` by at most a minute.
const TIME_SLACK_MAX_NS: i64 = 60 * 1_000_000_000;
/// Clean-up by size begins when this share of the allowed pages is in use, ...
const SIZE_HIGH_PERCENT: u64 = 95;
/// ... and ends at this one.
const SIZE_LOW_PERCENT: u64 = 90;
/// Without a limit by size, space is given back when more than one page in four is unused ...
const FREE_PAGES_PART: u64 = 4;
/// ... and more than 4 MiB are.
const FREE_PAGES_KEPT: u64 = 1024;
/// One step moves at most 1 MiB of pages.
const SHRINK_STEP_PAGES: u64 = 256;

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000_000;

    fn extent(messages: u64) -> Extent {
        Extent {
            messages,
            oldest: (messages > 0).then_some(1_000 * SECOND),
            pages: 1_000,
            free_pages: 0,
            page_size: 4096,
            grain: 0,
        }
    }

    #[test]
    fn reads_the_syntax_of_the_deployed_flag() {
        let parse = |text: &str| text.parse::<Retention>();
        assert_eq!(parse("none"), Ok(Retention::NONE));
        assert_eq!(parse(""), Ok(Retention::NONE));
        assert_eq!(parse("time:172800"), Ok(Retention::default()));
        assert_eq!(parse("capacity:50").unwrap().capacity, Some(50));
        for text in ["size:1gb", "size:1GB", "size:1Gb", "size:1024mb", "size:1.0gB"] {
            assert_eq!(parse(text).unwrap().size, Some(1 << 30), "{text}");
        }
        assert_eq!(parse("size:1.5gb").unwrap().size, Some(3 << 29));
        let all = parse("time:60; capacity:10;size:30MB;capacity:20").unwrap();
        assert_eq!(all.time, Some(Duration::from_secs(60)));
        assert_eq!(all.capacity, Some(10), "the stricter of two");
        assert_eq!(all.size, Some(30 << 20));
        assert_eq!(all.to_string(), "time:60;capacity:10;size:30mb");
        assert_eq!(parse(&all.to_string()), Ok(all));
        assert_eq!(Retention::NONE.to_string(), "none");
    }

    #[test]
    fn refuses_what_is_not_a_policy() {
        let parse = |text: &str| text.parse::<Retention>().unwrap_err();
        assert_eq!(parse("forever"), RetentionError::UnknownPolicy);
        assert_eq!(parse("age:5"), RetentionError::UnknownPolicy);
        for text in ["time:", "time:0", "time:-1", "time:1.5", "time:1h"] {
            assert_eq!(parse(text), RetentionError::Time, "{text}");
        }
        for text in ["capacity:0", "capacity:many", "capacity:-3"] {
            assert_eq!(parse(text), RetentionError::Capacity, "{text}");
        }
        for text in [
            "size:10",
            "size:0gb",
            "size:-1gb",
            "size:NaNgb",
            "size:infgb",
            "size:1kb",
            "size:gb",
        ] {
            assert_eq!(parse(text), RetentionError::Size, "{text}");
        }
    }

    #[test]
    fn time_starts_late_and_cleans_to_the_limit() {
        let keep = Retention {
            time: Some(Duration::from_secs(100)),
            ..Retention::NONE
        };
        let at = |seconds: i64, phase| keep.next_step(&extent(5), seconds * SECOND, phase, 500);
        assert_eq!(at(1_104, Phase::Watching), None);
        let before = Some(1_006 * SECOND);
        assert_eq!(at(1_106, Phase::Watching), Some(Step::Remove { rows: 500, before }));
        assert_eq!(at(1_100, Phase::Cleaning), None);
        let before = Some(1_001 * SECOND);
        assert_eq!(at(1_101, Phase::Cleaning), Some(Step::Remove { rows: 500, before }));
        assert_eq!(keep.next_step(&extent(0), i64::MAX, Phase::Cleaning, 500), None);
        assert_eq!(keep.next_step(&extent(5), i64::MIN, Phase::Cleaning, 500), None);
    }

    #[test]
    fn time_goes_by_stretches_where_they_are_short_beside_it() {
        let keep = |seconds| Retention {
            time: Some(Duration::from_secs(seconds)),
            ..Retention::NONE
        };
        let of_100 = Extent {
            oldest: Some(350 * SECOND),
            grain: 100 * SECOND,
            ..extent(5)
        };
        let at = |keep: Retention, now: i64| keep.next_step(&of_100, now * SECOND, Phase::Cleaning, 500);
        assert_eq!(at(keep(2_000), 2_399), None, "the stretch from 300 to 400 is not over");
        let before = Some(400 * SECOND);
        assert_eq!(at(keep(2_000), 2_400), Some(Step::Remove { rows: 500, before }));
        let before = Some(360 * SECOND);
        assert_eq!(
            at(keep(200), 560),
            Some(Step::Remove { rows: 500, before }),
            "too coarse"
        );
    }

    #[test]
    fn capacity_is_never_undercut_by_more_than_a_twentieth() {
        let keep = Retention {
            capacity: Some(100),
            ..Retention::NONE
        };
        let at = |messages, phase| keep.next_step(&extent(messages), 0, phase, 500);
        assert_eq!(at(100, Phase::Watching), None);
        assert_eq!(at(101, Phase::Watching), Some(Step::Remove { rows: 6, before: None }));
        assert_eq!(at(96, Phase::Cleaning), Some(Step::Remove { rows: 1, before: None }));
        assert_eq!(at(95, Phase::Cleaning), None);
        assert_eq!(
            at(10_000, Phase::Watching),
            Some(Step::Remove {
                rows: 500,
                before: None
            })
        );
    }

    #[test]
    fn size_removes_rows_while_pages_are_used_and_then_shrinks_the_file() {
        let keep = Retention {
            size: Some(1_000 * 4096),
            ..Retention::NONE
        };
        let at = |pages, free_pages, phase| {
            keep.next_step(
                &Extent {
                    pages,
                    free_pages,
                    ..extent(10)
                },
                0,
                phase,
                7,
            )
        };
        let remove = |rows| Some(Step::Remove { rows, before: None });
        assert_eq!(at(950, 0, Phase::Watching), None);
        assert_eq!(
            at(960, 0, Phase::Watching),
            remove(1),
            "60 of 960 pages too many, 10 messages"
        );
        assert_eq!(at(1_800, 0, Phase::Watching), remove(5));
        assert_eq!(at(9_000, 0, Phase::Watching), remove(7), "no more than one step");
        assert_eq!(at(990, 60, Phase::Cleaning), remove(1));
        assert_eq!(at(1_000, 100, Phase::Cleaning), None);
        assert_eq!(at(1_300, 400, Phase::Cleaning), Some(Step::Shrink { pages: 256 }));
        assert_eq!(at(1_010, 110, Phase::Cleaning), Some(Step::Shrink { pages: 110 }));
    }

    #[test]
    fn large_unused_space_goes_back_to_the_file_system() {
        let at = |pages, free_pages| {
            Retention::NONE.next_step(
                &Extent {
                    pages,
                    free_pages,
                    ..extent(10)
                },
                0,
                Phase::Watching,
                7,
            )
        };
        assert_eq!(at(10_000, 2_000), None);
        assert_eq!(at(10_000, 2_501), Some(Step::Shrink { pages: 256 }));
        assert_eq!(at(1_000, 900), None, "a small file keeps its spare pages");
    }
}
