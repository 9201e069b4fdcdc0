//! Finds vector files by kind and reads their fields.

use std::convert::Infallible;
use std::path::PathBuf;

use crypto::{PublicKey, SecretKey};
use rand_core::{TryCryptoRng, TryRng};
use serde_json::Value;

/// Name and content of all `.json` files of the folder. An empty or missing folder is a failure.
pub(crate) fn all_files() -> Vec<(String, PathBuf)> {
    let folder = std::env::var_os("UNDERTONE_VECTORS").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../vectors")),
        PathBuf::from,
    );
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("vectors in {}: {error}", folder.display()));
    let mut files: Vec<(String, PathBuf)> = entries
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), path))
        .filter(|(name, _)| name.ends_with(".json"))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "no vectors in {}", folder.display());
    files
}

/// All files of a kind: those whose name starts with `stem`. None is a failure.
pub(crate) fn files(stem: &str) -> Vec<Value> {
    let files: Vec<Value> = all_files()
        .iter()
        .filter(|(name, _)| name.starts_with(stem))
        .map(|(_, path)| serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap())
        .collect();
    assert!(!files.is_empty(), "no {stem} vectors");
    files
}

/// The entries of the list `field` in all files of a kind. None is a failure.
pub(crate) fn cases(stem: &str, field: &str) -> Vec<Value> {
    let cases: Vec<Value> = files(stem)
        .iter()
        .flat_map(|file| list(&file[field]))
        .cloned()
        .collect();
    assert!(!cases.is_empty(), "{stem} vectors without any {field}");
    cases
}

/// The elements of a list; an absent list has none.
pub(crate) fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], |list| list)
}

pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}

/// Hex, with or without `0x`.
pub(crate) fn bytes(value: &Value) -> Vec<u8> {
    let text = text(value);
    hex::decode(text.strip_prefix("0x").unwrap_or(text)).unwrap()
}

pub(crate) fn base64(value: &Value) -> Vec<u8> {
    data_encoding::BASE64.decode(text(value).as_bytes()).unwrap()
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

/// Deals out keys that the recorded side drew, and after them some that nobody needs.
pub(crate) struct Script(Vec<[u8; 32]>);

impl Script {
    pub(crate) fn new(keys: impl IntoIterator<Item = [u8; 32]>) -> Script {
        let mut keys: Vec<_> = keys.into_iter().collect();
        keys.reverse();
        Script(keys)
    }
}

impl TryRng for Script {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(7)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(7)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        match self.0.pop() {
            Some(key) if key.len() == bytes.len() => bytes.copy_from_slice(&key),
            _ => bytes.fill(7),
        }
        Ok(())
    }
}

impl TryCryptoRng for Script {}
