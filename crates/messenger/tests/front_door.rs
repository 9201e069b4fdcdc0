//! Runs the fuzz target of the whole messenger over mutated seeds, the same in every run.

extern crate undertone_messenger as messenger;

use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};

#[path = "../../../fuzz/src/door.rs"]
#[allow(unreachable_pub)] // public for the fuzz target
mod door;

#[test]
fn whatever_comes_through_the_door_ends_in_an_outcome() {
    let seeds = door::seeds();
    let mut rng = ChaCha20Rng::seed_from_u64(0xd00f);
    seeds.iter().for_each(|seed| door::receive(seed));
    println!("{:?}", door::outcomes());
    assert!(
        door::outcomes().contains_key(&messenger::Inbound::Applied),
        "some seeds get all the way in"
    );
    for number in 0..INPUTS {
        let mut bytes = seeds[number % seeds.len()].clone();
        for _ in 0..=rng.next_u32() % 3 {
            let at = rng.next_u32() as usize % (bytes.len() + 1);
            match rng.next_u32() % 5 {
                0 => bytes.truncate(at),
                1 => bytes.insert(at, rng.next_u32() as u8),
                2 => bytes.extend_from_slice(&seeds[at % seeds.len()]),
                _ if at < bytes.len() => bytes[at] ^= 1 << (rng.next_u32() % 8),
                _ => {}
            }
        }
        let outcome = std::panic::catch_unwind(|| door::receive(&bytes));
        assert!(outcome.is_ok(), "fails on {}", hex::encode(&bytes));
    }
}

const INPUTS: usize = 4_000;
