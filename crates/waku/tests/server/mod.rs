//! A PostgreSQL server of a test's own: in a temporary directory, on a private Unix socket and, where a test wants it, a
//! port of loopback, ended with it.
//!
//! `None`, and a loud line, where PostgreSQL is not installed; `scripts/setup` installs it where it may.
#![allow(dead_code, clippy::unwrap_used, clippy::print_stderr)]

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A running server, or a stopped one that can be started again.
pub(crate) struct Server {
    folder: TempDir,
    programs: PathBuf,
    /// The server refuses to run as root.
    user: Option<(u32, u32)>,
    child: Option<Child>,
    databases: u32,
    settings: &'static [&'static str],
    /// Its socket has it in its name; it is listened on only [`Server::on_loopback`].
    port: u16,
    is_on_loopback: bool,
}

/// What a server shows who it is with, in PEM.
pub(crate) struct Shown<'a> {
    pub(crate) chain: &'a str,
    pub(crate) key: &'a str,
}

impl Server {
    /// As quick as it gets: what it holds need not survive the machine.
    pub(crate) fn start() -> Option<Server> {
        Server::start_with(QUICK)
    }

    /// As an operator runs it, for figures.
    pub(crate) fn start_durable() -> Option<Server> {
        Server::start_with(&["shared_buffers=1GB", "max_wal_size=4GB"])
    }

    /// As quick, and to be reached over TCP. It encrypts once it has a certificate.
    pub(crate) fn on_loopback() -> Option<Server> {
        let mut server = Server::prepared(QUICK)?;
        server.is_on_loopback = true;
        // Below the ports that systems give to whoever asks for any.
        let first = u16::try_from(std::process::id() % 10_000).unwrap();
        let mut ports = (first..).map(|port| 20_000 + port % 10_000).take(100);
        server.port = loop {
            let port = ports.next().expect("no port is free");
            server.port = port;
            if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() && server.is_started() {
                break port;
            }
        };
        Some(server)
    }

    fn start_with(settings: &'static [&'static str]) -> Option<Server> {
        let mut server = Server::prepared(settings)?;
        server.start_again();
        Some(server)
    }

    fn prepared(settings: &'static [&'static str]) -> Option<Server> {
        let Some(programs) = programs() else {
            eprintln!("\n!!! NOT TESTED: PostgreSQL is not installed; run scripts/setup !!!\n");
            return None;
        };
        let folder = TempDir::new().unwrap();
        std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o777)).unwrap();
        let server = Server {
            user: unprivileged(folder.path()),
            folder,
            programs,
            child: None,
            databases: 0,
            settings,
            port: 5432,
            is_on_loopback: false,
        };
        let data = server.data();
        let made = server
            .command("initdb")
            .args([
                "-U",
                "undertone",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--locale=C",
                "--no-sync",
                "-D",
            ])
            .arg(&data)
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        Some(server)
    }

    pub(crate) fn start_again(&mut self) {
        assert!(self.is_started(), "the server does not start: {}", self.log());
    }

    /// With this certificate from now on; without one it does not encrypt.
    pub(crate) fn restart_with(&mut self, shown: Option<&Shown<'_>>) {
        self.stop();
        if let Some(shown) = shown {
            self.give("server.crt", shown.chain);
            self.give("server.key", shown.key);
        }
        let setting = format!("ssl = {}\n", if shown.is_some() { "on" } else { "off" });
        self.give("postgresql.auto.conf", &setting);
        self.start_again();
    }

    /// Who is let in, and how, in the form of `pg_hba.conf`; it is read at the next start.
    pub(crate) fn let_in(&self, rules: &str) {
        self.give("pg_hba.conf", rules);
    }

    /// A file that only the server's user may read.
    fn give(&self, name: &str, text: &str) {
        let path = self.data().join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
        if let Some((user, group)) = self.user {
            std::os::unix::fs::chown(&path, Some(user), Some(group)).unwrap();
        }
    }

    /// `false` when it ends instead, as it does when its port is taken.
    fn is_started(&mut self) -> bool {
        assert!(self.child.is_none());
        let mut command = self.command("postgres");
        command.arg("-D").arg(self.data()).arg("-k").arg(self.folder.path());
        let listen = if self.is_on_loopback { "127.0.0.1" } else { "" };
        command.args([
            "-c",
            &format!("listen_addresses={listen}"),
            "-p",
            &self.port.to_string(),
        ]);
        for setting in ["max_connections=60", "unix_socket_permissions=0777"]
            .iter()
            .chain(self.settings)
        {
            command.args(["-c", setting]);
        }
        let log = std::fs::File::create(self.folder.path().join("log")).unwrap();
        let mut child = command.stdout(Stdio::null()).stderr(log).spawn().unwrap();
        let until = Instant::now() + Duration::from_secs(60);
        while !self.asked("postgres", "SELECT 1").0 {
            assert!(Instant::now() < until, "the server does not start: {}", self.log());
            if child.try_wait().unwrap().is_some() {
                return false;
            }
            std::thread::sleep(Duration::from_millis(50)); // between two looks
        }
        self.child = Some(child);
        true
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    /// Ends it at once, as a crash would; connections break.
    pub(crate) fn stop(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        let stopped = self
            .command("pg_ctl")
            .args(["stop", "-m", "immediate", "-w", "-D"])
            .arg(self.data())
            .output();
        if !stopped.is_ok_and(|stopped| stopped.status.success()) {
            let _ = child.kill();
        }
        let _ = child.wait();
    }

    /// The address of a new, empty database.
    pub(crate) fn database(&mut self) -> String {
        self.databases += 1;
        let name = format!("test{}", self.databases);
        self.run("postgres", &format!("CREATE DATABASE {name}"));
        let folder = encoded(self.folder.path());
        format!("postgres://undertone@{folder}:{}/{name}", self.port)
    }

    /// The address over TCP, under this name of loopback, of a database whose address over the socket is given.
    pub(crate) fn over_tcp(&self, url: &str, user: &str, host: &str) -> String {
        assert!(self.is_on_loopback);
        let name = url.rsplit('/').next().unwrap();
        format!("postgres://{user}@{host}:{}/{name}", self.port)
    }

    /// The name of the database that was made last.
    pub(crate) fn last_database(&self) -> String {
        format!("test{}", self.databases)
    }

    /// Runs statements in the database at an address, and answers what comes out.
    pub(crate) fn run_at(&self, url: &str, sql: &str) -> String {
        self.run(url.rsplit('/').next().unwrap(), sql)
    }

    fn run(&self, database: &str, sql: &str) -> String {
        let (is_well, text) = self.asked(database, sql);
        assert!(is_well, "{sql}: {text}");
        text
    }

    fn asked(&self, database: &str, sql: &str) -> (bool, String) {
        let output = Command::new(self.programs.join("psql"))
            .args([
                "-X",
                "-q",
                "-t",
                "-A",
                "-U",
                "undertone",
                "-d",
                database,
                "-c",
                sql,
                "-p",
                &self.port.to_string(),
                "-h",
            ])
            .arg(self.folder.path())
            .output()
            .unwrap();
        let text = [output.stdout, output.stderr].concat();
        (
            output.status.success(),
            String::from_utf8_lossy(&text).trim().to_owned(),
        )
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        if let Some((user, group)) = self.user {
            command.uid(user).gid(group);
        }
        command.current_dir(self.folder.path());
        command
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

/// What it holds need not survive the machine.
const QUICK: &[&str] = &["fsync=off", "shared_buffers=64MB"];

/// Where the programs are: Debian keeps them by version.
fn programs() -> Option<PathBuf> {
    let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .collect();
    versions.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    versions
        .into_iter()
        .rev()
        .chain(std::env::split_paths(&path))
        .find(|folder| {
            ["initdb", "postgres", "pg_ctl", "psql"]
                .iter()
                .all(|name| folder.join(name).exists())
        })
}

/// Root's tests let another user run the server.
fn unprivileged(folder: &Path) -> Option<(u32, u32)> {
    if std::os::unix::fs::MetadataExt::uid(&std::fs::metadata(folder).unwrap()) != 0 {
        return None;
    }
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let of = |name: &str| {
        let line = users.lines().find(|line| line.starts_with(&format!("{name}:")))?;
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    of("postgres").or_else(|| of("nobody"))
}

fn encoded(path: &Path) -> String {
    path.to_str().unwrap().replace('/', "%2F")
}
