//! Processes of the binary, ended with the bench, and what the kernel says about them.

use std::fs::read_to_string;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// A process that is killed when dropped.
pub(crate) struct Process(Child);

/// The binary, cut off from the settings of whoever runs the bench.
pub(crate) fn undertone(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_undertone"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("UNDERTONE_") {
            command.env_remove(name);
        }
    }
    command.args(arguments).stdin(Stdio::null());
    command
}

/// A service node on loopback, and its address.
pub(crate) fn service_node(dir: &Path) -> (Process, String) {
    let mut command = undertone(&["node", "--json", "--log-level", "error"]);
    command.args(["--listen-address", "127.0.0.1", "--tcp-port", "0", "--data-dir"]);
    let (process, ready) = Process::start(command.arg(dir));
    (process, ready["addresses"][0].as_str().unwrap().to_owned())
}

impl Process {
    /// Starts a process that says one line of JSON when it is ready; answers both.
    pub(crate) fn start(command: &mut Command) -> (Self, Value) {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        (Self(child), serde_json::from_str(&line).unwrap())
    }

    /// Processor time so far, in steps of 10 ms for user and system time each.
    pub(crate) fn cpu(&self) -> Duration {
        let text = read_to_string(format!("/proc/{}/stat", self.0.id())).unwrap();
        // The name in brackets may contain spaces; user and system time are the 14th and 15th field.
        let after_name = text.rsplit_once(')').unwrap().1;
        let ticks: u64 = after_name
            .split_whitespace()
            .skip(11)
            .take(2)
            .map(|ticks| ticks.parse::<u64>().unwrap())
            .sum();
        Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND)
    }

    /// Processor time so far of the threads that have not ended, exactly: for a process that has just begun.
    pub(crate) fn cpu_of_threads(&self) -> Duration {
        let threads = std::fs::read_dir(format!("/proc/{}/task", self.0.id())).unwrap();
        let nanoseconds = threads
            .filter_map(|thread| read_to_string(thread.unwrap().path().join("schedstat")).ok())
            .map(|text| text.split_whitespace().next().unwrap().parse::<u64>().unwrap());
        Duration::from_nanos(nanoseconds.sum())
    }

    /// Anonymous memory, MB: what the process itself asked for, without the mapped program.
    pub(crate) fn anonymous(&self) -> f64 {
        self.memory("RssAnon:")
    }

    /// Resident memory, MB.
    pub(crate) fn resident(&self) -> f64 {
        self.memory("VmRSS:")
    }

    /// Largest resident memory so far, MB.
    pub(crate) fn most_resident(&self) -> f64 {
        self.memory("VmHWM:")
    }

    fn memory(&self, name: &str) -> f64 {
        let text = read_to_string(format!("/proc/{}/status", self.0.id())).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.split_whitespace().next().unwrap().parse::<f64>().unwrap() / 1000.0
    }

    /// Asks it to end, and waits for that.
    pub(crate) fn terminate(mut self) {
        let kill = Command::new("kill").args(["-TERM", &self.0.id().to_string()]).status();
        assert!(kill.unwrap().success());
        let begin = Instant::now();
        while self.0.try_wait().unwrap().is_none() {
            assert!(begin.elapsed() < PATIENCE, "the process did not end");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // An error means that it has ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// `USER_HZ`, the same on every Linux.
const TICKS_PER_SECOND: u64 = 100;
const PATIENCE: Duration = Duration::from_secs(60);
