//! Connections: TCP and WebSocket, DNS names, Noise, then Yamux or Mplex.
//!
//! Mplex is offered after Yamux because browser clients speak nothing else. QUIC, circuit relays and
//! secure WebSocket listeners are not offered.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use libp2p::core::muxing::StreamMuxerBox;
use libp2p::core::transport::Boxed;
use libp2p::core::upgrade::{SelectUpgrade, Version};
use libp2p::identity::Keypair;
use libp2p::{PeerId, Transport, dns, noise, tcp, websocket, yamux};

use crate::meter::{Meter, Metered};

/// Builds the transport. Every connection that gets through leaves its meter in `meters`.
pub(crate) fn build(keypair: &Keypair, meters: &Meters) -> io::Result<Boxed<(PeerId, StreamMuxerBox)>> {
    let noise = noise::Config::new(keypair).map_err(io::Error::other)?;
    let socket = || tcp::tokio::Transport::new(tcp::Config::default().nodelay(true));
    let plain = dns::tokio::Transport::system(socket())?;
    let web = websocket::Config::new(dns::tokio::Transport::system(socket())?);

    let (plain_meters, web_meters) = (meters.clone(), meters.clone());
    let plain = plain
        .upgrade(Version::V1Lazy)
        .authenticate(noise.clone())
        .multiplex(multiplexers())
        .map(move |(peer, muxer), _| {
            (
                peer,
                StreamMuxerBox::new(Metered::new(muxer, plain_meters.attach(peer))),
            )
        });
    let web = web
        .upgrade(Version::V1Lazy)
        .authenticate(noise)
        .multiplex(multiplexers())
        .map(move |(peer, muxer), _| (peer, StreamMuxerBox::new(Metered::new(muxer, web_meters.attach(peer)))));
    Ok(web.or_transport(plain).map(|either, _| either.into_inner()).boxed())
}

/// The meters of open connections, and the totals of all that ever were.
#[derive(Clone, Debug, Default)]
pub(crate) struct Meters(Arc<Mutex<Attached>>);

#[derive(Debug, Default)]
struct Attached {
    open: BTreeMap<PeerId, Vec<Weak<Meter>>>,
    all: Vec<Arc<Meter>>,
    /// Bytes of connections that are gone: read, written.
    past: (u64, u64),
}

impl Meters {
    /// The meters of a peer's connections.
    pub(crate) fn of(&self, peer: &PeerId) -> Vec<Arc<Meter>> {
        let attached = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        attached
            .open
            .get(peer)
            .into_iter()
            .flatten()
            .filter_map(Weak::upgrade)
            .collect()
    }

    /// Bytes read and written since the start.
    pub(crate) fn totals(&self) -> (u64, u64) {
        let mut attached = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        attached.retire();
        let add = |(read, written), meter: &Arc<Meter>| (read + meter.read(), written + meter.written());
        attached.all.iter().fold(attached.past, add)
    }

    fn attach(&self, peer: PeerId) -> Arc<Meter> {
        let mut attached = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        attached.retire();
        let meter = Arc::new(Meter::default());
        attached.open.entry(peer).or_default().push(Arc::downgrade(&meter));
        attached.all.push(Arc::clone(&meter));
        meter
    }
}

impl Attached {
    /// Adds closed connections, whose meter nobody else holds, to the past.
    fn retire(&mut self) {
        let Self { open, all, past } = self;
        all.retain(|meter| {
            let live = Arc::strong_count(meter) > 1;
            if !live {
                past.0 += meter.read();
                past.1 += meter.written();
            }
            live
        });
        open.retain(|_, meters| {
            meters.retain(|meter| meter.strong_count() > 0);
            !meters.is_empty()
        });
    }
}

fn multiplexers() -> SelectUpgrade<yamux::Config, libp2p_mplex::Config> {
    let mut yamux = yamux::Config::default();
    yamux.set_max_num_streams(MAX_STREAMS);
    let mut mplex = libp2p_mplex::Config::new();
    // A full buffer stops reading from the connection: it is the peer's own traffic that waits.
    mplex.set_max_buffer_behaviour(libp2p_mplex::MaxBufferBehaviour::Block);
    mplex
        .set_max_buffer_size(MPLEX_FRAMES)
        .set_max_num_streams(MAX_STREAMS)
        .set_split_send_size(MPLEX_FRAME);
    SelectUpgrade::new(yamux, mplex)
}

/// Streams of one connection. Browser clients keep up to 64 per protocol, of which they use a few.
const MAX_STREAMS: usize = 256;
/// Frames of at most 1 MiB that one Mplex stream may hold unread.
const MPLEX_FRAMES: usize = 4;
/// Size of the frames that we send; larger ones cost less.
const MPLEX_FRAME: usize = 64 * 1024;
