//! Named people with fixed keys, the same in every test.

use std::sync::OnceLock;

use crypto::{Mnemonic, SymmetricKey};

/// How many people there are.
pub const ROSTER: usize = NAMES.len();

/// The name of a person, by number.
pub fn name(number: usize) -> &'static str {
    NAMES[number % ROSTER]
}

/// The recovery phrase of a person, by number. Made from a fixed seed, so it protects nobody.
pub fn phrase(number: usize) -> Mnemonic {
    let mut rng = rand_chacha::ChaCha20Rng::from_seed([u8::try_from(number).unwrap_or(0); 32]);
    Mnemonic::generate(&mut rng)
}

const NAMES: [&str; 6] = ["Alice", "Bobby", "Carol", "David", "Erika", "Frank"];
