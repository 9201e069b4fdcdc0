//! Runs random lives of the simulator.
//!
//! The simulator is an example of the package that plays people; it is built by itself, so that checks need not wait for
//! a database to compile. In a release build a life takes a third of the time; the build that tests use is there already,
//! and quick enough for some thousand.

use std::process::Command;

use anyhow::Context as _;

use crate::workspace;

/// Hands `--seeds N`, `--first-seed S` and `--seconds AT_MOST` on, and answers whether every life ended well. With `--dev`
/// in the build that tests use.
pub(crate) fn run(arguments: &[String]) -> anyhow::Result<bool> {
    let (dev, arguments): (Vec<&String>, Vec<&String>) = arguments.iter().partition(|argument| *argument == "--dev");
    let (build, folder): (&[&str], &str) = match dev.is_empty() {
        true => (&["--release", "--package", "undertone-testkit"], "release"),
        // With the features of all packages together, as tests are built.
        false => (&["--workspace"], "debug"),
    };
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .current_dir(workspace::root())
        .args(["build", "--quiet", "--locked", "--example", "simulate"])
        .args(build)
        .status()
        .context("cargo does not start")?;
    anyhow::ensure!(built.success(), "the simulator does not build");
    let target = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
    let program = workspace::root().join(target).join(folder).join("examples/simulate");
    let status = Command::new(program)
        .args(arguments)
        .status()
        .context("the simulator does not start")?;
    anyhow::ensure!(
        status.code() != Some(2),
        "the simulator does not understand these arguments"
    );
    Ok(status.success())
}
