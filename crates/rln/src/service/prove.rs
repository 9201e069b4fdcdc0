//! What goes out: each message gets a number that was never used, and a proof with it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::spawn_blocking;
use tokio::time::{MissedTickBehavior, interval};
use waku::{RlnRefusal, RlnStatus, WakuMessage};
use waku_proto::rln::nonces::DrawError;
use waku_proto::rln::{Epoch, is_timely};

use super::{Source, Standing, now};
use crate::{Circuit, Identity, Member, MerklePath, Spent, SpentError};

/// A message that wants a proof.
pub(super) struct Order {
    pub(super) message: WakuMessage,
    pub(super) answer: oneshot::Sender<Result<WakuMessage, RlnRefusal>>,
}

/// The membership of this node.
pub(super) struct Own {
    pub(super) identity: Identity,
    pub(super) standing: Standing,
    /// Messages in an epoch.
    pub(super) allowed: u64,
    pub(super) spent: Mutex<Spent>,
}

/// Makes one proof after the other.
pub(super) struct Prover {
    circuit: Arc<Circuit>,
    source: Source,
    own: Arc<Own>,
    epoch_seconds: u64,
    path: Option<(Instant, Arc<MerklePath>)>,
    tell: Arc<watch::Sender<RlnStatus>>,
}

impl Prover {
    pub(super) fn new(
        circuit: Arc<Circuit>,
        source: Source,
        own: Own,
        epoch_seconds: u64,
        tell: Arc<watch::Sender<RlnStatus>>,
    ) -> Self {
        Self {
            circuit,
            source,
            own: Arc::new(own),
            epoch_seconds,
            path: None,
            tell,
        }
    }

    /// Takes orders until nobody gives any.
    pub(super) fn start(mut self) -> mpsc::Sender<Order> {
        let (sender, mut orders) = mpsc::channel::<Order>(WAITING);
        self.tell_left();
        tokio::spawn(async move {
            let mut epochs = interval(Duration::from_secs(self.epoch_seconds.max(1)));
            epochs.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                tokio::select! {
                    order = orders.recv() => {
                        let Some(Order { message, answer }) = order else { return };
                        let proved = self.prove(message).await;
                        self.tell_left();
                        let _ = answer.send(proved);
                    }
                    _ = epochs.tick() => self.tell_left(),
                }
            }
        });
        sender
    }

    async fn prove(&mut self, mut message: WakuMessage) -> Result<WakuMessage, RlnRefusal> {
        let timestamp = message.timestamp.unwrap_or(0);
        if !is_timely(timestamp, now()) {
            return Err(RlnRefusal::Untimely);
        }
        let epoch = Epoch::of(timestamp, self.epoch_seconds);
        let path = self.path().await?;
        let (circuit, own) = (Arc::clone(&self.circuit), Arc::clone(&self.own));
        let proved = spawn_blocking(move || {
            let began = Instant::now();
            let message_id = own.draw(epoch)?;
            let member = Member {
                identity: &own.identity,
                path: &path,
                limit: own.standing.limit,
                message_id,
            };
            let proof = circuit.prove(&member, epoch, &message).map_err(|error| {
                tracing::error!(%error, "a proof could not be made");
                RlnRefusal::Unavailable
            })?;
            message.rate_limit_proof = Some(proof.encode());
            Ok((message, began.elapsed()))
        });
        let (message, took) = proved.await.map_err(|_| RlnRefusal::Unavailable)??;
        self.tell
            .send_modify(|status| status.proved = (status.proved.0 + 1, took.as_secs_f64()));
        Ok(message)
    }

    /// The way to the root. Other nodes remember fifty roots, so a contract is not asked for each message.
    async fn path(&mut self) -> Result<Arc<MerklePath>, RlnRefusal> {
        if let Some((_, path)) = self.path.as_ref().filter(|(since, _)| since.elapsed() < PATH_AGE) {
            return Ok(Arc::clone(path));
        }
        let index = self.own.standing.index;
        let path = match &mut self.source {
            Source::Listed(group) => group.path(index).ok_or(RlnRefusal::NoMembership)?,
            Source::Chain(chain) => chain.path(index).await.map_err(|error| {
                tracing::warn!(%error, "the membership's place is not known at present");
                RlnRefusal::Unavailable
            })?,
        };
        let path = Arc::new(path);
        self.path = Some((Instant::now(), Arc::clone(&path)));
        Ok(path)
    }

    fn tell_left(&self) {
        let left = self.own.left(Epoch::of(now(), self.epoch_seconds));
        self.tell.send_modify(|status| status.left = Some(left));
    }
}

impl Own {
    /// A number, which is on disk when this returns.
    fn draw(&self, epoch: Epoch) -> Result<u64, RlnRefusal> {
        let mut spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        spent.draw(epoch, self.allowed).map_err(|error| match error {
            SpentError::None(DrawError::Spent) => RlnRefusal::Spent,
            SpentError::None(DrawError::Past) => RlnRefusal::Untimely,
            error => {
                tracing::error!(%error, "a message is not sent");
                RlnRefusal::Unavailable
            }
        })
    }

    fn left(&self, epoch: Epoch) -> u64 {
        let spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        spent.left(epoch, self.allowed)
    }
}

/// Orders that may wait.
const WAITING: usize = 16;
/// How long a way from a contract is used.
const PATH_AGE: Duration = Duration::from_secs(60);
