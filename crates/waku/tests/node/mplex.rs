//! Mplex frame by frame: js-mplex closes a connection on which frames arrive for streams that it has
//! finished with, so a stream must end with one CLOSE from each side and nothing after.

use std::collections::BTreeMap;
use std::future::{Ready, ready};
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use libp2p::core::muxing::StreamMuxerEvent;
use libp2p::core::transport::{DialOpts, PortUse};
use libp2p::core::upgrade::{InboundConnectionUpgrade, OutboundConnectionUpgrade, UpgradeInfo, Version};
use libp2p::core::{Endpoint, StreamMuxer};
use libp2p::{PeerId, Transport, identity, noise, tcp};
use waku_proto::codec::frame;
use waku_proto::{filter, metadata, store};

use crate::common::{message, pair, relay, service, start, within};
use crate::raw::push_varint;

/// The connection itself in the place of a multiplexer.
struct Bare<C>(Option<C>);

impl<C: AsyncRead + AsyncWrite + Unpin> StreamMuxer for Bare<C> {
    type Substream = C;
    type Error = std::io::Error;

    fn poll_inbound(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<C, Self::Error>> {
        Poll::Pending
    }

    fn poll_outbound(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<C, Self::Error>> {
        self.0
            .take()
            .map_or(Poll::Pending, |connection| Poll::Ready(Ok(connection)))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<StreamMuxerEvent, Self::Error>> {
        Poll::Pending
    }
}

#[derive(Clone)]
struct BareMplex;

impl UpgradeInfo for BareMplex {
    type Info = &'static str;
    type InfoIter = [&'static str; 1];

    fn protocol_info(&self) -> Self::InfoIter {
        ["/mplex/6.7.0"]
    }
}

impl<C> InboundConnectionUpgrade<C> for BareMplex {
    type Output = Bare<C>;
    type Error = std::io::Error;
    type Future = Ready<Result<Self::Output, Self::Error>>;

    fn upgrade_inbound(self, connection: C, _: &'static str) -> Self::Future {
        ready(Ok(Bare(Some(connection))))
    }
}

impl<C> OutboundConnectionUpgrade<C> for BareMplex {
    type Output = Bare<C>;
    type Error = std::io::Error;
    type Future = Ready<Result<Self::Output, Self::Error>>;

    fn upgrade_outbound(self, connection: C, _: &'static str) -> Self::Future {
        ready(Ok(Bare(Some(connection))))
    }
}

trait Connection: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Connection for T {}

/// A connection on which we write and read Mplex frames.
struct Frames {
    connection: Box<dyn Connection>,
    /// Frames about streams that we opened: kind and data, in order of arrival.
    received: BTreeMap<u64, Vec<(u64, Vec<u8>)>>,
    /// The same for streams that the node opened.
    opened_by_node: BTreeMap<u64, Vec<(u64, Vec<u8>)>>,
}

const NEW: u64 = 0;
const DATA_FROM_RECEIVER: u64 = 1;
const DATA: u64 = 2;
const CLOSE_FROM_RECEIVER: u64 = 3;
const CLOSE: u64 = 4;

impl Frames {
    async fn dial(address: libp2p::Multiaddr) -> Self {
        let keypair = identity::Keypair::generate_secp256k1();
        let mut transport = tcp::tokio::Transport::new(tcp::Config::default())
            .upgrade(Version::V1)
            .authenticate(noise::Config::new(&keypair).unwrap())
            .multiplex(BareMplex);
        let mut address = address;
        address.pop();
        let options = DialOpts {
            role: Endpoint::Dialer,
            port_use: PortUse::New,
        };
        let (_, mut bare): (PeerId, Bare<_>) = transport.dial(address, options).unwrap().await.unwrap();
        let connection = Box::new(bare.0.take().unwrap());
        Self {
            connection,
            received: BTreeMap::new(),
            opened_by_node: BTreeMap::new(),
        }
    }

    async fn send(&mut self, stream: u64, kind: u64, data: &[u8]) {
        let mut bytes = Vec::new();
        push_varint(stream << 3 | kind, &mut bytes);
        push_varint(data.len() as u64, &mut bytes);
        bytes.extend_from_slice(data);
        self.connection.write_all(&bytes).await.unwrap();
        self.connection.flush().await.unwrap();
    }

    async fn number(&mut self) -> u64 {
        let (mut value, mut shift) = (0, 0);
        loop {
            let mut byte = [0];
            self.connection.read_exact(&mut byte).await.unwrap();
            value |= u64::from(byte[0] & 0x7f) << shift;
            shift += 7;
            if byte[0] & 0x80 == 0 {
                return value;
            }
        }
    }

    async fn receive(&mut self) {
        let header = self.number().await;
        let mut data = vec![0; self.number().await as usize];
        self.connection.read_exact(&mut data).await.unwrap();
        let (stream, kind) = (header >> 3, header & 7);
        // Even kinds come from whoever opened the stream.
        let frames = if kind % 2 == 0 {
            &mut self.opened_by_node
        } else {
            &mut self.received
        };
        frames.entry(stream).or_default().push((kind, data));
    }

    /// One question on a stream of its own; ends when both sides have closed.
    async fn ask(&mut self, stream: u64, protocol: &str, question: &[u8]) -> Vec<u8> {
        self.send(stream, NEW, stream.to_string().as_bytes()).await;
        let negotiation = [line("/multistream/1.0.0"), line(protocol)].concat();
        self.send(stream, DATA, &negotiation).await;
        self.send(stream, DATA, &frame(question)).await;
        self.send(stream, CLOSE, &[]).await;
        while !self.kinds(stream).contains(&CLOSE_FROM_RECEIVER) {
            within("the end of the stream", self.receive()).await;
        }
        let data: Vec<u8> = self.received[&stream]
            .iter()
            .flat_map(|(_, data)| data.clone())
            .collect();
        data.strip_prefix(&negotiation[..]).unwrap().to_vec()
    }

    fn kinds(&self, stream: u64) -> Vec<u64> {
        self.received
            .get(&stream)
            .into_iter()
            .flatten()
            .map(|(kind, _)| *kind)
            .collect()
    }
}

/// A line of multistream-select.
fn line(text: &str) -> Vec<u8> {
    frame(format!("{text}\n").as_bytes())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_ends_with_one_close_and_no_reset() {
    let node = start(service()).await;
    let mut frames = Frames::dial(node.address().await).await;
    let subscribe = filter::Request {
        request_id: "r".into(),
        ask: filter::Ask::Subscribe(filter::Topics {
            pubsub_topic: Some("/waku/2/rs/16/32".into()),
            content_topics: vec!["/a".into()],
        }),
    };
    for stream in 0..20 {
        let answer = match stream % 2 {
            0 => frames.ask(stream, metadata::PROTOCOL, &[0x08, 16]).await,
            _ => {
                frames
                    .ask(stream, filter::SUBSCRIBE_PROTOCOL, &subscribe.encode())
                    .await
            }
        };
        assert!(!answer.is_empty());
    }
    // Whatever the node would send for finished streams comes before the last answer.
    for stream in 0..19 {
        let kinds = frames.kinds(stream);
        let (last, before) = kinds.split_last().unwrap();
        assert_eq!(*last, CLOSE_FROM_RECEIVER, "stream {stream}: {kinds:?}");
        assert!(
            before.iter().all(|kind| *kind == DATA_FROM_RECEIVER),
            "stream {stream}: {kinds:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_closes_late_gets_no_reset_either() {
    let node = start(relay()).await;
    let mut frames = Frames::dial(node.address().await).await;
    frames.send(0, NEW, b"0").await;
    let negotiation = [line("/multistream/1.0.0"), line(metadata::PROTOCOL)].concat();
    frames.send(0, DATA, &negotiation).await;
    frames.send(0, DATA, &frame(&[0x08, 16])).await;
    while !frames.kinds(0).contains(&CLOSE_FROM_RECEIVER) {
        within("an answer", frames.receive()).await;
    }
    assert!(!frames.ask(1, metadata::PROTOCOL, &[0x08, 16]).await.is_empty());
    frames.send(0, CLOSE, &[]).await;
    assert!(!frames.ask(2, metadata::PROTOCOL, &[0x08, 16]).await.is_empty());
    assert_eq!(frames.kinds(0).last(), Some(&CLOSE_FROM_RECEIVER));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_is_not_offered_is_declined_and_the_connection_lives() {
    let (node, _other) = pair(relay(), relay()).await;
    node.node.publish(message(1, 10)).await.unwrap();
    let mut frames = Frames::dial(node.address().await).await;
    frames.send(0, NEW, b"0").await;
    frames
        .send(0, DATA, &[line("/multistream/1.0.0"), line(store::PROTOCOL)].concat())
        .await;
    while !frames
        .received
        .get(&0)
        .is_some_and(|all| all.iter().any(|(_, data)| data.ends_with(b"na\n")))
    {
        within("an answer", frames.receive()).await;
    }
    frames.send(0, CLOSE, &[]).await;
    assert!(!frames.ask(1, metadata::PROTOCOL, &[0x08, 16]).await.is_empty());
}
