//! `undertone demo`: the whole stack on loopback, through the built binary.

#![allow(clippy::unwrap_used)]

use std::io::{BufRead as _, Read as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

#[test]
fn the_whole_story_holds_and_nothing_is_left_behind() {
    let temporary = tempfile::tempdir().unwrap();
    let (code, told) = demo(temporary.path(), &["--headless"]);
    println!("{told}");
    let lines: Vec<&str> = told.lines().collect();
    let (last, checks) = lines.split_last().unwrap();
    assert!(checks.iter().all(|line| line.starts_with("ok      ")), "a check failed");
    assert_eq!(*last, format!("{} passed, 0 failed", checks.len()));
    assert!(checks.len() >= 20, "only {} checks", checks.len());
    for claim in [
        "five nodes are up",
        "Bob has both messages",
        "delivered",
        "Bob's app shows its name, colour and picture",
        "Alice sends a photograph to the group",
        "0 found in",
        "the canary is found there in all 10 forms",
    ] {
        assert!(told.contains(claim), "no word of {claim:?}");
    }
    assert_eq!(code, Some(0));
    assert_eq!(
        std::fs::read_dir(temporary.path()).unwrap().count(),
        0,
        "something is left in the temporary directory"
    );
}

#[test]
fn people_get_plain_text_where_there_is_no_terminal_and_a_full_directory_is_not_touched() {
    let temporary = tempfile::tempdir().unwrap();
    let kept = temporary.path().join("kept");
    std::fs::create_dir(&kept).unwrap();
    std::fs::write(kept.join("mine"), "precious").unwrap();
    let (code, told) = demo(temporary.path(), &["--keep", kept.to_str().unwrap()]);
    assert_eq!(code, Some(2), "{told}");
    assert!(!told.contains('\x1b'));
    assert_eq!(std::fs::read_to_string(kept.join("mine")).unwrap(), "precious");
    assert_eq!(std::fs::read_dir(&kept).unwrap().count(), 1);
}

#[test]
fn two_apps_talk_by_themselves_until_the_demo_is_interrupted() {
    let temporary = tempfile::tempdir().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_undertone"))
        .args(["demo", "--no-browser"])
        .env("TMPDIR", temporary.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = std::io::BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    let mut doors = 0;
    while !line.contains("Ctrl+C ends everything") {
        line.clear();
        assert_ne!(told.read_line(&mut line).unwrap(), 0, "the demo ended by itself");
        doors += usize::from(line.contains("http://127.0.0.1:") && line.contains("code "));
    }
    assert_eq!(doors, 2, "each of them has an app");
    let home = std::fs::read_dir(temporary.path())
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let began = Instant::now();
    let said = |name: &str| {
        let data_dir = home.join(name);
        let output = Command::new(env!("CARGO_BIN_EXE_undertone"))
            .args(["search", "strangers", "--json", "--data-dir"])
            .arg(data_dir)
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap().contains("Five strangers do")
    };
    while !(said("alice") && said("bob")) {
        assert!(began.elapsed() < DEADLINE, "they do not talk");
        std::thread::sleep(Duration::from_millis(200));
    }
    let interrupt = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(interrupt.unwrap().success());
    let mut rest = String::new();
    told.read_to_string(&mut rest).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{rest}");
    assert_eq!(
        std::fs::read_dir(temporary.path()).unwrap().count(),
        0,
        "something is left"
    );
}

/// Runs the demo to its end. Its exit code, and what it told.
fn demo(temporary: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_undertone"))
        .arg("demo")
        .args(arguments)
        .env("TMPDIR", temporary)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap();
    let mut pipe = child.stdout.take().unwrap();
    let reader = std::thread::spawn(move || {
        let mut told = String::new();
        pipe.read_to_string(&mut told).map(|_| told)
    });
    let began = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if began.elapsed() > DEADLINE {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("the demo does not end by itself");
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    (status.code(), reader.join().unwrap().unwrap())
}

/// The demo has a shorter one of its own.
const DEADLINE: Duration = Duration::from_secs(180);
