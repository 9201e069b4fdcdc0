//! A peer written by hand: streams, and nothing that decides by itself.

use std::time::Duration;

use futures::io::BufReader;
use futures::{AsyncReadExt, AsyncWriteExt, StreamExt};
use libp2p::swarm::{NetworkBehaviour, Stream, StreamProtocol, SwarmEvent};
use libp2p::{PeerId, SwarmBuilder, identify, noise, ping, yamux};
use libp2p_stream::{Control, IncomingStreams};
use tokio::time::timeout;
use undertone_waku::{Multiaddr, Protocol};
use waku_proto::codec::frame;
use waku_proto::{Shard, metadata};

use crate::wire;

pub(crate) const RELAY: &str = "/vac/waku/relay/2.0.0";

/// A peer that is connected to the node.
pub(crate) struct Peer {
    control: Control,
    node: PeerId,
    shard: Shard,
    swarm: tokio::task::JoinHandle<()>,
}

#[derive(NetworkBehaviour)]
struct Behaviour {
    streams: libp2p_stream::Behaviour,
    identify: identify::Behaviour,
    ping: ping::Behaviour,
}

impl Peer {
    /// Connects, and takes in streams of this protocol; `None` if the node lets nobody in.
    pub(crate) async fn connect(node: &Multiaddr, shard: Shard, accepted: &'static str) -> Option<(Self, Frames)> {
        let mut swarm = SwarmBuilder::with_new_identity()
            .with_tokio()
            .with_tcp(
                libp2p::tcp::Config::default().nodelay(true),
                noise::Config::new,
                yamux::Config::default,
            )
            .unwrap()
            .with_behaviour(|key| Behaviour {
                streams: libp2p_stream::Behaviour::new(),
                identify: identify::Behaviour::new(identify::Config::new("ipfs/0.1.0".into(), key.public())),
                ping: ping::Behaviour::default(),
            })
            .unwrap()
            .with_swarm_config(|config| config.with_idle_connection_timeout(Duration::from_secs(3_600)))
            .build();
        let mut control = swarm.behaviour().streams.new_control();
        let incoming = control.accept(StreamProtocol::new(accepted)).unwrap();
        tokio::spawn(describe(
            control.accept(StreamProtocol::new(metadata::PROTOCOL)).unwrap(),
            shard,
        ));
        let Some(Protocol::P2p(peer)) = node.iter().last() else {
            panic!("an address with a peer id")
        };
        swarm.dial(node.clone()).unwrap();
        // A stream that is asked for while the connection comes may be waited for in vain (libp2p-stream).
        let connected =
            async { while !matches!(swarm.select_next_some().await, SwarmEvent::ConnectionEstablished { .. }) {} };
        timeout(PATIENCE, connected).await.ok()?;
        let swarm = tokio::spawn(async move {
            loop {
                swarm.select_next_some().await;
            }
        });
        let mut connected = Self {
            control,
            node: peer,
            shard,
            swarm,
        };
        // What every node answers.
        let question = metadata::Metadata {
            cluster: Some(shard.cluster),
            shards: vec![shard.index],
        };
        connected.ask(metadata::PROTOCOL, &question.encode()).await?;
        Some((connected, Frames { incoming, stream: None }))
    }

    /// Connects, subscribes to the shard and joins its mesh: the stream to write to, and what comes.
    pub(crate) async fn join(node: &Multiaddr, shard: Shard) -> Option<(Self, Stream, Frames)> {
        let (mut peer, frames) = Self::connect(node, shard, RELAY).await?;
        let mut stream = peer.open(RELAY).await?;
        stream.write_all(&wire::join(peer.shard)).await.ok()?;
        stream.flush().await.ok()?;
        Some((peer, stream, frames))
    }

    async fn open(&mut self, protocol: &'static str) -> Option<Stream> {
        let opened = self.control.open_stream(self.node, StreamProtocol::new(protocol));
        timeout(PATIENCE, opened).await.ok()?.ok()
    }

    /// One question, one answer.
    pub(crate) async fn ask(&mut self, protocol: &'static str, question: &[u8]) -> Option<Vec<u8>> {
        let mut stream = self.open(protocol).await?;
        stream.write_all(&frame(question)).await.ok()?;
        stream.close().await.ok()?;
        timeout(PATIENCE, read(&mut BufReader::new(stream))).await.ok()?
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.swarm.abort();
    }
}

/// Says who we are to a node that asks.
pub(crate) async fn describe(mut asked: IncomingStreams, shard: Shard) {
    let answer = metadata::Metadata {
        cluster: Some(shard.cluster),
        shards: vec![shard.index],
    };
    while let Some((_, mut stream)) = asked.next().await {
        let _ = stream.write_all(&frame(&answer.encode())).await;
        let _ = stream.close().await;
    }
}

/// What the node says on one protocol, on one stream after the other.
pub(crate) struct Frames {
    incoming: IncomingStreams,
    stream: Option<BufReader<Stream>>,
}

impl Frames {
    /// The next one; `None` when the connection has ended.
    pub(crate) async fn next(&mut self) -> Option<Vec<u8>> {
        loop {
            if let Some(stream) = &mut self.stream
                && let Some(frame) = read(stream).await
            {
                return Some(frame);
            }
            let (_, stream) = self.incoming.next().await?;
            self.stream = Some(BufReader::with_capacity(BUFFER, stream));
        }
    }
}

async fn read(stream: &mut BufReader<Stream>) -> Option<Vec<u8>> {
    let (mut length, mut shift) = (0, 0);
    loop {
        let mut byte = [0];
        stream.read_exact(&mut byte).await.ok()?;
        length |= usize::from(byte[0] & 0x7f) << shift;
        shift += 7;
        if byte[0] & 0x80 == 0 {
            break;
        }
    }
    let mut frame = vec![0; length];
    stream.read_exact(&mut frame).await.ok()?;
    Some(frame)
}

/// Until a node has answered.
const PATIENCE: Duration = Duration::from_secs(20);
const BUFFER: usize = 256 * 1024;
