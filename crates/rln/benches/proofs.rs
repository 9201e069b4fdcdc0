//! What proofs cost: loading the circuit, making one, verifying one, one after the other on one thread.
//!
//! The floor of verifying is the pairing itself, which the cryptography's crates do; what we put together around it (the hash
//! of the message, the public inputs) is in the figure.
//!
//! `cargo bench -p undertone-rln`
#![allow(missing_docs, clippy::print_stdout, clippy::expect_used)]

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use undertone_rln::{Circuit, Group, Identity, Member};
use waku_proto::WakuMessage;
use waku_proto::rln::{Epoch, RateLimitProof};

fn main() {
    let began = Instant::now();
    let circuit = Circuit::load();
    row("load the circuit", &[began.elapsed()]);

    let identity = Identity::generate().expect("the system has randomness");
    let members: String = commitments(1_000, &identity);
    let began = Instant::now();
    let group = Group::parse(&members).expect("the list is well-formed");
    row("read a list of 1,000 members", &[began.elapsed()]);
    let (index, limit) = group.find(&identity.commitment()).expect("it is in the list");
    let path = group.path(index).expect("it is in the tree");

    let mut proved = Vec::new();
    let made: Vec<(WakuMessage, RateLimitProof)> = (0..PROOFS)
        .map(|message_id| {
            let message = message(message_id);
            let member = Member {
                identity: &identity,
                path: &path,
                limit,
                message_id,
            };
            let began = Instant::now();
            let proof = circuit.prove(&member, Epoch::of(now(), 600), &message);
            proved.push(began.elapsed());
            (message, proof.expect("the values are right"))
        })
        .collect();
    row("make a proof", &proved);
    let verified: Vec<Duration> = made
        .iter()
        .map(|(message, proof)| {
            let began = Instant::now();
            assert!(circuit.verify(proof, message));
            began.elapsed()
        })
        .collect();
    row("verify a proof", &verified);
    let false_ones = made.iter().zip(made.iter().skip(1)).map(|((message, _), (_, proof))| {
        let began = Instant::now();
        assert!(!circuit.verify(proof, message));
        began.elapsed()
    });
    row("refuse a proof of another message", &false_ones.collect::<Vec<_>>());
}

fn row(what: &str, times: &[Duration]) {
    let mut times = times.to_vec();
    times.sort();
    let milliseconds = |time: &Duration| time.as_secs_f64() * 1e3;
    let (median, most) = (times.get(times.len() / 2), times.last());
    let shown = |time: Option<&Duration>| time.map_or_else(String::new, |time| format!("{:8.2}", milliseconds(time)));
    println!("{what:40} median {} ms   most {} ms", shown(median), shown(most));
}

fn commitments(others: u32, own: &Identity) -> String {
    let hex = |identity: &Identity| {
        identity
            .commitment()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    };
    let mut lines: Vec<String> = (1..others)
        .map(|n| {
            let mut commitment = [0u8; 32];
            commitment[..4].copy_from_slice(&n.to_le_bytes());
            let digits: String = commitment.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("{digits} 20")
        })
        .collect();
    lines.push(format!("{} {PROOFS}", hex(own)));
    lines.join("\n")
}

fn message(n: u64) -> WakuMessage {
    WakuMessage {
        payload: n.to_le_bytes().repeat(128),
        content_topic: "/undertone/1/bench/proto".into(),
        timestamp: Some(now()),
        ..WakuMessage::default()
    }
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

const PROOFS: u64 = 20;
