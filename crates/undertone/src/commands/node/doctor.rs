//! `undertone node doctor`: says in words what is wrong with a node's settings, machine and network.
//!
//! It takes the same options as the node, tries the ports, and for some seconds runs a small node of its own with another
//! key, which serves nothing: whether peers are found, whether they are of the right network and relay the right shards,
//! whether they can reach the node's port, and whether this machine's clock agrees with the messages that come in. If the
//! node runs already, its port is taken; then the small node calls it, and its metrics are asked what peers say.

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Result;
use serde::Serialize;
use tokio::time::{Instant, sleep_until};
use waku::{Events, Keypair, Multiaddr, Node, NodeConfig, NodeEvent, NodeStatus, Services};

use super::settings;
use crate::exit::{Exit, Failure};
use crate::node_args::NodeArgs;
use crate::output::{self, Format};

mod port;

use port::Door;

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Finding {
    /// Whether something has to be done.
    state: State,
    /// What is about.
    about: &'static str,
    /// What is so, and what to do.
    text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Good,
    Unclear,
    Bad,
}

/// Looks, and prints what it found; fails if something has to be done.
pub(super) async fn run(args: &NodeArgs, dir: &Path, wait: Duration) -> Result<()> {
    let mut findings = vec![data_directory(dir)];
    let config = settings::probe(args, dir)?;
    findings
        .extend(settings::few_places(&settings::limits(args)).map(|said| finding(State::Unclear, "connections", said)));
    let (door, ports) = port::look(args, &config);
    findings.extend(ports);
    findings.extend(network(config, door, wait).await?);
    let format = args.output.format();
    match format {
        Format::Json => output::json_line(&findings),
        Format::Text => {
            for finding in &findings {
                let mark = match finding.state {
                    State::Good => "ok  ",
                    State::Unclear => "?   ",
                    State::Bad => "BAD ",
                };
                output::text(&format!("{mark} {}: {}", finding.about, finding.text));
            }
        }
    }
    let bad = findings.iter().filter(|finding| finding.state == State::Bad).count();
    match bad {
        0 => Ok(()),
        1 => Err(Failure::new(Exit::Failed, "one thing has to be put right").into()),
        bad => Err(Failure::new(Exit::Failed, format!("{bad} things have to be put right")).into()),
    }
}

fn finding(state: State, about: &'static str, text: impl Into<String>) -> Finding {
    Finding {
        state,
        about,
        text: text.into(),
    }
}

fn data_directory(dir: &Path) -> Finding {
    let about = "data directory";
    let file = dir.join("node").join(".doctor");
    let tried = super::key::make_dir(&dir.join("node")).is_ok() && std::fs::write(&file, b"x").is_ok();
    let _ = std::fs::remove_file(&file);
    if tried {
        finding(State::Good, about, format!("{} can be written", dir.display()))
    } else {
        let text = format!("{} cannot be written; choose another with --data-dir", dir.display());
        finding(State::Bad, about, text)
    }
}

/// Runs a small node and looks at what it sees.
async fn network(config: NodeConfig, door: Door, wait: Duration) -> Result<Vec<Finding>> {
    let looks_for_nobody = settings::looks_for_nobody(&config);
    let (cluster, shards, has_list) = (
        config.cluster,
        config.shards.clone(),
        !config.discovery.dns_lists.is_empty(),
    );
    let (listen, announce) = match door.is_free() {
        true => (config.listen.clone(), config.announce.clone()),
        false => (vec!["/ip4/127.0.0.1/tcp/0".parse::<Multiaddr>()?], Vec::new()),
    };
    let config = NodeConfig {
        keypair: Keypair::generate_secp256k1(),
        // Only where the node is to listen can peers say whether they reach it.
        listen: listen.into_iter().take(1).collect(),
        announce,
        services: Services::default(),
        archive: None,
        peer_file: None,
        hear_everything: true,
        ..config
    };
    let (node, mut events) = Node::start(config).await?;
    let skews = listen_for(&node, &mut events, &door, wait).await;
    let status = node.status().await;
    let known = node.peers().await.len();
    // Last, because it makes the node that runs one of the peers.
    let taken = door.taken_by(&node).await;
    node.shutdown().await;
    let Some(status) = status else {
        return Ok(vec![finding(State::Bad, "network", "the node stopped by itself")]);
    };
    let mut findings = vec![peers(&status, looks_for_nobody, has_list, known, cluster)];
    if !status.peers.is_empty() {
        findings.push(on_shards(&status, &shards));
        findings.push(clock(skews));
    }
    findings.extend(taken);
    findings.extend(door.reached(&status));
    Ok(findings)
}

/// Waits for peers, for what they say, and for messages; answers how far our clock is from those.
async fn listen_for(node: &Node, events: &mut Events, door: &Door, wait: Duration) -> Vec<i64> {
    let until = Instant::now() + wait;
    let mut skews = Vec::new();
    loop {
        tokio::select! {
            () = sleep_until(until) => return skews,
            event = events.recv() => match event {
                Some(NodeEvent::Envelope { envelope, .. }) if skews.len() < MOST => {
                    skews.extend(envelope.message.timestamp.map(skew));
                }
                Some(_) => {}
                None => return skews,
            }
        }
        if skews.len() < ENOUGH {
            continue;
        }
        let status = node.status().await;
        if status.is_some_and(|status| status.peers.len() >= 3 && (status.reachable.is_some() || !door.is_free())) {
            return skews;
        }
    }
}

fn peers(status: &NodeStatus, looks_for_nobody: bool, has_list: bool, known: usize, cluster: u16) -> Finding {
    let about = "peers";
    match (status.peers.len(), known) {
        (0, _) if looks_for_nobody => finding(
            State::Bad,
            about,
            "the node looks for nobody; give it --preset, --staticnode, --dns-discovery-url, or --discv5-discovery with --discv5-bootstrap-node",
        ),
        (0, 0) if has_list => finding(
            State::Bad,
            about,
            "nobody was found; UDP or TCP port 53 may be blocked (see --dns-addrs-name-server), or UDP for discv5",
        ),
        (0, 0) => finding(
            State::Bad,
            about,
            "nobody was found; the nodes to ask first may be gone, or UDP is blocked",
        ),
        (0, known) => finding(
            State::Bad,
            about,
            format!(
                "{known} are known and none can be reached, or they are not of cluster {cluster}; look at the firewall and at --cluster-id"
            ),
        ),
        (1..=3, _) => finding(
            State::Unclear,
            about,
            format!(
                "{} connected, which is few; wait longer with --wait",
                status.peers.len()
            ),
        ),
        (count, _) => finding(State::Good, about, format!("{count} connected")),
    }
}

fn on_shards(status: &NodeStatus, shards: &[u16]) -> Finding {
    let empty: Vec<String> = shards
        .iter()
        .filter(|shard| !status.peers.iter().any(|peer| peer.shards.contains(shard)))
        .map(u16::to_string)
        .collect();
    if empty.is_empty() {
        finding(State::Good, "shards", "every shard has peers")
    } else {
        let text = format!("no peer relays {}; look at --shard", empty.join(", "));
        finding(State::Bad, "shards", text)
    }
}

fn clock(mut skews: Vec<i64>) -> Finding {
    skews.sort_unstable();
    match skews.get(skews.len() / 2) {
        None => finding(
            State::Unclear,
            "clock",
            "no message came in by which it could be judged",
        ),
        Some(middle) if middle.abs() > ALLOWED => finding(
            State::Bad,
            "clock",
            format!(
                "messages are {} s away from this machine's clock, and stores refuse more than 20 s; switch on time synchronisation",
                middle.abs() / 1000
            ),
        ),
        Some(_) => finding(State::Good, "clock", "it agrees with the messages that come in"),
    }
}

/// Milliseconds by which our clock is ahead of a message's time, given in nanoseconds.
fn skew(timestamp: i64) -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_millis()).unwrap_or(i64::MAX) - timestamp / 1_000_000
}

/// Messages after which there is no need to wait.
const ENOUGH: usize = 20;
/// Messages that are looked at.
const MOST: usize = 1_000;
/// Milliseconds that a message may be away; it also travels.
const ALLOWED: i64 = 15_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_message_judges_the_clock() {
        assert_eq!(clock(vec![]).state, State::Unclear);
        assert_eq!(clock(vec![90_000, 200, 300]).state, State::Good);
        let off = clock(vec![-61_000, -60_000, 100]);
        assert_eq!(off.state, State::Bad);
        assert!(off.text.contains("60 s"), "{}", off.text);
    }
}
