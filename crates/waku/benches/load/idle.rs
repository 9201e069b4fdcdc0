//! What a connected peer that says nothing costs.

use std::time::Duration;

use tokio::time::sleep;

use crate::peer::Peer;
use crate::{Load, median, spread};

const PEERS: usize = 100;
const SECONDS: u64 = 5;

pub(crate) async fn measure(load: &Load) {
    println!("idle: {PEERS} peers that have subscribed and grafted, for {SECONDS} s\n");
    println!(
        "{:<8} {:>7} {:>16} {:<20} {:<20}",
        "subject", "let in", "RSS MB, empty", "RSS MB, with them", "kB a peer"
    );
    for subject in load.gossiping() {
        let (mut empty, mut full, mut each, mut peers) = (Vec::new(), Vec::new(), Vec::new(), 0);
        for _ in 0..load.rounds {
            let node = subject.start();
            // What a node does at its start is no peer's doing.
            sleep(Duration::from_secs(1)).await;
            let before = node.resident();
            let mut held = Vec::new();
            for _ in 0..PEERS {
                held.extend(Peer::join(&node.address, load.shard).await);
            }
            sleep(Duration::from_secs(SECONDS)).await;
            let after = node.resident();
            peers = held.len();
            empty.push(before);
            full.push(after);
            each.push((after - before) * 1_000.0 / peers as f64);
        }
        println!(
            "{:<8} {peers:>7} {:>16.1} {:<20} {:<20}",
            subject.name(),
            median(&empty),
            spread(&full, 1),
            spread(&each, 0),
        );
    }
}
