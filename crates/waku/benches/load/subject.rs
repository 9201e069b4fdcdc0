//! Who is measured: this node, a bare gossipsub, or a node that runs already.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use futures::StreamExt;
use libp2p::gossipsub::{self, IdentTopic, MessageAcceptance, MessageAuthenticity, MessageId, ValidationMode, Version};
use libp2p::swarm::{NetworkBehaviour, StreamProtocol, SwarmEvent};
use libp2p::{Swarm, SwarmBuilder, identify, noise, ping, yamux};
use sha2::{Digest, Sha256};
use undertone_waku::archive::{Archive, ArchiveConfig};
use undertone_waku::{Multiaddr, Node, NodeConfig, Services};
use waku_proto::{Shard, metadata};

use crate::peer::RELAY;
use crate::process;

/// Whom the load is put on.
#[derive(Clone)]
pub(crate) enum Subject {
    /// This node, with every service and an archive in a file.
    Node,
    /// What every gossip node has (anonymous messages, SHA-256 ids, explicit validation that hashes the data once more,
    /// identify, ping) and nothing of ours: no decoding of messages, no services, no limits.
    Control,
    /// One that runs already.
    Given(Given),
}

/// A node that runs already.
#[derive(Clone)]
pub(crate) struct Given {
    pub(crate) address: Multiaddr,
    pub(crate) pid: Option<u32>,
}

/// One that is running.
pub(crate) struct Running {
    pub(crate) address: Multiaddr,
    pid: Option<u32>,
    process: Option<Child>,
}

impl Subject {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Node => "node",
            Self::Control => "control",
            Self::Given(_) => "given",
        }
    }

    pub(crate) fn start(&self) -> Running {
        let kind = match self {
            Self::Given(Given { address, pid }) => {
                return Running {
                    address: address.clone(),
                    pid: *pid,
                    process: None,
                };
            }
            other => other.name(),
        };
        let mut process = Command::new(std::env::current_exe().unwrap())
            .arg(format!("subject-{kind}"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let output = process.stdout.take().unwrap();
        BufReader::new(output).read_line(&mut line).unwrap();
        Running {
            address: line.trim().parse().unwrap(),
            pid: Some(process.id()),
            process: Some(process),
        }
    }
}

impl Running {
    /// Seconds of a processor; not a number if the process is not known.
    pub(crate) fn cpu(&self) -> f64 {
        self.pid.map_or(f64::NAN, process::cpu)
    }

    /// Resident megabytes; not a number if the process is not known.
    pub(crate) fn resident(&self) -> f64 {
        self.pid
            .map_or(f64::NAN, |pid| process::memory(pid, "VmRSS:") as f64 / 1e6)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(process) = &mut self.process {
            drop(process.stdin.take());
            let _ = process.wait();
        }
    }
}

/// Is one of them: says where, and ends with its input.
pub(crate) async fn serve(kind: &str) {
    match kind {
        "node" => node().await,
        _ => control().await,
    }
}

async fn node() {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::open(ArchiveConfig::at(folder.path().join("store.sqlite3"))).unwrap();
    let (node, mut events) = Node::start(NodeConfig {
        listen: vec!["/ip4/127.0.0.1/tcp/0".parse().unwrap()],
        services: Services {
            filter: true,
            lightpush: true,
            peer_exchange: true,
            rendezvous: true,
        },
        archive: Some(archive),
        max_connections: 3_000,
        ..NodeConfig::default()
    })
    .await
    .unwrap();
    tokio::spawn(async move { while events.recv().await.is_some() {} });
    println!("{}", node.status().await.unwrap().addresses[0]);
    until_input_ends().await;
    node.shutdown().await;
}

#[derive(NetworkBehaviour)]
struct Bare {
    gossip: gossipsub::Behaviour,
    identify: identify::Behaviour,
    ping: ping::Behaviour,
    streams: libp2p_stream::Behaviour,
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
            gossip
                .subscribe(&IdentTopic::new(Shard::new(16, 32).to_string()))
                .unwrap();
            Bare {
                gossip,
                identify: identify::Behaviour::new(identify::Config::new("ipfs/0.1.0".into(), key.public())),
                ping: ping::Behaviour::default(),
                streams: libp2p_stream::Behaviour::new(),
            }
        })
        .unwrap()
        .with_swarm_config(|config| config.with_idle_connection_timeout(Duration::from_secs(3_600)))
        .build();
    let mut control = swarm.behaviour().streams.new_control();
    let asked = control.accept(StreamProtocol::new(metadata::PROTOCOL)).unwrap();
    tokio::spawn(crate::peer::describe(asked, Shard::new(16, 32)));
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
    let input = tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()));
    let _ = input.await;
}
