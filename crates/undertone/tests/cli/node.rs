//! The service node as an operator runs it.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::common::{Process, assert_sentence, eventually, failure, run, undertone};

/// Options of a node that takes any free ports of loopback.
pub(crate) const ANYWHERE: [&str; 9] = [
    "node",
    "--json",
    "--preset=local",
    "--tcp-port=0",
    "--rest",
    "--rest-port=0",
    "--metrics-server",
    "--metrics-server-port=0",
    "--log-level=error",
];

/// Asks by HTTP; the status and the body.
pub(crate) fn ask(base: &str, method: &str, path: &str, body: &str) -> (u16, String) {
    let host = base.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, body.to_owned())
}

pub(crate) fn start(dir: &str, options: &[&str]) -> (Process, Value) {
    let mut command = undertone(&ANYWHERE);
    command.args(["--data-dir", dir]).args(options);
    Process::start(&mut command)
}

pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

#[test]
fn scripts_made_for_nwaku_publish_and_find_again_what_they_published() {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("first");
    let (mut first, about) = start(dir.to_str().unwrap(), &["--rest-admin"]);
    let (_second, other) = start(parent.path().join("second").to_str().unwrap(), &[]);
    let (here, there) = (text(&about["rest"]), text(&other["rest"]));
    let call = format!("[{}]", other["addresses"][0]);
    assert_eq!(ask(here, "POST", "/admin/v1/peers", &call), (200, "OK".into()));
    eventually("a mesh", || {
        let (_, stats) = ask(here, "GET", "/admin/v1/peers/mesh/on/32", "");
        (!stats.contains(r#""peers":[]"#)).then_some(())
    });
    let topic = "%2Fwaku%2F2%2Frs%2F16%2F32";
    let message = r#"{"payload":"aGVsbG8=","contentTopic":"/test/1/node/proto"}"#;
    let path = format!("/relay/v1/messages/{topic}");
    assert_eq!(ask(here, "POST", &path, message), (200, "OK".into()));
    let fetched = eventually("the message", || {
        let (_, fetched) = ask(there, "GET", &path, "");
        (fetched != "[]").then_some(fetched)
    });
    assert!(fetched.contains("aGVsbG8="), "{fetched}");
    // Both keep it; the first also through its end.
    eventually("the archive of the second", || {
        let (_, page) = ask(there, "GET", "/store/v3/messages?includeData=true", "");
        page.contains("aGVsbG8=").then_some(())
    });
    let began = Instant::now();
    assert!(first.terminate().success());
    assert!(began.elapsed().as_secs() < 5, "{:?}", began.elapsed());
    let (_first, about) = start(dir.to_str().unwrap(), &[]);
    let (_, page) = ask(text(&about["rest"]), "GET", "/store/v3/messages?includeData=true", "");
    assert!(page.contains("aGVsbG8="), "{page}");
}

#[test]
fn health_metrics_and_description_are_there() {
    let parent = tempfile::tempdir().unwrap();
    let (_node, about) = start(parent.path().to_str().unwrap(), &[]);
    let rest = text(&about["rest"]);
    let (_, health) = ask(rest, "GET", "/health", "");
    assert!(health.contains(r#""nodeHealth":"READY""#), "{health}");
    let (_, info) = ask(rest, "GET", "/info", "");
    assert!(info.contains(text(&about["enr"])), "{info}");
    assert_eq!(ask(rest, "GET", "/admin/v1/peers", "").0, 404);
    let (status, document) = ask(rest, "GET", "/openapi.json", "");
    assert!(status == 200 && document.contains("/relay/v1/messages/{pubsubTopic}"));
    let metrics = text(&about["metrics"]).strip_suffix("/metrics").unwrap();
    let (_, page) = ask(metrics, "GET", "/metrics", "");
    for name in [
        "waku_version{",
        "libp2p_peers 0",
        "waku_node_messages_total{",
        "process_resident_memory_bytes ",
    ] {
        assert!(page.contains(name), "{name} is missing in\n{page}");
    }
}

#[test]
fn limits_are_read_again_while_the_node_runs() {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().to_str().unwrap();
    let file = parent.path().join("config.toml");
    let log = parent.path().join("log");
    std::fs::write(&file, "[node]\nlog-level = \"info\"\n").unwrap();
    let mut command = undertone(&ANYWHERE[..8]);
    command
        .args(["--data-dir", dir, "--log-format=json"])
        .stderr(std::fs::File::create(&log).unwrap());
    let (node, _) = Process::start(&mut command);
    let said = |what: &str| {
        eventually(what, || {
            let text = std::fs::read_to_string(&log).unwrap();
            text.contains(what).then_some(text)
        })
    };
    std::fs::write(&file, "[node]\nrate-limit = [\"store:1/1h\"]\n").unwrap();
    node.signal("HUP");
    said("were read again");
    std::fs::write(&file, "[node]\nrate-limit = [\"store:often\"]\n").unwrap();
    node.signal("HUP");
    let text = said("were not read again");
    for line in text.lines() {
        let entry: Value = serde_json::from_str(line).expect("a line is JSON");
        assert!(entry["level"].is_string(), "{line}");
    }
}

#[test]
fn limits_that_were_read_again_hold_for_those_who_are_there() {
    let parent = tempfile::tempdir().unwrap();
    let folder = |name: &str| parent.path().join(name).to_str().unwrap().to_owned();
    let (node, about) = start(&folder("a"), &[]);
    let static_node = format!("--staticnode={}", text(&about["addresses"][0]));
    let others = ["b", "c"].map(|name| start(&folder(name), &[&static_node]).0);
    let metrics = text(&about["metrics"]).strip_suffix("/metrics").unwrap();
    let until_peers = |count: usize| {
        eventually(&format!("a number of {count} peers"), || {
            let (_, page) = ask(metrics, "GET", "/metrics", "");
            page.lines()
                .any(|line| line == format!("libp2p_peers {count}"))
                .then_some(())
        });
    };
    let set = |limits: &str| {
        std::fs::write(parent.path().join("a/config.toml"), format!("[node]\n{limits}\n")).unwrap();
        node.signal("HUP");
    };
    until_peers(2);
    set("max-connections = 1");
    until_peers(1);
    // Who was sent away tries again.
    set("max-connections = 10");
    until_peers(2);
    set("max-connections = 10\nrelay-service-ratio = \"1:99\"");
    until_peers(1);
    drop(others);
}

#[test]
fn rates_that_were_read_again_hold() {
    let parent = tempfile::tempdir().unwrap();
    let folder = |name: &str| parent.path().join(name).to_str().unwrap().to_owned();
    let (node, about) = start(&folder("a"), &[]);
    let (_client, client) = start(&folder("b"), &[]);
    let address = text(&about["addresses"][0]).replace('/', "%2F");
    let query = format!("/store/v3/messages?peerAddr={address}");
    let status = || ask(text(&client["rest"]), "GET", &query, "").0;
    assert_eq!([status(), status(), status()], [200, 200, 200]);
    std::fs::write(
        parent.path().join("a/config.toml"),
        "[node]\nrate-limit = \"store:2/1h\"\n",
    )
    .unwrap();
    node.signal("HUP");
    eventually("a refusal", || (status() == 429).then_some(()));
    std::fs::write(parent.path().join("a/config.toml"), "[node]\n").unwrap();
    node.signal("HUP");
    eventually("an answer", || (status() == 200).then_some(()));
}

#[test]
fn settings_are_printed_with_their_origin() {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().to_str().unwrap();
    std::fs::write(
        parent.path().join("config.toml"),
        format!("[node]\ntcp-port = 7\nnodekey = \"{}\"\n", "ab".repeat(32)),
    )
    .unwrap();
    let output = undertone(&["node", "config", "print", "--data-dir", dir, "--shard=1", "--shard=2"])
        .env("UNDERTONE_NODE_STORE", "false")
        .env("WAKUNODE2_REST", "true")
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    for line in [
        "[node]",
        "tcp-port = 7  # configuration file",
        "shard = [1, 2]  # command line",
        "store = false  # environment",
        "rest = true  # environment",
        "nodekey = \"(not shown)\"  # configuration file",
    ] {
        assert!(said.lines().any(|there| there == line), "{line} is missing in\n{said}");
    }
    // nwaku's own files have no table, and its flags a colon.
    let other = parent.path().join("nwaku.toml");
    std::fs::write(&other, "relay = true\nshard = [3]\n").unwrap();
    let file = format!("--config-file:{}", other.display());
    let output = run(&[
        "node",
        "config",
        "print",
        "--data-dir",
        dir,
        &file,
        "--tcp-port:9",
        "--json",
    ]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(
        said.contains(r#""name":"shard""#) && said.contains(r#""values":["9"]"#),
        "{said}"
    );
}

/// A value that each option refuses; what takes any text stands in [`ANY_TEXT`].
fn refused(option: &str) -> (&'static str, &'static [&'static str]) {
    match option {
        "--config-file" => ("/no/such/file", &[]),
        "--websocket-secure-cert-path" => (
            "/no/such/file",
            &["--websocket-secure-support", "--websocket-secure-key-path=Cargo.toml"],
        ),
        "--websocket-secure-key-path" => (
            "/no/such/file",
            &["--websocket-secure-support", "--websocket-secure-cert-path=Cargo.toml"],
        ),
        "--store-message-db-url" => ("mysql://me:hush@db/waku", &[]),
        "--data-dir" => ("/dev/null/folder", &[]),
        "--shard" => ("1024", &[]),
        "--max-connections" => ("0", &[]),
        "--relay-service-ratio" => ("60:60", &[]),
        "--peer-store-capacity" => ("9", &[]),
        "--store-max-num-db-connections" => ("1", &[]),
        "--ports-shift" => ("65535", &["--tcp-port=60000"]),
        "--max-msg-size" => ("1B", &[]),
        "--protected-shard" => ("32:04ab", &[]),
        "--rln-relay-eth-client-address" => (
            "ftp://hush@elsewhere",
            &[
                "--rln-relay",
                "--rln-relay-eth-contract-address=0xB9cd878C90E49F797B4431fBF4fb333108CB90e6",
            ],
        ),
        "--rln-relay-eth-contract-address" => ("0x12", &["--rln-relay"]),
        "--rln-relay-members" => ("/no/such/file", &["--rln-relay"]),
        "--rln-relay-cred-path" => ("/no/such/file", &["--rln-relay", "--rln-relay-members=/dev/null"]),
        _ => ("~wrong~", &[]),
    }
}

/// Options that take any text.
const ANY_TEXT: &[&str] = &["--agent-string", "--rest-allow-origin", "--rln-relay-cred-password"];

#[test]
fn every_option_names_itself_when_its_value_is_wrong() {
    let help = String::from_utf8(run(&["node", "--help"]).stdout).unwrap();
    let options: Vec<&str> = help
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("--").map(|_| line.trim_start()))
        .filter(|line| line.contains('<'))
        .map(|line| line.split([' ', '[', '=']).next().unwrap())
        .filter(|option| !ANY_TEXT.contains(option))
        // Without proofs, their options are read and not looked at.
        .filter(|option| cfg!(feature = "rln") || !option.starts_with("--rln-relay"))
        .collect();
    assert!(options.len() > 50, "{options:?}");
    let parent = tempfile::tempdir().unwrap();
    let place = format!("--data-dir={}", parent.path().display());
    for option in options {
        let (value, besides) = refused(option);
        let wrong = format!("{option}={value}");
        let mut arguments = vec!["node", &wrong];
        // An option given twice would be the mistake.
        let is_other = |there: &&str| !there.starts_with(option);
        arguments.extend([place.as_str(), "--preset=local"].into_iter().filter(is_other));
        arguments.extend(besides);
        let (code, said) = failure(&arguments);
        assert!(said.contains(option) && !said.contains("hush"), "{option}: {said}");
        // Whether a folder can be written, the machine decides.
        assert!(code == 2 || option == "--data-dir", "{option}: {said}");
        assert_sentence(&said);
    }
}

/// A script for nwaku as its compose file has it.
#[test]
fn what_nwaku_has_and_we_have_not_is_ignored_or_answered() {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().to_str().unwrap();
    let (_node, about) = start(
        dir,
        &[
            "--relay=True",
            "--keep-alive=true",
            "--metrics-logging:false",
            "--dns-discovery=true",
            "--rendezvous=false",
            "--store-message-db-migration",
            "--store-message-db-vacuum=TRUE",
            "--storenode=",
            "--store-max-num-db-connections=50",
            "--store-message-retention-policy=time:3600;size:1GB;capacity:100",
            "--num-shards-in-network=8",
            "--content-topic=/toychat/2/huilong/proto",
        ],
    );
    assert_eq!(about["shards"], serde_json::json!([3]));
    let (_other, about) = start(
        parent.path().join("b").to_str().unwrap(),
        &[&format!("--entry-node={}", text(&about["addresses"][0])), "--shard=3"],
    );
    let rest = text(&about["rest"]);
    eventually("a call to the entry node", || {
        let (_, health) = ask(rest, "GET", "/health", "");
        health.contains("PartiallyConnected").then_some(())
    });
    let preset = run(&["node", "config", "print", "--data-dir", dir, "--preset=TWN"]);
    assert!(preset.status.success());
    for (wrong, instead) in [
        ("--ext-multiaddr-only=true", "without --ext-multiaddr"),
        ("--store-resume=true", "--store-sync"),
        ("--storenode=/ip4/192.0.2.1/tcp/1/p2p/16U", "--staticnode"),
        ("--max-relay-peers=10", "--relay-service-ratio"),
        ("--mixkey=secret", "leave it out"),
    ] {
        let (code, said) = failure(&["node", "--preset=local", "--data-dir", dir, wrong]);
        assert!(
            code == 2 && said.contains(instead) && !said.contains("secret"),
            "{said}"
        );
        assert!(said.contains(wrong.split('=').next().unwrap()), "{said}");
        assert_sentence(&said);
    }
    let output = undertone(&["node", "--preset=local", "--data-dir", dir])
        .env("WAKUNODE2_STORE_RESUME", "true")
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("--store-resume: use --store-sync"), "{said}");
}

#[test]
fn a_start_waits_for_the_server_of_the_archive_and_can_be_stopped_meanwhile() {
    let parent = tempfile::tempdir().unwrap();
    let log = parent.path().join("log");
    let mut command = undertone(&["node", "--preset=local", "--tcp-port=0", "--data-dir"]);
    command
        .arg(parent.path())
        .arg("--store-message-db-url=postgres:///nothing?host=/nowhere")
        .stderr(std::fs::File::create(&log).unwrap());
    let mut node = Process::begin(&mut command);
    let said = eventually("words about waiting", || {
        let said = std::fs::read_to_string(&log).unwrap();
        said.contains("tried again for").then_some(said)
    });
    assert!(!said.contains('\x1b'), "colours in a file: {said}");
    let began = Instant::now();
    assert!(node.terminate().success());
    assert!(began.elapsed().as_secs() < 5, "{:?}", began.elapsed());
}

#[test]
fn a_start_does_not_wait_for_certificates_that_cannot_be_read() {
    let parent = tempfile::tempdir().unwrap();
    let data_dir = format!("--data-dir={}", parent.path().display());
    let url = "--store-message-db-url=postgres://me:hush@127.0.0.1:1/waku?sslmode=verify-full&sslrootcert=/nowhere.pem";
    let began = Instant::now();
    let (_, said) = failure(&["node", "--preset=local", "--tcp-port=0", &data_dir, url]);
    assert!(began.elapsed().as_secs() < 20, "{:?}", began.elapsed());
    assert!(said.contains("sslrootcert") && !said.contains("hush"), "{said}");
    assert_sentence(&said);
}

#[test]
fn a_list_of_nodes_is_made_and_signed() {
    let parent = tempfile::tempdir().unwrap();
    let (_node, about) = start(parent.path().to_str().unwrap(), &[]);
    let key = parent.path().join("tree.key");
    let key = key.to_str().unwrap();
    let enr = text(&about["enr"]);
    let made = |options: &[&str]| {
        let arguments = [
            "node",
            "dns-tree",
            "--domain",
            "nodes.example.org",
            "--key-file",
            key,
            "--sequence",
            "3",
        ];
        let output = run(&[&arguments, options].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let zone = made(&[enr]);
    assert!(zone.starts_with("; enrtree://"), "{zone}");
    assert!(
        zone.contains("nodes.example.org. 1800 IN TXT \"enrtree-root:v1 e="),
        "{zone}"
    );
    assert!(
        zone.contains(&format!("IN TXT \"{enr}")) || zone.contains("IN TXT \"enr:"),
        "{zone}"
    );
    assert_eq!(made(&[enr]), zone, "the key is kept");
    assert!(made(&[enr, "--json"]).contains(r#""sequence":3"#));
    let (code, said) = failure(&[
        "node",
        "dns-tree",
        "--domain",
        "x.org",
        "--key-file",
        key,
        "enr:nonsense",
    ]);
    assert_eq!(code, 2, "{said}");
    assert_sentence(&said);
}

#[test]
fn the_doctor_says_what_is_wrong_in_words() {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("a");
    let doctor = |options: &[&str]| {
        let arguments = [
            "node",
            "doctor",
            "--wait=2",
            "--preset=local",
            "--data-dir",
            dir.to_str().unwrap(),
            "--tcp-port=0",
        ];
        let output = run(&[&arguments, options].concat());
        (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
    };
    let (code, said) = doctor(&[]);
    assert_eq!(code, 1);
    assert!(said.contains("BAD  peers: the node looks for nobody"), "{said}");
    let (_node, about) = start(parent.path().join("b").to_str().unwrap(), &["--shard=32"]);
    let address = format!("--staticnode={}", text(&about["addresses"][0]));
    let (code, said) = doctor(&[&address, "--shard=32"]);
    assert!(code == 0 && said.contains("ok   shards"), "{said}");
    let (code, said) = doctor(&[&address, "--shard=7"]);
    assert!(
        code == 1 && said.contains("no peer relays 7; look at --shard"),
        "{said}"
    );
    let (code, said) = doctor(&[&address, "--cluster-id=5"]);
    assert!(code == 1 && said.contains("--cluster-id"), "{said}");
}

/// What the doctor says of a node of loopback with these options.
fn doctor(dir: &Path, options: &[&str]) -> (i32, String) {
    let mut command = undertone(&["node", "doctor", "--preset=local", "--shard=32", "--data-dir"]);
    let output = command.arg(dir).args(options).output().unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn the_doctor_tells_whose_a_port_is_and_whether_it_is_open() {
    let parent = tempfile::tempdir().unwrap();
    let there = parent.path().join("a");
    let (_node, about) = start(there.to_str().unwrap(), &["--shard=32"]);
    let address = text(&about["addresses"][0]);
    let port = address.split('/').nth(4).unwrap();
    let known = format!("--staticnode={address}");
    let (code, said) = doctor(&there, &[&format!("--tcp-port={port}"), "--wait=1", &known]);
    let ours = format!("ok   port: TCP port {port} is taken by this node, which runs and answers");
    assert!(code == 0 && said.contains(&ours), "{said}");

    let other = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = other.local_addr().unwrap().port();
    let dir = parent.path().join("b");
    let (code, said) = doctor(&dir, &[&format!("--tcp-port={port}"), "--wait=1", &known]);
    let theirs = format!("BAD  port: TCP port {port} is taken by another program");
    assert!(code == 1 && said.contains(&theirs), "{said}");

    // On loopback peers are asked every second.
    let (code, said) = doctor(&dir, &["--tcp-port=0", "--wait=6", &known]);
    assert!(
        code == 0 && said.contains("ok   way in: peers say that they reach"),
        "{said}"
    );
    // Calls come from another address than the one it listens on, so that answers find the port closed.
    let (code, said) = doctor(
        &dir,
        &["--tcp-port=0", "--wait=6", &known, "--listen-address=127.0.0.2"],
    );
    assert!(
        code == 1 && said.contains("BAD  way in: peers say that they cannot reach"),
        "{said}"
    );
}

#[test]
fn the_doctor_sees_that_the_clock_is_off() {
    let parent = tempfile::tempdir().unwrap();
    let (_node, about) = start(parent.path().join("a").to_str().unwrap(), &["--shard=32"]);
    let known = format!("--staticnode={}", text(&about["addresses"][0]));
    let rest = text(&about["rest"]).to_owned();
    let dir = parent.path().join("b");
    let looking = std::thread::spawn(move || doctor(&dir, &["--tcp-port=0", "--wait=4", &known]));
    // An hour ago, as this machine sees it; each is another message.
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    let mut timestamp = now.as_nanos() - 3_600_000_000_000;
    while !looking.is_finished() {
        timestamp += 1;
        let message =
            format!(r#"{{"payload":"aGVsbG8=","contentTopic":"/test/1/clock/proto","timestamp":{timestamp}}}"#);
        let path = "/relay/v1/messages/%2Fwaku%2F2%2Frs%2F16%2F32";
        assert_eq!(ask(&rest, "POST", path, &message).0, 200);
        std::thread::sleep(Duration::from_millis(50)); // between two messages
    }
    let (code, said) = looking.join().unwrap();
    assert!(code == 1 && said.contains("BAD  clock: messages are 36"), "{said}");
}

#[test]
fn an_archive_is_checked_and_moved() {
    // over budget: one archive's life, told in order
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().to_str().unwrap();
    let (mut node, about) = start(dir, &[]);
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    for number in 0..3 {
        let message = format!(
            r#"{{"payload":"aGVsbG8=","contentTopic":"/a/1/b/proto","version":0,"timestamp":{}}}"#,
            now.as_nanos() + number
        );
        let path = "/relay/v1/messages/%2Fwaku%2F2%2Frs%2F16%2F32";
        assert_eq!(ask(text(&about["rest"]), "POST", path, &message).0, 200);
    }
    assert!(node.terminate().success());

    let archive = |arguments: &[&str]| {
        let output = run(&[&["node", "archive"], arguments].concat());
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(said).unwrap())
    };
    let data_dir = format!("--data-dir={dir}");
    let (code, said) = archive(&["check", &data_dir]);
    assert!(code == Some(0) && said.contains("3 messages are whole"), "{said}");
    let file = parent.path().join("messages.archive");
    let file = file.to_str().unwrap();
    let (code, said) = archive(&["export", file, &data_dir]);
    assert!(code == Some(0) && said.contains("3 messages are in the file"), "{said}");
    let (code, said) = archive(&["export", file, &data_dir]);
    assert!(code == Some(1) && said.contains("cannot make the new file"), "{said}");

    let other = format!("--store-message-db-url=sqlite://{dir}/other.db");
    let (code, said) = archive(&["import", file, &other, &data_dir]);
    assert!(
        code == Some(0) && said.contains("3 messages were stored, 0 were there already"),
        "{said}"
    );
    let (_, said) = archive(&["import", file, &other, &data_dir, "--json"]);
    assert!(said.contains(r#""thereBefore": 3"#), "{said}");

    let mut bytes = std::fs::read(file).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    std::fs::write(file, bytes).unwrap();
    let (code, said) = failure(&["node", "archive", "import", file, &other, &data_dir]);
    assert!(code == 1 && said.contains("damaged after 3 messages"), "{said}");
    assert_sentence(&said);

    let mut bytes = std::fs::read(parent.path().join("other.db")).unwrap();
    let middle = bytes.len() / 4096 / 2 * 4096;
    bytes[middle..].fill(0);
    std::fs::write(parent.path().join("other.db"), bytes).unwrap();
    let (code, said) = archive(&["check", &other, &data_dir]);
    assert!(code == Some(9) && said.contains("the archive is damaged"), "{said}");

    let secret = "--store-message-db-url=postgres://me:hush@127.0.0.1:1/waku?sslmode=allow";
    let (code, said) = failure(&["node", "archive", "check", secret, &data_dir]);
    assert!(
        code == 2 && said.contains("sslmode is disable, prefer,") && !said.contains("hush"),
        "{said}"
    );
    assert_sentence(&said);
}
