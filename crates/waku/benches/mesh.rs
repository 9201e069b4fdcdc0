//! How messages spread among thousands of nodes, in the model of `tests/mesh`, beside what others have published.
//!
//! `cargo bench -p undertone-waku --bench mesh -- [NODES …]`, 1000 and 10,000 by default; `UNDERTONE_BENCH_SEED` changes the
//! seed. No sockets, no waiting: ten thousand nodes take some seconds.
//!
//! Published: a laboratory of 1000 real nodes (1 kB, one message a second: 10.1 kB/s in and 10.3 kB/s out per node, 0.05 s on
//! the mean, 1.6 s at most, 0.4 s for the last node on the mean), and real nodes in a simulated network of 100 ms
//! lines with rate limiting proofs (10 kB: 508 ms on the mean, 95 % below 627 ms, 263 ms at best).
#![allow(missing_docs, clippy::print_stdout, clippy::unwrap_used)]

use std::time::{Duration, Instant};

use waku_proto::gossip::DEPLOYED;

#[path = "../tests/mesh/model.rs"]
mod model;

use model::{Load, Network, run};

struct Case {
    what: &'static str,
    published: &'static str,
    size: usize,
    messages: usize,
    every: Duration,
    change: fn(&mut Network),
}

fn main() {
    let mut sizes: Vec<usize> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    if sizes.is_empty() {
        sizes = vec![1_000, 10_000];
    }
    let seed = std::env::var("UNDERTONE_BENCH_SEED").map_or(1, |text| text.parse().unwrap());
    println!(
        "seed {seed}; D {} ({} to {}); times in ms, a line's time included",
        DEPLOYED.degree, DEPLOYED.degree_low, DEPLOYED.degree_high
    );
    for nodes in sizes {
        println!(
            "\n{nodes} nodes                             mean   p50   p95    max   last node  reached all  copies  kB/s in   out   published"
        );
        for case in &CASES {
            print(case, nodes, seed);
        }
    }
}

fn print(case: &Case, nodes: usize, seed: u64) {
    let mut network = Network {
        nodes,
        dials: 10,
        mesh: DEPLOYED,
        latency: Duration::from_millis(100)..Duration::from_millis(100),
        up: 38e6 / 8.0,
        down: 83e6 / 8.0,
        loss: 0.0,
        silent: 0.0,
        validation: VALIDATION,
        preparation: Duration::ZERO,
    };
    (case.change)(&mut network);
    let load = Load {
        messages: case.messages,
        size: case.size,
        every: case.every,
    };
    let began = Instant::now();
    let report = run(&network, &load, seed);
    let ms = |time: Duration| time.as_secs_f64() * 1000.0;
    println!(
        "{:<36} {:>6.0} {:>5.0} {:>5.0} {:>6.0} {:>11.0} {:>7} of {:<3} {:>5.1} {:>8.1} {:>5.1}   {}  [{:.1} s]",
        case.what,
        ms(report.mean()),
        ms(report.percentile(50)),
        ms(report.percentile(95)),
        ms(report.percentile(100)),
        ms(report.mean_complete()),
        report.complete.len(),
        case.messages,
        report.copies,
        report.received / 1000.0,
        report.sent / 1000.0,
        case.published,
        began.elapsed().as_secs_f64(),
    );
}

const CASES: [Case; 7] = [
    Case {
        what: "1 kB, 1/s, lines of 5 ms",
        published: "mean 50, max 1600, last 400; 10.1 in, 10.3 out",
        size: 1_000,
        messages: 60,
        every: SECOND,
        change: |network| network.latency = Duration::from_millis(5)..Duration::from_millis(5),
    },
    Case {
        what: "1 kB, 0.1/s, lines of 5 ms",
        published: "1.8 in, 1.9 out",
        size: 1_000,
        messages: 12,
        every: Duration::from_secs(10),
        change: |network| network.latency = Duration::from_millis(5)..Duration::from_millis(5),
    },
    Case {
        what: "10 kB with proofs, lines of 100 ms",
        published: "mean 508, p95 < 627",
        size: 10_384,
        messages: 10,
        every: SECOND,
        change: |network| {
            network.preparation = Duration::from_millis(150);
            network.validation = Duration::from_millis(12);
        },
    },
    Case {
        what: "1 kB, 10/s, lines of 50 to 150 ms",
        published: "",
        size: 1_000,
        messages: 60,
        every: Duration::from_millis(100),
        change: |network| network.latency = UNEQUAL,
    },
    Case {
        what: "the same, 2 % of frames lost",
        published: "",
        size: 1_000,
        messages: 60,
        every: Duration::from_millis(100),
        change: |network| (network.latency, network.loss) = (UNEQUAL, 0.02),
    },
    Case {
        what: "the same, 30 % pass nothing on",
        published: "",
        size: 1_000,
        messages: 60,
        every: Duration::from_millis(100),
        change: |network| (network.latency, network.loss, network.silent) = (UNEQUAL, 0.02, 0.3),
    },
    Case {
        what: "100 kB, 1/s, 10 Mbit/s, 50 to 150 ms",
        published: "",
        size: 100_000,
        messages: 20,
        every: SECOND,
        change: |network| (network.latency, network.up, network.down) = (UNEQUAL, 10e6 / 8.0, 10e6 / 8.0),
    },
];

const SECOND: Duration = Duration::from_secs(1);
const UNEQUAL: std::ops::Range<Duration> = Duration::from_millis(50)..Duration::from_millis(150);
/// Decoding, hashing and waking up, as the relay benchmark has it for one hop.
const VALIDATION: Duration = Duration::from_micros(600);
