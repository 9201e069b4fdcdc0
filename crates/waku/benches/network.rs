//! A network of real nodes on loopback in one process: how messages spread, and how they do while nodes die.
//!
//! `cargo bench -p undertone-waku --bench network -- [NODES]`, 50 by default; `UNDERTONE_BENCH_ROUNDS` changes three rounds
//! of churn, in each of which 30 % of the nodes are killed, messages are published, and the nodes start again.
//!
//! All nodes share this process, its processors and the measuring. First there is no latency and no loss, and times are
//! those of our code under contention; then every connection takes 50 ms in each direction and loses 1 % of its segments,
//! which come after another 250 ms and hold up what follows them. Copies are bytes received per byte of message, so they include
//! what gossip and encryption add.
#![allow(missing_docs, clippy::print_stdout, clippy::unwrap_used)]

use std::time::{Duration, Instant};

#[path = "../tests/network/mod.rs"]
mod network;
#[path = "load/process.rs"]
mod process;

use network::{Network, Quality, Round, Spread};

/// As in the binary.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

const DIALS: usize = 6;
const SIZE: usize = 1_000;
const MESSAGES: usize = 200;
const CHURNED: usize = 50;
const SHARE: usize = 30;
const PAUSE: Duration = Duration::from_millis(50);
const LINES: Quality = Quality {
    latency: Duration::from_millis(50),
    lost: 10,
};

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let nodes = std::env::args()
        .find_map(|argument| argument.parse().ok())
        .unwrap_or(50);
    let rounds = std::env::var("UNDERTONE_BENCH_ROUNDS").map_or(3, |text| text.parse().unwrap());
    println!(
        "{nodes} nodes, each dials {DIALS} others; {SIZE} B, one message every {} ms",
        PAUSE.as_millis()
    );
    println!("\nno latency, no loss");
    measure(nodes, rounds, None).await;
    println!(
        "\n{} ms in each direction, 1 % of the segments lost",
        LINES.latency.as_millis()
    );
    measure(nodes, rounds, Some(LINES)).await;
}

async fn measure(nodes: usize, rounds: usize, quality: Option<Quality>) {
    let empty = resident();
    let started = Instant::now();
    let mut network = Network::start(nodes, DIALS, quality).await;
    let start = started.elapsed();
    let (idle, before, began) = (resident(), processor(), Instant::now());
    let calm = network.publish(MESSAGES, SIZE, PAUSE).await;
    let (used, took) = (processor() - before, began.elapsed().as_secs_f64());
    let mut churned = Vec::new();
    for _ in 0..rounds {
        churned.push(network.churn(SHARE, CHURNED, SIZE, PAUSE).await);
    }
    println!(
        "                   complete    last node p50   p99      copies   received B  sent B per node and message"
    );
    print_spread("all up", &calm);
    churned
        .iter()
        .for_each(|round| print_spread("30 % killed", &round.spread));
    print_churn(&churned);
    let each = nodes as f64;
    println!("all meshed after {:.1} s", start.as_secs_f64());
    println!(
        "a node: {:.1} MB resident idle, {:.1} MB at the end, {:.2} % of a processor, {:.3} CPU ms per message",
        (idle - empty) / each,
        (resident() - empty) / each,
        100.0 * used / took / each,
        1000.0 * used / each / MESSAGES as f64,
    );
}

fn print_spread(name: &str, spread: &Spread) {
    println!(
        "{name:<18} {:>4} of {:<4} {:>8.1} ms   {:>6.1} ms   {:>4.1}   {:>8.0}   {:>8.0}",
        spread.complete(),
        spread.last.len(),
        1000.0 * spread.percentile(50).as_secs_f64(),
        1000.0 * spread.percentile(99).as_secs_f64(),
        spread.received / SIZE as f64,
        spread.received,
        spread.sent,
    );
}

fn print_churn(rounds: &[Round]) {
    for round in rounds {
        println!(
            "{} nodes were down: {} of {} missed messages fetched from the store, all back after {:.1} s",
            round.down,
            round.fetched,
            round.down * CHURNED,
            round.recovered.as_secs_f64(),
        );
    }
}

fn processor() -> f64 {
    process::cpu(std::process::id())
}

/// Resident megabytes of this process.
fn resident() -> f64 {
    process::memory(std::process::id(), "VmRSS:") as f64 / 1e6
}
