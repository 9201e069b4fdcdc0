//! From nothing until the first question is answered.

use std::time::Instant;

use crate::peer::{Peer, RELAY};
use crate::subject::Subject;
use crate::{Load, needed, spread};

pub(crate) async fn measure(load: &Load) {
    println!("start: from the start of the process to its first answer, on loopback\n");
    for subject in load.gossiping() {
        if let Subject::Given(_) = subject {
            println!("given    runs already");
            continue;
        }
        let (mut times, mut memory) = (Vec::new(), Vec::new());
        for _ in 0..load.rounds {
            let began = Instant::now();
            let node = subject.start();
            let _peer = needed(Peer::connect(&node.address, load.shard, RELAY).await, "answer");
            times.push(began.elapsed().as_secs_f64() * 1e3);
            memory.push(node.resident());
        }
        println!(
            "{:<8} {} ms, {} MB resident",
            subject.name(),
            spread(&times, 0),
            spread(&memory, 1)
        );
    }
}
