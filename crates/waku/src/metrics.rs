//! Metrics for Prometheus, under the names that nwaku's dashboards ask for.
//!
//! Everything is computed when somebody asks: from the node's status, its peers, and the process's own figures where the
//! system tells them (Linux). Names without a figure of ours are left out rather than set to zero.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric, MetricEncoder, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use waku_proto::peers::{Origin, Source};
use waku_proto::rln::Invalid;
use waku_proto::{PubsubTopic, Shard};

use crate::node::Node;
use crate::status::{Bytes, Connectedness, KnownPeer, NodeStatus, ServiceKind};

mod names;
mod process;

use names::Name;

/// Metrics, offered by HTTP at `/metrics`.
#[derive(Debug)]
pub struct Metrics {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Metrics {
    /// Listens, and answers until [`Self::shutdown`]. `version` is what the node is called.
    pub async fn start(listen: SocketAddr, node: Node, version: String) -> Result<Self, MetricsError> {
        let taken = |_| MetricsError::Listen(listen);
        let listener = TcpListener::bind(listen).await.map_err(taken)?;
        let address = listener.local_addr().map_err(taken)?;
        let routes = Router::new()
            .route("/metrics", get(answer))
            .route("/health", get(|| async { "OK" }))
            .with_state((node, version));
        let (stop, mut stopped) = watch::channel(false);
        let task = tokio::spawn(async move {
            let stopping = async move {
                let _ = stopped.wait_for(|is_stopped| *is_stopped).await;
            };
            let served = axum::serve(listener, routes).with_graceful_shutdown(stopping).await;
            if let Err(error) = served {
                tracing::warn!(%error, "the metrics ended");
            }
        });
        Ok(Self { address, stop, task })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends it.
    pub async fn shutdown(self) {
        let _ = self.stop.send(true);
        let _ = tokio::time::timeout(Duration::from_secs(1), self.task).await;
    }
}

/// The machine's fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MetricsError {
    /// The port is taken, or the address is not ours.
    #[error("the metrics cannot listen on {0}; choose another with --metrics-server-address and --metrics-server-port")]
    Listen(SocketAddr),
}

async fn answer(State((node, version)): State<(Node, String)>) -> impl IntoResponse {
    let mut page = Page::default();
    page.one(names::WAKU_VERSION, &[("version", &version)], 1.0);
    if let Some(status) = node.status().await {
        of_messages(&mut page, &status);
        of_proofs(&mut page, &status);
        of_services(&mut page, &status);
        of_topics(&mut page, &status);
        of_peers(&mut page, &node.peers().await);
    }
    process::add(&mut page);
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], page.text())
}

fn of_messages(page: &mut Page, status: &NodeStatus) {
    let messages = status.messages;
    let received = [("type", "relay")];
    page.one(names::WAKU_NODE_MESSAGES, &received, messages.received);
    page.one(
        names::WAKU_NODE_ERRORS,
        &[("type", "invalid_message")],
        messages.rejected,
    );
    let relay = status.traffic.relay();
    for (direction, bytes) in [("in", relay.received), ("out", relay.sent)] {
        // The split by topic and into gross and net is not known here.
        let labels = [("topic", "all"), ("type", "gross"), ("direction", direction)];
        page.one(names::WAKU_RELAY_NETWORK_BYTES, &labels, bytes);
    }
    page.one(names::UNDERTONE_MESSAGES_PUBLISHED, &[], messages.published);
    page.one(names::UNDERTONE_MESSAGES_NOT_PASSED_ON, &[], messages.not_passed_on);
    page.one(names::UNDERTONE_MESSAGES_NOT_KEPT, &[], messages.not_kept);
    if let Some(archive) = status.archive {
        let stored = [("type", "stored")];
        page.one(names::WAKU_ARCHIVE_MESSAGES, &stored, archive.messages);
        page.one(names::UNDERTONE_ARCHIVE_BYTES, &[], archive.bytes);
    }
    for (direction, count) in [("sent", messages.handed_over), ("receive", messages.taken_over)] {
        page.one(
            names::TOTAL_TRANSFER_MESSAGES_EXCHANGED,
            &[("direction", direction)],
            count,
        );
    }
    let lost = [("type", "insert_failure")];
    page.one(names::WAKU_ARCHIVE_ERRORS, &lost, messages.not_archived);
}

fn of_proofs(page: &mut Page, status: &NodeStatus) {
    let Some(rln) = &status.rln else { return };
    page.one(names::WAKU_RLN_MESSAGES, &[], rln.messages);
    page.one(names::WAKU_RLN_VALID_MESSAGES, &[], rln.valid);
    page.one(names::WAKU_RLN_SPAM_MESSAGES, &[], rln.spam);
    for (reason, count) in Invalid::ALL.iter().zip(rln.invalid) {
        page.one(names::WAKU_RLN_INVALID_MESSAGES, &[("type", reason.label())], count);
    }
    page.one(names::UNDERTONE_RLN_UNDECIDED_MESSAGES, &[], rln.undecided);
    page.one(names::WAKU_RLN_PROOF_VERIFICATION, &[], rln.verified.0);
    page.one(names::WAKU_RLN_PROOF_VERIFICATION_DURATION_SECONDS, &[], rln.verified.1);
    page.one(names::WAKU_RLN_TOTAL_GENERATED_PROOFS, &[], rln.proved.0);
    page.one(names::WAKU_RLN_PROOF_GENERATION_DURATION_SECONDS, &[], rln.proved.1);
    page.one(names::WAKU_RLN_INSTANCE_CREATION_DURATION_SECONDS, &[], rln.loaded_in);
    if let Some(left) = rln.left {
        page.one(names::WAKU_RLN_REMAINING_PROOFS_PER_EPOCH, &[], left);
    }
    if let Some(members) = rln.members {
        page.one(names::WAKU_RLN_NUMBER_REGISTERED_MEMBERSHIPS, &[], members);
    }
}

fn of_services(page: &mut Page, status: &NodeStatus) {
    page.one(names::WAKU_FILTER_SUBSCRIPTIONS, &[], status.filter_clients as u64);
    for (service, name) in [
        (ServiceKind::Store, "/vac/waku/store-query/3.0.0"),
        (ServiceKind::Filter, "/vac/waku/filter-subscribe/2.0.0-beta1"),
        (ServiceKind::Lightpush, "/vac/waku/lightpush/3.0.0"),
        (ServiceKind::PeerExchange, "/vac/waku/peer-exchange/2.0.0-alpha1"),
    ] {
        let requests = status.requests.of(service);
        for (state, count) in [("served", requests.served), ("rejected", requests.rejected)] {
            let labels = [("service", name), ("state", state)];
            page.one(names::WAKU_SERVICE_REQUESTS, &labels, count);
        }
        let bytes: Bytes = status.traffic.of(service);
        for (direction, bytes) in [("in", bytes.received), ("out", bytes.sent)] {
            let labels = [("service", name), ("direction", direction)];
            page.one(names::WAKU_SERVICE_NETWORK_BYTES, &labels, bytes);
        }
    }
    let store = status.requests.of(ServiceKind::Store);
    page.one(names::WAKU_STORE_QUERIES, &[], store.served);
    let lightpush = status.requests.of(ServiceKind::Lightpush);
    page.one(
        names::WAKU_LIGHTPUSH_V3_MESSAGES,
        &[("type", "PushRequest")],
        lightpush.served,
    );
    let filter = status.requests.of(ServiceKind::Filter);
    page.one(names::WAKU_FILTER_REQUESTS, &[("type", "all")], filter.served);
}

fn of_topics(page: &mut Page, status: &NodeStatus) {
    if let Some(reachable) = status.reachable {
        page.one(names::UNDERTONE_REACHABLE, &[], u64::from(reachable));
    }
    page.one(names::LIBP2P_PUBSUB_TOPICS, &[], status.topics.len() as u64);
    for topic in &status.topics {
        let in_mesh = status.peers.iter().filter(|peer| peer.mesh.contains(topic)).count();
        let labels = [("topic", topic.as_str())];
        page.one(names::LIBP2P_GOSSIPSUB_PEERS_PER_TOPIC_MESH, &labels, in_mesh as u64);
    }
    let total = status.traffic.total;
    for (direction, bytes) in [("in", total.received), ("out", total.sent)] {
        let labels = [("direction", direction)];
        page.one(names::LIBP2P_NETWORK_BYTES, &labels, bytes);
    }
}

fn of_peers(page: &mut Page, peers: &[KnownPeer]) {
    let connected: Vec<&KnownPeer> = peers
        .iter()
        .filter(|peer| peer.connectedness == Connectedness::Connected)
        .collect();
    page.one(names::WAKU_PEER_STORE_SIZE, &[], peers.len() as u64);
    page.one(names::LIBP2P_PEERS, &[], connected.len() as u64);
    let mut by_protocol: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    let mut by_agent: BTreeMap<&str, u64> = BTreeMap::new();
    let mut by_shard: BTreeMap<u16, u64> = BTreeMap::new();
    let mut by_topic: BTreeMap<&PubsubTopic, u64> = BTreeMap::new();
    for peer in &connected {
        let direction = if peer.is_outbound { "Out" } else { "In" };
        for protocol in peer
            .protocols
            .iter()
            .filter(|protocol| protocol.starts_with("/vac/waku/"))
        {
            *by_protocol.entry((direction, protocol)).or_default() += 1;
        }
        *by_agent.entry(agent(&peer.agent)).or_default() += 1;
        for shard in &peer.shards {
            *by_shard.entry(*shard).or_default() += 1;
        }
        for topic in &peer.topics {
            *by_topic.entry(topic).or_default() += 1;
        }
    }
    for ((direction, protocol), count) in by_protocol {
        let labels = [("direction", direction), ("protocol", protocol)];
        page.one(names::WAKU_CONNECTED_PEERS, &labels, count);
    }
    for (agent, count) in by_agent {
        page.one(names::WAKU_CONNECTED_PEERS_PER_AGENT, &[("agent", agent)], count);
    }
    for (shard, count) in by_shard {
        let shard = shard.to_string();
        page.one(names::WAKU_CONNECTED_PEERS_PER_SHARD, &[("shard", &shard)], count);
    }
    for (topic, count) in by_topic {
        let labels = [("topic", topic.as_str())];
        page.one(names::LIBP2P_GOSSIPSUB_PEERS_PER_TOPIC_GOSSIPSUB, &labels, count);
        if let Some(shard) = Shard::of(topic) {
            let shard = shard.index.to_string();
            page.one(names::UNDERTONE_RELAY_PEERS, &[("shard", &shard)], count);
        }
    }
    for (source, name) in SOURCES {
        let found = peers
            .iter()
            .filter(|peer| peer.origin == Origin::Discovered(source))
            .count();
        page.one(names::UNDERTONE_PEERS_BY_SOURCE, &[("source", name)], found as u64);
    }
}

/// The name of the program without its version, so that strangers cannot make series without end.
fn agent(agent: &str) -> &'static str {
    let known = ["nwaku", "logos-delivery", "go-waku", "js-waku", "undertone"];
    known
        .into_iter()
        .find(|name| agent.starts_with(name))
        .unwrap_or(if agent.is_empty() { "unknown" } else { "other" })
}

const SOURCES: [(Source, &str); 6] = [
    (Source::Discv5, "discv5"),
    (Source::Dns, "dns"),
    (Source::PeerExchange, "peer-exchange"),
    (Source::Rendezvous, "rendezvous"),
    (Source::Saved, "saved"),
    (Source::BuiltIn, "built-in"),
];

/// Figures as they are collected.
#[derive(Debug, Default)]
struct Page(Vec<Family>);

#[derive(Debug)]
struct Family {
    name: Name,
    samples: Vec<(Vec<(&'static str, String)>, Figure)>,
}

/// A whole or a broken number.
#[derive(Clone, Copy, Debug)]
enum Figure {
    Whole(u64),
    Broken(f64),
}

impl From<u64> for Figure {
    fn from(number: u64) -> Self {
        Self::Whole(number)
    }
}

impl From<f64> for Figure {
    fn from(number: f64) -> Self {
        Self::Broken(number)
    }
}

impl Page {
    fn one(&mut self, name: Name, labels: &[(&'static str, &str)], figure: impl Into<Figure>) {
        let labels = labels
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()))
            .collect();
        let sample = (labels, figure.into());
        match self.0.iter_mut().find(|family| family.name.0 == name.0) {
            Some(family) => family.samples.push(sample),
            None => self.0.push(Family {
                name,
                samples: vec![sample],
            }),
        }
    }

    fn text(self) -> String {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(self));
        let mut text = String::new();
        // Writing into a text does not fail.
        let _ = text::encode(&mut text, &registry);
        text
    }
}

impl Collector for Page {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        for family in &self.0 {
            let Name(name, kind, help) = family.name;
            let mut metric = encoder.encode_descriptor(name, help, None, kind)?;
            for (labels, figure) in &family.samples {
                if labels.is_empty() {
                    // There is only one such sample; braces around nothing are no part of its name.
                    write(kind, *figure, metric)?;
                    break;
                }
                write(kind, *figure, metric.encode_family(labels)?)?;
            }
        }
        Ok(())
    }
}

fn write(kind: MetricType, figure: Figure, place: MetricEncoder<'_>) -> Result<(), fmt::Error> {
    let is_counter = matches!(kind, MetricType::Counter);
    match (is_counter, figure) {
        (true, Figure::Whole(number)) => ConstCounter::new(number).encode(place),
        (true, Figure::Broken(number)) => ConstCounter::new(number).encode(place),
        (false, Figure::Whole(number)) => ConstGauge::new(i64::try_from(number).unwrap_or(i64::MAX)).encode(place),
        (false, Figure::Broken(number)) => ConstGauge::new(number).encode(place),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_written_for_prometheus() {
        let mut page = Page::default();
        page.one(names::WAKU_NODE_MESSAGES, &[("type", "relay")], 7u64);
        page.one(names::LIBP2P_PEERS, &[], 3u64);
        page.one(names::WAKU_NODE_MESSAGES, &[("type", "a\"b\n")], 1u64);
        page.one(names::PROCESS_CPU_SECONDS, &[], 1.5);
        let text = page.text();
        for line in [
            "# TYPE waku_node_messages counter",
            "waku_node_messages_total{type=\"relay\"} 7",
            "waku_node_messages_total{type=\"a\\\"b\\n\"} 1",
            "# TYPE libp2p_peers gauge",
            "libp2p_peers 3",
            "process_cpu_seconds_total 1.5",
        ] {
            assert!(text.lines().any(|there| there == line), "{line} is missing in\n{text}");
        }
        assert_eq!(text.matches("# TYPE waku_node_messages").count(), 1);
        assert!(text.ends_with("# EOF\n"));
    }

    #[test]
    fn strangers_make_no_series() {
        assert_eq!(agent("nwaku-v0.36.0-7d1c6a"), "nwaku");
        assert_eq!(agent("undertone/0.1.0"), "undertone");
        assert_eq!((agent(""), agent("x")), ("unknown", "other"));
    }
}
