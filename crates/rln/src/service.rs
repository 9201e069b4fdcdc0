//! The other end of the node's queue: judges and makes proofs.
//!
//! ```text
//! service.rs  settings, the start        judge.rs  what came: cheap checks, members, proofs, numbers
//!                                        prove.rs  what goes out: a number, the way to the root, a proof
//! ```
//!
//! Proofs are verified one of each peer in turn, so that a peer that sends many delays only its own. As long as the members
//! cannot be asked for, what names unknown ones is not judged, and nobody is blamed.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::task::spawn_blocking;
use waku::Rln;

use crate::chain::{Chain, ChainError};
use crate::{Circuit, Group, Identity, Spent, SpentError};

mod judge;
mod prove;

use judge::Judge;
use prove::Prover;

/// What the service has to know.
#[derive(Debug)]
pub struct Settings {
    /// How long an epoch is, in seconds, at least 1. All nodes of a network need the same.
    pub epoch_seconds: u64,
    /// Who may send.
    pub members: Members,
    /// With whose membership this node sends; it only judges without one.
    pub identity: Option<Identity>,
    /// Messages that this node sends in an epoch at most, if the membership allows more.
    pub at_most: Option<u64>,
    /// Where the numbers that are used are kept.
    pub folder: PathBuf,
}

/// Who may send.
#[derive(Debug)]
pub enum Members {
    /// Those of a list.
    Listed(Group),
    /// Those of a contract.
    Chain {
        /// The contract.
        chain: Chain,
        /// The chain that it has to be on; absent for whatever chain it is on.
        id: Option<u64>,
    },
}

/// Starts the service on the current tokio runtime. It ends with the last clone of what is given back. While no node of a
/// chain answers, it is asked again for a minute.
pub async fn start(settings: Settings) -> Result<Rln, StartError> {
    let began = Instant::now();
    let circuit = spawn_blocking(Circuit::load).await.map_err(|_| StartError::Load)?;
    let loaded_in = began.elapsed().as_secs_f64();
    let source = source(settings.members).await?;
    let (roots, members) = source.clone().first().await?;
    let circuit = Arc::new(circuit);
    let (rln, desk) = Rln::new();
    let tell = Arc::new(desk.status);
    tell.send_modify(|status| (status.loaded_in, status.members) = (loaded_in, members));
    let prover = match settings.identity {
        Some(identity) => {
            let standing = source.clone().find(&identity).await?.ok_or(StartError::NotMember)?;
            let spent = Spent::open(&settings.folder, &identity.commitment())?;
            let allowed = settings.at_most.map_or(standing.limit, |most| most.min(standing.limit));
            let member = prove::Own {
                identity,
                standing,
                allowed,
                spent: Mutex::new(spent),
            };
            let (circuit, source) = (Arc::clone(&circuit), source.clone());
            let prover = Prover::new(circuit, source, member, settings.epoch_seconds, Arc::clone(&tell));
            Some(prover.start())
        }
        None => None,
    };
    let judge = Judge::new(circuit, source, roots, settings.epoch_seconds, tell);
    tokio::spawn(judge.run(desk.jobs, prover));
    Ok(rln)
}

/// The service cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The circuit cannot be loaded.
    #[error("the circuit of the proofs cannot be loaded")]
    Load,
    /// The contract cannot be asked.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The nodes are those of another chain.
    #[error("the nodes asked are on chain {is}, but the contract is on chain {expected}; give addresses of that chain")]
    OtherChain {
        /// Where they are.
        is: u64,
        /// Where the contract is.
        expected: u64,
    },
    /// The identity is nobody's.
    #[error("the membership is not, or no longer, one of this network")]
    NotMember,
    /// The numbers cannot be kept.
    #[error(transparent)]
    Spent(#[from] SpentError),
}

/// Where members are looked up. Clones of a contract's ask apart.
#[derive(Clone, Debug)]
enum Source {
    Listed(Arc<Group>),
    Chain(Box<Chain>),
}

/// Where a member stands.
#[derive(Clone, Copy, Debug)]
struct Standing {
    index: u32,
    limit: u64,
}

async fn source(members: Members) -> Result<Source, StartError> {
    let (mut chain, expected) = match members {
        Members::Listed(group) => return Ok(Source::Listed(Arc::new(group))),
        Members::Chain { chain, id } => (chain, id),
    };
    let mut tries = 1;
    let is = loop {
        match chain.id().await {
            Ok(id) => break id,
            Err(error) if tries >= TRIES => return Err(error.into()),
            Err(error) => {
                tracing::warn!(%error, "the chain is asked again in a moment");
                tries += 1;
                tokio::time::sleep(BETWEEN_TRIES).await;
            }
        }
    };
    match expected.filter(|expected| *expected != is) {
        Some(expected) => Err(StartError::OtherChain { is, expected }),
        None => Ok(Source::Chain(Box::new(chain))),
    }
}

impl Source {
    /// The roots of now, and how many members there are.
    async fn first(self) -> Result<(Vec<[u8; 32]>, Option<u64>), StartError> {
        match self {
            Self::Listed(group) => Ok((vec![group.root()], Some(group.len() as u64))),
            Self::Chain(mut chain) => {
                let roots = chain.roots().await?;
                Ok((roots, chain.members().await))
            }
        }
    }

    async fn find(self, identity: &Identity) -> Result<Option<Standing>, StartError> {
        let commitment = identity.commitment();
        Ok(match self {
            Self::Listed(group) => group.find(&commitment).map(|(index, limit)| Standing { index, limit }),
            Self::Chain(mut chain) => {
                let registered = chain.membership(commitment).await?;
                registered.map(|known| Standing {
                    index: known.index,
                    limit: known.limit,
                })
            }
        })
    }
}

/// Nanoseconds since 1970.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

/// How often a chain is asked at the start, as deployed ...
const TRIES: u32 = 15;
/// ... and how far apart.
const BETWEEN_TRIES: Duration = Duration::from_secs(4);
