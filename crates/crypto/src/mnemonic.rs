//! Recovery phrases (BIP-39), with the English word list only.

use std::fmt;

use rand_core::CryptoRng;
use zeroize::{Zeroize, Zeroizing};

use crate::secret::Secret;

/// What is wrong with a phrase that a person typed. Says where, never what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MnemonicError {
    /// Not 12, 15, 18, 21 or 24 words.
    #[error("a recovery phrase has 12, 15, 18, 21 or 24 words, not {0}")]
    WordCount(usize),
    /// The word at this place, from 1, is not in the list.
    #[error("word {0} of the recovery phrase is not a recovery word")]
    UnknownWord(usize),
    /// All words exist, but not in this combination.
    #[error("the recovery phrase has a wrong or misplaced word")]
    Checksum,
}

/// A valid recovery phrase; wiped on drop.
#[derive(Clone, PartialEq, Eq)]
pub struct Mnemonic(Zeroizing<String>);

impl Mnemonic {
    /// A fresh phrase of 12 words (128 bits).
    pub fn generate(rng: &mut dyn CryptoRng) -> Self {
        let entropy = Secret::<16>::random(rng);
        let mnemonic =
            bip39::Mnemonic::from_entropy(entropy.as_slice()).expect("128 bits are a valid amount of entropy");
        Self::joined(mnemonic.words())
    }

    /// Reads a phrase as people type it: any case, any white space. Checks the checksum.
    pub fn parse(text: &str) -> Result<Self, MnemonicError> {
        let text = Zeroizing::new(text.to_lowercase());
        let phrase = Self::joined(text.split_whitespace());
        match bip39::Mnemonic::parse_in_normalized(bip39::Language::English, phrase.expose()) {
            Ok(_) => Ok(phrase),
            Err(bip39::Error::UnknownWord(index)) => Err(MnemonicError::UnknownWord(index + 1)),
            Err(bip39::Error::BadWordCount(count)) => Err(MnemonicError::WordCount(count)),
            Err(_) => Err(MnemonicError::Checksum),
        }
    }

    /// The words, with single spaces between them. Whoever copies them has to wipe them.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The seed of the key tree: PBKDF2-HMAC-SHA512, 2048 rounds. `passphrase`
    /// is BIP-39's optional extra word, normally empty; every passphrase gives
    /// a valid, different seed.
    pub fn to_seed(&self, passphrase: &str) -> Seed {
        let mnemonic =
            bip39::Mnemonic::parse_in_normalized(bip39::Language::English, self.expose()).expect("checked when parsed");
        let mut bytes = mnemonic.to_seed(passphrase);
        let seed = Seed(Secret::copy_of(&bytes));
        bytes.zeroize();
        seed
    }

    fn joined<'a>(words: impl Iterator<Item = &'a str>) -> Self {
        let mut phrase = Zeroizing::new(String::with_capacity(LONGEST));
        for (index, word) in words.enumerate() {
            if index > 0 {
                phrase.push(' ');
            }
            phrase.push_str(word);
        }
        Self(phrase)
    }
}

impl fmt::Debug for Mnemonic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mnemonic(..)")
    }
}

/// 64 bytes from which all keys of an account grow; wiped on drop.
#[derive(Clone, PartialEq, Eq)]
pub struct Seed(Secret<64>);

impl Seed {
    /// Takes 64 bytes that were stored.
    pub fn from_bytes(bytes: &[u8; 64]) -> Self {
        Self(Secret::copy_of(bytes))
    }

    /// The secret bytes. Whoever copies them has to wipe them.
    pub fn expose(&self) -> &[u8; 64] {
        &self.0
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(..)")
    }
}

/// 24 words of 8 letters with spaces: no growing, so no stray copies.
const LONGEST: usize = 24 * 9;

#[cfg(test)]
mod tests;
