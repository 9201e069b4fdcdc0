//! Relay between two peers, as fast as the node does it without losing anything.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::AsyncWriteExt;
use tokio::time::sleep;
use waku_proto::{Envelope, Shard};

use crate::arrivals::Arrivals;
use crate::peer::{Frames, Peer};
use crate::subject::{Running, Subject};
use crate::{Load, median, needed, quantile, spread, wire};

/// Messages that the publisher is ahead of the other.
const AHEAD: usize = 16;
const SIZES: [usize; 4] = [100, 1_000, 10_000, 100_000];
/// A message that has not come for so long is lost.
pub(crate) const LOST: Duration = Duration::from_millis(2_500);

struct Round {
    rate: f64,
    lost: usize,
    cpu: f64,
    latency: Vec<f64>,
    idle: f64,
    end: f64,
}

pub(crate) async fn measure(load: &Load) {
    println!("relay: from one peer to another, at most {AHEAD} messages under way\n");
    println!(
        "{:<8} {:<8} {:<25} {:>5} {:<23} {:>8} {:>8} RSS MB, idle -> end",
        "size B", "subject", "delivered/s", "lost", "CPU s / 1000", "p50 ms", "p99 ms"
    );
    for size in SIZES {
        let subjects = load.gossiping();
        let mut rounds: Vec<Vec<Round>> = subjects.iter().map(|_| Vec::new()).collect();
        for _ in 0..load.rounds {
            for (subject, rounds) in subjects.iter().zip(&mut rounds) {
                rounds.push(round(subject, load, size).await);
            }
        }
        for (subject, rounds) in subjects.iter().zip(&rounds) {
            row(size, subject, rounds);
        }
        if let [node, control] = &rounds[..] {
            let against = |figure: fn(&Round) -> f64| 100.0 * (middle(node, figure) / middle(control, figure) - 1.0);
            println!(
                "{:<8} node against control: {:+.1} % delivered, {:+.1} % CPU",
                "",
                against(|round| round.rate),
                against(|round| round.cpu)
            );
        }
    }
}

fn middle(rounds: &[Round], figure: fn(&Round) -> f64) -> f64 {
    median(&rounds.iter().map(figure).collect::<Vec<f64>>())
}

fn row(size: usize, subject: &Subject, rounds: &[Round]) {
    let all = |figure: fn(&Round) -> f64| rounds.iter().map(figure).collect::<Vec<f64>>();
    let latency: Vec<f64> = rounds.iter().flat_map(|round| round.latency.iter().copied()).collect();
    println!(
        "{size:<8} {:<8} {:<25} {:>5} {:<23} {:>8.2} {:>8.2} {:.0} -> {}",
        subject.name(),
        spread(&all(|round| round.rate), 0),
        rounds.iter().map(|round| round.lost).sum::<usize>(),
        spread(&all(|round| round.cpu), 4),
        quantile(&latency, 0.5),
        quantile(&latency, 0.99),
        median(&all(|round| round.idle)),
        spread(&all(|round| round.end), 0),
    );
}

async fn round(subject: &Subject, load: &Load, size: usize) -> Round {
    let node = subject.start();
    let mut flow = Flow::through(&node, load.shard).await;
    let (idle, before, began) = (node.resident(), node.cpu(), Instant::now());
    while began.elapsed() < load.duration {
        flow.send("/undertone/1/load/proto", size, false).await;
    }
    let sent = flow.sent;
    let latency = flow.end().await;
    let delivered = latency.len() as f64;
    Round {
        rate: delivered / began.elapsed().as_secs_f64(),
        lost: sent.saturating_sub(latency.len()),
        cpu: (node.cpu() - before) / (delivered / 1_000.0),
        latency,
        idle,
        end: node.resident(),
    }
}

/// Messages that go through the node to another peer, a few at a time.
pub(crate) struct Flow {
    shard: Shard,
    stream: libp2p::swarm::Stream,
    arrivals: Arc<Arrivals>,
    sent: usize,
    lost: usize,
    _peers: [Peer; 2],
}

impl Flow {
    pub(crate) async fn through(node: &Running, shard: Shard) -> Self {
        let (publisher, stream, _) = needed(Peer::join(&node.address, shard).await, "relay stream");
        let (reader, _, frames) = needed(Peer::join(&node.address, shard).await, "relay stream");
        // Two heartbeats, so that both are in the mesh of a node that decides by itself.
        sleep(Duration::from_secs(2)).await;
        let arrivals = Arrivals::new();
        tokio::spawn(receive(frames, Arc::clone(&arrivals)));
        Self {
            shard,
            stream,
            arrivals,
            sent: 0,
            lost: 0,
            _peers: [publisher, reader],
        }
    }

    /// Publishes one more as soon as few enough are under way, or those are lost.
    pub(crate) async fn send(&mut self, content_topic: &str, size: usize, is_kept: bool) -> Envelope {
        let wanted = (self.sent + 1).saturating_sub(AHEAD + self.lost);
        let came = self.arrivals.until(wanted, LOST).await;
        if came < wanted {
            self.lost = self.sent - came;
        }
        let message = wire::message(self.shard, content_topic, size, is_kept);
        self.stream.write_all(&wire::publish(&message)).await.unwrap();
        self.stream.flush().await.unwrap();
        self.sent += 1;
        message
    }

    /// Waits for what is under way: the milliseconds that each message took which came.
    pub(crate) async fn end(self) -> Vec<f64> {
        self.arrivals.until(self.sent, LOST).await;
        self.arrivals.ages()
    }
}

/// Takes note of every message that comes.
pub(crate) async fn receive(mut frames: Frames, arrivals: Arc<Arrivals>) {
    while let Some(frame) = frames.next().await {
        wire::ages(&frame).into_iter().for_each(|age| arrivals.add(age));
    }
}
