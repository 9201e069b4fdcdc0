//! The deployed mesh parameters carry messages to every node of the model, and broken ones do not.

use std::time::Duration;

use waku_proto::gossip::{DEPLOYED, Mesh};

mod model;

use model::{Load, Network, Report, run};

/// Lines of 50 to 150 ms and 10 Mbit/s; one frame in ten is lost, and three nodes in ten pass nothing on.
fn spread(mesh: Mesh, seed: u64) -> Report {
    let network = Network {
        nodes: 400,
        dials: 8,
        mesh,
        latency: Duration::from_millis(50)..Duration::from_millis(150),
        up: 1.25e6,
        down: 1.25e6,
        loss: 0.1,
        silent: 0.3,
        validation: Duration::from_millis(1),
        preparation: Duration::ZERO,
    };
    let load = Load {
        messages: 30,
        size: 1_000,
        every: Duration::from_millis(200),
    };
    run(&network, &load, seed)
}

/// What is asked of a mesh: everybody gets everything, soon, and nobody gets much more than the degree.
fn is_well(report: &Report) -> bool {
    report.missed == 0
        && report.percentile(95) < Duration::from_millis(900)
        && report.copies < DEPLOYED.degree_high as f64
        && report.degrees.1 <= DEPLOYED.degree_high + DEPLOYED.outbound_min
}

#[test]
fn everybody_gets_everything() {
    for seed in 1..=5 {
        let report = spread(DEPLOYED, seed);
        assert!(is_well(&report), "seed {seed}: {}", shown(&report));
    }
}

#[test]
fn a_broken_parameter_is_noticed() {
    let broken: [(&str, Mesh); 6] = [
        (
            "a mesh of two",
            Mesh {
                degree: 2,
                degree_low: 1,
                degree_high: 2,
                outbound_min: 1,
                ..DEPLOYED
            },
        ),
        (
            "everybody in the mesh",
            Mesh {
                degree: 40,
                degree_low: 40,
                degree_high: 80,
                ..DEPLOYED
            },
        ),
        (
            "no announcements",
            Mesh {
                lazy: 0,
                gossip_factor: 0.0,
                ..DEPLOYED
            },
        ),
        (
            "nothing remembered to be told",
            Mesh {
                history_gossip: 0,
                ..DEPLOYED
            },
        ),
        (
            "nothing remembered to be given",
            Mesh {
                history_length: 0,
                ..DEPLOYED
            },
        ),
        (
            "pruned at once",
            Mesh {
                degree_high: 0,
                degree: 0,
                degree_low: 0,
                ..DEPLOYED
            },
        ),
    ];
    for (what, mesh) in broken {
        let is_noticed = (1..=5).any(|seed| !is_well(&spread(mesh, seed)));
        assert!(is_noticed, "{what} makes no difference: {}", shown(&spread(mesh, 1)));
    }
}

#[test]
fn a_seed_repeats_a_run() {
    assert_eq!(spread(DEPLOYED, 7), spread(DEPLOYED, 7));
    assert_ne!(spread(DEPLOYED, 7), spread(DEPLOYED, 8));
}

fn shown(report: &Report) -> String {
    format!(
        "{} missed, mean {:?}, p95 {:?}, {} complete after {:?} on the mean, {:.1} copies, degrees {:?}",
        report.missed,
        report.mean(),
        report.percentile(95),
        report.complete.len(),
        report.mean_complete(),
        report.copies,
        report.degrees
    )
}
