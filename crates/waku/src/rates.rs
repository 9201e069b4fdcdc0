//! How often services may be asked: token buckets with nwaku's numbers.
//!
//! Pure: time is an argument, in milliseconds. Where a limit is applied is in [`crate::serve`].

use std::collections::BTreeMap;
use std::str::FromStr;

use libp2p::PeerId;

use crate::limits::make_room;

/// So many requests in such a time, as nwaku's `--rate-limit` writes it: `10/1s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    volume: u32,
    /// Milliseconds.
    period: u64,
}

impl RateLimit {
    /// So many requests in so many milliseconds; both at least 1.
    pub const fn new(volume: u32, period: u64) -> Self {
        Self { volume, period }
    }

    /// The numbers may be borrowed ahead: for short periods ten of them, for long ones two.
    fn ratio(self) -> u64 {
        match self.period {
            0..=1_000 => 10,
            1_001..=60_000 => 3,
            _ => 2,
        }
    }
}

impl FromStr for RateLimit {
    type Err = RateLimitError;

    fn from_str(text: &str) -> Result<Self, RateLimitError> {
        let (volume, period) = text.split_once('/').ok_or(RateLimitError)?;
        let digits = period.find(|c: char| !c.is_ascii_digit()).ok_or(RateLimitError)?;
        let (number, unit) = period.split_at(digits);
        let factor = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            _ => return Err(RateLimitError),
        };
        let number: u64 = number.parse().map_err(|_| RateLimitError)?;
        let volume: u32 = volume.parse().map_err(|_| RateLimitError)?;
        let period = number.checked_mul(factor).filter(|period| *period <= LONGEST);
        match (volume, period) {
            (1.., Some(period @ 1..)) => Ok(Self { volume, period }),
            _ => Err(RateLimitError),
        }
    }
}

/// The operator's slip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a rate limit is a number, / and a time with unit h, m, s or ms, such as 10/1s")]
pub struct RateLimitError;

/// The limits of all services; `None` = as generous as a service is by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RateLimits {
    /// Store queries.
    pub store: Option<RateLimit>,
    /// Light pushes.
    pub lightpush: Option<RateLimit>,
    /// Peer exchange.
    pub peer_exchange: Option<RateLimit>,
    /// Filter requests of each peer.
    pub filter: Option<RateLimit>,
}

/// The buckets of one service.
#[derive(Debug)]
pub(crate) enum Buckets {
    /// One for everybody, and one for each peer, who may use three quarters of it.
    Shared {
        limit: RateLimit,
        everybody: Bucket,
        peers: BTreeMap<PeerId, Allowance>,
    },
    /// One for each peer only.
    Single {
        limit: RateLimit,
        peers: BTreeMap<PeerId, Bucket>,
    },
}

impl Buckets {
    /// For store, light push and peer exchange.
    pub(crate) fn shared(limit: RateLimit, now: u64) -> Self {
        Self::Shared {
            limit,
            everybody: Bucket {
                // Less than full, as deployed: it fills while nobody asks.
                tokens: f64::from(limit.volume),
                at: now,
            },
            peers: BTreeMap::new(),
        }
    }

    /// For filter.
    pub(crate) fn single(limit: RateLimit) -> Self {
        Self::Single {
            limit,
            peers: BTreeMap::new(),
        }
    }

    /// Whether the peer may ask now.
    pub(crate) fn admit(&mut self, peer: PeerId, now: u64) -> bool {
        match self {
            Self::Shared {
                limit,
                everybody,
                peers,
            } => {
                let ratio = limit.ratio();
                let window = limit.period * ratio;
                make_room(peers, |allowance| now.saturating_sub(allowance.since) < 2 * window);
                let full = u64::from(limit.volume) * ratio * 3 / 4;
                let allowance = peers.entry(peer).or_insert(Allowance { since: now, left: full });
                if now.saturating_sub(allowance.since) >= window {
                    *allowance = Allowance { since: now, left: full };
                }
                if allowance.left == 0 {
                    return false;
                }
                allowance.left -= 1;
                let capacity = u64::from(limit.volume) * ratio;
                everybody.take(capacity, window, now)
            }
            Self::Single { limit, peers } => {
                let full = f64::from(limit.volume);
                make_room(peers, |bucket| now.saturating_sub(bucket.at) < limit.period);
                let bucket = peers.entry(peer).or_insert(Bucket { tokens: full, at: now });
                bucket.take(u64::from(limit.volume), limit.period, now)
            }
        }
    }
}

/// Refilled continuously.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bucket {
    tokens: f64,
    at: u64,
}

impl Bucket {
    /// Takes a token from a bucket of this capacity that fills in this time.
    fn take(&mut self, capacity: u64, fills_in: u64, now: u64) -> bool {
        let gained = now.saturating_sub(self.at) as f64 * capacity as f64 / fills_in as f64;
        self.tokens = (self.tokens + gained).min(capacity as f64);
        self.at = now;
        let is_there = self.tokens >= 1.0;
        if is_there {
            self.tokens -= 1.0;
        }
        is_there
    }
}

/// Refilled all at once when its time is over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Allowance {
    since: u64,
    left: u64,
}

/// A day: longer periods are a slip of the pen.
const LONGEST: u64 = 24 * 3_600_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::MAX_REMEMBERED;

    #[test]
    fn limits_are_written_as_nwaku_writes_them() {
        assert_eq!("10/1s".parse(), Ok(RateLimit::new(10, 1_000)));
        assert_eq!("30/1m".parse(), Ok(RateLimit::new(30, 60_000)));
        assert_eq!("5/500ms".parse(), Ok(RateLimit::new(5, 500)));
        assert_eq!("100/2h".parse(), Ok(RateLimit::new(100, 7_200_000)));
        for wrong in [
            "",
            "10",
            "10/",
            "10/s",
            "0/1s",
            "10/0s",
            "-1/1s",
            "10/1d",
            "10/99999999999999999999h",
            "10/25h",
        ] {
            assert_eq!(wrong.parse::<RateLimit>(), Err(RateLimitError), "{wrong}");
        }
    }

    #[test]
    fn the_example_of_ten_a_second() {
        // For everybody 100 in 10 s, beginning with 10; for each peer 75 in 10 s.
        let mut buckets = Buckets::shared(RateLimit::new(10, 1_000), 0);
        let (a, b) = (PeerId::random(), PeerId::random());
        let taken = |buckets: &mut Buckets, peer, now| (0..200).filter(|_| buckets.admit(peer, now)).count();
        assert_eq!(taken(&mut buckets, a, 0), 10);
        assert_eq!(
            taken(&mut buckets, a, 1_000),
            0,
            "the peer's own were used up by its tries"
        );
        assert_eq!(taken(&mut buckets, b, 1_000), 10);
        assert_eq!(taken(&mut buckets, PeerId::random(), 60_000), 75);
        assert_eq!(taken(&mut buckets, a, 60_000), 25);
        assert_eq!(taken(&mut buckets, a, 70_000), 75);
    }

    #[test]
    fn filter_has_a_bucket_for_each_peer() {
        let mut buckets = Buckets::single(RateLimit::new(30, 60_000));
        let (a, b) = (PeerId::random(), PeerId::random());
        let taken = |buckets: &mut Buckets, peer, now| (0..100).filter(|_| buckets.admit(peer, now)).count();
        assert_eq!(taken(&mut buckets, a, 0), 30);
        assert_eq!(taken(&mut buckets, b, 0), 30);
        assert_eq!(taken(&mut buckets, a, 2_000), 1);
        assert_eq!(taken(&mut buckets, a, 600_000), 30);
    }

    #[test]
    fn strangers_do_not_fill_the_memory() {
        let limit = RateLimit::new(1, 1_000);
        for mut buckets in [Buckets::shared(limit, 0), Buckets::single(limit)] {
            for _ in 0..2 * MAX_REMEMBERED {
                buckets.admit(PeerId::random(), 0);
            }
            let remembered = match &buckets {
                Buckets::Shared { peers, .. } => peers.len(),
                Buckets::Single { peers, .. } => peers.len(),
            };
            assert_eq!(remembered, MAX_REMEMBERED);
        }
    }
}
