//! The service node as an operator runs it.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Instant;

use serde_json::Value;

use crate::common::{Process, assert_sentence, eventually, failure, run, undertone};

/// Options of a node that takes any free ports of loopback.
const ANYWHERE: [&str; 9] = [
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
fn ask(base: &str, method: &str, path: &str, body: &str) -> (u16, String) {
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

fn start(dir: &str, options: &[&str]) -> (Process, Value) {
    let mut command = undertone(&ANYWHERE);
    command.args(["--data-dir", dir]).args(options);
    Process::start(&mut command)
}

fn text(value: &Value) -> &str {
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
