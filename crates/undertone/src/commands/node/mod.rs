//! `undertone node`: a service node for everybody. It knows nothing of Status, profiles or keys of people.

use std::future::Future;
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde::Serialize;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::timeout;
use waku::Node;

use crate::args::LogLevel;
use crate::config;
use crate::log;
use crate::node_args::layers::{self, Layer};
use crate::node_args::{ConfigCommand, NodeAction, NodeArgs, NodeCommand};
use crate::output::{self, Format};

mod dns_tree;
mod key;
mod preset;
mod settings;

/// What is printed once the node listens.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Ready {
    peer_id: String,
    addresses: Vec<String>,
    enr: String,
    cluster: u16,
    shards: Vec<u16>,
}

/// Does what the command line asks for.
pub(super) async fn run(command: NodeCommand) -> Result<()> {
    match command.action {
        None => serve(command.args).await,
        Some(NodeAction::DnsTree(args)) => dns_tree::run(&args),
        Some(NodeAction::Config(ConfigCommand::Print(args))) => print(&args),
    }
}

/// The options with the configuration file below them.
fn layer(args: &NodeArgs) -> Result<Layer> {
    Ok(config::node_layer(&args.place.dir()?, args.config_file.as_deref())?)
}

/// Runs until interrupted.
async fn serve(args: NodeArgs) -> Result<()> {
    let dir = args.place.dir()?;
    let (args, _) = NodeArgs::with_file(&layer(&args)?).unwrap_or_else(|error| error.exit());
    log::start(args.log_level.unwrap_or(LogLevel::Info));
    let stop = interrupted()?;
    let config = settings::config(&args, &dir)?;
    let (cluster, shards) = (config.cluster, config.shards.clone());
    let (node, mut events) = Node::start(config).await?;
    if let Some(status) = node.status().await {
        let addresses = status.addresses.iter().map(ToString::to_string).collect();
        ready(
            &Ready {
                peer_id: status.peer_id.to_string(),
                addresses,
                enr: status.record,
                cluster,
                shards,
            },
            args.output.format(),
        );
    }
    let mut stop = std::pin::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => break,
            event = events.recv() => match event {
                Some(waku::NodeEvent::Connectivity(connectivity)) => tracing::info!(?connectivity, "network"),
                Some(_) => {}
                None => anyhow::bail!("the node stopped by itself; the log says why"),
            }
        }
    }
    if timeout(STOP_WITHIN, node.shutdown()).await.is_err() {
        tracing::warn!("the node took too long to stop; what the archive acknowledged is on disk");
    }
    Ok(())
}

/// Ends when the person or the system asks the program to stop.
pub(super) fn interrupted() -> Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for Ctrl+C")?;
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for the signal to stop")?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
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
        }
    }
}

/// Prints the settings that somebody made, as a configuration file.
fn print(args: &NodeArgs) -> Result<()> {
    let (args, matches) = NodeArgs::with_file(&layer(args)?).unwrap_or_else(|error| error.exit());
    let given = layers::given(&matches);
    match args.output.format() {
        Format::Json => {
            let settings: Vec<serde_json::Value> = given
                .iter()
                .map(|(name, values, from)| serde_json::json!({ "name": name, "values": values, "from": from }))
                .collect();
            output::json_line(&settings);
        }
        Format::Text => {
            output::text("[node]");
            for (name, values, from) in given {
                let mut values: Vec<toml::Value> = values.iter().map(|value| as_written(value)).collect();
                let value = match values.len() {
                    1 => values.remove(0),
                    _ => toml::Value::Array(values),
                };
                output::text(&format!("{name} = {value}  # {from}"));
            }
        }
    }
    Ok(())
}

/// A value as it stands in a file: numbers and choices without quotation marks.
fn as_written(value: &str) -> toml::Value {
    if let Ok(number) = value.parse::<i64>() {
        toml::Value::Integer(number)
    } else if let Ok(choice) = value.parse::<bool>() {
        toml::Value::Boolean(choice)
    } else {
        toml::Value::String(value.to_owned())
    }
}

/// The node has five seconds in all.
const STOP_WITHIN: Duration = Duration::from_millis(4_500);
