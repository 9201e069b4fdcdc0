//! A process that is killed while it spends numbers spends none of them twice.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use undertone_rln::Spent;
use waku_proto::rln::Epoch;

const FOLDER: &str = "UNDERTONE_TEST_SPENT";
const LIMIT: u64 = 1_000_000;

/// What the child process does: it spends and says so, until it is killed.
#[test]
fn spends_when_told_where() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let mut spent = Spent::open(folder.as_ref(), &[1; 32]).unwrap();
    loop {
        println!("spent {}", spent.draw(Epoch(7), LIMIT).unwrap());
    }
}

#[test]
fn no_number_is_given_twice_by_processes_that_are_killed() {
    let folder = tempfile::tempdir().unwrap();
    let mut seen = BTreeSet::new();
    for killed_after in [1, 7, 20, 3] {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "spends_when_told_where", "--nocapture"])
            .env(FOLDER, folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let numbers = lines.map_while(Result::ok).filter_map(|line| {
            let (_, number) = line.split_once("spent ")?;
            number.parse::<u64>().ok()
        });
        let mut count = 0;
        // What it had said before it died counts, too.
        for number in numbers {
            assert!(seen.insert(number), "{number} was given twice");
            count += 1;
            if count == killed_after {
                child.kill().unwrap();
            }
        }
        assert!(count >= killed_after && !child.wait().unwrap().success());
    }
    let next = Spent::open(folder.path(), &[1; 32])
        .unwrap()
        .draw(Epoch(7), LIMIT)
        .unwrap();
    assert!(seen.iter().all(|number| *number < next));
}
