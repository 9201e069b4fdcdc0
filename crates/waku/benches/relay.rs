//! Relay of one node with two peers, beside a bare rust-libp2p gossipsub under the same load.
//!
//! `cargo bench -p undertone-waku --bench relay`; `UNDERTONE_BENCH_ROUNDS` and
//! `UNDERTONE_BENCH_SECONDS` change three rounds of four seconds.
//!
//! Each subject is a process of its own, fresh for every round, and the subjects take turns. The two
//! peers are written by hand: one publishes, at most 16 messages ahead of what the other has
//! received, so nothing is lost by construction. Delivered messages per second, processor seconds of
//! the subject per 1000 delivered, and its resident memory with idle peers and at the end.
//!
//! The control has what every gossip node has (anonymous messages, SHA-256 ids, explicit validation
//! that hashes the data once more, identify, ping) and nothing of ours: no decoding of messages, no
//! services, no limits.
#![allow(missing_docs, clippy::print_stdout, clippy::unwrap_used)]

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::io::BufReader as AsyncBufReader;
use futures::{AsyncReadExt, AsyncWriteExt, StreamExt};
use libp2p::gossipsub::{self, IdentTopic, MessageAcceptance, MessageAuthenticity, MessageId, ValidationMode, Version};
use libp2p::swarm::{NetworkBehaviour, Stream, StreamProtocol, SwarmEvent};
use libp2p::{Multiaddr, PeerId, Swarm, SwarmBuilder, identify, noise, ping, yamux};
use sha2::{Digest, Sha256};
use tokio::sync::{Semaphore, mpsc};
use undertone_waku::{Node, NodeConfig, Protocol};
use waku_proto::{Shard, WakuMessage};

const RELAY: &str = "/vac/waku/relay/2.0.0";
const AHEAD: usize = 16;
const SIZES: [usize; 2] = [1_000, 100_000];

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    match arguments.get(1).map(String::as_str) {
        Some("subject-node") => runtime.block_on(node()),
        Some("subject-control") => runtime.block_on(control()),
        _ => runtime.block_on(compare()),
    }
}

async fn compare() {
    let rounds = number("UNDERTONE_BENCH_ROUNDS", 3);
    let seconds = number("UNDERTONE_BENCH_SECONDS", 4);
    println!("{rounds} rounds of {seconds} s, median (lowest to highest); at most {AHEAD} messages under way\n");
    println!("size B   subject   delivered/s               CPU s / 1000            RSS MB, idle -> end");
    for size in SIZES {
        let mut results: [Vec<Result>; 2] = Default::default();
        for _ in 0..rounds {
            for (subject, results) in ["node", "control"].into_iter().zip(&mut results) {
                results.push(measure(subject, size, Duration::from_secs(seconds)).await);
            }
        }
        for (subject, results) in ["node", "control"].into_iter().zip(&results) {
            println!(
                "{size:<8} {subject:<9} {:<25} {:<23} {:.0} -> {}",
                spread(results.iter().map(|result| result.rate), 0),
                spread(results.iter().map(|result| result.processor), 4),
                median(results.iter().map(|result| result.idle)),
                spread(results.iter().map(|result| result.end), 0),
            );
        }
        let [node, control] = results.map(|results| {
            (
                median(results.iter().map(|result| result.rate)),
                median(results.iter().map(|result| result.processor)),
            )
        });
        println!(
            "         node against control: {:+.1} % delivered, {:+.1} % CPU\n",
            100.0 * (node.0 / control.0 - 1.0),
            100.0 * (node.1 / control.1 - 1.0)
        );
    }
}

struct Result {
    rate: f64,
    processor: f64,
    idle: f64,
    end: f64,
}

async fn measure(subject: &str, size: usize, duration: Duration) -> Result {
    let (mut process, address) = spawn(subject);
    let (mut publisher, _) = Peer::join(address.clone()).await;
    let (_subscriber, inbound) = Peer::join(address).await;
    // Two heartbeats, so that both are in the mesh of a node that decides by itself.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let window = Arc::new(Semaphore::new(AHEAD));
    let idle = resident(&process);
    let before = processor(&process);
    let (count, mut delivered) = mpsc::channel(1);
    tokio::spawn(receive(inbound, size, Arc::clone(&window), count));
    let started = Instant::now();
    let mut number = 0u64;
    while started.elapsed() < duration {
        window.acquire().await.unwrap().forget();
        publisher.stream.write_all(&publication(number, size)).await.unwrap();
        publisher.stream.flush().await.unwrap();
        number += 1;
    }
    let _ = window.acquire_many(u32::try_from(AHEAD).unwrap()).await.unwrap();
    let elapsed = started.elapsed().as_secs_f64();
    let used = processor(&process) - before;
    let end = resident(&process);
    drop(process.stdin.take());
    process.wait().unwrap();
    let delivered = delivered.recv().await.unwrap_or(number);
    assert_eq!(delivered, number, "nothing may be lost");
    Result {
        rate: number as f64 / elapsed,
        processor: used / (number as f64 / 1000.0),
        idle,
        end,
    }
}

/// Counts messages of this size until the stream ends.
async fn receive(mut inbound: mpsc::Receiver<Stream>, size: usize, window: Arc<Semaphore>, count: mpsc::Sender<u64>) {
    let mut stream = AsyncBufReader::with_capacity(256 * 1024, inbound.recv().await.unwrap());
    let mut delivered = 0;
    let mut frame = Vec::new();
    while let Some(length) = length(&mut stream).await {
        frame.resize(length, 0);
        if stream.read_exact(&mut frame).await.is_err() {
            break;
        }
        // Announcements, grafts and the like are short.
        if length > size {
            delivered += 1;
            window.add_permits(1);
        }
    }
    let _ = count.send(delivered).await;
}

async fn length(stream: &mut AsyncBufReader<Stream>) -> Option<usize> {
    let (mut value, mut shift) = (0, 0);
    loop {
        let mut byte = [0];
        stream.read_exact(&mut byte).await.ok()?;
        value |= usize::from(byte[0] & 0x7f) << shift;
        shift += 7;
        if byte[0] & 0x80 == 0 {
            return Some(value);
        }
    }
}

/// A peer written by hand, subscribed and grafted.
struct Peer {
    stream: Stream,
}

impl Peer {
    async fn join(address: Multiaddr) -> (Self, mpsc::Receiver<Stream>) {
        let mut swarm = SwarmBuilder::with_new_identity()
            .with_tokio()
            .with_tcp(
                libp2p::tcp::Config::default().nodelay(true),
                noise::Config::new,
                yamux::Config::default,
            )
            .unwrap()
            .with_behaviour(|_| libp2p_stream::Behaviour::new())
            .unwrap()
            .with_swarm_config(|config| config.with_idle_connection_timeout(Duration::from_secs(600)))
            .build();
        let mut control = swarm.behaviour().new_control();
        let mut incoming = control.accept(StreamProtocol::new(RELAY)).unwrap();
        let node = peer_of(&address);
        swarm.dial(address).unwrap();
        tokio::spawn(async move {
            loop {
                swarm.select_next_some().await;
            }
        });
        let (sender, streams) = mpsc::channel(8);
        tokio::spawn(async move {
            while let Some((_, stream)) = incoming.next().await {
                let _ = sender.send(stream).await;
            }
        });
        let mut stream = control.open_stream(node, StreamProtocol::new(RELAY)).await.unwrap();
        stream.write_all(&join_frame()).await.unwrap();
        stream.flush().await.unwrap();
        (Self { stream }, streams)
    }
}

/// A process that relays, and its address. It ends when its input is closed.
fn spawn(subject: &str) -> (Child, Multiaddr) {
    let mut process = Command::new(std::env::current_exe().unwrap())
        .arg(format!("subject-{subject}"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(process.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    (process, line.trim().parse().unwrap())
}

async fn node() {
    let listen = vec!["/ip4/127.0.0.1/tcp/0".parse().unwrap()];
    let (node, _events) = Node::start(NodeConfig {
        listen,
        ..NodeConfig::default()
    })
    .await
    .unwrap();
    println!("{}", node.status().await.unwrap().addresses[0]);
    until_input_ends().await;
}

#[derive(NetworkBehaviour)]
struct Bare {
    gossip: gossipsub::Behaviour,
    identify: identify::Behaviour,
    ping: ping::Behaviour,
}

async fn control() {
    let config = gossipsub::ConfigBuilder::default()
        .protocol_id(RELAY, Version::V1_1)
        .validation_mode(ValidationMode::Anonymous)
        .message_id_fn(|message| MessageId::from(Sha256::digest(&message.data).to_vec()))
        .validate_messages()
        .max_transmit_size(1024 * 1024 + 64 * 1024)
        .max_control_message_size(512 * 1024)
        .build()
        .unwrap();
    let mut swarm = SwarmBuilder::with_new_identity()
        .with_tokio()
        .with_tcp(
            libp2p::tcp::Config::default().nodelay(true),
            noise::Config::new,
            yamux::Config::default,
        )
        .unwrap()
        .with_behaviour(|key| {
            let mut gossip: gossipsub::Behaviour =
                gossipsub::Behaviour::new(MessageAuthenticity::Anonymous, config).unwrap();
            gossip.with_peer_score(Default::default(), Default::default()).unwrap();
            gossip.subscribe(&IdentTopic::new(shard())).unwrap();
            Bare {
                gossip,
                identify: identify::Behaviour::new(identify::Config::new("ipfs/0.1.0".into(), key.public())),
                ping: ping::Behaviour::default(),
            }
        })
        .unwrap()
        .with_swarm_config(|config| config.with_idle_connection_timeout(Duration::from_secs(600)))
        .build();
    swarm.listen_on("/ip4/127.0.0.1/tcp/0".parse().unwrap()).unwrap();
    let end = tokio::spawn(until_input_ends());
    tokio::spawn(async move {
        loop {
            step(&mut swarm).await;
        }
    });
    end.await.unwrap();
}

async fn step(swarm: &mut Swarm<Bare>) {
    match swarm.select_next_some().await {
        SwarmEvent::NewListenAddr { address, .. } => println!("{address}/p2p/{}", swarm.local_peer_id()),
        SwarmEvent::Behaviour(BareEvent::Gossip(gossipsub::Event::Message {
            propagation_source,
            message_id,
            message,
        })) => {
            std::hint::black_box(Sha256::digest(&message.data));
            let gossip = &mut swarm.behaviour_mut().gossip;
            gossip.report_message_validation_result(&message_id, &propagation_source, MessageAcceptance::Accept);
        }
        _ => {}
    }
}

async fn until_input_ends() {
    tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()))
        .await
        .unwrap()
        .unwrap();
}

fn shard() -> String {
    Shard::new(16, 32).to_string()
}

fn peer_of(address: &Multiaddr) -> PeerId {
    match address.iter().last() {
        Some(Protocol::P2p(peer)) => peer,
        _ => panic!("an address with a peer id"),
    }
}

/// Subscribes to the shard and joins its mesh.
fn join_frame() -> Vec<u8> {
    let subscription = [&[0x08, 1][..], &field(2, shard().as_bytes())].concat();
    waku_proto::codec::frame(
        &[
            field(1, &subscription),
            field(3, &field(3, &field(1, shard().as_bytes()))),
        ]
        .concat(),
    )
}

/// A message of `size` bytes of payload, different for every number.
fn publication(number: u64, size: usize) -> Vec<u8> {
    let mut payload = number.to_be_bytes().to_vec();
    payload.resize(size, 0x5a);
    let content_topic = "/waku/1/0xcffd5810/rfc26".into();
    let timestamp = Some(1_700_000_000_000_000_000);
    let message = WakuMessage {
        payload,
        content_topic,
        version: 1,
        timestamp,
        ephemeral: true,
        ..WakuMessage::default()
    };
    let body = [field(2, &message.encode()), field(4, shard().as_bytes())].concat();
    waku_proto::codec::frame(&field(2, &body))
}

fn field(number: u8, body: &[u8]) -> Vec<u8> {
    [&[number << 3 | 2][..], &waku_proto::codec::frame(body)].concat()
}

/// Processor seconds that the process has used.
fn processor(process: &Child) -> f64 {
    let text = std::fs::read_to_string(format!("/proc/{}/stat", process.id())).unwrap();
    let fields: Vec<&str> = text.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: f64 = fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap();
    ticks / 100.0
}

/// Resident memory of the process in megabytes.
fn resident(process: &Child) -> f64 {
    let text = std::fs::read_to_string(format!("/proc/{}/status", process.id())).unwrap();
    let line = text.lines().find(|line| line.starts_with("VmRSS")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1000.0
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| {
        text.parse().unwrap_or_else(|_| panic!("{name} is a number"))
    })
}

fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let values = sorted(values);
    values[values.len() / 2]
}

fn spread(values: impl Iterator<Item = f64>, digits: usize) -> String {
    let values = sorted(values);
    let (low, high) = (values[0], values[values.len() - 1]);
    format!(
        "{:.digits$} ({low:.digits$} to {high:.digits$})",
        values[values.len() / 2]
    )
}
