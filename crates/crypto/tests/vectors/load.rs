//! Finds vector files by kind and reads their fields.

use std::convert::Infallible;
use std::path::{Path, PathBuf};

use rand_core::{TryCryptoRng, TryRng};
use serde_json::Value;
use undertone_crypto::{PublicKey, SecretKey};

/// All files of a kind: those whose name starts with `stem`, in the folder that
/// `UNDERTONE_VECTORS` names (seen from the repository). None is a failure.
pub(crate) fn files(stem: &str) -> Vec<Value> {
    let chosen = std::env::var_os("UNDERTONE_VECTORS").unwrap_or_else(|| "vectors".into());
    let repository = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let folder = repository.join(chosen);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("vectors in {}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            let name = path.file_name().unwrap().to_string_lossy();
            name.starts_with(stem) && name.ends_with(".json")
        })
        .collect();
    paths.sort();
    assert!(!paths.is_empty(), "no {stem} vectors in {}", folder.display());
    paths
        .iter()
        .map(|path| serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap())
        .collect()
}

/// The entries of the list `field` in all files of a kind. None is a failure.
pub(crate) fn cases(stem: &str, field: &str) -> Vec<Value> {
    let cases: Vec<Value> = files(stem)
        .iter()
        .filter_map(|file| file[field].as_array())
        .flatten()
        .cloned()
        .collect();
    assert!(!cases.is_empty(), "{stem} vectors without any {field}");
    cases
}

pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}

pub(crate) fn bytes(value: &Value) -> Vec<u8> {
    let text = text(value);
    hex::decode(text.strip_prefix("0x").unwrap_or(text)).unwrap()
}

pub(crate) fn array<const N: usize>(value: &Value) -> [u8; N] {
    bytes(value).try_into().unwrap()
}

pub(crate) fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value} is no number"))
}

pub(crate) fn secret(value: &Value) -> SecretKey {
    SecretKey::from_bytes(&array(value)).unwrap()
}

pub(crate) fn public(value: &Value) -> PublicKey {
    PublicKey::from_slice(&bytes(value)).unwrap()
}

/// A `{private, public, public_compressed}` object, with all forms compared.
pub(crate) fn pair(value: &Value) -> SecretKey {
    let key = secret(&value["private"]);
    assert_eq!(key.public_key().to_uncompressed(), array(&value["public"]));
    let compressed = public(&value["public_compressed"]);
    assert_eq!(key.public_key(), compressed);
    assert_eq!(compressed.to_uncompressed(), array(&value["public"]));
    key
}

/// Deals out the keys that the recorded side drew, in order, and nothing else.
pub(crate) struct Script(Vec<[u8; 32]>);

impl Script {
    pub(crate) fn new(keys: impl IntoIterator<Item = [u8; 32]>) -> Self {
        let mut keys: Vec<_> = keys.into_iter().collect();
        keys.reverse();
        Self(keys)
    }

    pub(crate) fn from_values(keys: &Value) -> Self {
        Self::new(keys.as_array().into_iter().flatten().map(array))
    }
}

impl TryRng for Script {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        unreachable!("only whole keys are drawn")
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        unreachable!("only whole keys are drawn")
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        let key = self.0.pop().expect("more randomness drawn than was recorded");
        bytes.copy_from_slice(&key);
        Ok(())
    }
}

impl TryCryptoRng for Script {}
