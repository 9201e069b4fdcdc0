//! Keys in files that only their owner can read.

use std::io::{self, Write as _};
use std::path::Path;

use anyhow::Result;
use waku::Keypair;
use zeroize::Zeroizing;

use crate::exit::{Exit, Failure};
use crate::node_args::NodeKey;

/// The key given, or the one kept in the data directory, made at the first start.
pub(super) fn of_node(given: Option<&NodeKey>, node_dir: &Path) -> Result<Keypair> {
    match given {
        Some(key) => keypair(key).ok_or_else(|| wrong("--nodekey").into()),
        None => kept_in(&node_dir.join("node.key")),
    }
}

/// The key in a file, made if the file does not exist.
pub(super) fn kept_in(path: &Path) -> Result<Keypair> {
    match std::fs::read_to_string(path).map(Zeroizing::new) {
        Ok(text) => {
            let key: NodeKey = text.parse()?;
            Ok(keypair(&key).ok_or_else(|| wrong(&path.display().to_string()))?)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            path.parent().map_or(Ok(()), make_dir)?;
            new_keypair(path)
        }
        Err(error) => Err(unusable(path, &error).into()),
    }
}

fn keypair(key: &NodeKey) -> Option<Keypair> {
    waku::identity(&*key.bytes()?)
}

fn wrong(place: &str) -> Failure {
    Failure::new(
        Exit::Usage,
        format!("{place} is not a secp256k1 key of 64 hexadecimal digits"),
    )
}

fn new_keypair(path: &Path) -> Result<Keypair> {
    let mut secret = Zeroizing::new([0; 32]);
    // All but about 2^-128 of the numbers are keys.
    let keypair = loop {
        getrandom::fill(&mut *secret).map_err(|_| Failure::new(Exit::Failed, "the system gives no random bytes"))?;
        if let Some(keypair) = waku::identity(&secret) {
            break keypair;
        }
    };
    let text = Zeroizing::new(secret.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(path).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    written.map_err(|error| unusable(path, &error))?;
    Ok(keypair)
}

pub(super) fn make_dir(dir: &Path) -> Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    Ok(builder.create(dir).map_err(|error| unusable(dir, &error))?)
}

pub(super) fn unusable(path: &Path, error: &io::Error) -> Failure {
    Failure::new(
        Exit::Failed,
        format!(
            "cannot use {}: {}; choose another --data-dir",
            path.display(),
            error.kind()
        ),
    )
}
