//! What came: first what costs nothing, then whether the members are known, then the proof, then whether its number was
//! used before.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::sleep_until;
use waku::{PeerId, RlnJob, RlnRefusal, RlnStatus, RlnVerdict, WakuMessage};
use waku_proto::rln::nullifiers::{NullifierLog, Seen};
use waku_proto::rln::queue::{FairQueue, QueueLimits};
use waku_proto::rln::roots::RootWindow;
use waku_proto::rln::{Epoch, Invalid, RateLimitProof, read};

use super::prove::Order;
use super::{Source, now};
use crate::Circuit;
use crate::chain::{Chain, ChainError};

/// Judges one message after the other.
pub(super) struct Judge {
    circuit: Arc<Circuit>,
    epoch_seconds: u64,
    roots: RootWindow,
    log: NullifierLog,
    /// Messages of known members.
    queue: FairQueue<Option<PeerId>, Pending>,
    at_work: JoinSet<Verified>,
    workers: usize,
    /// Messages whose members are not known yet.
    parked: FairQueue<Option<PeerId>, Pending>,
    /// Absent while it is being asked, and where members are listed.
    chain: Option<Box<Chain>>,
    has_chain: bool,
    asking: JoinSet<Asked>,
    asked: Instant,
    tell: Arc<watch::Sender<RlnStatus>>,
}

/// A message that passed the cheap checks.
struct Pending {
    message: WakuMessage,
    epoch: Epoch,
    proof: RateLimitProof,
    since: Instant,
    answer: oneshot::Sender<(WakuMessage, RlnVerdict)>,
}

struct Verified {
    pending: Pending,
    holds: bool,
    took: Duration,
}

struct Asked {
    chain: Box<Chain>,
    began: Instant,
    roots: Result<Vec<[u8; 32]>, ChainError>,
}

impl Judge {
    pub(super) fn new(
        circuit: Arc<Circuit>,
        source: Source,
        roots: Vec<[u8; 32]>,
        epoch_seconds: u64,
        tell: Arc<watch::Sender<RlnStatus>>,
    ) -> Self {
        let mut window = RootWindow::default();
        roots.into_iter().for_each(|root| window.push(root));
        let chain = match source {
            Source::Listed(_) => None,
            Source::Chain(chain) => Some(chain),
        };
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            circuit,
            epoch_seconds,
            roots: window,
            log: NullifierLog::default(),
            queue: FairQueue::new(QUEUE),
            at_work: JoinSet::new(),
            // The other half is the node's.
            workers: (cores / 2).max(1),
            parked: FairQueue::new(PARKED),
            has_chain: chain.is_some(),
            chain,
            asking: JoinSet::new(),
            asked: Instant::now(),
            tell,
        }
    }

    /// Until nobody asks any more.
    pub(super) async fn run(mut self, mut jobs: mpsc::Receiver<RlnJob>, prover: Option<mpsc::Sender<Order>>) {
        loop {
            self.begin_work();
            self.begin_asking();
            let next_asking = (self.asked + BETWEEN_QUESTIONS).into();
            let waits = !self.parked.is_empty() && self.asking.is_empty();
            tokio::select! {
                job = jobs.recv() => match job {
                    None => return,
                    Some(RlnJob::Verify { message, from, answer }) => self.take(message, from, answer),
                    Some(RlnJob::Prove { message, answer }) => order(prover.as_ref(), message, answer),
                },
                Some(verified) = self.at_work.join_next() => {
                    // A thread that ended early dropped its answer, which says that nothing was judged.
                    if let Ok(verified) = verified {
                        self.finish(verified);
                    }
                }
                Some(Ok(asked)) = self.asking.join_next() => self.hear(asked),
                () = sleep_until(next_asking), if waits => {}
            }
        }
    }

    fn take(&mut self, message: WakuMessage, from: Option<PeerId>, answer: oneshot::Sender<(WakuMessage, RlnVerdict)>) {
        let (epoch, proof) = match read(&message, now(), self.epoch_seconds) {
            Ok(read) => read,
            Err(reason) => return self.say(message, RlnVerdict::Invalid(reason), answer),
        };
        let is_known = self.roots.accepts(&proof.merkle_root);
        if !is_known && !self.has_chain {
            return self.say(message, RlnVerdict::Invalid(Invalid::Root), answer);
        }
        let pending = Pending {
            message,
            epoch,
            proof,
            since: Instant::now(),
            answer,
        };
        let place = if is_known { &mut self.queue } else { &mut self.parked };
        let size = pending.message.encoded_len();
        if let Err(pending) = place.push(from, size, pending) {
            self.say(pending.message, RlnVerdict::Undecided, pending.answer);
        }
    }

    fn begin_work(&mut self) {
        while self.at_work.len() < self.workers
            && let Some((_, pending)) = self.queue.pop()
        {
            // Nobody waits any more.
            if pending.answer.is_closed() {
                continue;
            }
            let circuit = Arc::clone(&self.circuit);
            self.at_work.spawn_blocking(move || {
                let began = Instant::now();
                let holds = circuit.verify(&pending.proof, &pending.message);
                Verified {
                    pending,
                    holds,
                    took: began.elapsed(),
                }
            });
        }
    }

    fn finish(&mut self, verified: Verified) {
        let Verified { pending, holds, took } = verified;
        self.tell.send_modify(|status| {
            status.verified = (status.verified.0 + 1, took.as_secs_f64());
        });
        let verdict = if holds {
            let current = Epoch::of(now(), self.epoch_seconds);
            let seen = self
                .log
                .log(current, pending.epoch, pending.proof.nullifier, pending.proof.share());
            match seen {
                Seen::Fresh => RlnVerdict::Valid,
                Seen::Spam(_) => RlnVerdict::Spam,
                Seen::NotKept => RlnVerdict::Undecided,
            }
        } else {
            RlnVerdict::Invalid(Invalid::Proof)
        };
        self.say(pending.message, verdict, pending.answer);
    }

    fn begin_asking(&mut self) {
        if self.parked.is_empty() || self.asked.elapsed() < BETWEEN_QUESTIONS {
            return;
        }
        let Some(mut chain) = self.chain.take() else { return };
        let began = Instant::now();
        self.asked = began;
        self.asking.spawn(async move {
            let roots = chain.roots().await;
            Asked { chain, began, roots }
        });
    }

    /// Takes the members as they are now. What came after the question has to wait for the next one.
    fn hear(&mut self, asked: Asked) {
        let Asked { chain, began, roots } = asked;
        self.chain = Some(chain);
        let is_answered = roots.is_ok();
        let trouble = match roots {
            Ok(roots) => {
                roots.into_iter().for_each(|root| self.roots.push(root));
                String::new()
            }
            Err(error) => {
                tracing::warn!(%error, "the members of the network are not known at present");
                error.to_string()
            }
        };
        self.tell.send_modify(|status| status.trouble = trouble);
        let mut parked = FairQueue::new(PARKED);
        std::mem::swap(&mut parked, &mut self.parked);
        while let Some((from, pending)) = parked.pop() {
            let size = pending.message.encoded_len();
            let place = if self.roots.accepts(&pending.proof.merkle_root) {
                &mut self.queue
            } else if is_answered && pending.since <= began {
                self.say(pending.message, RlnVerdict::Invalid(Invalid::Root), pending.answer);
                continue;
            } else if is_answered {
                &mut self.parked
            } else {
                self.say(pending.message, RlnVerdict::Undecided, pending.answer);
                continue;
            };
            if let Err(pending) = place.push(from, size, pending) {
                self.say(pending.message, RlnVerdict::Undecided, pending.answer);
            }
        }
    }

    fn say(&self, message: WakuMessage, verdict: RlnVerdict, answer: oneshot::Sender<(WakuMessage, RlnVerdict)>) {
        self.tell.send_modify(|status| status.count(verdict));
        let _ = answer.send((message, verdict));
    }
}

fn order(
    prover: Option<&mpsc::Sender<Order>>,
    message: WakuMessage,
    answer: oneshot::Sender<Result<WakuMessage, RlnRefusal>>,
) {
    let Some(prover) = prover else {
        let _ = answer.send(Err(RlnRefusal::NoMembership));
        return;
    };
    // A full queue drops the order, and with it the answer.
    let _ = prover.try_send(Order { message, answer });
}

/// Gossip remembers a message for six seconds; a proof takes milliseconds.
const QUEUE: QueueLimits = QueueLimits {
    count: 1024,
    per_peer: 128,
    bytes: 64 * 1024 * 1024,
};
/// Seldom more than one member is new.
const PARKED: QueueLimits = QueueLimits {
    count: 256,
    per_peer: 32,
    bytes: 16 * 1024 * 1024,
};
/// As deployed.
const BETWEEN_QUESTIONS: Duration = Duration::from_secs(2);
