//! Processes of the binary, ended with the test.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::{Duration, Instant};

use serde_json::Value;

/// A process that is killed when dropped.
pub(crate) struct Process {
    child: Child,
    lines: Receiver<String>,
}

/// One person with a data directory of their own.
pub(crate) struct Person {
    pub(crate) dir: PathBuf,
    pub(crate) password_file: PathBuf,
    pub(crate) daemon: Option<Process>,
}

/// The binary, cut off from the settings of whoever runs the test.
pub(crate) fn undertone(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_undertone"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("UNDERTONE_") {
            command.env_remove(name);
        }
    }
    // No test calls the real network.
    command.env("UNDERTONE_NO_DISCOVERY", "true");
    command.args(arguments).stdin(Stdio::null());
    command
}

/// Runs a command to its end.
pub(crate) fn run(arguments: &[&str]) -> Output {
    undertone(arguments).output().unwrap()
}

/// What a failed command said, and its exit code.
pub(crate) fn failure(arguments: &[&str]) -> (i32, String) {
    let output = run(arguments);
    assert!(output.stdout.is_empty(), "{}", String::from_utf8_lossy(&output.stdout));
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

/// Whether a refusal is one sentence for a person.
pub(crate) fn assert_sentence(said: &str) {
    assert!(said.starts_with("error: "), "{said}");
    assert_eq!(said.trim_end().lines().count(), 1, "{said}");
    for word in ["panicked", "backtrace", "Error {", "os error"] {
        assert!(!said.contains(word), "{said}");
    }
}

/// Looks until it is there, for at most half a minute.
pub(crate) fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begin = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begin.elapsed() < PATIENCE, "{what} did not happen");
        std::thread::sleep(Duration::from_millis(100));
    }
}

impl Process {
    /// Starts a process that says one line of JSON when it is ready; answers both.
    pub(crate) fn start(command: &mut Command) -> (Self, Value) {
        let process = Self::begin(command);
        let ready = process.line().expect("the process says that it is ready");
        (process, serde_json::from_str(&ready).unwrap())
    }

    /// Starts a process that may never be ready.
    pub(crate) fn begin(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        // Nobody prints more than a few lines here.
        let (sender, lines) = sync_channel(10_000);
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Self { child, lines }
    }

    /// The next line it prints; none when it ended.
    pub(crate) fn line(&self) -> Option<String> {
        self.lines.recv_timeout(PATIENCE).ok()
    }

    /// Ends it without a warning, as a crash would.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, name: &str) {
        let kill = Command::new("kill")
            .args([&format!("-{name}"), &self.child.id().to_string()])
            .status()
            .unwrap();
        assert!(kill.success());
    }

    /// Asks it to end, and waits for that.
    pub(crate) fn terminate(&mut self) -> ExitStatus {
        self.signal("TERM");
        eventually("the end of the process", || self.child.try_wait().unwrap())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // An error means that it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Person {
    /// Makes a profile, offline.
    pub(crate) fn new(parent: &Path, name: &str) -> Self {
        let dir = parent.join(name);
        let password_file = parent.join(format!("{name}.password"));
        std::fs::write(&password_file, format!("the password of {name}\n")).unwrap();
        let person = Self {
            dir,
            password_file,
            daemon: None,
        };
        let password = person.password_file.to_str().unwrap().to_owned();
        let made = person.json(&["profile", "create", "--name", name, "--password-file", &password]);
        assert_eq!(made["state"], "locked");
        person
    }

    /// Goes online with these nodes.
    pub(crate) fn start(&mut self, nodes: &[&str]) {
        self.start_with(nodes, &[]);
    }

    /// Goes online with these nodes and options.
    pub(crate) fn start_with(&mut self, nodes: &[&str], options: &[&str]) {
        self.daemon = Some(Process::start(self.starting(nodes).args(options)).0);
    }

    /// Goes online with these nodes, and logs everything to a file.
    pub(crate) fn start_logged(&mut self, nodes: &[&str], log: &Path) {
        let mut command = self.starting(nodes);
        command
            .args(["--log-level", "trace"])
            .stderr(std::fs::File::create(log).unwrap());
        self.daemon = Some(Process::start(&mut command).0);
    }

    fn starting(&self, nodes: &[&str]) -> Command {
        let mut command = undertone(&["start", "--json", "--no-discovery"]);
        command.args(["--api-port", "0", "--listen-address", "127.0.0.1"]);
        command
            .arg("--data-dir")
            .arg(&self.dir)
            .arg("--password-file")
            .arg(&self.password_file);
        command.arg("--profile").arg(self.dir.file_name().unwrap());
        for node in nodes {
            command.args(["--static-node", node]);
        }
        command
    }

    /// Ends the daemon without a warning.
    pub(crate) fn kill(&mut self) {
        self.daemon.take().unwrap().kill();
    }

    /// Ends the daemon as a person would.
    pub(crate) fn stop(&mut self) {
        assert!(self.daemon.take().unwrap().terminate().success());
    }

    /// Runs a command that has to succeed.
    pub(crate) fn run(&self, arguments: &[&str]) -> String {
        let output = undertone(arguments).arg("--data-dir").arg(&self.dir).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {said}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs a command that has to succeed and prints JSON.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let arguments: Vec<&str> = arguments.iter().copied().chain(["--json"]).collect();
        serde_json::from_str(&self.run(&arguments)).unwrap()
    }

    /// Runs a command that has to fail.
    pub(crate) fn failure(&self, arguments: &[&str]) -> (i32, String) {
        let dir = self.dir.to_str().unwrap();
        failure(&arguments.iter().copied().chain(["--data-dir", dir]).collect::<Vec<_>>())
    }

    /// Runs a command with this on its standard input.
    pub(crate) fn fed(&self, arguments: &[&str], input: &str) -> Output {
        let mut command = undertone(arguments);
        command
            .arg("--data-dir")
            .arg(&self.dir)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let mut output = Output {
            status: child.wait().unwrap(),
            stdout: Vec::new(),
            stderr: Vec::new(),
        };
        child.stdout.take().unwrap().read_to_end(&mut output.stdout).unwrap();
        child.stderr.take().unwrap().read_to_end(&mut output.stderr).unwrap();
        output
    }

    /// The texts of a chat and how far they got, oldest first.
    pub(crate) fn texts(&self, chat: &str) -> Vec<(String, Option<String>)> {
        let page = self.json(&["messages", chat, "--limit", "200"]);
        let messages = page["items"].as_array().unwrap().clone();
        let text = |message: &Value| message["text"].as_str().unwrap().to_owned();
        messages
            .iter()
            .map(|message| (text(message), message["delivery"].as_str().map(str::to_owned)))
            .collect()
    }
}

const PATIENCE: Duration = Duration::from_secs(30);
