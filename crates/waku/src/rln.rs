//! The node's side of rate limiting proofs (17/WAKU2-RLN-RELAY): what it asks whoever can make and judge them, and what it
//! hears.
//!
//! There is no cryptography here: the proofs are in the crate `undertone-rln`, which holds the other end ([`RlnDesk`]).
//! Without one the node neither makes nor judges proofs, as on the Status network. What a node does with a verdict is in
//! `task/rate.rs`.

use libp2p::PeerId;
use tokio::sync::{mpsc, oneshot, watch};
use waku_proto::WakuMessage;
use waku_proto::rln::Invalid;

/// Where the node hands in its work. Clones share it.
#[derive(Clone, Debug)]
pub struct Rln {
    jobs: mpsc::Sender<RlnJob>,
    status: watch::Receiver<RlnStatus>,
}

/// The other end: takes the work and tells how it goes.
#[derive(Debug)]
pub struct RlnDesk {
    /// Work, in the order of its arrival. It waits in here no longer than it takes to be sorted.
    pub jobs: mpsc::Receiver<RlnJob>,
    /// Figures for operators.
    pub status: watch::Sender<RlnStatus>,
}

/// One piece of work. Whoever drops the answer's sender has not judged.
#[derive(Debug)]
pub enum RlnJob {
    /// Say whether the message's proof holds, and note its number as used.
    Verify {
        /// The message.
        message: WakuMessage,
        /// The peer that brought it; absent if it is to be published here.
        from: Option<PeerId>,
        /// The message comes back with the verdict.
        answer: oneshot::Sender<(WakuMessage, RlnVerdict)>,
    },
    /// Attach a proof of this node's own membership.
    Prove {
        /// The message, which has a time already.
        message: WakuMessage,
        /// The message comes back with its proof.
        answer: oneshot::Sender<Result<WakuMessage, RlnRefusal>>,
    },
}

/// What a proof says of its message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RlnVerdict {
    /// A member sent it, within its rate.
    Valid,
    /// The sender's fault, or that of whoever passed it on.
    Invalid(Invalid),
    /// A member exceeded its rate.
    Spam,
    /// Nobody's fault: the members are not known at present, or there is too much to do.
    Undecided,
}

/// The message may not be published here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RlnRefusal {
    /// It came with a proof that does not hold, or under a number that was used.
    #[error("the message's proof does not hold, or its number was used before")]
    Invalid,
    /// It came with a proof for members as they are no more, or not yet.
    #[error("the message's proof is for members as they are no more; make another")]
    Stale,
    /// It came without a proof, and the node has no membership.
    #[error("this node has no membership with which to send on this network")]
    NoMembership,
    /// All messages of the epoch are sent.
    #[error("the membership's messages for this epoch are used up")]
    Spent,
    /// The message's time is too far from now.
    #[error("the message is too old to be sent with a proof")]
    Untimely,
    /// The members are not known at present, a file cannot be written, or there is too much to do.
    #[error("no proof can be made right now")]
    Unavailable,
}

/// How it goes, since the start.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RlnStatus {
    /// Messages whose proofs were looked at.
    pub messages: u64,
    /// Ones that were good.
    pub valid: u64,
    /// Ones under a number that was used before.
    pub spam: u64,
    /// Ones that were bad, in the order of [`Invalid::ALL`].
    pub invalid: [u64; Invalid::ALL.len()],
    /// Ones that could not be judged.
    pub undecided: u64,
    /// Proofs verified, and seconds that the last one took.
    pub verified: (u64, f64),
    /// Proofs made, and seconds that the last one took.
    pub proved: (u64, f64),
    /// Seconds to load the circuit.
    pub loaded_in: f64,
    /// Messages that this node may still send in this epoch; absent without a membership.
    pub left: Option<u64>,
    /// Members, if their number is known.
    pub members: Option<u64>,
    /// What keeps it from judging; empty if nothing does.
    pub trouble: String,
}

impl RlnStatus {
    /// Counts a verdict.
    pub fn count(&mut self, verdict: RlnVerdict) {
        self.messages += 1;
        match verdict {
            RlnVerdict::Valid => self.valid += 1,
            RlnVerdict::Spam => self.spam += 1,
            RlnVerdict::Undecided => self.undecided += 1,
            RlnVerdict::Invalid(reason) => {
                let place = Invalid::ALL.iter().position(|known| *known == reason);
                self.invalid[place.expect("every reason is in the list")] += 1;
            }
        }
    }
}

impl Rln {
    /// Both ends.
    pub fn new() -> (Self, RlnDesk) {
        let (jobs, queue) = mpsc::channel(WAITING);
        let (publisher, status) = watch::channel(RlnStatus::default());
        let desk = RlnDesk {
            jobs: queue,
            status: publisher,
        };
        (Self { jobs, status }, desk)
    }

    /// How it goes.
    pub(crate) fn status(&self) -> RlnStatus {
        self.status.borrow().clone()
    }

    /// Has the message of a peer judged.
    pub(crate) async fn verify(&self, message: WakuMessage, from: Option<PeerId>) -> Option<(WakuMessage, RlnVerdict)> {
        let (answer, verdict) = oneshot::channel();
        let job = RlnJob::Verify { message, from, answer };
        self.jobs.send(job).await.ok()?;
        verdict.await.ok()
    }

    /// Makes a message fit to be published here: attaches a proof of this node's own, or has the one judged that is there.
    pub(crate) async fn clear(&self, message: WakuMessage) -> Result<WakuMessage, RlnRefusal> {
        if !has_proof(&message) {
            return self.prove(message).await;
        }
        match self.verify(message, None).await {
            Some((message, RlnVerdict::Valid)) => Ok(message),
            Some((_, RlnVerdict::Invalid(Invalid::Root))) => Err(RlnRefusal::Stale),
            Some((_, RlnVerdict::Invalid(_) | RlnVerdict::Spam)) => Err(RlnRefusal::Invalid),
            Some((_, RlnVerdict::Undecided)) | None => Err(RlnRefusal::Unavailable),
        }
    }

    /// Attaches a proof, unless there is one.
    pub(crate) async fn prove(&self, message: WakuMessage) -> Result<WakuMessage, RlnRefusal> {
        if has_proof(&message) {
            return Ok(message);
        }
        let (answer, proved) = oneshot::channel();
        let job = RlnJob::Prove { message, answer };
        self.jobs.send(job).await.map_err(|_| RlnRefusal::Unavailable)?;
        proved.await.map_err(|_| RlnRefusal::Unavailable)?
    }
}

impl RlnRefusal {
    /// Whether trying again later makes sense.
    pub fn is_transient(self) -> bool {
        matches!(self, Self::Stale | Self::Spent | Self::Unavailable)
    }
}

fn has_proof(message: &WakuMessage) -> bool {
    message.rate_limit_proof.as_ref().is_some_and(|proof| !proof.is_empty())
}

/// Jobs on their way to the desk.
const WAITING: usize = 64;
