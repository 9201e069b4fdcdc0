//! From the outbox to the network: seal what is due, publish it, say what became of it.
//!
//! While no node could take anything, nothing is sealed and no attempt is counted. Publishing keeps the pace that nodes
//! expect of one peer; what would exceed it waits in the outbox, on disk.

use std::time::Duration;

use api::{Connectivity, Mode};
use messenger::traces::Taken;
use messenger::{OutboxId, Published, Receipt};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};
use waku::{Node, PublishError};
use waku_proto::Envelope;

use crate::engine::{Engine, Stopped, now};

/// The task's parts.
pub(crate) struct Publisher {
    pub(crate) engine: Engine,
    pub(crate) node: Node,
    pub(crate) online: watch::Receiver<Connectivity>,
    pub(crate) mode: Mode,
}

impl Publisher {
    /// Publishes until the engine is gone.
    pub(crate) async fn run(mut self) -> Result<(), Stopped> {
        let mut pace = Pace::of(self.mode);
        loop {
            self.wait().await?;
            let sealed = self.engine.seal_due(BATCH).await?;
            if sealed.is_empty() {
                // What was due was given up, or is a moment away by another clock reading.
                sleep(BREATH).await;
                continue;
            }
            let mut attempts = JoinSet::new();
            for (entry, envelope) in sealed {
                pace.wait().await;
                attempts.spawn(attempt(self.node.clone(), entry, envelope));
            }
            while let Some(first) = attempts.join_next().await {
                let more = std::iter::from_fn(|| attempts.try_join_next());
                let results = std::iter::once(first).chain(more).flatten().collect();
                self.engine.published(results).await?;
            }
        }
    }

    /// Waits until something is due and a node could take it.
    async fn wait(&mut self) -> Result<(), Stopped> {
        let mut due = self.engine.board().due.clone();
        loop {
            let at = *due.borrow_and_update();
            let online = *self.online.borrow_and_update() != Connectivity::Offline;
            let wait = at.map(|at| at.0.saturating_sub(now().0));
            if online && wait == Some(0) {
                return Ok(());
            }
            tokio::select! {
                changed = due.changed() => changed.map_err(|_| Stopped)?,
                changed = self.online.changed() => changed.map_err(|_| Stopped)?,
                () = sleep(Duration::from_millis(wait.unwrap_or_default())), if online && wait.is_some() => {}
            }
        }
    }
}

async fn attempt(node: Node, entry: OutboxId, envelope: Envelope) -> Receipt {
    let mut taken = Taken::default();
    let result = match node.publish(envelope).await {
        Ok(receipt) => {
            taken.peers = receipt.peers.iter().map(ToString::to_string).collect();
            taken.count = receipt.count;
            Published::Sent
        }
        Err(PublishError::TooLarge) => Published::TooLarge,
        Err(error) => {
            tracing::debug!(%error, "an envelope was not taken");
            Published::Retry
        }
    };
    Receipt { entry, result, taken }
}

/// A token bucket.
struct Pace {
    tokens: f64,
    burst: f64,
    per_second: f64,
    filled: Instant,
}

impl Pace {
    fn of(mode: Mode) -> Self {
        let (per_second, burst) = match mode {
            Mode::Relay => RELAY_PACE,
            Mode::Light => LIGHT_PACE,
        };
        Self {
            tokens: burst,
            burst,
            per_second,
            filled: Instant::now(),
        }
    }

    /// Takes a token, waiting for it if need be.
    async fn wait(&mut self) {
        let now = Instant::now();
        let gained = now.duration_since(self.filled).as_secs_f64() * self.per_second;
        self.tokens = (self.tokens + gained).min(self.burst) - 1.0;
        self.filled = now;
        if self.tokens < 0.0 {
            sleep_until(now + Duration::from_secs_f64(-self.tokens / self.per_second)).await;
        }
    }
}

/// Envelopes sealed at a time: all parts of a few messages.
const BATCH: usize = 16;
const BREATH: Duration = Duration::from_millis(100);
/// Envelopes per second and at once, where neighbours score us: far above a person, far below a flood.
const RELAY_PACE: (f64, f64) = (50.0, 100.0);
/// The deployed clients' own pace for light push, which service nodes are measured by.
const LIGHT_PACE: (f64, f64) = (2.0, 8.0);

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_burst_passes_and_then_the_pace_holds() {
        let mut pace = Pace::of(Mode::Light);
        let start = Instant::now();
        for _ in 0..8 {
            pace.wait().await;
        }
        assert_eq!(start.elapsed(), Duration::ZERO);
        for _ in 0..10 {
            pace.wait().await;
        }
        assert!(
            (4.9..5.1).contains(&start.elapsed().as_secs_f64()),
            "{:?}",
            start.elapsed()
        );
    }
}
