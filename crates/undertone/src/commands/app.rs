//! `undertone` and `undertone start`: the app's daemon, in the foreground; the first opens the browser too.

use anyhow::Result;
use api::client::Client;
use api::{Mode, Unlock};
use daemon::{Config, Daemon, Listen, Network};
use serde::Serialize;

use crate::args::{AppOptions, LogLevel, StartArgs};
use crate::config::ConfigFile;
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
    let daemon = Daemon::start(config(&dir, &options)).await?;
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

fn config(dir: &std::path::Path, options: &AppOptions) -> Config {
    let defaults = Network::default();
    Config {
        api_port: options.api_port.unwrap_or(DEFAULT_API_PORT),
        network: Network {
            cluster: options.cluster_id.unwrap_or(defaults.cluster),
            shards: if options.shard.is_empty() {
                defaults.shards
            } else {
                options.shard.clone()
            },
            static_nodes: options.static_node.clone(),
            mode: options.light.map(|light| if light { Mode::Light } else { Mode::Relay }),
            listen: Listen {
                address: options.listen_address.unwrap_or(defaults.listen.address),
                port: options.tcp_port.unwrap_or(defaults.listen.port),
            },
            ..Network::default()
        },
        ..Config::new(dir)
    }
}

/// Fixed, so that a page in the browser finds the app again.
const DEFAULT_API_PORT: u16 = 7667;
