//! Profiles find nodes that nobody named to them.

use std::time::Duration;

use api::client::Client;
use api::{Connectivity, Unlock};
use undertone_daemon::DiscoveryConfig;

use crate::common::{password, service, start_with, unlocked};

async fn until_connected(client: &Client, profile: &str, peer: &str) {
    let connected = async {
        loop {
            let node = client.node(profile).await.unwrap();
            let is_there = node.peers.iter().any(|known| known.peer_id == peer);
            if is_there && node.connectivity != Connectivity::Offline {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), connected)
        .await
        .expect("the node is not found");
}

#[tokio::test]
async fn nodes_that_are_known_beforehand_or_from_the_last_time_are_called() {
    let (first, address) = service().await;
    let running = start_with(|config| {
        config.network.discovery = DiscoveryConfig {
            known: vec![address.parse().unwrap()],
            ..DiscoveryConfig::default()
        };
    })
    .await;
    let client = &running.client;
    let alice = unlocked(client, "Alice Doe").await;
    until_connected(client, &alice, &first.peer_id().to_string()).await;

    // A node that lasted is written there when the profile is locked.
    let (second, address) = service().await;
    client.lock(&alice).await.unwrap();
    let saved = running.dir.path().join("profiles").join(&alice).join("peers.txt");
    std::fs::write(saved, format!("{address}\n")).unwrap();
    client.unlock(&alice, &Unlock { password: password() }).await.unwrap();
    until_connected(client, &alice, &second.peer_id().to_string()).await;
    running.daemon.shutdown().await;
}
