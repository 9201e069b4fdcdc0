//! Writes the wire types of `undertone-protocol` anew from its `.proto` files.
//!
//! The generator is the crate's own test, which also holds the committed code to the definitions; so only that test
//! builds the protobuf compiler.

use anyhow::{Context as _, ensure};

/// Runs the generator. Must be called inside the workspace.
pub(crate) fn run() -> anyhow::Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = std::process::Command::new(cargo)
        .args(["test", "--quiet", "--package", "undertone-protocol", "--test", "wire"])
        .env("UNDERTONE_WRITE_WIRE", "1")
        .status()
        .context("cargo could not be started")?;
    ensure!(status.success(), "the wire types could not be generated");
    Ok(())
}
