//! How far our clock is from other people's: the median difference to the times in fresh relay envelopes. No time server is
//! asked.

use std::collections::VecDeque;

/// The latest differences, in milliseconds; positive when our clock is ahead.
#[derive(Debug, Default)]
pub(crate) struct Skew {
    differences: VecDeque<i64>,
}

impl Skew {
    /// Takes the time in an envelope that just came by relay. Says by how much our clock is ahead, once enough was heard.
    pub(crate) fn observe(&mut self, now_ms: u64, sent_ns: i64) -> Option<i64> {
        let now = i64::try_from(now_ms).ok()?;
        self.differences.push_back(now.saturating_sub(sent_ns / 1_000_000));
        if self.differences.len() > SAMPLES {
            self.differences.pop_front();
        }
        if self.differences.len() < ENOUGH {
            return None;
        }
        let mut sorted: Vec<i64> = self.differences.iter().copied().collect();
        sorted.sort_unstable();
        Some(sorted[sorted.len() / 2])
    }
}

/// A difference that is worth telling the person: store nodes refuse messages that are 20 s off.
pub(crate) const WARNING_MS: i64 = 10_000;
/// Minutes of a quiet shard; a few wrong clocks among the others do not move the median.
const SAMPLES: usize = 63;
const ENOUGH: usize = 15;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_ignores_a_few_wrong_clocks() {
        let mut skew = Skew::default();
        let mut last = None;
        for n in 0..40 {
            let sent_ms = if n % 5 == 0 { 0 } else { 1_000_000 - 12_000 };
            last = skew.observe(1_000_000, sent_ms * 1_000_000);
            assert_eq!(last.is_some(), n + 1 >= ENOUGH);
        }
        assert_eq!(last, Some(12_000));
    }

    #[test]
    fn a_clock_behind_is_negative() {
        let mut skew = Skew::default();
        let last = (0..ENOUGH).filter_map(|_| skew.observe(1_000, 31_000_000_000)).last();
        assert_eq!(last, Some(-30_000));
    }
}
