//! Starting nodes, making messages, waiting for what must happen.

use std::time::Duration;

use tokio::time::timeout;
use undertone_waku::{Events, Mode, Multiaddr, Node, NodeConfig, NodeEvent, NodeStatus, Origin, PeerId, Services};
use waku_proto::{ContentTopic, Envelope, Interests, PubsubTopic, Shard, WakuMessage};

pub(crate) const TOPIC: &str = "/waku/1/0xcffd5810/rfc26";

pub(crate) struct Running {
    pub(crate) node: Node,
    pub(crate) events: Events,
}

/// A relaying node without services that listens on TCP.
pub(crate) fn relay() -> NodeConfig {
    NodeConfig {
        listen: vec!["/ip4/127.0.0.1/tcp/0".parse().unwrap()],
        ..NodeConfig::default()
    }
}

/// A relaying node that also serves filter and light push.
pub(crate) fn service() -> NodeConfig {
    NodeConfig {
        services: Services {
            filter: true,
            lightpush: true,
            peer_exchange: true,
            rendezvous: true,
        },
        ..relay()
    }
}

/// A light node of these servers.
pub(crate) fn light(servers: &[Multiaddr]) -> NodeConfig {
    NodeConfig {
        mode: Mode::Light,
        static_nodes: servers.to_vec(),
        ..NodeConfig::default()
    }
}

/// Starts a node that wants to hear [`TOPIC`] on shard 32.
pub(crate) async fn start(config: NodeConfig) -> Running {
    let (node, events) = Node::start(config).await.unwrap();
    node.set_interests(Interests::from_iter([(topic(), ContentTopic::from(TOPIC))]))
        .await;
    Running { node, events }
}

impl Running {
    pub(crate) async fn status(&self) -> NodeStatus {
        self.node.status().await.unwrap()
    }

    pub(crate) async fn address(&self) -> Multiaddr {
        self.status().await.addresses[0].clone()
    }

    /// Waits until the state is as wanted.
    pub(crate) async fn until(&self, what: &str, reached: impl Fn(&NodeStatus) -> bool) -> NodeStatus {
        let mut beat = tokio::time::interval(Duration::from_millis(20));
        let patience = tokio::time::Instant::now() + PATIENCE;
        loop {
            let status = self.status().await;
            if reached(&status) {
                return status;
            }
            let is_late = tokio::time::Instant::now() > patience;
            assert!(!is_late, "{what} did not happen in time; it stands so: {status:#?}");
            beat.tick().await;
        }
    }

    /// Waits until the other node is in our mesh of shard 32.
    pub(crate) async fn until_meshed(&self, with: &Running) {
        let peer = with.node.peer_id();
        self.until("mesh", |status| is_meshed(status, peer)).await;
    }

    /// Waits until the peer lists the protocol.
    pub(crate) async fn until_offered(&self, peer: PeerId, protocol: &str) {
        let offers = |status: &NodeStatus| {
            let mut peers = status.peers.iter().filter(|known| known.peer_id == peer);
            peers.any(|known| known.protocols.iter().any(|offered| offered == protocol))
        };
        self.until(protocol, offers).await;
    }

    /// The next message.
    pub(crate) async fn next(&mut self) -> (Envelope, Origin) {
        within("a message", async {
            loop {
                match self.events.recv().await.unwrap() {
                    NodeEvent::Envelope {
                        envelope, hash, origin, ..
                    } => {
                        assert_eq!(hash, envelope.hash());
                        return (envelope, origin);
                    }
                    NodeEvent::Missed { count } => panic!("{count} messages were missed"),
                    _ => {}
                }
            }
        })
        .await
    }
}

fn is_meshed(status: &NodeStatus, peer: PeerId) -> bool {
    status
        .peers
        .iter()
        .any(|known| known.peer_id == peer && known.mesh.contains(&topic()))
}

/// Two relaying nodes in each other's mesh; the second dials the first.
pub(crate) async fn pair(first: NodeConfig, second: NodeConfig) -> (Running, Running) {
    let first = start(first).await;
    let second = start(NodeConfig {
        static_nodes: vec![first.address().await],
        ..second
    })
    .await;
    first.until_meshed(&second).await;
    second.until_meshed(&first).await;
    (first, second)
}

pub(crate) fn topic() -> PubsubTopic {
    Shard::new(16, 32).topic()
}

/// A message of now with a payload of `size` bytes, different for every number.
pub(crate) fn message(number: u32, size: usize) -> Envelope {
    let mut payload = number.to_be_bytes().to_vec();
    payload.resize(size.max(4), b'x');
    let content_topic = ContentTopic::from(TOPIC);
    Envelope::new(
        topic(),
        WakuMessage {
            payload,
            content_topic,
            version: 1,
            timestamp: Some(now()),
            ..WakuMessage::default()
        },
    )
}

/// Nanoseconds since 1970.
pub(crate) fn now() -> i64 {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    i64::try_from(since.as_nanos()).unwrap()
}

/// What must happen within thirty seconds.
pub(crate) async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    timeout(PATIENCE, future)
        .await
        .unwrap_or_else(|_| panic!("{what} did not happen in time"))
}

/// For what must happen at all.
const PATIENCE: Duration = Duration::from_secs(30);
