//! A peer written by hand: opens streams and puts bytes on them, with one multiplexer.

use std::time::Duration;

use futures::{AsyncReadExt, AsyncWriteExt, StreamExt};
use libp2p::swarm::{Stream, StreamProtocol, SwarmEvent};
use libp2p::{Multiaddr, PeerId, SwarmBuilder, noise, yamux};
use tokio::sync::watch;
use undertone_waku::Protocol;
use waku_proto::codec::frame;

use crate::common::within;

pub(crate) const RELAY: &str = "/vac/waku/relay/2.0.0";

/// Which multiplexer the peer speaks.
#[derive(Clone, Copy)]
pub(crate) enum Muxer {
    Yamux,
    Mplex,
}

pub(crate) struct Raw {
    pub(crate) control: libp2p_stream::Control,
    pub(crate) peer_id: PeerId,
    node: PeerId,
    is_connected: watch::Receiver<bool>,
}

impl Raw {
    /// Dials the node. `prepare` may accept protocols before the connection exists.
    pub(crate) async fn dial_with(
        address: Multiaddr,
        muxer: Muxer,
        prepare: impl FnOnce(&mut libp2p_stream::Control),
    ) -> Self {
        let behaviour = |_: &libp2p::identity::Keypair| libp2p_stream::Behaviour::new();
        let builder = SwarmBuilder::with_new_identity().with_tokio();
        let mut swarm = match muxer {
            Muxer::Yamux => builder
                .with_tcp(Default::default(), noise::Config::new, yamux::Config::default)
                .unwrap()
                .with_behaviour(behaviour)
                .unwrap()
                .with_swarm_config(|config| config.with_idle_connection_timeout(Duration::from_secs(60)))
                .build(),
            Muxer::Mplex => builder
                .with_tcp(Default::default(), noise::Config::new, libp2p_mplex::Config::default)
                .unwrap()
                .with_behaviour(behaviour)
                .unwrap()
                .with_swarm_config(|config| config.with_idle_connection_timeout(Duration::from_secs(60)))
                .build(),
        };
        let mut control = swarm.behaviour().new_control();
        prepare(&mut control);
        let Some(Protocol::P2p(node)) = address.iter().last() else {
            panic!("an address with a peer id")
        };
        let peer_id = *swarm.local_peer_id();
        swarm.dial(address).unwrap();
        let (changed, mut is_connected) = watch::channel(false);
        tokio::spawn(async move {
            loop {
                match swarm.select_next_some().await {
                    SwarmEvent::ConnectionEstablished { .. } => _ = changed.send(true),
                    SwarmEvent::ConnectionClosed { .. } => _ = changed.send(false),
                    _ => {}
                }
            }
        });
        within("a connection", is_connected.wait_for(|is| *is)).await.unwrap();
        Self {
            control,
            peer_id,
            node,
            is_connected,
        }
    }

    pub(crate) async fn dial(address: Multiaddr, muxer: Muxer) -> Self {
        Self::dial_with(address, muxer, |_| {}).await
    }

    pub(crate) async fn open(&mut self, protocol: &'static str) -> Stream {
        self.control
            .open_stream(self.node, StreamProtocol::new(protocol))
            .await
            .unwrap()
    }

    /// Asks as browser clients do: writes the question, closes, and reads until the stream ends.
    pub(crate) async fn ask(&mut self, protocol: &'static str, question: &[u8]) -> Vec<u8> {
        let mut stream = self.open(protocol).await;
        stream.write_all(&frame(question)).await.unwrap();
        stream.close().await.unwrap();
        let mut answer = Vec::new();
        within("the end of the stream", stream.read_to_end(&mut answer))
            .await
            .unwrap();
        unframed(&answer)
    }

    /// Waits until the node hangs up.
    pub(crate) async fn until_closed(&mut self) {
        within("hanging up", self.is_connected.wait_for(|is| !*is))
            .await
            .unwrap();
    }

    pub(crate) fn is_connected(&self) -> bool {
        *self.is_connected.borrow()
    }
}

/// The body of the only message in `bytes`.
pub(crate) fn unframed(bytes: &[u8]) -> Vec<u8> {
    let (length, prefix) = varint(bytes);
    assert_eq!(bytes.len(), prefix + length as usize, "exactly one message");
    bytes[prefix..].to_vec()
}

/// Value and length of a LEB128 number.
pub(crate) fn varint(bytes: &[u8]) -> (u64, usize) {
    let mut value = 0;
    for (index, byte) in bytes.iter().enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return (value, index + 1);
        }
    }
    panic!("a number that does not end");
}

/// A protobuf field of bytes.
pub(crate) fn field(number: u32, body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    push_varint(u64::from(number << 3 | 2), &mut bytes);
    push_varint(body.len() as u64, &mut bytes);
    bytes.extend_from_slice(body);
    bytes
}

pub(crate) fn push_varint(mut value: u64, bytes: &mut Vec<u8>) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

/// A gossip frame that subscribes to a topic and joins its mesh.
pub(crate) fn join(topic: &str) -> Vec<u8> {
    let subscription = [&[0x08, 1][..], &field(2, topic.as_bytes())].concat();
    let graft = field(3, &field(1, topic.as_bytes()));
    frame(&[field(1, &subscription), field(3, &graft)].concat())
}

/// A gossip frame that subscribes to topics, without joining their meshes.
pub(crate) fn subscribe<'a>(topics: impl IntoIterator<Item = &'a str>) -> Vec<u8> {
    let one = |topic: &str| field(1, &[&[0x08, 1][..], &field(2, topic.as_bytes())].concat());
    frame(&topics.into_iter().flat_map(one).collect::<Vec<u8>>())
}

/// A gossip frame with one message.
pub(crate) fn publish(topic: &str, data: &[u8]) -> Vec<u8> {
    let message = [field(2, data), field(4, topic.as_bytes())].concat();
    frame(&field(2, &message))
}

/// A gossip frame that announces messages.
pub(crate) fn announce(topic: &str, ids: &[[u8; 32]]) -> Vec<u8> {
    let mut body = field(1, topic.as_bytes());
    ids.iter().for_each(|id| body.extend(field(2, id)));
    frame(&field(3, &field(1, &body)))
}
