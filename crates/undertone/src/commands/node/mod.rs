//! `undertone node`: a service node for everybody. It knows nothing of Status, profiles or keys of people.

use std::future::Future;
use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::signal::unix::{SignalKind, signal};

use crate::args::mistake;
use crate::config;
use crate::node_args::layers::{self, Layer};
use crate::node_args::{ConfigCommand, NodeAction, NodeArgs, NodeCommand};
use crate::output::{self, Format};

mod archive;
mod dns_tree;
mod doctor;
mod key;
pub(super) mod preset;
mod rln;
mod serve;
mod settings;

/// Does what the command line asks for.
pub(super) async fn run(command: NodeCommand) -> Result<()> {
    match command.action {
        None => serve::run(&command.args).await,
        Some(NodeAction::DnsTree(args)) => dns_tree::run(&args),
        Some(NodeAction::Config(ConfigCommand::Print(args))) => print(&args),
        Some(NodeAction::Archive(command)) => archive::run(command).await,
        Some(NodeAction::Rln(command)) => rln::run(command),
        Some(NodeAction::Doctor(args)) => {
            let (node, _) = NodeArgs::with_file(&layer(&args.node)?).unwrap_or_else(|error| mistake::exit(&error));
            doctor::run(&node, &node.place.dir()?, Duration::from_secs(args.wait)).await
        }
    }
}

/// The options with the configuration file below them.
fn layer(args: &NodeArgs) -> Result<Layer> {
    Ok(config::node_layer(&args.place.dir()?, args.config_file.as_deref())?)
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

/// Prints the settings that somebody made, as a configuration file.
fn print(args: &NodeArgs) -> Result<()> {
    let (args, matches) = NodeArgs::with_file(&layer(args)?).unwrap_or_else(|error| mistake::exit(&error));
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
