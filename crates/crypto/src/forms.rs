//! What is shown and shared of a public key: texts, addresses and colours.
//!
//! Left out on purpose: the three-word alias and the emoji hash, which need
//! word and emoji lists that belong to the deployed client.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::keccak256;
use crate::keys::{KeyError, PublicKey};

/// Forms of a key as text and pictures.
impl PublicKey {
    /// `0x04…`, 132 characters: contact ids, one-to-one chat ids, member lists.
    pub fn to_hex(&self) -> String {
        format!("0x{}", hex::encode(self.to_uncompressed()))
    }

    /// Reads hex with or without `0x`, compressed or not.
    pub fn from_hex(text: &str) -> Result<Self, KeyError> {
        let digits = text.strip_prefix("0x").unwrap_or(text);
        let mut bytes = [0; 65];
        let length = digits.len() / 2;
        let bytes = bytes.get_mut(..length).ok_or(KeyError::Point)?;
        hex::decode_to_slice(digits, bytes).map_err(|_| KeyError::Point)?;
        Self::from_slice(bytes)
    }

    /// `zQ3sh…`: base58btc multibase of the multicodec secp256k1-pub and the
    /// compressed key. What people share.
    pub fn to_multibase(&self) -> String {
        let mut bytes = MULTICODEC.to_vec();
        bytes.extend_from_slice(&self.to_compressed());
        format!("z{}", bs58::encode(bytes).into_string())
    }

    /// Reads [`Self::to_multibase`], and the same bytes in hex (`f…` or `0x…`).
    pub fn from_multibase(text: &str) -> Result<Self, KeyError> {
        if text.len() > LONGEST_MULTIBASE {
            return Err(KeyError::Point);
        }
        let bytes = if let Some(digits) = text.strip_prefix('z') {
            bs58::decode(digits).into_vec().ok()
        } else {
            let digits = text.strip_prefix("0x").or(text.strip_prefix('f'));
            digits.and_then(|digits| hex::decode(digits).ok())
        };
        bytes
            .as_deref()
            .and_then(|bytes| bytes.strip_prefix(MULTICODEC))
            .and_then(|key| key.try_into().ok())
            .ok_or(KeyError::Point)
            .and_then(Self::from_compressed)
    }

    /// `zQ3...abcdef`: what stands for a person who gave no name.
    pub fn shortened(&self) -> String {
        let text = self.to_multibase();
        format!("{}...{}", &text[..3], &text[text.len() - 6..])
    }

    /// The Ethereum address.
    pub fn address(&self) -> Address {
        let hash = keccak256(&self.to_uncompressed()[1..]);
        let mut address = [0; 20];
        address.copy_from_slice(&hash[12..]);
        Address(address)
    }

    /// SHA-256 of the uncompressed key. Of the *master* key: the key uid, which
    /// names an account on a device.
    pub fn key_uid(&self) -> [u8; 32] {
        Sha256::digest(self.to_uncompressed()).into()
    }

    /// The ring around an avatar: 80 bits of the compressed key in base 160,
    /// most significant digit first, neighbours never of one colour.
    pub fn colour_hash(&self) -> Vec<Arc> {
        let digits = hex::encode(self.to_compressed());
        let mut value = u128::from_str_radix(&digits[43..63], 16).expect("20 hex digits");
        let mut arcs = Vec::new();
        loop {
            let digit = (value % (LENGTHS * COLOURS)) as u8;
            arcs.push(Arc {
                length: digit / COLOURS as u8 + 1,
                colour: digit % COLOURS as u8,
            });
            value /= LENGTHS * COLOURS;
            if value == 0 {
                break;
            }
        }
        arcs.reverse();
        for index in 1..arcs.len() {
            if arcs[index].colour == arcs[index - 1].colour {
                arcs[index].colour = (arcs[index].colour + 1) % COLOURS as u8;
            }
        }
        arcs
    }

    /// The colour of an avatar without a picture, 0 to 10.
    pub fn colour_id(&self) -> u8 {
        let remainder = self
            .to_uncompressed()
            .iter()
            .fold(0, |remainder, byte| (remainder << 8 | u32::from(*byte)) % 11);
        remainder as u8
    }
}

/// One arc of the ring around an avatar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arc {
    /// 1 to 5, in proportion to the other arcs.
    pub length: u8,
    /// Index into a palette of 32 colours.
    pub colour: u8,
}

/// An Ethereum address, shown in EIP-55 mixed case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address(pub [u8; 20]);

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = hex::encode(self.0);
        let hash = hex::encode(keccak256(digits.as_bytes()));
        f.write_str("0x")?;
        for (digit, hash) in digits.chars().zip(hash.chars()) {
            let digit = if hash >= '8' { digit.to_ascii_uppercase() } else { digit };
            write!(f, "{digit}")?;
        }
        Ok(())
    }
}

/// secp256k1-pub (0xe7) as a varint.
const MULTICODEC: &[u8] = &[0xe7, 0x01];

/// `0x` and 35 bytes in hex; base58 is shorter.
const LONGEST_MULTIBASE: usize = 2 + 2 * 35;

const LENGTHS: u128 = 5;
const COLOURS: u128 = 32;

#[cfg(test)]
mod tests;
