//! What a service node takes while it is abused: memory, processor, and how long a message of honest peers takes meanwhile.
//!
//! `cargo bench -p undertone-waku --bench abuse -- [CONNECTIONS|MINUTESmin] [ROW]`: connections of the churn, 2,000 by
//! default, or how long it takes (`30min`), a fifth of it before measuring begins; and one row alone: idle, flood, half-open,
//! greedy or churn.
//!
//! The node runs in a process of its own, with an archive and every service; its memory and time are read from the system.
//! Everybody else is in this process, on loopback. The honest are two peers that the node carries messages between.
#![allow(missing_docs, clippy::print_stdout, clippy::unwrap_used)]

#[path = "load/process.rs"]
mod process;

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use tokio::net::TcpSocket;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use undertone_waku::archive::{Archive, ArchiveConfig};
use undertone_waku::{MessageHash, Mode, Multiaddr, Node, NodeConfig, NodeEvent, Protocol, Query, Services};
use waku_proto::{ContentTopic, Envelope, PubsubTopic, Shard, WakuMessage};

/// As in the binary.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() {
    if std::env::var_os(CHILD).is_some() {
        return serve();
    }
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with("--"))
        .collect();
    let mut amounts = arguments.iter().filter_map(|argument| Amount::read(argument));
    let amount = amounts.next().unwrap_or(Amount::Connections(2_000));
    let is_wanted = |row: &str| {
        let mut rows = arguments.iter().filter(|argument| Amount::read(argument).is_none());
        rows.all(|argument| argument == row)
    };
    println!(
        "{:34} {:>9} {:>9} {:>9} {:>14}",
        "", "resident", "most", "CPU", "honest message"
    );
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        if is_wanted("idle") {
            idle().await;
        }
        if is_wanted("flood") {
            flood().await;
        }
        if is_wanted("half-open") {
            half_open().await;
        }
        if is_wanted("greedy") {
            greedy().await;
        }
        if is_wanted("churn") {
            churn(amount).await;
        }
    });
}

/// The node that is abused: says where it is, and ends with its input.
fn serve() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let archive = Archive::open(ArchiveConfig::at(folder.path().join("store.sqlite3")));
        let (node, mut events) = Node::start(NodeConfig {
            services: Services {
                filter: true,
                lightpush: true,
                peer_exchange: true,
                rendezvous: true,
            },
            archive: Some(archive.unwrap()),
            ..relay(&[])
        })
        .await
        .unwrap();
        tokio::spawn(async move { while events.recv().await.is_some() {} });
        println!("{}", node.status().await.unwrap().addresses[0]);
        let input = tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()));
        let _ = input.await;
        node.shutdown().await;
    });
}

async fn idle() {
    let victim = Victim::start().await;
    let mut peers = Vec::new();
    for _ in 0..100 {
        peers.push(Node::start(relay(&[&victim.address])).await.unwrap());
    }
    sleep(Duration::from_secs(10)).await;
    victim.row("100 idle peers, 10 s").await;
}

async fn flood() {
    let victim = Victim::start().await;
    let (flooder, _events) = Node::start(relay(&[&victim.address])).await.unwrap();
    until_connected(&flooder).await;
    let end = Instant::now() + Duration::from_secs(15);
    let (mut number, mut taken) = (0u64, 0u64);
    while Instant::now() < end {
        number += 1;
        taken += u64::from(flooder.publish(message(number, 100_000)).await.is_ok());
        if number.is_multiple_of(64) {
            tokio::task::yield_now().await;
        }
    }
    victim.row(&format!("{taken} messages of 100 kB in 15 s")).await;
    flooder.shutdown().await;
    sleep(Duration::from_secs(15)).await;
    victim.row("15 s after that").await;
}

async fn half_open() {
    let victim = Victim::start().await;
    let target = socket(&victim.address);
    let mut held = Vec::new();
    for number in 0..10_000u32 {
        let from = Ipv4Addr::from(0x7f01_0000 + number % 5_000);
        let socket = TcpSocket::new_v4().unwrap();
        let _ = socket.bind(SocketAddr::new(from.into(), 0));
        if let Ok(Ok(stream)) = timeout(Duration::from_secs(2), socket.connect(target)).await {
            held.push(stream);
        }
        if held.len() > 2_000 {
            held.drain(..1_000);
        }
    }
    victim.row("10,000 connections half open").await;
}

async fn greedy() {
    let victim = Victim::start().await;
    let (feeder, _events) = Node::start(relay(&[&victim.address])).await.unwrap();
    until_connected(&feeder).await;
    for number in 0..5_000 {
        let _ = feeder.publish(message(number, 1_000)).await;
    }
    let clients = (0..8).map(|_| async {
        let (client, _events) = Node::start(light(&victim.address)).await.unwrap();
        until_connected(&client).await;
        let (end, mut answers) = (Instant::now() + Duration::from_secs(10), 0u64);
        while Instant::now() < end {
            let query = Query {
                include_data: true,
                limit: Some(100),
                ..Query::default()
            };
            answers += u64::from(client.query_history(None, query).await.is_ok());
        }
        answers
    });
    let answers: u64 = futures::future::join_all(clients).await.into_iter().sum();
    victim.row(&format!("8 clients ask for all: {answers} pages")).await;
}

/// How much comes and goes.
#[derive(Clone, Copy)]
enum Amount {
    Connections(u32),
    Minutes(u32),
}

impl Amount {
    fn read(text: &str) -> Option<Self> {
        match text.strip_suffix("min") {
            Some(minutes) => minutes.parse().ok().map(Self::Minutes),
            None => text.parse().ok().map(Self::Connections),
        }
    }

    fn is_reached(self, connections: u32, since: Instant) -> bool {
        match self {
            Self::Connections(all) => connections >= all,
            Self::Minutes(minutes) => since.elapsed() >= Duration::from_secs(60) * minutes,
        }
    }
}

async fn churn(amount: Amount) {
    let (warm_up, measured) = match amount {
        Amount::Connections(all) => (Amount::Connections(all / 4), amount),
        Amount::Minutes(all) => (Amount::Minutes(all / 5), Amount::Minutes(all - all / 5)),
    };
    let victim = Victim::start().await;
    let warm = come_and_go(&victim, warm_up).await;
    sleep(Duration::from_secs(2)).await;
    let before = victim.memory("VmRSS:");
    let connections = come_and_go(&victim, measured).await;
    sleep(Duration::from_secs(2)).await;
    let grown = victim.memory("VmRSS:") as f64 - before as f64;
    victim
        .row(&format!("{} connections came and went", warm + connections))
        .await;
    let per_ten_thousand = grown / f64::from(connections) * 10_000.0 / 1e6;
    println!(
        "{:34} {per_ten_thousand:+.2} MB for each 10,000 after the first {warm}",
        ""
    );
}

/// Peers with names of their own connect, say what they are, and go. Answers how many.
async fn come_and_go(victim: &Victim, amount: Amount) -> u32 {
    let (mut connections, since) = (0, Instant::now());
    let mut under_way = FuturesUnordered::new();
    while !amount.is_reached(connections, since) {
        connections += 1;
        under_way.push(async {
            let (node, _events) = Node::start(light(&victim.address)).await.unwrap();
            until_connected(&node).await;
            node.shutdown().await;
        });
        if under_way.len() >= 16 {
            under_way.next().await;
        }
    }
    while under_way.next().await.is_some() {}
    connections
}

/// The process that is abused, and two honest peers of it.
struct Victim {
    process: Child,
    address: Multiaddr,
    began: f64,
    honest: (Node, watch::Receiver<Option<MessageHash>>),
    _other: Node,
}

impl Victim {
    async fn start() -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .env(CHILD, "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        output.read_line(&mut line).unwrap();
        let address: Multiaddr = line.trim().parse().unwrap();
        let (one, mut unheard) = Node::start(relay(&[&address])).await.unwrap();
        tokio::spawn(async move { while unheard.recv().await.is_some() {} });
        let other = NodeConfig {
            hear_everything: true,
            ..relay(&[&address])
        };
        let (other, mut events) = Node::start(other).await.unwrap();
        let (tell, heard) = watch::channel(None);
        tokio::spawn(async move {
            while let Some(event) = events.recv().await {
                if let NodeEvent::Envelope { envelope, hash, .. } = event
                    && envelope.message.payload.starts_with(&u64::MAX.to_be_bytes())
                {
                    tell.send_replace(Some(hash));
                }
            }
        });
        for node in [&one, &other] {
            until_connected(node).await;
        }
        sleep(Duration::from_secs(2)).await;
        let began = process::cpu(process.id());
        Self {
            process,
            address,
            began,
            honest: (one, heard),
            _other: other,
        }
    }

    /// Bytes, as the system counts them.
    fn memory(&self, what: &str) -> u64 {
        process::memory(self.process.id(), what)
    }

    async fn row(&self, what: &str) {
        let megabytes = |bytes: u64| format!("{:.1} MB", bytes as f64 / 1e6);
        let seconds = process::cpu(self.process.id()) - self.began;
        let honest = match self.between_the_honest().await {
            Some(took) => format!("{:.0} ms", took.as_secs_f64() * 1e3),
            None => "not heard".into(),
        };
        println!(
            "{what:34} {:>9} {:>9} {:>9} {honest:>14}",
            megabytes(self.memory("VmRSS:")),
            megabytes(self.memory("VmHWM:")),
            format!("{seconds:.1} s"),
        );
    }

    async fn between_the_honest(&self) -> Option<Duration> {
        let (one, heard) = &self.honest;
        let sent = message(u64::MAX, 500);
        let (hash, began) = (sent.hash(), Instant::now());
        one.publish(sent).await.ok()?;
        let mut heard = heard.clone();
        let heard = timeout(Duration::from_secs(30), heard.wait_for(|last| *last == Some(hash))).await;
        heard.ok()?.ok().map(|_| began.elapsed())
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

async fn until_connected(node: &Node) {
    let connected = async {
        while node.status().await.is_some_and(|status| status.peers.is_empty()) {
            sleep(Duration::from_millis(5)).await;
        }
    };
    // A node that is full takes nobody else, which is right.
    let _ = timeout(Duration::from_secs(20), connected).await;
}

fn relay(peers: &[&Multiaddr]) -> NodeConfig {
    NodeConfig {
        listen: vec!["/ip4/127.0.0.1/tcp/0".parse().unwrap()],
        static_nodes: peers.iter().map(|peer| (*peer).clone()).collect(),
        ..NodeConfig::default()
    }
}

fn light(peer: &Multiaddr) -> NodeConfig {
    NodeConfig {
        mode: Mode::Light,
        static_nodes: vec![peer.clone()],
        ..NodeConfig::default()
    }
}

fn socket(address: &Multiaddr) -> SocketAddr {
    let port = address.iter().find_map(|part| match part {
        Protocol::Tcp(port) => Some(port),
        _ => None,
    });
    SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port.unwrap())
}

fn topic() -> PubsubTopic {
    Shard::new(16, 32).topic()
}

fn message(number: u64, size: usize) -> Envelope {
    let mut payload = number.to_be_bytes().to_vec();
    payload.resize(size, b'x');
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    let message = WakuMessage {
        payload,
        content_topic: ContentTopic::from("/undertone/1/abuse/proto"),
        timestamp: i64::try_from(now.as_nanos()).ok(),
        ..WakuMessage::default()
    };
    Envelope::new(topic(), message)
}

/// Tells the child what it is.
const CHILD: &str = "UNDERTONE_BENCH_ABUSED";
