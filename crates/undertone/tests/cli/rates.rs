//! Nodes of a network that limits rates by proofs.

#[cfg(feature = "rln")]
use std::time::{SystemTime, UNIX_EPOCH};

use crate::common::{assert_sentence, failure};
#[cfg(feature = "rln")]
use crate::common::{eventually, undertone};
#[cfg(feature = "rln")]
use crate::node::{ask, start, text};

#[cfg(feature = "rln")]
const PASSWORD: (&str, &str) = ("UNDERTONE_NODE_RLN_RELAY_CRED_PASSWORD", "an old hat");

/// The length, in seconds, of an epoch that does not end while a test runs, which would give its sender a rate anew.
#[cfg(feature = "rln")]
fn lasting_epoch() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    (3_600..=86_400).find(|length| now % length < length / 2).unwrap()
}

// over budget: one story, told in order
#[cfg(feature = "rln")]
#[test]
fn members_of_a_list_send_and_others_do_not() {
    let parent = tempfile::tempdir().unwrap();
    let place = |name: &str| parent.path().join(name).display().to_string();
    let (file, list) = (
        format!("--rln-relay-cred-path={}", place("rln.json")),
        format!("--rln-relay-members={}", place("members.txt")),
    );
    std::fs::write(parent.path().join("members.txt"), "# nobody yet").unwrap();
    let data = format!("--data-dir={}", place("first"));
    let member = |arguments: &[&str]| {
        let mut command = undertone(&["node", "rln"]);
        command.args(arguments).args([&file, &data]).env(PASSWORD.0, PASSWORD.1);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let made = member(&["new", "--messages=2", &list]);
    assert_eq!(member(&["show"]), made);
    let listed = std::fs::read_to_string(parent.path().join("members.txt")).unwrap();
    assert_eq!(listed, format!("# nobody yet\n{made}"));

    let epoch = format!("--rln-relay-epoch-sec={}", lasting_epoch());
    let limited = ["--rln-relay", &list, &epoch];
    let sends = [&limited[..], &[&file, "--rln-relay-cred-password=an old hat"]].concat();
    let (_judge, judge) = start(&place("second"), &limited);
    let calls = format!("--staticnode={}", judge["addresses"][0].as_str().unwrap());
    let (_sender, sender) = start(&place("first"), &[&sends[..], &[&calls]].concat());
    let (_stranger, stranger) = start(&place("third"), &[&calls]);
    let (there, here, outside) = (text(&judge["rest"]), text(&sender["rest"]), text(&stranger["rest"]));
    for base in [here, outside] {
        eventually("the other", || {
            ask(base, "GET", "/health/ready", "").0.eq(&200).then_some(())
        });
    }
    let path = "/relay/v1/messages/%2Fwaku%2F2%2Frs%2F16%2F32";
    let message = |payload: &str| format!(r#"{{"payload":"{payload}","contentTopic":"/test/1/rates/proto"}}"#);
    // Kept by the stranger, turned away by who judges.
    assert_eq!(ask(outside, "POST", path, &message("b3V0c2lkZQ==")).0, 200);
    assert_eq!(ask(here, "POST", path, &message("aW5zaWRl")), (200, "OK".into()));
    let fetched = eventually("the message", || {
        let (_, fetched) = ask(there, "GET", path, "");
        (fetched != "[]").then_some(fetched)
    });
    assert!(
        fetched.contains("aW5zaWRl") && !fetched.contains("b3V0c2lkZQ=="),
        "{fetched}"
    );
    let metrics = text(&judge["metrics"]).strip_suffix("/metrics").unwrap();
    eventually("the figures", || {
        let (_, page) = ask(metrics, "GET", "/metrics", "");
        let shows = |line| page.lines().any(|there| there == line);
        let invalid = shows(r#"waku_rln_invalid_messages_total{type="timestamp_mismatch"} 1"#);
        (invalid && shows("waku_rln_valid_messages_total 1")).then_some(())
    });
    assert!(ask(there, "GET", "/health", "").1.contains(r#"{"Rln Relay":"READY"}"#));

    // The rate, and a node that has no membership.
    assert_eq!(ask(here, "POST", path, &message("aW5zaWRlMg==")).0, 200);
    let (status, said) = ask(here, "POST", path, &message("aW5zaWRlMw=="));
    assert_eq!(status, 400, "{said}");
    assert!(said.contains("used up"), "{said}");
    let (status, said) = ask(there, "POST", path, &message("aW5zaWRlNA=="));
    assert_eq!(status, 400, "{said}");
    assert!(said.contains("no membership"), "{said}");

    // Who has the numbers in use, whose password is wrong, and what is missing.
    let other = format!("--data-dir={}", place("other"));
    for (options, words) in [
        (
            vec!["--rln-relay", &list, &file, "--rln-relay-cred-password=hush"],
            "password",
        ),
        (vec!["--rln-relay", &list, &file], "--rln-relay-cred-password"),
        (vec!["--rln-relay"], "--rln-relay-members"),
        (vec!["--rln-relay", "--rln-relay-dynamic=false"], "--rln-relay-members"),
    ] {
        let (code, said) = failure(&[&["node", "--preset=local", "--tcp-port=0", &other], &options[..]].concat());
        assert!(code == 2 && said.contains(words) && !said.contains("hush"), "{said}");
        assert_sentence(&said);
    }
}

#[cfg(not(feature = "rln"))]
#[test]
fn a_build_without_proofs_says_so() {
    for arguments in [
        &["node", "--preset=local", "--tcp-port=0", "--rln-relay"][..],
        &["node", "rln", "show"],
    ] {
        let parent = tempfile::tempdir().unwrap();
        let place = format!("--data-dir={}", parent.path().display());
        let (code, said) = failure(&[arguments, &[&place]].concat());
        assert!(code == 2 && said.contains("--features rln"), "{said}");
        assert_sentence(&said);
    }
}
