//! Builds that are broken on purpose, one after the other, and the tests that have to catch each.
//!
//! A wrapper around the compiler gives the fault to the crates of this workspace only, so that no dependency is built
//! again. Each fault has a wrapper of its own, which cargo tells apart by its path.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Instant;

use anyhow::Context as _;

use crate::{say, workspace};

struct Fault {
    name: &'static str,
    /// What it does.
    what: &'static str,
    /// What has to fail.
    test: Test,
}

enum Test {
    /// So many lives of the simulator, from seed 0.
    Lives(u32),
    /// A test binary of the messenger, and the test in it.
    Messenger(&'static str, &'static str),
}

/// Runs the named faults, or all; answers whether each was caught.
pub(crate) fn run(arguments: &[String]) -> anyhow::Result<bool> {
    let known = |name: &String| FAULTS.iter().any(|fault| fault.name == name);
    anyhow::ensure!(arguments.iter().all(known), "there is no such fault");
    let chosen = FAULTS
        .iter()
        .filter(|fault| arguments.is_empty() || arguments.iter().any(|name| name == fault.name));
    let mut all_caught = true;
    for fault in chosen {
        let began = Instant::now();
        let caught = is_caught(fault)?;
        all_caught &= caught;
        say(&format!(
            "{:<18} {:<10} {:>4} s  {}",
            fault.name,
            if caught { "caught" } else { "NOT CAUGHT" },
            began.elapsed().as_secs(),
            fault.what,
        ));
    }
    Ok(all_caught)
}

/// Builds with the fault, which must succeed, and runs the test, which must fail.
fn is_caught(fault: &Fault) -> anyhow::Result<bool> {
    let wrapper = wrapper(fault.name)?;
    let built = cargo(&wrapper, &[&build(&fault.test)[..], &["--quiet"]].concat())?;
    anyhow::ensure!(
        built.status.success(),
        "{} does not build:\n{}",
        fault.name,
        String::from_utf8_lossy(&built.stderr)
    );
    let seeds;
    let mut run = build(&fault.test);
    run.retain(|argument| *argument != "--no-run");
    match fault.test {
        Test::Lives(count) => {
            seeds = count.to_string();
            run[0] = "run";
            run.extend(["--quiet", "--", "--seeds", &seeds]);
        }
        Test::Messenger(_, name) => run.extend(["--quiet", "--", "--exact", name]),
    }
    let ran = cargo(&wrapper, &run)?;
    let told = String::from_utf8_lossy(&ran.stdout);
    Ok(match fault.test {
        // The simulator answers 1 for a life that ends badly.
        Test::Lives(_) => ran.status.code() == Some(1) && told.contains("fails"),
        Test::Messenger(_, name) => ran.status.code() == Some(101) && told.contains(name) && told.contains("FAILED"),
    })
}

fn build(test: &Test) -> Vec<&'static str> {
    match test {
        Test::Lives(_) => vec!["build", "--package", "undertone-testkit", "--example", "simulate"],
        Test::Messenger(binary, _) => vec![
            "test",
            "--no-run",
            "--package",
            "undertone-messenger",
            "--features",
            "sqlcipher",
            "--test",
            binary,
        ],
    }
}

fn cargo(wrapper: &Path, arguments: &[&str]) -> anyhow::Result<Output> {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .current_dir(workspace::root())
        .env("RUSTC_WORKSPACE_WRAPPER", wrapper)
        .args(arguments)
        .output()
        .context("cargo does not start")
}

/// A program that compiles with the fault.
fn wrapper(fault: &str) -> anyhow::Result<PathBuf> {
    let target = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| OsString::from("target"));
    let folder = workspace::root().join(target).join("broken");
    fs::create_dir_all(&folder)?;
    let path = folder.join(fault);
    fs::write(
        &path,
        format!("#!/bin/sh\nexec \"$@\" --cfg 'undertone_broken=\"{fault}\"'\n"),
    )?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
    }
    Ok(path)
}

const FAULTS: &[Fault] = &[
    Fault {
        name: "drop_outbox_commit",
        what: "what waits to be sent is forgotten when the program ends",
        test: Test::Lives(100),
    },
    Fault {
        name: "ack_before_apply",
        what: "a message is acknowledged before it is applied",
        test: Test::Lives(100),
    },
    Fault {
        name: "reuse_message_key",
        what: "the ratchet does not move when a message is sealed",
        test: Test::Lives(100),
    },
    Fault {
        name: "accept_any_clock",
        what: "a message may claim to be from any time",
        test: Test::Messenger("bad_input", CLOCK_TEST),
    },
    Fault {
        name: "skip_membership",
        what: "whoever asks for a message gets it",
        test: Test::Messenger("repair", "only_those_a_message_was_written_to_are_answered"),
    },
];

const CLOCK_TEST: &str = "implausible_clocks_are_refused_and_not_acknowledged";
