//! A service node whose disk has no room left.

use std::process::Command;

use serde_json::{Value, json};

use crate::common::{Process, eventually, undertone};
use crate::node::{ANYWHERE, ask, start, text};

/// The node, none of whose files may grow beyond two megabytes, whether the shell counts in halves or wholes of a kilobyte.
fn start_on_a_small_disk(dir: &str) -> (Process, Value) {
    let node = undertone(&ANYWHERE);
    let mut command = Command::new("sh");
    command
        .args(["-c", r#"trap "" XFSZ; ulimit -f 2048; exec "$0" "$@""#])
        .arg(node.get_program())
        .args(node.get_args())
        .args(["--data-dir", dir]);
    for (name, value) in node.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    Process::start(&mut command)
}

fn publish(rest: &str, number: usize) -> u16 {
    // 60,000 bytes, which differ from number to number.
    let payload = format!("{number:08}{}", "A".repeat(79_992));
    let message = json!({ "payload": payload, "contentTopic": "/test/1/disk/proto" }).to_string();
    ask(rest, "POST", "/relay/v1/messages/%2Fwaku%2F2%2Frs%2F16%2F32", &message).0
}

fn stored(rest: &str) -> usize {
    let (status, page) = ask(rest, "GET", "/store/v3/messages?pageSize=100", "");
    assert_eq!(status, 200, "{page}");
    let page: Value = serde_json::from_str(&page).unwrap();
    page["messages"].as_array().unwrap().len()
}

fn not_stored(about: &Value) -> u64 {
    let metrics = text(&about["metrics"]).strip_suffix("/metrics").unwrap();
    let (_, page) = ask(metrics, "GET", "/metrics", "");
    let line = page.lines().find(|line| line.starts_with("waku_archive_errors_total{"));
    line.and_then(|line| line.rsplit(' ').next()?.parse().ok()).unwrap_or(0)
}

#[test]
fn a_node_whose_disk_is_full_serves_on_and_stores_again_when_there_is_room() {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().to_str().unwrap();
    let (mut node, about) = start_on_a_small_disk(dir);
    let rest = text(&about["rest"]);
    let mut number = 0;
    eventually("the end of the disk", || {
        number += 1;
        assert_eq!(publish(rest, number), 200);
        (not_stored(&about) > 0).then_some(())
    });
    // Messages pass, and what is there is told.
    assert_eq!(publish(rest, number + 1), 200);
    let kept = stored(rest);
    assert!(kept > 3 && kept < number + 1, "{kept} of {number}");
    assert!(node.terminate().success());
    let (_node, about) = start(dir, &[]);
    let rest = text(&about["rest"]);
    assert!(stored(rest) >= kept, "what was acknowledged is there");
    let before = stored(rest);
    assert_eq!(publish(rest, number + 2), 200);
    eventually("a stored message", || (stored(rest) == before + 1).then_some(()));
}
