//! A model of relay (11/WAKU2-RELAY): how messages spread through a mesh of many nodes, in virtual time and from a seed.
//!
//! Nodes keep a mesh by the parameters that the real node has, pass on what they see first, announce ids to others at
//! heartbeats, and ask for what they missed. Links have a latency, nodes have a bandwidth in each direction, frames may be
//! lost, nodes may keep everything to themselves, and every message takes its time to be validated.
//!
//! No sockets, no bytes: a frame is its length. Left out are scores, discovery, connections that come and go, TCP's slow
//! start, and how processors are shared.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::ops::Range;
use std::time::Duration;

use waku_proto::gossip::Mesh;

/// Nodes and the lines between them.
#[derive(Clone)]
pub(crate) struct Network {
    pub(crate) nodes: usize,
    /// Connections that each node makes; it has about twice as many.
    pub(crate) dials: usize,
    pub(crate) mesh: Mesh,
    /// One way, drawn for each link.
    pub(crate) latency: Range<Duration>,
    /// Bytes per second.
    pub(crate) up: f64,
    pub(crate) down: f64,
    /// Frames that never arrive.
    pub(crate) loss: f64,
    /// Nodes that pass nothing on and announce nothing.
    pub(crate) silent: f64,
    /// From having a message to passing it on.
    pub(crate) validation: Duration,
    /// From wanting to publish to publishing.
    pub(crate) preparation: Duration,
}

/// What is published, each time by another node.
#[derive(Clone, Copy)]
pub(crate) struct Load {
    pub(crate) messages: usize,
    /// Bytes of payload.
    pub(crate) size: usize,
    pub(crate) every: Duration,
}

/// What came of it. Times count from the wish to publish.
#[derive(Debug, PartialEq)]
pub(crate) struct Report {
    /// Of every message at every other node, sorted.
    pub(crate) delays: Vec<Duration>,
    /// Of the messages that reached every node: when they reached the last; sorted.
    pub(crate) complete: Vec<Duration>,
    /// Pairs of a message and a node that it never reached.
    pub(crate) missed: usize,
    /// Full messages received for each one that was new.
    pub(crate) copies: f64,
    /// Bytes per second and node.
    pub(crate) received: f64,
    pub(crate) sent: f64,
    /// Peers in the mesh of a node at the end: fewest and most.
    pub(crate) degrees: (usize, usize),
}

impl Report {
    /// The delay that this share of all deliveries did not exceed.
    pub(crate) fn percentile(&self, percent: usize) -> Duration {
        let last = self.delays.len().saturating_sub(1);
        self.delays.get(last * percent / 100).copied().unwrap_or_default()
    }

    pub(crate) fn mean(&self) -> Duration {
        self.delays
            .iter()
            .sum::<Duration>()
            .div_f64(self.delays.len().max(1) as f64)
    }

    /// The mean time at which the last node had a message.
    pub(crate) fn mean_complete(&self) -> Duration {
        self.complete
            .iter()
            .sum::<Duration>()
            .div_f64(self.complete.len().max(1) as f64)
    }
}

/// Lets everything happen.
pub(crate) fn run(network: &Network, load: &Load, seed: u64) -> Report {
    let mut model = Model::new(network, load, seed);
    let end = WARM_UP + load.every.as_nanos() as u64 * load.messages as u64;
    while let Some(Reverse((time, _, event))) = model.events.pop() {
        if time > end + SETTLE {
            break;
        }
        model.now = time;
        model.happen(event);
    }
    model.report(end - WARM_UP)
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Heartbeat(usize),
    Publish(usize),
    /// A node has judged a message that came over this link, or its own.
    Judged(usize, Option<usize>, usize),
    /// Over the link of the node that has this number.
    Arrive(usize, usize, Frame),
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Frame {
    Message(usize),
    Have(Vec<usize>),
    Want(Vec<usize>),
    Graft,
    Prune,
}

struct Link {
    peer: usize,
    /// The number of this link among those of the peer.
    back: usize,
    is_outbound: bool,
    in_mesh: bool,
    backoff: u64,
    latency: u64,
}

#[derive(Default)]
struct Node {
    links: Vec<Link>,
    is_silent: bool,
    /// When the line is free again.
    up: u64,
    down: u64,
    heartbeats: usize,
    /// Messages and the heartbeat since which they are remembered.
    history: VecDeque<(usize, usize)>,
    /// Asked for since the last heartbeat.
    wanted: Vec<usize>,
}

struct Model<'a> {
    network: &'a Network,
    load: &'a Load,
    dice: Dice,
    now: u64,
    number: u64,
    events: BinaryHeap<Reverse<(u64, u64, Event)>>,
    nodes: Vec<Node>,
    publishers: Vec<usize>,
    /// By message and node.
    seen: Vec<Vec<u64>>,
    copies: u64,
    received: u64,
    sent: u64,
}

impl<'a> Model<'a> {
    fn new(network: &'a Network, load: &'a Load, seed: u64) -> Model<'a> {
        let mut model = Model {
            network,
            load,
            dice: Dice(seed),
            now: 0,
            number: 0,
            events: BinaryHeap::new(),
            nodes: (0..network.nodes).map(|_| Node::default()).collect(),
            publishers: Vec::new(),
            seen: vec![vec![NEVER; network.nodes]; load.messages],
            copies: 0,
            received: 0,
            sent: 0,
        };
        model.connect();
        for node in 0..network.nodes {
            model.nodes[node].is_silent = model.dice.chance(network.silent);
            let phase = model.dice.below(network.mesh.heartbeat.as_nanos() as u64);
            model.at(phase, Event::Heartbeat(node));
        }
        for message in 0..load.messages {
            let publisher = model.dice.below(network.nodes as u64) as usize;
            model.publishers.push(publisher);
            let time = WARM_UP + load.every.as_nanos() as u64 * message as u64;
            model.at(time, Event::Publish(message));
        }
        model
    }

    fn connect(&mut self) {
        let latency = &self.network.latency;
        let (shortest, spread) = (
            latency.start.as_nanos() as u64,
            (latency.end - latency.start).as_nanos() as u64,
        );
        for node in 0..self.nodes.len() {
            for _ in 0..self.network.dials {
                let peer = self.dice.below(self.nodes.len() as u64) as usize;
                if peer == node || self.nodes[node].links.iter().any(|link| link.peer == peer) {
                    continue;
                }
                let latency = shortest + self.dice.below(spread.max(1));
                let (here, there) = (self.nodes[node].links.len(), self.nodes[peer].links.len());
                let link = |peer, back, is_outbound| Link {
                    peer,
                    back,
                    is_outbound,
                    in_mesh: false,
                    backoff: 0,
                    latency,
                };
                self.nodes[node].links.push(link(peer, there, true));
                self.nodes[peer].links.push(link(node, here, false));
            }
        }
    }

    fn at(&mut self, time: u64, event: Event) {
        self.number += 1;
        self.events.push(Reverse((time, self.number, event)));
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Heartbeat(node) => self.heartbeat(node),
            Event::Publish(message) => {
                let publisher = self.publishers[message];
                self.seen[message][publisher] = self.now;
                let ready = self.now + self.network.preparation.as_nanos() as u64;
                self.at(ready, Event::Judged(publisher, None, message));
            }
            Event::Judged(node, from, message) => self.pass_on(node, from, message),
            Event::Arrive(node, link, frame) => self.arrive(node, link, frame),
        }
    }

    fn pass_on(&mut self, node: usize, from: Option<usize>, message: usize) {
        let here = &mut self.nodes[node];
        let floods = from.is_none() && self.network.mesh.flood_publish;
        if here.is_silent && from.is_some() {
            return;
        }
        here.history.push_back((message, here.heartbeats));
        for link in 0..self.nodes[node].links.len() {
            if Some(link) != from && (floods || self.nodes[node].links[link].in_mesh) {
                self.send(node, link, Frame::Message(message));
            }
        }
    }

    fn send(&mut self, node: usize, link: usize, frame: Frame) {
        let bytes = self.length(&frame);
        let here = &mut self.nodes[node];
        here.up = here.up.max(self.now) + (bytes as f64 / self.network.up * 1e9) as u64;
        let Link {
            peer, back, latency, ..
        } = here.links[link];
        let arrival = here.up + latency;
        if self.now >= WARM_UP {
            self.sent += bytes;
        }
        // Joining is repeated by real nodes until it is heard.
        if matches!(frame, Frame::Graft | Frame::Prune) || !self.dice.chance(self.network.loss) {
            self.at(arrival, Event::Arrive(peer, back, frame));
        }
    }

    fn arrive(&mut self, node: usize, link: usize, frame: Frame) {
        let bytes = self.length(&frame);
        let here = &mut self.nodes[node];
        here.down = here.down.max(self.now) + (bytes as f64 / self.network.down * 1e9) as u64;
        let whole = here.down;
        if self.now >= WARM_UP {
            self.received += bytes;
        }
        match frame {
            Frame::Message(message) => {
                self.copies += 1;
                if self.seen[message][node] == NEVER {
                    self.seen[message][node] = whole;
                    let judged = whole + self.network.validation.as_nanos() as u64;
                    self.at(judged, Event::Judged(node, Some(link), message));
                }
            }
            Frame::Have(messages) => self.told(node, link, messages),
            Frame::Want(messages) => {
                let remembered = &self.nodes[node].history;
                let there: Vec<usize> = messages
                    .into_iter()
                    .filter(|message| remembered.iter().any(|(known, _)| known == message))
                    .collect();
                for message in there {
                    self.send(node, link, Frame::Message(message));
                }
            }
            Frame::Graft => self.grafted(node, link),
            Frame::Prune => self.pruned(node, link),
        }
    }

    fn told(&mut self, node: usize, link: usize, messages: Vec<usize>) {
        let wanted = &mut self.nodes[node].wanted;
        let seen = &self.seen;
        let missing: Vec<usize> = messages
            .into_iter()
            .filter(|message| seen[*message][node] == NEVER && !wanted.contains(message))
            .collect();
        if !missing.is_empty() {
            wanted.extend(&missing);
            self.send(node, link, Frame::Want(missing));
        }
    }

    fn grafted(&mut self, node: usize, link: usize) {
        let mesh = &self.network.mesh;
        let is_full = self.nodes[node].degree() >= mesh.degree_high;
        let now = self.now;
        let asker = &mut self.nodes[node].links[link];
        if asker.backoff > now || (is_full && !asker.is_outbound) {
            asker.backoff = now + mesh.prune_backoff.as_nanos() as u64;
            self.send(node, link, Frame::Prune);
        } else {
            asker.in_mesh = true;
        }
    }

    fn pruned(&mut self, node: usize, link: usize) {
        let until = self.now + self.network.mesh.prune_backoff.as_nanos() as u64;
        let link = &mut self.nodes[node].links[link];
        (link.in_mesh, link.backoff) = (false, until);
    }

    fn heartbeat(&mut self, node: usize) {
        let mesh = &self.network.mesh;
        let degree = self.nodes[node].degree();
        if degree < mesh.degree_low {
            self.graft(node, mesh.degree - degree, |_| true);
        } else if degree > mesh.degree_high {
            self.prune(node, degree - mesh.degree);
        }
        let here = &self.nodes[node];
        let outbound = here
            .links
            .iter()
            .filter(|link| link.in_mesh && link.is_outbound)
            .count();
        if here.degree() >= mesh.degree_low && outbound < mesh.outbound_min {
            self.graft(node, mesh.outbound_min - outbound, |link| link.is_outbound);
        }
        self.gossip(node);
        let here = &mut self.nodes[node];
        here.heartbeats += 1;
        here.wanted.clear();
        while here
            .history
            .front()
            .is_some_and(|(_, since)| here.heartbeats - since >= mesh.history_length)
        {
            here.history.pop_front();
        }
        self.at(self.now + mesh.heartbeat.as_nanos() as u64, Event::Heartbeat(node));
    }

    fn graft(&mut self, node: usize, wanted: usize, is_fit: impl Fn(&Link) -> bool) {
        let now = self.now;
        let fit = |link: &Link| !link.in_mesh && link.backoff <= now && is_fit(link);
        for link in self.chosen(node, wanted, fit) {
            self.nodes[node].links[link].in_mesh = true;
            self.send(node, link, Frame::Graft);
        }
    }

    /// Those whom we dialled go last, as many as have to stay.
    fn prune(&mut self, node: usize, wanted: usize) {
        let links = &self.nodes[node].links;
        let mut outbound = links.iter().filter(|link| link.in_mesh && link.is_outbound).count();
        let mut left = wanted;
        for link in self.chosen(node, usize::MAX, |link| link.in_mesh) {
            let is_outbound = self.nodes[node].links[link].is_outbound;
            if left == 0 || (is_outbound && outbound <= self.network.mesh.outbound_min) {
                continue;
            }
            outbound -= usize::from(is_outbound);
            left -= 1;
            self.pruned(node, link);
            self.send(node, link, Frame::Prune);
        }
    }

    fn gossip(&mut self, node: usize) {
        let (mesh, here) = (&self.network.mesh, &self.nodes[node]);
        let recent = |since: usize| here.heartbeats - since < mesh.history_gossip;
        let told: Vec<usize> = here
            .history
            .iter()
            .filter(|(_, since)| recent(*since))
            .map(|(message, _)| *message)
            .collect();
        if here.is_silent || told.is_empty() {
            return;
        }
        let others = here.links.len() - here.degree();
        let share = (others as f64 * mesh.gossip_factor) as usize;
        for link in self.chosen(node, share.max(mesh.lazy), |link| !link.in_mesh) {
            self.send(node, link, Frame::Have(told.clone()));
        }
    }

    /// Some links of a node, in random order.
    fn chosen(&mut self, node: usize, wanted: usize, is_fit: impl Fn(&Link) -> bool) -> Vec<usize> {
        let links = self.nodes[node].links.iter().enumerate();
        let mut fit: Vec<usize> = links
            .filter(|(_, link)| is_fit(link))
            .map(|(number, _)| number)
            .collect();
        let wanted = wanted.min(fit.len());
        for place in 0..wanted {
            let other = place + self.dice.below((fit.len() - place) as u64) as usize;
            fit.swap(place, other);
        }
        fit.truncate(wanted);
        fit
    }

    /// Bytes on the line.
    fn length(&self, frame: &Frame) -> u64 {
        let bytes = match frame {
            Frame::Message(_) => self.load.size + ENVELOPE,
            Frame::Have(messages) | Frame::Want(messages) => messages.len() * ID + CONTROL,
            Frame::Graft | Frame::Prune => CONTROL,
        };
        (bytes + FRAMING + bytes.div_ceil(SEGMENT) * HEADERS) as u64
    }

    fn report(&self, measured: u64) -> Report {
        let mut report = Report {
            delays: Vec::new(),
            complete: Vec::new(),
            missed: 0,
            copies: 0.0,
            received: self.received as f64 / self.network.nodes as f64 / (measured as f64 / 1e9),
            sent: self.sent as f64 / self.network.nodes as f64 / (measured as f64 / 1e9),
            degrees: (
                self.nodes.iter().map(Node::degree).min().unwrap_or(0),
                self.nodes.iter().map(Node::degree).max().unwrap_or(0),
            ),
        };
        for (seen, publisher) in self.seen.iter().zip(&self.publishers) {
            let began = seen[*publisher];
            let others = seen.iter().enumerate().filter(|(node, _)| node != publisher);
            let delays: Vec<Duration> = others
                .filter(|(_, time)| **time != NEVER)
                .map(|(_, time)| Duration::from_nanos(time - began))
                .collect();
            let missed = self.network.nodes - 1 - delays.len();
            report.missed += missed;
            if missed == 0 {
                report.complete.extend(delays.iter().max());
            }
            report.delays.extend(delays);
        }
        report.delays.sort();
        report.complete.sort();
        report.copies = self.copies as f64 / report.delays.len() as f64;
        report
    }
}

impl Node {
    fn degree(&self) -> usize {
        self.links.iter().filter(|link| link.in_mesh).count()
    }
}

/// SplitMix64.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut value = self.0;
        value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        value ^ (value >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(limit)) >> 64) as u64
    }

    fn chance(&mut self, share: f64) -> bool {
        (self.next() >> 11) as f64 / ((1u64 << 53) as f64) < share
    }
}

const NEVER: u64 = u64::MAX;
/// Nanoseconds in which meshes form before anything is published.
const WARM_UP: u64 = 15_000_000_000;
/// And after the last message, for what is on its way.
const SETTLE: u64 = 10_000_000_000;
/// Content topic, time, version, shard, and the fields' tags around a payload.
const ENVELOPE: usize = 80;
/// An id, SHA-256, with its tag and length.
const ID: usize = 34;
/// A control message's shard and tags.
const CONTROL: usize = 26;
/// Noise and Yamux, once for a frame.
const FRAMING: usize = 30;
/// TCP and IPv4 headers ...
const HEADERS: usize = 52;
/// ... in front of so many bytes.
const SEGMENT: usize = 1_448;
