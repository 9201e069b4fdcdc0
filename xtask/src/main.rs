//! Checks and generators of this repository, run as `cargo xtask <task>`.
//!
//! Every check is also an ordinary test of this package, so a test run cannot pass while an
//! arrow points the wrong way.

mod arrows;
mod broken;
mod budget;
mod codegen;
mod docs;
mod simulate;
mod source;
mod workspace;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (task, rest) = match arguments.split_first() {
        Some((task, rest)) => (task.as_str(), rest),
        None => ("--help", &[][..]),
    };
    if matches!(task, "--help" | "-h" | "help") {
        say(&help());
        return ExitCode::SUCCESS;
    }
    let Some(found) = TASKS.iter().find(|known| known.name == task) else {
        complain(&format!("there is no task `{task}`; `cargo xtask --help` lists them"));
        return ExitCode::from(2);
    };
    match (found.run)(rest) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            complain(&format!("{task}: {error:#}"));
            ExitCode::from(2)
        }
    }
}

/// Something `cargo xtask` can do. `run` answers whether all is well; an error means that the
/// question could not be asked.
struct Task {
    name: &'static str,
    summary: &'static str,
    example: &'static str,
    run: fn(&[String]) -> anyhow::Result<bool>,
}

fn arrows_task(_: &[String]) -> anyhow::Result<bool> {
    let (graph, sources) = workspace::read()?;
    let violations = arrows::check(&graph, &sources);
    for violation in &violations {
        say(&violation.to_string());
    }
    say(&format!(
        "{} crates, {} source files, {} violations",
        graph.ours().count(),
        sources.len(),
        violations.len()
    ));
    Ok(violations.is_empty())
}

fn budget_task(_: &[String]) -> anyhow::Result<bool> {
    let (_, sources) = workspace::read()?;
    let report = budget::measure(&sources);
    say(&report.to_string());
    Ok(report.is_within())
}

fn docs_task(_: &[String]) -> anyhow::Result<bool> {
    let dead = docs::check(&workspace::root())?;
    for end in &dead {
        say(&format!("{}: `{}` does not exist", end.document, end.target));
    }
    say(&format!("{} dead ends in the documents", dead.len()));
    Ok(dead.is_empty())
}

fn codegen_task(_: &[String]) -> anyhow::Result<bool> {
    codegen::run().map(|()| true)
}

fn help() -> String {
    let mut text = String::from("Checks and generators of this repository.\n\nUsage: cargo xtask <task>\n\nTasks:\n");
    for task in TASKS {
        text.push_str(&format!("  {:<10} {}\n", task.name, task.summary));
    }
    text.push_str("\nExamples:\n");
    for task in TASKS {
        text.push_str(&format!("  {}\n", task.example));
    }
    text.push_str("\nExit codes: 0 all is well, 1 the check found something, 2 the task could not run.");
    text
}

#[allow(clippy::print_stdout, reason = "a command line tool prints")]
fn say(text: &str) {
    println!("{text}");
}

#[allow(clippy::print_stderr, reason = "a command line tool prints")]
fn complain(text: &str) {
    eprintln!("xtask: {text}");
}

const TASKS: &[Task] = &[
    Task {
        name: "arrows",
        summary: "check the dependency arrows and the nevers of ARCHITECTURE.md",
        example: "cargo xtask arrows",
        run: arrows_task,
    },
    Task {
        name: "budget",
        summary: "lines per crate against the targets; files over 700 and functions over 60 lines",
        example: "cargo xtask budget",
        run: budget_task,
    },
    Task {
        name: "docs",
        summary: "check that links and paths in the documents lead somewhere",
        example: "cargo xtask docs",
        run: docs_task,
    },
    Task {
        name: "codegen",
        summary: "write the wire types of `protocol` anew from its .proto files",
        example: "cargo xtask codegen",
        run: codegen_task,
    },
    Task {
        name: "broken",
        summary: "build with each of five deliberate faults, and show that tests catch it; [FAULT…]",
        example: "cargo xtask broken ack_before_apply",
        run: broken::run,
    },
    Task {
        name: "simulate",
        summary: "live through random lives in virtual time; --seeds N --first-seed S --seconds AT_MOST --dev",
        example: "cargo xtask simulate --seeds 10000 --first-seed 0",
        run: simulate::run,
    },
];
