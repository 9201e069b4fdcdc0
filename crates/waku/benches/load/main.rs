//! The load that operators and developers put on a node: relay, idle peers, filter, store, start.
//!
//! `cargo bench -p undertone-waku --bench load` measures this node, and beside it a bare rust-libp2p gossipsub where that
//! can do the same. `-- start|relay|rate|idle|filter|store` takes single parts.
//!
//! `-- /ip4/127.0.0.1/tcp/60000/p2p/16Uiu2… --pid 4242 [--topic /waku/2/rs/16/32]` puts the very same load on a node that
//! runs already, of any implementation: it is to relay the topic and to serve filter and store, to let a thousand peers in
//! from one address, and not to limit their rate. Its processor time and memory are those of the process with that number;
//! without one they are left out. Only addresses of this machine or of a private network are loaded.
//!
//! `UNDERTONE_BENCH_ROUNDS` (3) and `UNDERTONE_BENCH_SECONDS` (4) say how often and how long; figures are medians, with the
//! lowest and highest in brackets. The subjects take turns, and are fresh for every round unless they run already.
//!
//! Everybody else is written by hand, frame by frame ([`peer`]), so that no message is lost or repeated by the load itself.
#![allow(missing_docs, clippy::print_stderr, clippy::print_stdout, clippy::unwrap_used)]

mod arrivals;
mod filter;
mod idle;
mod peer;
mod process;
mod rate;
mod relay;
mod start;
mod store;
mod subject;
mod wire;

use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use undertone_waku::{Multiaddr, Protocol};
use waku_proto::{PubsubTopic, Shard};

use subject::{Given, Subject};

/// As in the binary.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// What was asked for.
struct Load {
    parts: Vec<String>,
    given: Option<Given>,
    shard: Shard,
    rounds: usize,
    duration: Duration,
}

impl Load {
    /// Who is measured where only gossip matters.
    fn gossiping(&self) -> Vec<Subject> {
        match &self.given {
            Some(given) => vec![Subject::Given(given.clone())],
            None => vec![Subject::Node, Subject::Control],
        }
    }

    /// Who is measured where services are needed.
    fn serving(&self) -> Subject {
        self.given.clone().map_or(Subject::Node, Subject::Given)
    }
}

const PARTS: [&str; 6] = ["start", "relay", "rate", "idle", "filter", "store"];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    if let Some(subject) = arguments.first().and_then(|name| name.strip_prefix("subject-")) {
        return runtime.block_on(subject::serve(subject));
    }
    match load(arguments) {
        Ok(load) => runtime.block_on(measure(&load)),
        Err(sentence) => {
            eprintln!("{sentence}");
            std::process::exit(2);
        }
    }
}

async fn measure(load: &Load) {
    for part in &load.parts {
        match part.as_str() {
            "start" => start::measure(load).await,
            "relay" => relay::measure(load).await,
            "rate" => rate::measure(load).await,
            "idle" => idle::measure(load).await,
            "filter" => filter::measure(load).await,
            _ => store::measure(load).await,
        }
        println!();
    }
}

fn load(arguments: Vec<String>) -> Result<Load, String> {
    let mut load = Load {
        parts: Vec::new(),
        given: None,
        shard: Shard::new(16, 32),
        rounds: number("UNDERTONE_BENCH_ROUNDS", 3)?,
        duration: Duration::from_secs(number("UNDERTONE_BENCH_SECONDS", 4)?),
    };
    let (mut pid, mut shard) = (None, None);
    // Cargo says it by itself.
    let mut arguments = arguments.into_iter().filter(|argument| argument != "--bench");
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
        match argument.as_str() {
            "--pid" => pid = Some(value()?.parse().map_err(|_| "--pid is the number of a process")?),
            "--topic" => {
                let named = Shard::of(&PubsubTopic::new(value()?));
                shard = Some(named.ok_or("--topic is a shard, such as /waku/2/rs/16/32")?);
            }
            part if PARTS.contains(&part) => load.parts.push(argument),
            address if address.starts_with('/') => load.given = Some(given(address)?),
            _ => return Err(format!("{argument} is none of {}, and no address", PARTS.join(", "))),
        }
    }
    match &mut load.given {
        Some(given) => given.pid = pid,
        None if pid.is_some() || shard.is_some() => {
            return Err("--pid and --topic need the address of the node, too".into());
        }
        None => {}
    }
    load.shard = shard.unwrap_or(load.shard);
    if load.parts.is_empty() {
        load.parts = PARTS.map(str::to_owned).to_vec();
    }
    Ok(load)
}

fn given(text: &str) -> Result<Given, String> {
    let address: Multiaddr = text.parse().map_err(|_| format!("{text} is no address"))?;
    let is_near = address.iter().next().is_some_and(|part| match part {
        Protocol::Ip4(ip) => ip.is_loopback() || ip.is_private() || ip == Ipv4Addr::UNSPECIFIED,
        Protocol::Ip6(ip) => ip.is_loopback() || ip.is_unique_local() || ip == Ipv6Addr::UNSPECIFIED,
        _ => false,
    });
    if !is_near {
        return Err(format!(
            "{text} is not on this machine or in a private network, and only those are loaded"
        ));
    }
    match address.iter().last() {
        Some(Protocol::P2p(_)) => Ok(Given { address, pid: None }),
        _ => Err(format!("{text} does not end in /p2p/ and the name of the node")),
    }
}

fn number<T: std::str::FromStr>(name: &str, default: T) -> Result<T, String> {
    match std::env::var(name) {
        Ok(text) => text.parse().map_err(|_| format!("{name} is a number")),
        Err(_) => Ok(default),
    }
}

/// What a node has to give, or the reason why nothing can be measured.
fn needed<T>(given: Option<T>, what: &str) -> T {
    given.unwrap_or_else(|| {
        eprintln!("The node gave no {what} within 20 s: is it there, does it serve that, and does it know the topic?");
        std::process::exit(1)
    })
}

/// The value in the middle, with the lowest and highest.
fn spread(values: &[f64], digits: usize) -> String {
    let values = sorted(values);
    match values[..] {
        [] => "-".into(),
        [low, .., high] => format!("{:.digits$} ({low:.digits$} to {high:.digits$})", median(&values)),
        [only] => format!("{only:.digits$}"),
    }
}

fn median(values: &[f64]) -> f64 {
    quantile(values, 0.5)
}

/// The value below which this share of the others lie; not a number if there is none.
fn quantile(values: &[f64], share: f64) -> f64 {
    let values = sorted(values);
    let at = (values.len() as f64 * share) as usize;
    values
        .get(at.min(values.len().saturating_sub(1)))
        .copied()
        .unwrap_or(f64::NAN)
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values
}
