//! A service node with its archive at 100 messages of 1 kB a second, between one peer that publishes and one that listens.

use std::time::{Duration, Instant};

use tokio::time::{sleep, timeout};
use waku::{Envelope, Interests, Node, NodeConfig, NodeEvent, WakuMessage};

use crate::people::now;
use crate::process::service_node;
use crate::table;

/// Memory and processor time for half a minute.
// over budget: one run and its table
pub(crate) async fn memory() {
    let dir = tempfile::tempdir().unwrap();
    let (node, address) = service_node(dir.path());
    let peer = || NodeConfig {
        static_nodes: vec![address.parse().unwrap()],
        ..NodeConfig::default()
    };
    let topic = peer().pubsub_topics().next().unwrap();
    // Both queues of events have to be emptied.
    let (publisher, mut unheard) = Node::start(peer()).await.unwrap();
    tokio::spawn(async move { while unheard.recv().await.is_some() {} });
    let (listener, mut events) = Node::start(peer()).await.unwrap();
    let content_topic = waku::ContentTopic::new("/bench/1/node/proto");
    listener
        .set_interests(Interests::from_iter([(topic.clone(), content_topic.clone())]))
        .await;
    sleep(Duration::from_secs(5)).await;
    let idle = node.resident();
    let heard = tokio::spawn(async move {
        let mut count = 0;
        while let Ok(Some(event)) = timeout(Duration::from_secs(5), events.recv()).await {
            count += usize::from(matches!(event, NodeEvent::Envelope { .. }));
        }
        count
    });
    let (cpu, began) = (node.cpu(), Instant::now());
    for number in 0..COUNT {
        sleep((EVERY * number).saturating_sub(began.elapsed())).await;
        let message = message(number, &content_topic);
        publisher.publish(Envelope::new(topic.clone(), message)).await.unwrap();
    }
    let heard = heard.await.unwrap();
    let cpu = node.cpu() - cpu;
    table(
        "Service node with archive, 100 messages of 1 kB a second for 30 s",
        &[
            (
                "resident at the end",
                "60 MB",
                "",
                format!("{:.1} MB (before: {idle:.1})", node.resident()),
            ),
            (
                "resident at most",
                "60 MB",
                "",
                format!("{:.1} MB", node.most_resident()),
            ),
            ("of the end, anonymous", "", "", format!("{:.1} MB", node.anonymous())),
            (
                "CPU per 1000 messages",
                "",
                "",
                format!("{:.2} s", cpu.as_secs_f64() * 1000.0 / f64::from(COUNT)),
            ),
            ("delivered", "all", "", format!("{heard} of {COUNT}")),
        ],
    );
    publisher.shutdown().await;
    listener.shutdown().await;
    node.terminate();
}

fn message(number: u32, content_topic: &waku::ContentTopic) -> WakuMessage {
    let mut payload = vec![7; 1_000];
    payload[..4].copy_from_slice(&number.to_be_bytes());
    WakuMessage {
        payload,
        content_topic: content_topic.clone(),
        timestamp: Some(now().0 as i64 * 1_000_000),
        ..WakuMessage::default()
    }
}

const COUNT: u32 = 3_000;
const EVERY: Duration = Duration::from_millis(10);
