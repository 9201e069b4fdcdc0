//! `undertone status`.

use anyhow::Result;
use api::client::Client;
use api::{Connectivity, DaemonStatus, Mode, NodeStatus, ProfileState, Purpose};
use serde::Serialize;

use crate::args::Place;
use crate::output::{self, Format, clean};

/// The daemon and the nodes of its unlocked profiles.
#[derive(Serialize)]
struct Status {
    #[serde(flatten)]
    daemon: DaemonStatus,
    nodes: Vec<Entry>,
}

#[derive(Serialize)]
struct Entry {
    profile: String,
    #[serde(flatten)]
    node: NodeStatus,
}

/// Prints them.
pub(super) async fn run(place: &Place, format: Format) -> Result<()> {
    let client = Client::find(&place.dir()?)?;
    let daemon = client.status().await?;
    let mut nodes = Vec::new();
    for profile in daemon
        .profiles
        .iter()
        .filter(|profile| profile.state == ProfileState::Unlocked)
    {
        nodes.push(Entry {
            profile: profile.id.clone(),
            node: client.node(&profile.id).await?,
        });
    }
    output::data(format, &Status { daemon, nodes }, |status| words(status, &client));
    Ok(())
}

fn words(status: &Status, client: &Client) -> String {
    let mut out = format!("Undertone {} on http://{}\n", status.daemon.version, client.address());
    if status.daemon.profiles.is_empty() {
        out.push_str("No profiles yet; make one with `undertone profile create`.\n");
    }
    for profile in &status.daemon.profiles {
        let node = status
            .nodes
            .iter()
            .find(|entry| entry.profile == profile.id)
            .map(|entry| &entry.node);
        let state = node.map_or("locked", |node| connectivity(node.connectivity));
        out.push_str(&format!("{} ({}): {state}\n", clean(&profile.name), profile.id));
        if let Some(node) = node {
            out.push_str(&details(node));
        }
    }
    out
}

fn details(node: &NodeStatus) -> String {
    let mode = match node.mode {
        Mode::Relay => "relay",
        Mode::Light => "light",
    };
    let shards = node.shards.iter().map(u16::to_string).collect::<Vec<_>>().join(", ");
    let mut rows = vec![
        vec![
            "  mode".into(),
            format!("{mode}, cluster {}, shards {shards}", node.cluster),
        ],
        vec!["  peers".into(), peers(node)],
        vec!["  waiting to be sent".into(), node.outbox.to_string()],
        vec!["  topics without full history".into(), node.history_gaps.to_string()],
        vec![
            "  received, sent".into(),
            format!("{}, {}", bytes(node.bytes_in), bytes(node.bytes_out)),
        ],
    ];
    rows.extend(
        node.traffic
            .iter()
            .filter(|one| one.bytes_in + one.bytes_out > 0)
            .map(|one| {
                let sums = format!("{}, {}", bytes(one.bytes_in), bytes(one.bytes_out));
                vec![format!("    {}", purpose(one.purpose)), sums]
            }),
    );
    if let Some(sharing) = &node.sharing {
        rows.push(vec![
            "  kept for others".into(),
            format!("{} messages, {}", sharing.messages, bytes(sharing.bytes)),
        ]);
    }
    if let Some(ahead) = node.clock_ahead.filter(|ahead| ahead.abs() > CLOCK_WARNING) {
        let direction = if ahead > 0 { "ahead" } else { "behind" };
        rows.push(vec![
            "  clock".into(),
            format!("{} s {direction}; set this computer's time", ahead.abs() / 1000),
        ]);
    }
    rows.extend(
        node.addresses
            .iter()
            .map(|address| vec!["  address".into(), clean(address)]),
    );
    output::table(&rows)
}

fn peers(node: &NodeStatus) -> String {
    let called = node.peers.iter().filter(|peer| peer.outbound).count();
    let in_mesh = node.peers.iter().filter(|peer| peer.in_mesh).count();
    let stores = node.asked.len();
    format!(
        "{} ({called} called by us), {in_mesh} pass messages on, {stores} asked for what was missed",
        node.peers.len()
    )
}

fn purpose(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Own => "to and from us",
        Purpose::Others => "passed on for others",
        Purpose::Store => "missed messages",
        Purpose::Filter => "filter",
        Purpose::LightPush => "light push",
        Purpose::Nodes => "getting to know nodes",
    }
}

/// The words for a state of the network.
pub(super) fn connectivity(connectivity: Connectivity) -> &'static str {
    match connectivity {
        Connectivity::Offline => "offline: no node is connected, messages wait",
        Connectivity::Limited => "online, by few nodes",
        Connectivity::Online => "online",
    }
}

fn bytes(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.2} GB", bytes as f64 / 1e9),
    }
}

/// Store nodes refuse messages whose time is 20 s off; half of that is worth a word.
const CLOCK_WARNING: i64 = 10_000;
