//! What one message costs in a group of 2, 10 and 50: envelopes and bytes on the wire, the time of its author's and of one
//! reader's processor, and how long until the last member has it, at the pace of a relaying and of a light node.
//!
//! A group message is an envelope per member and device. The floor beside it is one envelope for all, which no protocol
//! with pairwise ratchets reaches. Processor times are wall times of one thread on an otherwise idle machine, with
//! databases in memory; the rest is counted in a simulated network with 20 to 120 ms a hop and is the same everywhere.
//!
//! `cargo bench -p undertone-testkit --bench groups`

#![allow(clippy::print_stdout, clippy::unwrap_used, missing_docs)]

use std::time::{Duration, Instant};

use messenger::groups::{Change, Command as Wish};
use messenger::{ChatId, Command, Reply};
use undertone_testkit::{Sim, Who};

fn main() {
    println!("members  envelopes  bytes on the wire  author ms  reader ms  last by relay s  last by light s");
    for members in [2, 10, 50] {
        let cost = measure(members);
        println!(
            "{members:>7}  {:>9}  {:>17}  {:>9.2}  {:>9.2}  {:>15.2}  {:>15.2}",
            cost.envelopes,
            cost.bytes,
            millis(cost.author),
            millis(cost.reader),
            last(members, RELAY) as f64 / 1_000.0,
            last(members, LIGHT) as f64 / 1_000.0,
        );
    }
}

struct Cost {
    envelopes: u64,
    bytes: u64,
    author: Duration,
    reader: Duration,
}

/// The mean of some messages, after everybody has a session with everybody.
fn measure(members: usize) -> Cost {
    let (mut sim, chat) = group_of(members);
    let (envelopes_before, bytes_before) = sim.published();
    let (mut author, mut all, mut turns) = (Duration::ZERO, Duration::ZERO, 0);
    let (mut envelopes, mut bytes) = (0, 0);
    for number in 0..MESSAGES {
        let (envelopes_then, bytes_then) = sim.published();
        let began = Instant::now();
        say(&mut sim, Who(0), &chat, number);
        author += began.elapsed();
        // What the command itself published: acknowledgements come later.
        let (envelopes_now, bytes_now) = sim.published();
        envelopes += envelopes_now - envelopes_then;
        bytes += bytes_now - bytes_then;
        let (turns_then, began) = (sim.turns(), Instant::now());
        sim.run_for(150);
        all += began.elapsed();
        turns += sim.turns() - turns_then;
        sim.run_for(30_000);
    }
    assert!(sim.published() > (envelopes_before, bytes_before));
    let count = u32::try_from(MESSAGES).unwrap();
    Cost {
        envelopes: envelopes / u64::from(count),
        bytes: bytes / u64::from(count),
        author: author / count,
        reader: all / u32::try_from(turns.max(1)).unwrap(),
    }
}

/// Milliseconds of simulated time from the key press until the last member has it.
fn last(members: usize, (millis, burst): (u64, u64)) -> u64 {
    let (mut sim, chat) = group_of(members);
    sim.run_for(600_000);
    sim.set_pace(millis, burst);
    let id = say(&mut sim, Who(0), &chat, 0);
    let began = sim.now();
    let has = |sim: &Sim, who: usize| sim.look(Who(who), |view| view.messages().contains(&id)).unwrap();
    while !(0..members).all(|who| has(&sim, who)) {
        sim.run_for(10);
    }
    sim.now().since(began)
}

/// A group in which everybody has written once.
fn group_of(members: usize) -> (Sim, ChatId) {
    let mut sim = Sim::crowd(7, members, 1);
    for other in (1..members).map(Who) {
        sim.befriend(Who(0), other);
    }
    sim.run_for(30_000);
    for other in (1..members).map(Who) {
        sim.befriend(other, Who(0));
    }
    sim.run_for(30_000);
    let create = Wish::Create {
        name: "Climbing".into(),
        colour: String::new(),
        picture: None,
        people: (1..members).map(|other| sim.key(Who(other))).collect(),
    };
    let Some(Ok(Reply::Chat(chat))) = sim.command(Who(0), Command::Group(create)) else {
        panic!("a group of contacts can be founded");
    };
    // A history as groups have it, with a picture of the size that we make.
    let change = Change::Picture(vec![7; 10_240]);
    let picture = Wish::Change {
        chat: chat.clone(),
        change,
    };
    sim.command(Who(0), Command::Group(picture)).unwrap().unwrap();
    sim.run_for(600_000);
    for who in 0..members {
        say(&mut sim, Who(who), &chat, who);
        sim.run_for(5_000);
    }
    sim.run_for(600_000);
    (sim, chat)
}

fn say(sim: &mut Sim, who: Who, chat: &ChatId, number: usize) -> messenger::MessageId {
    let command = Command::SendText {
        chat: chat.clone(),
        text: format!("Who is in on Sunday? This is message {number}."),
        reply_to: None,
    };
    match sim.command(who, command) {
        Some(Ok(Reply::Message(id))) => id,
        other => panic!("{other:?}"),
    }
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

const MESSAGES: usize = 20;
/// Milliseconds between two envelopes, and how many at once, as in `daemon/src/publisher.rs`.
const RELAY: (u64, u64) = (20, 100);
const LIGHT: (u64, u64) = (500, 8);
