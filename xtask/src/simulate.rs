//! Runs random lives of the simulator, in a release build.
//!
//! The simulator is an example of the package that plays people; it is built by itself, so that checks need not wait for
//! a database to compile.

use std::process::Command;

use anyhow::Context as _;

use crate::workspace;

/// Hands `--seeds N`, `--first-seed S` and `--seconds AT_MOST` on, and answers whether every life ended well.
pub(crate) fn run(arguments: &[String]) -> anyhow::Result<bool> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .current_dir(workspace::root())
        .args([
            "run",
            "--quiet",
            "--release",
            "--package",
            "undertone-testkit",
            "--example",
            "simulate",
            "--",
        ])
        .args(arguments)
        .status()
        .context("cargo does not start")?;
    anyhow::ensure!(
        status.code() != Some(2),
        "the simulator does not understand these arguments"
    );
    Ok(status.success())
}
