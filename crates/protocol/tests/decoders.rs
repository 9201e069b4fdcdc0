//! Runs the functions of the fuzz targets over a few thousand mutated inputs each, the same in every run. Looking for
//! longer is the fuzzer's work (`scripts/fuzz`); this proves on every toolchain that the targets build and hold.

extern crate undertone_protocol as protocol;

use std::path::Path;

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

/// The fuzzer begins with the files of `fuzz/seeds`: the seeds, and whatever input once broke a decoder. They are written
/// from the seeds with `UNDERTONE_GOLDEN=write`; files that somebody added stay.
#[test]
fn the_committed_corpus_holds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds");
    for target in targets::TARGETS {
        let place = folder.join(target.name);
        if std::env::var_os("UNDERTONE_GOLDEN").is_some_and(|word| word == "write") {
            std::fs::create_dir_all(&place).unwrap();
            for (number, seed) in (target.seeds)().iter().take(SEEDS).enumerate() {
                std::fs::write(place.join(format!("seed-{number}")), seed).unwrap();
            }
        }
        let files = std::fs::read_dir(&place).unwrap_or_else(|_| panic!("{} has no corpus", target.name));
        let mut count = 0;
        for file in files {
            let bytes = std::fs::read(file.unwrap().path()).unwrap();
            (target.run)(&bytes);
            count += 1;
        }
        assert!(
            count >= (target.seeds)().len().min(SEEDS),
            "{} has {count} files",
            target.name
        );
    }
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

/// Of one decoder at most, in the committed corpus.
const SEEDS: usize = 32;
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
