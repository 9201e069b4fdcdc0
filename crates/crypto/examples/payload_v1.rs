//! Seals and opens payloads (26/WAKU2-PAYLOAD) for the tests against other implementations: one line on the standard
//! input asks, one line on the standard output answers. All byte strings are hexadecimal.
//!
//! ```text
//! seal symmetric|asymmetric <key> <data> [<author's secret key>]   ok <payload>
//! open symmetric|asymmetric <key> <payload>                        ok <data> <author's uncompressed key, if signed>
//!                                                                  error <why>
//! ```
//!
//! For tests only: its random numbers are the same in every run.
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::io::BufRead;

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use undertone_crypto::payload_v1::{self, OpeningKey, Recipient};
use undertone_crypto::{PublicKey, SecretKey, SymmetricKey};

fn main() -> Result<(), Box<dyn Error>> {
    let mut rng = ChaCha20Rng::seed_from_u64(26);
    for line in std::io::stdin().lock().lines() {
        match answer(&line?, &mut rng) {
            Ok(words) => println!("ok {words}"),
            Err(error) => println!("error {error}"),
        }
    }
    Ok(())
}

fn answer(line: &str, rng: &mut ChaCha20Rng) -> Result<String, Box<dyn Error>> {
    let words: Vec<&str> = line.split(' ').collect();
    match words[..] {
        ["seal", kind, key, data] => seal(kind, key, data, None, rng),
        ["seal", kind, key, data, author] => seal(kind, key, data, Some(&secret(author)?), rng),
        ["open", kind, key, payload] => open(kind, key, payload),
        _ => Err("unknown question".into()),
    }
}

fn seal(
    kind: &str,
    key: &str,
    data: &str,
    author: Option<&SecretKey>,
    rng: &mut ChaCha20Rng,
) -> Result<String, Box<dyn Error>> {
    let data = hex::decode(data)?;
    let payload = match kind {
        "symmetric" => payload_v1::seal(&data, Recipient::Symmetric(&symmetric(key)?), author, rng)?,
        _ => {
            let key = PublicKey::from_slice(&hex::decode(key)?)?;
            payload_v1::seal(&data, Recipient::Asymmetric(&key), author, rng)?
        }
    };
    Ok(hex::encode(payload))
}

fn open(kind: &str, key: &str, payload: &str) -> Result<String, Box<dyn Error>> {
    let payload = hex::decode(payload)?;
    let opened = match kind {
        "symmetric" => payload_v1::open(&payload, OpeningKey::Symmetric(&symmetric(key)?))?,
        _ => payload_v1::open(&payload, OpeningKey::Asymmetric(&secret(key)?))?,
    };
    let author = opened.author.map(|author| hex::encode(author.to_uncompressed()));
    Ok(format!("{} {}", hex::encode(opened.data), author.unwrap_or_default()))
}

fn symmetric(key: &str) -> Result<SymmetricKey, Box<dyn Error>> {
    Ok(SymmetricKey::from_bytes(&bytes(key)?))
}

fn secret(key: &str) -> Result<SecretKey, Box<dyn Error>> {
    Ok(SecretKey::from_bytes(&bytes(key)?)?)
}

fn bytes(text: &str) -> Result<[u8; 32], Box<dyn Error>> {
    Ok(hex::decode(text)?.as_slice().try_into()?)
}
