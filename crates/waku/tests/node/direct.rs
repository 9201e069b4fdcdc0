//! Nodes for one errand.

use std::time::Duration;

use futures::{AsyncReadExt as _, AsyncWriteExt as _, StreamExt as _};
use undertone_waku::NodeStatus;
use undertone_waku::direct::{DirectError, DirectNode};

use crate::common::within;
use crate::reach::{is_circuit, relay_and_caller};

const PROTOCOL: &str = "/test/errand/1";
const SOON: Duration = Duration::from_secs(20);

async fn node() -> DirectNode {
    DirectNode::start("/ip4/127.0.0.1/tcp/0".parse().unwrap(), &[])
        .await
        .unwrap()
}

#[tokio::test]
async fn two_that_were_named_to_each_other_have_a_stream() {
    let (one, other) = (node().await, node().await);
    let mut streams = other.accept_streams(PROTOCOL).unwrap();
    assert!(other.accept_streams(PROTOCOL).is_err());
    // The one that is dialled knows the name only: one address is enough.
    let (there, here) = tokio::join!(
        one.connect(other.peer_id(), other.addresses().to_vec(), SOON),
        other.connect(one.peer_id(), Vec::new(), SOON),
    );
    assert_eq!((there, here), (Ok(()), Ok(())));
    let mut stream = one.open_stream(other.peer_id(), PROTOCOL).await.unwrap();
    stream.write_all(b"hello").await.unwrap();
    stream.close().await.unwrap();
    let (peer, mut heard) = streams.next().await.unwrap();
    assert_eq!(peer, one.peer_id());
    let mut bytes = Vec::new();
    heard.read_to_end(&mut bytes).await.unwrap();
    assert_eq!(bytes, b"hello");
    assert_eq!(
        one.open_stream(other.peer_id(), "/test/other/1").await.unwrap_err(),
        DirectError::Broken
    );
}

#[tokio::test]
async fn whoever_was_not_named_is_not_let_in() {
    let (stranger, host, guest) = (node().await, node().await, node().await);
    let _streams = host.accept_streams(PROTOCOL).unwrap();
    let short = Duration::from_secs(2);
    let (refused, missed) = tokio::join!(
        async {
            let connected = stranger.connect(host.peer_id(), host.addresses().to_vec(), short).await;
            match connected {
                // The handshake is over before the host looks who it was.
                Ok(()) => stranger.open_stream(host.peer_id(), PROTOCOL).await.map(drop),
                Err(error) => Err(error),
            }
        },
        host.connect(guest.peer_id(), Vec::new(), short),
    );
    assert!(refused.is_err());
    assert_eq!(missed, Err(DirectError::Unreachable));
}

#[tokio::test]
async fn each_has_a_name_of_its_own_and_ends_with_its_handle() {
    let (one, other) = (node().await, node().await);
    assert_ne!(one.peer_id(), node().await.peer_id());
    let (there, here) = tokio::join!(
        one.connect(other.peer_id(), other.addresses().to_vec(), SOON),
        other.connect(one.peer_id(), Vec::new(), SOON),
    );
    assert_eq!((there, here), (Ok(()), Ok(())));
    let (name, addresses) = (other.peer_id(), other.addresses().to_vec());
    drop(other);
    let late = node().await;
    let gone = late.connect(name, addresses, Duration::from_secs(2)).await;
    assert_eq!(gone, Err(DirectError::Unreachable));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn relays_bring_two_together_and_carry_no_stream() {
    let (carrying, caller) = relay_and_caller().await;
    let carries = |status: &NodeStatus| !status.relays().is_empty();
    let relays = caller.until("a relay", carries).await.relays();
    assert_eq!(relays, [carrying.address().await]);
    let listen = || "/ip4/127.0.0.1/tcp/0".parse().unwrap();
    let one = DirectNode::start(listen(), &relays).await.unwrap();
    let other = DirectNode::start(listen(), &relays).await.unwrap();
    let circuits = |node: &DirectNode| {
        let addresses = node.addresses().iter().filter(|address| is_circuit(address));
        addresses.cloned().collect::<Vec<_>>()
    };
    let (to_one, to_other) = (circuits(&one), circuits(&other));
    assert_eq!((to_one.len(), to_other.len()), (1, 1));
    let mut streams = other.accept_streams(PROTOCOL).unwrap();
    // They know of each other only what the relay can do for them.
    let (there, here) = tokio::join!(
        one.connect(other.peer_id(), to_other, SOON),
        other.connect(one.peer_id(), to_one, SOON),
    );
    assert_eq!((there, here), (Ok(()), Ok(())));
    // More than a relay would carry.
    let writes = async {
        let mut stream = one.open_stream(other.peer_id(), PROTOCOL).await.unwrap();
        stream.write_all(&vec![7; 1_000_000]).await.unwrap();
        stream.close().await.unwrap();
    };
    let reads = async {
        let mut bytes = Vec::new();
        let (_, mut heard) = streams.next().await.unwrap();
        heard.read_to_end(&mut bytes).await.unwrap();
        bytes.len()
    };
    let ((), read) = within("a long stream", futures::future::join(writes, reads)).await;
    assert_eq!(read, 1_000_000);
}
