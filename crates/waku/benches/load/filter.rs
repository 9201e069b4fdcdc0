//! Filter: one message, pushed to a thousand clients.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::StreamExt;
use futures::stream;
use waku_proto::ContentTopic;
use waku_proto::filter::{self, Ask, Request, Response, Topics};

use crate::arrivals::Arrivals;
use crate::peer::{Frames, Peer};
use crate::relay::Flow;
use crate::subject::Running;
use crate::{Load, quantile, wire};

const CLIENTS: usize = 1_000;
const MESSAGES: usize = 20;
const SIZE: usize = 1_000;
const TOPIC: &str = "/undertone/1/load-filter/proto";
/// A push that has not come for so long is lost.
const LOST: Duration = Duration::from_secs(10);

pub(crate) async fn measure(load: &Load) {
    println!("filter: {MESSAGES} messages of {SIZE} B, one after the other, each pushed to {CLIENTS} clients\n");
    let subject = load.serving();
    let node = subject.start();
    let empty = node.resident();
    let arrivals = Arrivals::new();
    let clients = subscribe(&node, load, &arrivals).await;
    let full = node.resident();
    let mut flow = Flow::through(&node, load.shard).await;
    let (before, began) = (node.cpu(), Instant::now());
    let (mut wanted, mut last) = (0, Vec::new());
    for _ in 0..MESSAGES {
        flow.send(TOPIC, SIZE, false).await;
        wanted += clients.len();
        if arrivals.until(wanted, LOST).await == wanted {
            last.extend(arrivals.ages().last().copied());
        }
    }
    let (took, cpu, pushes) = (began.elapsed().as_secs_f64(), node.cpu() - before, arrivals.ages());
    println!(
        "{:<8} {:>10} {:>8} {:>6} {:>15}",
        "subject", "subscribed", "pushes/s", "lost", "CPU s / 1000"
    );
    println!(
        "{:<8} {:>10} {:>8.0} {:>6} {:>15.3}\n",
        subject.name(),
        clients.len(),
        pushes.len() as f64 / took,
        wanted.saturating_sub(pushes.len()),
        cpu / (pushes.len() as f64 / 1_000.0),
    );
    println!(
        "after {:.1} ms half of the clients had a message, after {:.1} ms 99 %, after {:.1} ms all (median of {MESSAGES})",
        quantile(&pushes, 0.5),
        quantile(&pushes, 0.99),
        quantile(&last, 0.5),
    );
    println!(
        "resident {empty:.1} MB before them, {full:.1} MB with them: {:.0} kB a client",
        (full - empty) * 1_000.0 / clients.len() as f64
    );
}

/// Clients that the node took in; the ages of what is pushed to them are noted.
async fn subscribe(node: &Running, load: &Load, arrivals: &Arc<Arrivals>) -> Vec<Peer> {
    let connecting = stream::iter(0..CLIENTS).map(|_| client(node, load, Arc::clone(arrivals)));
    connecting
        .buffer_unordered(16)
        .filter_map(std::future::ready)
        .collect()
        .await
}

async fn client(node: &Running, load: &Load, arrivals: Arc<Arrivals>) -> Option<Peer> {
    let (mut peer, frames) = Peer::connect(&node.address, load.shard, filter::PUSH_PROTOCOL).await?;
    let request = Request {
        request_id: "load".into(),
        ask: Ask::Subscribe(Topics {
            pubsub_topic: Some(load.shard.topic()),
            content_topics: vec![ContentTopic::from(TOPIC)],
        }),
    };
    let answer = peer.ask(filter::SUBSCRIBE_PROTOCOL, &request.encode()).await?;
    let is_subscribed = Response::decode(&answer).is_ok_and(|answer| answer.status == filter::OK);
    tokio::spawn(receive(frames, arrivals));
    is_subscribed.then_some(peer)
}

async fn receive(mut frames: Frames, arrivals: Arc<Arrivals>) {
    while let Some(frame) = frames.next().await {
        let pushed = filter::decode_push(&frame).ok();
        if let Some(age) = pushed.and_then(|envelope| wire::age(&envelope.message.payload)) {
            arrivals.add(age);
        }
    }
}
