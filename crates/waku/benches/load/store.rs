//! Store: until a message can be asked for, and how long a page takes.

use std::time::Instant;

use waku_proto::store::{self, Direction, Query, Response};
use waku_proto::{ContentTopic, Envelope, MessageHash};

use crate::peer::{Peer, RELAY};
use crate::relay::Flow;
use crate::{Load, needed, quantile, wire};

const MESSAGES: usize = 5_000;
const LONE: usize = 50;
const PAGE: u64 = 100;
const SIZE: usize = 1_000;
/// Questions until a message that is not there counts as lost.
const PATIENCE: usize = 5_000;

pub(crate) async fn measure(load: &Load) {
    println!("store: {MESSAGES} messages of {SIZE} B by relay, then pages of {PAGE}; what else is archived stays\n");
    let subject = load.serving();
    let node = subject.start();
    let (peer, _) = needed(Peer::connect(&node.address, load.shard, RELAY).await, "connection");
    let mut client = Client(peer);
    // Of this run alone.
    let made = wire::message(load.shard, "", 0, false)
        .message
        .timestamp
        .unwrap_or_default();
    let topic = format!("/undertone/1/load-store-{made}/proto");
    let mut lone = Vec::new();
    let mut flow = Flow::through(&node, load.shard).await;
    for _ in 0..LONE {
        let sent = flow.send(&topic, SIZE, true).await;
        lone.extend(client.until_there(&sent).await);
    }
    let (began, before) = (Instant::now(), node.cpu());
    let mut sent = None;
    for _ in 0..MESSAGES {
        sent = Some(flow.send(&topic, SIZE, true).await);
    }
    let is_there = client.until_there(&sent.unwrap()).await.is_some();
    let (took, cpu) = (began.elapsed().as_secs_f64(), node.cpu() - before);
    let _ = flow.end().await;
    let (forward, count) = client.pages(&topic, Direction::Forward).await;
    let (backward, _) = client.pages(&topic, Direction::Backward).await;
    println!("subject                          {}", subject.name());
    println!("a lone message can be had after  {}", half_and_most(&lone));
    println!(
        "relayed and archived             {:.0}/s, {:.3} CPU s / 1000, the last one {}",
        MESSAGES as f64 / took,
        cpu / (MESSAGES as f64 / 1_000.0),
        if is_there { "is there" } else { "is missing" },
    );
    println!("found again                      {count} of {}", MESSAGES + LONE);
    println!("a page, oldest first             {}", half_and_most(&forward));
    println!("a page, newest first             {}", half_and_most(&backward));
    println!("resident at the end              {:.1} MB", node.resident());
}

fn half_and_most(values: &[f64]) -> String {
    format!(
        "{:.2} ms (p50), {:.2} ms (p99) of {}",
        quantile(values, 0.5),
        quantile(values, 0.99),
        values.len()
    )
}

struct Client(Peer);

impl Client {
    async fn ask(&mut self, query: Query) -> Response {
        let query = Query {
            request_id: "load".into(),
            ..query
        };
        let answer = needed(
            self.0.ask(store::PROTOCOL, &query.encode()).await,
            "answer to a store query",
        );
        needed(
            Response::decode(&answer).ok().filter(Response::is_success),
            "page of its archive",
        )
    }

    /// Asks for this message again and again: the milliseconds since it was made.
    async fn until_there(&mut self, message: &Envelope) -> Option<f64> {
        for _ in 0..PATIENCE {
            let answer = self
                .ask(Query {
                    include_data: false,
                    hashes: vec![message.hash()],
                    ..Query::default()
                })
                .await;
            if !answer.entries.is_empty() {
                return wire::age(&message.message.payload);
            }
        }
        None
    }

    /// Goes through all pages: what each took in milliseconds, and how many messages there were.
    async fn pages(&mut self, topic: &str, direction: Direction) -> (Vec<f64>, usize) {
        let (mut times, mut count) = (Vec::new(), 0);
        let mut cursor: Option<MessageHash> = None;
        loop {
            let began = Instant::now();
            let answer = self
                .ask(Query {
                    content_topics: vec![ContentTopic::from(topic)],
                    cursor,
                    direction,
                    limit: Some(PAGE),
                    ..Query::default()
                })
                .await;
            times.push(began.elapsed().as_secs_f64() * 1e3);
            count += answer.entries.len();
            cursor = answer.cursor;
            if cursor.is_none() {
                return (times, count);
            }
        }
    }
}
