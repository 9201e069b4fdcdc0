//! Relay at a rate that does not wait for the node: what is lost, and how long a message takes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::AsyncWriteExt;
use tokio::time::{interval, sleep};

use crate::arrivals::Arrivals;
use crate::peer::Peer;
use crate::relay::{LOST, receive};
use crate::subject::Subject;
use crate::{Load, needed, quantile, spread, wire};

const RATES: [usize; 3] = [500, 5_000, 10_000];
const SIZE: usize = 1_000;

pub(crate) async fn measure(load: &Load) {
    println!("rate: {SIZE} B from one peer to another, offered whether the node keeps up or not\n");
    println!(
        "{:<10} {:<8} {:>9} {:>7} {:<23} {:>8} {:>8}",
        "offered/s", "subject", "sent", "lost", "CPU s / 1000", "p50 ms", "p99 ms"
    );
    for rate in RATES {
        for subject in load.gossiping() {
            let (mut sent, mut cpu, mut latency) = (0, Vec::new(), Vec::new());
            for _ in 0..load.rounds {
                let round = round(&subject, load, rate).await;
                sent += round.sent;
                cpu.push(round.cpu / (round.latency.len() as f64 / 1_000.0));
                latency.extend(round.latency);
            }
            println!(
                "{rate:<10} {:<8} {sent:>9} {:>7} {:<23} {:>8.2} {:>8.2}",
                subject.name(),
                sent.saturating_sub(latency.len()),
                spread(&cpu, 4),
                quantile(&latency, 0.5),
                quantile(&latency, 0.99),
            );
        }
    }
}

struct Round {
    sent: usize,
    cpu: f64,
    latency: Vec<f64>,
}

async fn round(subject: &Subject, load: &Load, rate: usize) -> Round {
    let node = subject.start();
    let (_publisher, mut stream, _) = needed(Peer::join(&node.address, load.shard).await, "relay stream");
    let (_reader, _, frames) = needed(Peer::join(&node.address, load.shard).await, "relay stream");
    // Two heartbeats, so that both are in the mesh of a node that decides by itself.
    sleep(Duration::from_secs(2)).await;
    let arrivals = Arrivals::new();
    tokio::spawn(receive(frames, Arc::clone(&arrivals)));
    let (before, began, mut sent) = (node.cpu(), Instant::now(), 0);
    let mut beat = interval(Duration::from_millis(1));
    while began.elapsed() < load.duration {
        beat.tick().await;
        let due = (began.elapsed().as_secs_f64() * rate as f64) as usize;
        for _ in sent..due {
            let message = wire::message(load.shard, "/undertone/1/load/proto", SIZE, false);
            stream.write_all(&wire::publish(&message)).await.unwrap();
        }
        sent = sent.max(due);
        stream.flush().await.unwrap();
    }
    arrivals.until(sent, LOST).await;
    Round {
        sent,
        cpu: node.cpu() - before,
        latency: arrivals.ages(),
    }
}
