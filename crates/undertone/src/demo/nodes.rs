//! Five ordinary service nodes on loopback, connected to a small mesh.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use tokio::sync::mpsc;
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::timeout;
use waku::archive::{Archive, ArchiveConfig};
use waku::{Envelope, Events, Interests, MessageHash, Multiaddr, Node, NodeConfig, NodeEvent, NodeStatus, Services};

use super::evidence::{self, Pile, Row, Sighting};

/// The nodes, and what passes them.
pub(crate) struct Nodes {
    nodes: Vec<ServiceNode>,
    /// What passed, in the order in which it was told.
    seen: Vec<Sighting>,
    /// What passed and was not told yet.
    passing: mpsc::Receiver<Sighting>,
    passed: mpsc::Sender<Sighting>,
    watchers: JoinSet<()>,
}

/// A node that relays, stores and serves light clients.
struct ServiceNode {
    node: Node,
    archive: Archive,
    archive_file: PathBuf,
    address: Multiaddr,
}

impl Nodes {
    /// No node yet.
    pub(crate) fn none() -> Self {
        let (passed, passing) = mpsc::channel(SIGHTINGS);
        Self {
            nodes: Vec::new(),
            seen: Vec::new(),
            passing,
            passed,
            watchers: JoinSet::new(),
        }
    }

    /// Starts them with their archives below a directory; each connects to up to two that were there before.
    pub(crate) async fn start(&mut self, dir: &Path) -> Result<()> {
        for number in 1..=NODES {
            let earlier = self
                .nodes
                .iter()
                .rev()
                .take(NEIGHBOURS)
                .map(|node| node.address.clone())
                .collect();
            let (node, events) = ServiceNode::start(dir.join(format!("node-{number}.sqlite3")), earlier).await?;
            self.watchers
                .spawn(watch(self.nodes.len(), events, self.passed.clone()));
            self.nodes.push(node);
        }
        Ok(())
    }

    /// Waits until every node passes messages on to another one, on every shard.
    pub(crate) async fn meet(&self) -> Result<()> {
        for node in &self.nodes {
            while !node.has_neighbours().await? {
                tokio::time::sleep(POLL).await;
            }
        }
        Ok(())
    }

    /// The address of one, counted from 0.
    pub(crate) fn address(&self, index: usize) -> Result<String> {
        Ok(self.nodes.get(index).context(NO_NODE)?.address.to_string())
    }

    /// What each of them says about itself.
    pub(crate) async fn status(&self) -> Result<Vec<NodeStatus>> {
        let mut all = Vec::new();
        for node in &self.nodes {
            all.push(node.status().await?);
        }
        Ok(all)
    }

    /// Publishes an envelope from the first one.
    pub(crate) async fn publish(&self, envelope: Envelope) -> Result<MessageHash> {
        Ok(self.nodes.first().context(NO_NODE)?.node.publish(envelope).await?.hash)
    }

    /// Everything that passed them until now.
    pub(crate) fn sightings(&mut self) -> &[Sighting] {
        self.seen.extend(std::iter::from_fn(|| self.passing.try_recv().ok()));
        &self.seen
    }

    /// Whether we were told of every message that each of them counted.
    pub(crate) async fn were_watched(&mut self) -> Result<()> {
        for (index, status) in self.status().await?.into_iter().enumerate() {
            let told = self.sightings().iter().filter(|seen| seen.node == index).count() as u64;
            let counted = status.messages.received + status.messages.published;
            ensure!(
                told == counted,
                "node {} counted {counted} messages, and {told} were seen",
                index + 1
            );
        }
        Ok(())
    }

    /// Waits until nothing has passed for a moment.
    pub(crate) async fn quiet(&mut self) {
        let mut before = usize::MAX;
        while self.sightings().len() != before {
            before = self.seen.len();
            tokio::time::sleep(QUIET).await;
        }
    }

    /// Waits until every archive holds every one of these.
    pub(crate) async fn kept_by_all(&self, hashes: &[MessageHash]) -> Result<()> {
        loop {
            let archives = self.archives().await?;
            if archives
                .iter()
                .all(|rows| hashes.iter().all(|hash| rows.iter().any(|row| row.0 == *hash)))
            {
                return Ok(());
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// Every row of every archive, node by node.
    pub(crate) async fn archives(&self) -> Result<Vec<Vec<Row>>> {
        let archives: Vec<Archive> = self.nodes.iter().map(|node| node.archive.clone()).collect();
        spawn_blocking(move || archives.iter().map(evidence::rows).collect()).await?
    }

    /// The archives' files as they are on disk.
    pub(crate) fn files(&self) -> Result<Vec<Pile>> {
        self.nodes
            .iter()
            .map(|node| Pile::of_files(&node.archive_file))
            .collect()
    }

    /// Stops all of them.
    pub(crate) async fn stop(&mut self) -> Result<()> {
        for node in self.nodes.drain(..) {
            timeout(STOPS_WITHIN, node.node.shutdown())
                .await
                .context("a node did not stop")?;
        }
        self.watchers.shutdown().await;
        Ok(())
    }
}

impl ServiceNode {
    async fn start(archive_file: PathBuf, static_nodes: Vec<Multiaddr>) -> Result<(Self, Events)> {
        let config = ArchiveConfig::at(archive_file.clone());
        let archive = spawn_blocking(move || Archive::open(config)).await??;
        let config = NodeConfig {
            listen: vec![LOOPBACK.parse().context("an address that was tried")?],
            static_nodes,
            services: Services {
                filter: true,
                lightpush: true,
                ..Services::default()
            },
            archive: Some(archive.clone()),
            ..NodeConfig::default()
        };
        // A service node wants nothing for itself; this one shows us all that passes.
        let everything = Interests(
            config
                .pubsub_topics()
                .map(|topic| (topic, Default::default()))
                .collect(),
        );
        let (node, events) = Node::start(config).await?;
        node.set_interests(everything).await;
        let status = node.status().await.context(STOPPED)?;
        let address = status.addresses.first().context("a node listens nowhere")?.clone();
        Ok((
            Self {
                node,
                archive,
                archive_file,
                address,
            },
            events,
        ))
    }

    async fn status(&self) -> Result<NodeStatus> {
        self.node.status().await.context(STOPPED)
    }

    async fn has_neighbours(&self) -> Result<bool> {
        let status = self.status().await?;
        let has_one = |topic| status.peers.iter().any(|peer| peer.mesh.contains(topic));
        Ok(!status.topics.is_empty() && status.topics.iter().all(has_one))
    }
}

/// Notes what passes a node, until it stops.
async fn watch(node: usize, mut events: Events, passed: mpsc::Sender<Sighting>) {
    while let Some(event) = events.recv().await {
        if let NodeEvent::Envelope { envelope, hash, .. } = event
            && passed
                .send(Sighting {
                    node,
                    at: Instant::now(),
                    hash,
                    envelope,
                })
                .await
                .is_err()
        {
            return;
        }
    }
}

/// How many nodes there are.
pub(crate) const NODES: usize = 5;
const LOOPBACK: &str = "/ip4/127.0.0.1/tcp/0";
/// Nodes that a new one connects to: a small mesh, in which the first and the last are not neighbours.
const NEIGHBOURS: usize = 2;
/// Sightings that may wait: five nodes, some hundred envelopes.
const SIGHTINGS: usize = 4096;
/// Longer than an acknowledgement is held back (300 ms), and than an envelope takes through all nodes.
const QUIET: Duration = Duration::from_millis(400);
const POLL: Duration = Duration::from_millis(20);
const STOPS_WITHIN: Duration = Duration::from_secs(5);
const NO_NODE: &str = "there is no such node";
const STOPPED: &str = "a node has stopped";
