//! A group that a contract on a chain keeps: roots, paths and memberships, asked for by JSON-RPC.
//!
//! As in deployed nodes, no tree is kept here and no events are read. The contract is believed; it decides who is a member.

use serde_json::{Value, json};
use waku_proto::rln::TREE_DEPTH;

mod abi;
mod rpc;

pub use rpc::RpcError;

use crate::circuit::MerklePath;
use rpc::Rpc;

/// The membership contract, and who is asked about it.
#[derive(Clone)]
pub struct Chain {
    rpc: Rpc,
    contract: String,
    /// Older contracts tell the newest root only.
    tells_recent: bool,
}

/// What the contract knows of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Registered {
    /// Messages in an epoch.
    pub limit: u64,
    /// Its leaf.
    pub index: u32,
}

impl Chain {
    /// The contract at an address (20 bytes, hexadecimal with `0x`), asked for at nodes of its chain.
    pub fn new(nodes: &[String], contract: &str) -> Result<Self, ChainError> {
        let is_address = contract
            .strip_prefix("0x")
            .is_some_and(|digits| digits.len() == 40 && hex::decode(digits).is_ok());
        if !is_address {
            return Err(ChainError::Contract);
        }
        Ok(Self {
            rpc: Rpc::new(nodes)?,
            contract: contract.to_owned(),
            tells_recent: true,
        })
    }

    /// Which chain the nodes are on.
    pub async fn id(&mut self) -> Result<u64, ChainError> {
        let answer = self.rpc.ask("eth_chainId", json!([])).await?;
        let digits = answer.as_str().and_then(|text| text.strip_prefix("0x"));
        let id = digits.and_then(|digits| u64::from_str_radix(digits, 16).ok());
        Ok(id.ok_or(RpcError::Nonsense)?)
    }

    /// The roots that are valid now, the newest last, each 32 bytes little-endian: five of them, or one where the contract
    /// is of the older kind.
    pub async fn roots(&mut self) -> Result<Vec<[u8; 32]>, ChainError> {
        if self.tells_recent {
            match self.call("getRecentRoots()", &[]).await {
                Ok(answer) => {
                    let roots = abi::list(&answer, RECENT_ROOTS).ok_or(RpcError::Nonsense)?;
                    let used = roots.into_iter().rev().filter(|root| *root != [0; 32]);
                    return Ok(used.map(abi::reversed).collect());
                }
                Err(ChainError::Rpc(RpcError::Declined)) => self.tells_recent = false,
                Err(error) => return Err(error),
            }
        }
        let answer = self.call("root()", &[]).await?;
        match abi::words(&answer).ok_or(RpcError::Nonsense)?[..] {
            [root] => Ok(vec![abi::reversed(root)]),
            _ => Err(RpcError::Nonsense.into()),
        }
    }

    /// The way from a leaf to the newest root.
    pub async fn path(&mut self, index: u32) -> Result<MerklePath, ChainError> {
        let leaf = abi::number(u64::from(index));
        let answer = self.call("getMerkleProof(uint40)", &[leaf]).await?;
        let words = abi::list(&answer, TREE_DEPTH).ok_or(RpcError::Nonsense)?;
        let elements: Vec<[u8; 32]> = words.into_iter().map(abi::reversed).collect();
        Ok(MerklePath::new(index, &elements).ok_or(RpcError::Nonsense)?)
    }

    /// What is known of a commitment (little-endian); `None` if it is no member.
    pub async fn membership(&mut self, commitment: [u8; 32]) -> Result<Option<Registered>, ChainError> {
        let argument = [abi::reversed(commitment)];
        let answer = self.call("isInMembershipSet(uint256)", &argument).await?;
        match abi::words(&answer).ok_or(RpcError::Nonsense)?[..] {
            [word] if abi::small(&word) == Some(0) => return Ok(None),
            [word] if abi::small(&word) == Some(1) => {}
            _ => return Err(RpcError::Nonsense.into()),
        }
        let answer = self.call("getMembershipInfo(uint256)", &argument).await?;
        let words = abi::words(&answer).ok_or(RpcError::Nonsense)?;
        let [limit, index, _] = &words[..] else {
            return Err(RpcError::Nonsense.into());
        };
        let index = abi::small(index).and_then(|index| u32::try_from(index).ok());
        match (abi::small(limit), index) {
            (Some(limit), Some(index)) => Ok(Some(Registered { limit, index })),
            _ => Err(RpcError::Nonsense.into()),
        }
    }

    /// How many leaves were ever given out; not every contract says so.
    pub async fn members(&mut self) -> Option<u64> {
        let answer = self.call("nextFreeIndex()", &[]).await.ok()?;
        abi::small(abi::words(&answer)?.first()?)
    }

    async fn call(&mut self, signature: &str, arguments: &[[u8; 32]]) -> Result<String, ChainError> {
        let call = json!({ "to": self.contract, "data": abi::call(signature, arguments) });
        let answer = self.rpc.ask("eth_call", json!([call, "latest"])).await?;
        match answer {
            // An address without a contract answers nothing to everything, as does a contract without the function.
            Value::String(text) if text == "0x" => Err(RpcError::Declined.into()),
            Value::String(text) => Ok(text),
            _ => Err(RpcError::Nonsense.into()),
        }
    }
}

impl std::fmt::Debug for Chain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Chain")
            .field("contract", &self.contract)
            .finish_non_exhaustive()
    }
}

/// The contract cannot be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// It is no address.
    #[error("a contract has an address of 40 hexadecimal digits after 0x")]
    Contract,
    /// The chain's node.
    #[error(transparent)]
    Rpc(#[from] RpcError),
}

/// Roots that the contract keeps.
const RECENT_ROOTS: usize = 5;
