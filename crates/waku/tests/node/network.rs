//! A small network: everything reaches everybody, also while some are killed and started again.

use std::time::Duration;

#[path = "../network/mod.rs"]
mod nodes;

use nodes::{Network, Quality};

const NODES: usize = 12;
const SIZE: usize = 1_000;
const PAUSE: Duration = Duration::from_millis(20);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_reach_everybody_and_those_who_were_killed_get_them_from_a_store() {
    let mut network = Network::start(NODES, 5, None).await;
    let calm = network.publish(40, SIZE, PAUSE).await;
    assert_eq!(calm.complete(), 40, "{calm:?}");
    // A mesh brings a message from some sides, not from every neighbour in full and again.
    let copies = calm.received / SIZE as f64;
    assert!(
        (1.0..10.0).contains(&copies),
        "{copies} copies of each message per node"
    );
    for _ in 0..2 {
        let round = network.churn(30, 20, SIZE, PAUSE).await;
        assert_eq!((round.down, round.spread.complete()), (3, 20), "{round:?}");
        assert_eq!(round.fetched, 3 * 20, "{round:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_reach_everybody_over_slow_lines_that_lose_some() {
    let lines = Quality {
        latency: Duration::from_millis(40),
        lost: 20,
    };
    let mut network = Network::start(NODES, 4, Some(lines)).await;
    let calm = network.publish(20, SIZE, PAUSE).await;
    assert_eq!(calm.complete(), 20, "{calm:?}");
    assert!(calm.percentile(0) >= lines.latency, "it went over the lines: {calm:?}");
    let round = network.churn(30, 10, SIZE, PAUSE).await;
    assert_eq!((round.spread.complete(), round.fetched), (10, 3 * 10), "{round:?}");
}
