//! When to ask whom for what is absent, and how much anybody may ask of us.
//!
//! Pure.

use protocol::Timestamp;

/// How long an absent message may come by itself, in milliseconds.
pub const GRACE_MS: u64 = 5_000;

/// How long to wait after having asked so often, in milliseconds; none after the last time.
pub fn wait_after(asked: u32) -> Option<u64> {
    let waits = [GRACE_MS, 25_000, 90_000, 480_000, HOUR, 5 * HOUR];
    match asked {
        0..=5 => Some(waits[asked as usize]),
        6..=MOST_REQUESTS => Some(24 * HOUR),
        _ => None,
    }
}

/// Which of so many people to ask the next time: the first every other time, the others in turn.
pub fn whom(asked: u32, people: usize) -> Option<usize> {
    let others = people.checked_sub(1)?;
    if others == 0 || asked.is_multiple_of(2) {
        return Some(0);
    }
    Some(1 + asked as usize / 2 % others)
}

/// Takes `bytes` from what one person may make us send. Answers the new mark, or none if there is too little left. The
/// mark is the time at which everything taken will have been given back.
pub fn allowance(mark: Option<Timestamp>, now: Timestamp, bytes: u64) -> Option<Timestamp> {
    let begin = mark.unwrap_or(now).max(now);
    let end = begin.plus(bytes.max(LEAST_COST).saturating_mul(1_000) / BYTES_PER_SECOND);
    (end.since(now) <= BURST * 1_000 / BYTES_PER_SECOND).then_some(end)
}

/// Requests for one absent message, over about a week.
pub const MOST_REQUESTS: u32 = 12;

const HOUR: u64 = 60 * 60 * 1_000;

const BYTES_PER_SECOND: u64 = 1_000;

/// What may be sent to one person at once.
const BURST: u64 = 512 << 10;

/// What an answer costs at least: an envelope.
const LEAST_COST: u64 = 1_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_of_requests_less_and_less_often() {
        let waits: Vec<u64> = (0..).map_while(wait_after).collect();
        assert_eq!(waits.len(), MOST_REQUESTS as usize + 1);
        assert!(waits.is_sorted());
        assert_eq!(waits.iter().sum::<u64>() / (24 * HOUR), 7);
    }

    #[test]
    fn everybody_is_asked_and_the_first_most_often() {
        assert_eq!(whom(3, 0), None);
        assert_eq!(whom(3, 1), Some(0));
        let asked: Vec<_> = (0..8).filter_map(|times| whom(times, 4)).collect();
        assert_eq!(asked, [0, 1, 0, 2, 0, 3, 0, 1]);
    }

    #[test]
    fn an_allowance_comes_back_with_time() {
        let now = Timestamp(1_000_000);
        let mark = allowance(None, now, 512 << 10).unwrap();
        assert_eq!(allowance(Some(mark), now, 1), None);
        assert_eq!(allowance(Some(mark), now.plus(999), 1), None);
        assert!(allowance(Some(mark), now.plus(1_000), 1_000).is_some());
        assert_eq!(allowance(None, now, (512 << 10) + 1), None);
        assert_eq!(
            allowance(Some(Timestamp(5)), now, 1),
            Some(now.plus(1_000)),
            "a mark of the past is worth nothing"
        );
    }
}
