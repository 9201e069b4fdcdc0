//! Fetching the history that is missing, from at most two store nodes that are kept for as long as they last: every
//! further one would learn which topics are ours.
//!
//! `waku_proto::store::Catchup` says which query goes next to whom, the node sends it, the engine applies the page before
//! the next one is believed. Whenever something changes (other interests, other peers, a network that came back), what is
//! missing is asked anew; what was applied stays applied.

use std::sync::Arc;
use std::time::Duration;

use api::{Connectivity, Signal};
use messenger::HistoryPage;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::sleep;
use waku::{Node, PeerId};
use waku_proto::store::catchup::{Failure, Progress, Ticket};
use waku_proto::store::{Catchup, Gap, Response};

use crate::engine::{Engine, Stopped, now};
use crate::event_log::EventLog;

/// The task's parts.
pub(crate) struct CatchUp {
    pub(crate) engine: Engine,
    pub(crate) node: Node,
    pub(crate) log: Arc<EventLog>,
    pub(crate) online: watch::Receiver<Connectivity>,
    /// There is something new to ask for: a round under way is cut short for it.
    pub(crate) gaps: Arc<Notify>,
    /// It may be worth trying again: a pause is cut short for it.
    pub(crate) retry: Arc<Notify>,
    /// How many topics' histories are missing.
    pub(crate) missing: watch::Sender<u64>,
    /// Whom we ask.
    pub(crate) asked: watch::Sender<Vec<PeerId>>,
}

impl CatchUp {
    /// Catches up until the engine is gone.
    pub(crate) async fn run(mut self) -> Result<(), Stopped> {
        let mut chosen = Vec::new();
        let mut pause = SHORTEST_PAUSE;
        // Until the network is there, nothing is known to be complete.
        self.say(self.engine.history_gaps().await?.len() as u64);
        loop {
            self.online
                .wait_for(|online| *online != Connectivity::Offline)
                .await
                .map_err(|_| Stopped)?;
            let left = self.round(&mut chosen).await?;
            self.say(left);
            pause = if left == 0 {
                PULL_EVERY
            } else {
                (pause * 2).clamp(SHORTEST_PAUSE, LONGEST_PAUSE)
            };
            tokio::select! {
                () = sleep(pause) => {}
                () = self.gaps.notified() => {}
                () = self.retry.notified() => {}
            }
        }
    }

    /// Asks for everything that is missing now. Answers how many gaps stay.
    async fn round(&mut self, chosen: &mut Vec<PeerId>) -> Result<u64, Stopped> {
        let gaps: Vec<Gap> = self
            .engine
            .history_gaps()
            .await?
            .into_iter()
            .map(|gap| gap.gap)
            .collect();
        if gaps.is_empty() {
            return Ok(0);
        }
        self.say(gaps.len() as u64);
        choose(chosen, self.node.store_peers().await);
        self.asked.send_replace(chosen.clone());
        if chosen.is_empty() {
            return Ok(gaps.len() as u64);
        }
        let mut catchup = Catchup::new(gaps, chosen);
        let mut queries = JoinSet::new();
        let mut interrupted = false;
        let mut open = 0;
        loop {
            while !interrupted && let Some(errand) = catchup.next_errand(now().0) {
                queries.spawn(ask(self.node.clone(), errand.node, errand.ticket, errand.query));
            }
            if queries.is_empty() && (interrupted || catchup.is_finished()) {
                break;
            }
            let due = catchup
                .next_due()
                .map(|due| Duration::from_millis(due.saturating_sub(now().0)));
            tokio::select! {
                Some(done) = queries.join_next() => {
                    let Ok((peer, ticket, result)) = done else { continue };
                    let progress = match result {
                        Ok(response) => catchup.answered(ticket, response, now().0),
                        Err(failure) => catchup.failed(ticket, failure, now().0),
                    };
                    open += u64::from(progress.open.is_some());
                    self.apply(peer, progress).await?;
                }
                () = sleep(due.unwrap_or(LONGEST_PAUSE)), if !interrupted => {}
                () = self.gaps.notified(), if !interrupted => interrupted = true,
            }
        }
        if interrupted {
            // The next round begins at once.
            self.gaps.notify_one();
        }
        Ok(open + catchup.remaining().len() as u64)
    }

    async fn apply(&self, peer: PeerId, progress: Progress) -> Result<(), Stopped> {
        if progress.left_out > 0 {
            tracing::debug!(count = progress.left_out, "a store node sent what was not asked for");
        }
        if progress.envelopes.is_empty() && progress.closed.is_none() {
            return Ok(());
        }
        let closed = progress.closed.map(|closed| closed.gap);
        self.engine
            .history_page(HistoryPage {
                envelopes: progress.envelopes,
                closed,
                from: Some(peer.to_string()),
            })
            .await
    }

    fn say(&self, missing: u64) {
        if self.missing.send_replace(missing) != missing {
            self.log.signal(Signal::HistoryGaps(missing));
        }
    }
}

/// Keeps the chosen ones that are still there, and adds others at random until there are two.
fn choose(chosen: &mut Vec<PeerId>, mut candidates: Vec<PeerId>) {
    chosen.retain(|peer| candidates.contains(peer));
    candidates.retain(|peer| !chosen.contains(peer));
    while chosen.len() < STORE_NODES && !candidates.is_empty() {
        let mut bytes = [0; 8];
        // Without randomness the first will do.
        let _ = getrandom::fill(&mut bytes);
        let index = u64::from_le_bytes(bytes) % candidates.len() as u64;
        chosen.push(candidates.swap_remove(index as usize));
    }
}

async fn ask(
    node: Node,
    peer: PeerId,
    ticket: Ticket,
    query: waku_proto::store::Query,
) -> (PeerId, Ticket, Result<Response, Failure>) {
    let answer = node.query_history(Some(peer), query).await.map_err(|error| {
        tracing::debug!(%error, "a store node did not answer");
        error.as_failure()
    });
    (peer, ticket, answer)
}

/// One to ask and one to confirm.
const STORE_NODES: usize = 2;
const SHORTEST_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_secs(300);
/// How often a store node is asked what relay may have kept from us.
const PULL_EVERY: Duration = Duration::from_secs(600);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_are_chosen_and_kept() {
        let peers: Vec<PeerId> = (0..5).map(|_| PeerId::random()).collect();
        let mut chosen = Vec::new();
        choose(&mut chosen, peers.clone());
        assert_eq!(chosen.len(), 2);
        let before = chosen.clone();
        choose(&mut chosen, peers.clone());
        assert_eq!(chosen, before);
        let rest: Vec<PeerId> = peers.iter().filter(|peer| **peer != before[0]).copied().collect();
        choose(&mut chosen, rest);
        assert_eq!(chosen[0], before[1]);
        assert_eq!(chosen.len(), 2);
        choose(&mut chosen, vec![]);
        assert!(chosen.is_empty());
    }
}
