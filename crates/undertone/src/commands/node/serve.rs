//! Running the node: with its REST interface and metrics, until it is asked to stop.
//!
//! SIGHUP reads the configuration again and applies what can be changed while running: limits and the log level.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde::Serialize;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{oneshot, watch};
use tokio::time::timeout;
use waku::{Metrics, Node, NodeConfig, NodeEvent, NodeHealth, Rest, RestSources};

use super::{interrupted, layer, rln, settings};
use crate::args::{LogLevel, mistake};
use crate::log::{self, Levels};
use crate::node_args::NodeArgs;
use crate::output::{self, Format};

/// What is printed once the node listens.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Ready {
    peer_id: String,
    addresses: Vec<String>,
    enr: String,
    cluster: u16,
    shards: Vec<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rest: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metrics: Option<String>,
}

/// Runs until interrupted.
pub(super) async fn run(given: &NodeArgs) -> Result<()> {
    let dir = given.place.dir()?;
    let (args, _) = NodeArgs::with_file(&layer(given)?).unwrap_or_else(|error| mistake::exit(&error));
    let levels = log::start_as(
        args.log_level.unwrap_or(LogLevel::Info),
        args.operate.log_format.unwrap_or_default(),
    );
    let mut stop = std::pin::pin!(interrupted()?);
    let mut reload = signal(SignalKind::hangup()).context("cannot listen for the signal to read the settings again")?;
    let config = tokio::select! {
        config = configured(&args, &dir) => config?,
        () = &mut stop => return Ok(()),
    };
    note(&args, &config);
    let (cluster, shards) = (config.cluster, config.shards.clone());
    let topics = config.pubsub_topics().collect();
    let (archive, autoshards) = (config.archive.clone(), config.autoshards);
    let (node, mut events) = Node::start(config).await?;
    let (health, healthy) = watch::channel(NodeHealth::Initializing);
    let sources = RestSources {
        node: node.clone(),
        archive,
        cluster,
        autoshards,
        topics,
        set_log_level: Some(Arc::new(level_setter(levels.clone()))),
        health: healthy,
    };
    let doors = Doors::open(&args, sources).await?;
    let _ = health.send(NodeHealth::Ready);
    announce(&node, &doors, (cluster, shards), args.output.format()).await;
    loop {
        tokio::select! {
            () = &mut stop => break,
            _ = reload.recv() => read_again(given, &node, &levels).await,
            event = events.recv() => match event {
                Some(NodeEvent::Connectivity(connectivity)) => tracing::info!(?connectivity, "network"),
                Some(NodeEvent::Envelope { envelope, hash, .. }) => doors.offer(envelope, hash),
                Some(_) => {}
                None => anyhow::bail!("the node stopped by itself; the log says why"),
            }
        }
    }
    let _ = health.send(NodeHealth::ShuttingDown);
    let stopping = async {
        // Nobody publishes or asks any more; then what is in the node goes to the disk.
        doors.shut().await;
        node.shutdown().await;
    };
    if timeout(STOP_WITHIN, stopping).await.is_err() {
        tracing::warn!("the node took too long to stop; what the archive acknowledged is on disk");
    }
    Ok(())
}

/// What an operator may not have meant.
fn note(args: &NodeArgs, config: &NodeConfig) {
    if let Some(said) = settings::few_places(&settings::limits(args)) {
        tracing::warn!("{said}");
    }
    if settings::looks_for_nobody(config) {
        tracing::info!(
            "nobody is looked for, the node waits to be called; --preset, --staticnode or --dns-discovery-url find others"
        );
    }
}

/// Reads the settings and opens the archive, which may wait for a server, on a thread that need not end before the process
/// does; then what limits rates.
async fn configured(args: &NodeArgs, dir: &Path) -> Result<NodeConfig> {
    let (of_node, folder) = (args.clone(), dir.to_owned());
    let (reply, opened) = oneshot::channel();
    std::thread::Builder::new()
        .name("settings".into())
        .spawn(move || {
            let _ = reply.send(settings::config(&of_node, &folder)); // nobody listens when it was stopped meanwhile
        })
        .context("the system gives no thread")?;
    let mut config = opened.await.context("the settings could not be read")??;
    config.rln = rln::start(args, dir).await?;
    Ok(config)
}

/// Says that the node is ready, and where it can be found.
async fn announce(node: &Node, doors: &Doors, (cluster, shards): (u16, Vec<u16>), format: Format) {
    let Some(status) = node.status().await else { return };
    let (rest, metrics) = doors.addresses();
    let about = Ready {
        peer_id: status.peer_id.to_string(),
        addresses: status.addresses.iter().map(ToString::to_string).collect(),
        enr: status.record,
        cluster,
        shards,
        rest,
        metrics,
    };
    ready(&about, format);
}

/// The interfaces for operators that are open.
struct Doors {
    rest: Option<Rest>,
    metrics: Option<Metrics>,
}

impl Doors {
    async fn open(args: &NodeArgs, sources: RestSources) -> Result<Self> {
        let node = sources.node.clone();
        let rest = match settings::rest(args) {
            Some(config) => Some(Rest::start(&config, sources).await?),
            None => None,
        };
        let metrics = match settings::metrics(args) {
            Some(listen) => Some(Metrics::start(listen, node, settings::version()).await?),
            None => None,
        };
        Ok(Self { rest, metrics })
    }

    fn addresses(&self) -> (Option<String>, Option<String>) {
        let rest = self.rest.as_ref().map(|rest| format!("http://{}", rest.address()));
        let metrics = self.metrics.as_ref();
        (
            rest,
            metrics.map(|metrics| format!("http://{}/metrics", metrics.address())),
        )
    }

    fn offer(&self, envelope: waku::Envelope, hash: waku::MessageHash) {
        if let Some(rest) = &self.rest {
            rest.offer(envelope, hash);
        }
    }

    async fn shut(self) {
        if let Some(rest) = self.rest {
            rest.shutdown().await;
        }
        if let Some(metrics) = self.metrics {
            metrics.shutdown().await;
        }
    }
}

/// Applies what can be changed while running. A mistake in the file changes nothing.
async fn read_again(given: &NodeArgs, node: &Node, levels: &Levels) {
    let read = layer(given).and_then(|layer| {
        NodeArgs::with_file(&layer).map_err(|error| {
            let text = mistake::sentence(&error).unwrap_or_else(|| error.to_string());
            anyhow::anyhow!("{}", text.lines().next().unwrap_or_default().to_owned())
        })
    });
    match read {
        Ok((args, _)) => {
            node.set_limits(settings::limits(&args)).await;
            levels.set(args.log_level.unwrap_or(LogLevel::Info));
            tracing::info!("the limits and the log level were read again");
        }
        Err(error) => tracing::error!(%error, "the settings were not read again"),
    }
}

fn level_setter(levels: Levels) -> impl Fn(&str) -> bool {
    move |level| {
        let level = match level {
            "error" => LogLevel::Error,
            "warn" => LogLevel::Warn,
            "debug" => LogLevel::Debug,
            "trace" => LogLevel::Trace,
            _ => LogLevel::Info,
        };
        levels.set(level)
    }
}

fn ready(ready: &Ready, format: Format) {
    match format {
        Format::Json => output::json_line(ready),
        Format::Text => {
            let shards = ready.shards.iter().map(u16::to_string).collect::<Vec<_>>().join(", ");
            output::text(&format!(
                "Serving cluster {}, shards {shards}. Ctrl+C stops.",
                ready.cluster
            ));
            ready.addresses.iter().for_each(|address| output::text(address));
            output::text(&ready.enr);
            let doors = [("REST interface", &ready.rest), ("Metrics", &ready.metrics)];
            for (name, address) in doors
                .into_iter()
                .filter_map(|(name, address)| Some((name, address.as_ref()?)))
            {
                output::text(&format!("{name}: {address}"));
            }
        }
    }
}

/// The node has five seconds in all.
const STOP_WITHIN: Duration = Duration::from_millis(4_500);
