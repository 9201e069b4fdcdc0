//! Runs the functions of the fuzz targets over a few thousand mutated inputs each, the same in every run. Looking for
//! longer is the fuzzer's work (`scripts/fuzz`); this proves on every toolchain that the targets build and hold.

extern crate undertone_protocol as protocol;

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

#[path = "../../../fuzz/src/lib.rs"]
#[allow(unreachable_pub)] // public for the fuzz targets
mod targets;

#[test]
fn every_decoder_takes_seeds_and_what_becomes_of_them() {
    let mut runs = 0;
    for target in targets::TARGETS {
        let seeds = (target.seeds)();
        let mut rng = ChaCha20Rng::seed_from_u64(0x5eed);
        seeds.iter().for_each(|seed| (target.run)(seed));
        for _ in 0..INPUTS {
            let bytes = mutated(&seeds, &mut rng);
            let result = std::panic::catch_unwind(|| (target.run)(&bytes));
            assert!(result.is_ok(), "{} fails on {}", target.name, hex::encode(&bytes));
            runs += 1;
        }
    }
    println!("{runs} inputs for {} decoders", targets::TARGETS.len());
}

/// A seed with one to four changes.
fn mutated(seeds: &[Vec<u8>], rng: &mut ChaCha20Rng) -> Vec<u8> {
    let mut bytes = seeds[below(seeds.len(), rng)].clone();
    for _ in 0..=below(4, rng) {
        let at = below(bytes.len() + 1, rng);
        match below(7, rng) {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, rng.next_u32() as u8),
            2 => _ = bytes.drain(at..(at + 1 + below(8, rng)).min(bytes.len())),
            3 => bytes
                .splice(at..at, EXTREMES[below(EXTREMES.len(), rng)].iter().copied())
                .for_each(drop),
            4 => {
                let other = &seeds[below(seeds.len(), rng)];
                bytes.truncate(at);
                bytes.extend(&other[below(other.len() + 1, rng)..]);
            }
            _ if at < bytes.len() => bytes[at] ^= 1 << below(8, rng),
            _ => {}
        }
    }
    bytes
}

fn below(limit: usize, rng: &mut ChaCha20Rng) -> usize {
    (rng.next_u64() % limit as u64) as usize
}

const INPUTS: usize = 3_000;

/// Longest and overlong varints, the ends of number ranges, an end of group, deep nesting.
const EXTREMES: &[&[u8]] = &[
    &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
    &[0xff; 11],
    &[0x80, 0x80, 0x80, 0x80, 0x10],
    &[0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f],
    &[0x0c],
    &[0x0b; 150],
    &[0xc0, 0x80],
];
