//! A contract is read by JSON-RPC: from a server on loopback that answers as nodes of a chain do, with answers in the
//! contract's binary form.

#![allow(clippy::unwrap_used)]

use std::sync::{Arc, Mutex};

mod common;

use common::{CONTRACT, number, word};
use undertone_rln::chain::{Chain, ChainError, Registered, RpcError};
use undertone_rln::{Group, Identity};

async fn serve(answers: Vec<(&'static str, String)>) -> String {
    common::serve(Arc::new(Mutex::new(answers))).await
}

#[tokio::test]
async fn a_contract_tells_roots_paths_and_members() {
    let identity = Identity::generate().unwrap();
    let group = Group::parse(&format!("{} 20", hex::encode(identity.commitment()))).unwrap();
    // The neighbours of the first leaf of a tree with one member are the roots of empty trees.
    let mut empty = vec![[0; 32]];
    for level in 1..20 {
        let known: [u8; 32] = zero_subtree(level, empty[level - 1]);
        empty.push(known);
    }
    let path: String = empty.iter().map(|element| word(*element)).collect();
    let roots = [word(group.root()), word([7; 32]), number(0), number(0), number(0)].concat();
    let url = serve(vec![
        ("getRecentRoots()", format!("0x{roots}")),
        ("getMerkleProof(uint40)", format!("0x{path}")),
        ("isInMembershipSet(uint256)", format!("0x{}", number(1))),
        (
            "getMembershipInfo(uint256)",
            format!("0x{}{}{}", number(20), number(0), number(5)),
        ),
        ("nextFreeIndex()", format!("0x{}", number(1))),
    ])
    .await;
    // The first address leads nowhere; the next is asked.
    let mut chain = Chain::new(&["http://127.0.0.1:1".into(), url], CONTRACT).unwrap();
    assert_eq!(chain.id().await, Ok(59_141));
    assert_eq!(chain.roots().await, Ok(vec![[7; 32], group.root()]));
    let registered = Registered { limit: 20, index: 0 };
    assert_eq!(chain.membership(identity.commitment()).await, Ok(Some(registered)));
    assert_eq!(chain.path(0).await.unwrap().root(&identity, 20), group.root());
    assert_eq!(chain.members().await, Some(1));
}

/// By the tree itself: the root of a list of nothing, one level deeper each time.
fn zero_subtree(_level: usize, below: [u8; 32]) -> [u8; 32] {
    use zerokit::prelude::{CanonicalDeserialize as _, CanonicalSerialize as _, Fr, Hasher, PoseidonHash};
    let below = Fr::deserialize_compressed(&below[..]).unwrap();
    let mut bytes = [0; 32];
    let above = Hasher::<PoseidonHash>::hash_pair(below, below);
    above.serialize_compressed(&mut bytes[..]).unwrap();
    bytes
}

#[tokio::test]
async fn an_older_contract_tells_one_root() {
    let url = serve(vec![
        ("root()", format!("0x{}", word([9; 32]))),
        ("isInMembershipSet(uint256)", format!("0x{}", number(0))),
    ])
    .await;
    let mut chain = Chain::new(&[url], CONTRACT).unwrap();
    assert_eq!(chain.roots().await, Ok(vec![[9; 32]]));
    assert_eq!(chain.membership([1; 32]).await, Ok(None));
    assert_eq!(chain.members().await, None);
}

#[tokio::test]
async fn nonsense_and_silence_are_told_apart() {
    let url = serve(vec![
        ("getRecentRoots()", "0x1234".into()),
        ("getMerkleProof(uint40)", "0x".into()),
    ])
    .await;
    let mut chain = Chain::new(&[url], CONTRACT).unwrap();
    assert_eq!(chain.roots().await, Err(ChainError::Rpc(RpcError::Nonsense)));
    assert_eq!(chain.path(0).await, Err(ChainError::Rpc(RpcError::Declined)));
    let mut nobody = Chain::new(&["http://127.0.0.1:1".into()], CONTRACT).unwrap();
    assert_eq!(nobody.roots().await, Err(ChainError::Rpc(RpcError::Unreachable)));
    for (urls, contract) in [
        (vec![], CONTRACT),
        (vec!["ftp://a".to_owned()], CONTRACT),
        (vec!["http://a".into()], "0x12"),
    ] {
        assert!(Chain::new(&urls, contract).is_err());
    }
}
