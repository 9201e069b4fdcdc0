//! `undertone` and `undertone start`: the app's daemon, in the foreground; the first opens the browser too.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;

use anyhow::Result;
use api::client::Client;
use api::{Mode, Unlock};
use daemon::{Config, Daemon, DiscoveryConfig, Listen, Network};
use serde::Serialize;
use waku::Discv5Config;

use super::node::preset;
use crate::args::{AppOptions, LogLevel, StartArgs};
use crate::config::ConfigFile;
use crate::exit::{Exit, Failure};
use crate::node_args::Preset;
use crate::output::{self, Format};
use crate::session::{self, Prefer};
use crate::{log, password};

/// What is printed once the daemon is ready.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Ready {
    /// The API's address.
    api: String,
    /// The data directory, where the token is.
    data_dir: String,
    /// The profile that was unlocked.
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<String>,
}

/// Starts the daemon, opens the browser, and stays until interrupted. If a daemon runs already, only opens the browser.
pub(super) async fn open(args: StartArgs, no_browser: bool) -> Result<()> {
    match Client::find(&args.place.dir()?) {
        Ok(client) if args.profile.is_none() => super::open::open(&client, no_browser).await,
        _ => run(args, Some(no_browser)).await,
    }
}

/// Starts the daemon and stays until interrupted.
pub(super) async fn start(args: StartArgs) -> Result<()> {
    run(args, None).await
}

async fn run(args: StartArgs, no_browser: Option<bool>) -> Result<()> {
    let dir = args.place.dir()?;
    let options = args.options.clone().or(ConfigFile::read(&dir)?.app);
    log::start(options.log_level.unwrap_or(LogLevel::Warn));
    // Before the password is asked for, so that a busy port or a second daemon is not found out afterwards.
    let daemon = Daemon::start(config(&dir, &options)?).await?;
    let result = serve(&args, &daemon, no_browser).await;
    daemon.shutdown().await;
    result
}

async fn serve(args: &StartArgs, daemon: &Daemon, no_browser: Option<bool>) -> Result<()> {
    let stop = super::node::interrupted()?;
    let client = daemon.client();
    let profile = match &args.profile {
        None => None,
        Some(named) => {
            let profile = session::profile(&client, Some(named), Prefer::Locked).await?;
            let password = password::ask("Password: ", args.password.password_file.as_deref())?;
            client.unlock(&profile.id, &Unlock { password }).await?;
            Some(profile)
        }
    };
    let ready = Ready {
        api: format!("http://{}", daemon.address()),
        data_dir: args.place.dir()?.display().to_string(),
        profile: profile.as_ref().map(|profile| profile.id.clone()),
    };
    match args.output.format() {
        Format::Json => output::json_line(&ready),
        Format::Text if no_browser.is_some() => output::text("Undertone is running. Ctrl+C stops it."),
        Format::Text => {
            output::text(&format!(
                "Undertone listens on {} (token: {}/api.token)",
                ready.api, ready.data_dir
            ));
            match &profile {
                Some(profile) => output::text(&format!("{} is unlocked. Ctrl+C stops.", output::clean(&profile.name))),
                None => output::text("No profile is unlocked; `undertone unlock` does that. Ctrl+C stops."),
            }
        }
    }
    if let Some(no_browser) = no_browser {
        super::open::open(&client, no_browser).await?;
    }
    stop.await;
    Ok(())
}

fn config(dir: &Path, options: &AppOptions) -> Result<Config> {
    let preset = options.preset.unwrap_or(Preset::StatusProd);
    if preset == Preset::Twn {
        let said =
            "--preset: the Waku Network takes only messages with proofs that the app cannot make; use status.prod";
        return Err(Failure::new(Exit::Usage, said).into());
    }
    let known = preset::network(Some(preset));
    let defaults = Network::default();
    let cluster = options.cluster_id.unwrap_or(known.cluster);
    let looks = !options.no_discovery.unwrap_or(false) && cluster == known.cluster;
    let usual_address = match known.is_local {
        true => IpAddr::V4(Ipv4Addr::LOCALHOST),
        false => defaults.listen.address,
    };
    Ok(Config {
        api_port: options.api_port.unwrap_or(DEFAULT_API_PORT),
        network: Network {
            cluster,
            shards: if options.shard.is_empty() {
                known.shards.clone()
            } else {
                options.shard.clone()
            },
            static_nodes: options.static_node.clone(),
            discovery: if looks {
                discovery(&known)?
            } else {
                DiscoveryConfig::default()
            },
            mode: options.light.map(|light| if light { Mode::Light } else { Mode::Relay }),
            listen: Listen {
                address: options.listen_address.unwrap_or(usual_address),
                port: options.tcp_port.unwrap_or(defaults.listen.port),
            },
            ..defaults
        },
        ..Config::new(dir)
    })
}

/// Every way to find the network. The system's name servers are asked, since they see all other names that are looked up
/// here anyway.
fn discovery(network: &preset::Network) -> Result<DiscoveryConfig> {
    let lists = network.lists.iter().map(|list| list.parse());
    let records = network.bootstrap.iter().map(|record| record.parse());
    Ok(DiscoveryConfig {
        known: network.known(),
        discv5: match network.discv5 {
            true => Some(Discv5Config {
                listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0),
                bootstrap: records.collect::<Result<_, _>>()?,
                enr_auto_update: false,
            }),
            false => None,
        },
        dns_lists: lists.collect::<Result<_, _>>()?,
        name_servers: Vec::new(),
        peer_exchange: !network.is_local,
        rendezvous: false,
    })
}

/// Fixed, so that a page in the browser finds the app again.
const DEFAULT_API_PORT: u16 = 7667;

#[cfg(test)]
mod tests {
    use super::*;

    fn network(options: AppOptions) -> Network {
        config(Path::new("."), &options).unwrap().network
    }

    #[test]
    fn the_network_of_status_is_found_unless_somebody_says_otherwise() {
        let usual = network(AppOptions::default());
        assert_eq!((usual.cluster, &usual.shards[..]), (16, &[32, 64][..]));
        assert!(usual.discovery.discv5.is_some() && usual.discovery.peer_exchange);
        assert!(!usual.discovery.dns_lists.is_empty() && !usual.discovery.known.is_empty());
        let alone = AppOptions {
            no_discovery: Some(true),
            ..AppOptions::default()
        };
        // A network of one's own has other numbers, and nobody of Status's is called for it.
        let own = AppOptions {
            cluster_id: Some(99),
            ..AppOptions::default()
        };
        for options in [alone, own] {
            assert_eq!(network(options).discovery, DiscoveryConfig::default());
        }
        let here = network(AppOptions {
            preset: Some(Preset::Local),
            ..AppOptions::default()
        });
        assert!(here.listen.address.is_loopback() && here.discovery == DiscoveryConfig::default());
    }

    #[test]
    fn a_network_on_which_nothing_can_be_sent_is_refused() {
        let options = AppOptions {
            preset: Some(Preset::Twn),
            ..AppOptions::default()
        };
        assert!(config(Path::new("."), &options).is_err());
    }
}
