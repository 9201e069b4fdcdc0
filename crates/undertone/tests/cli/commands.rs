//! Commands by themselves: what they print, how they end, and what they say when they cannot.

use std::net::TcpListener;

use crate::common::{Person, Process, assert_sentence, failure, run, undertone};

#[test]
fn help_has_examples_and_exit_codes() {
    let help = String::from_utf8(run(&["--help"]).stdout).unwrap();
    for word in [
        "Exit codes:",
        "Examples:",
        "profile",
        "contact",
        "send",
        "node",
        "completions",
    ] {
        assert!(help.contains(word), "{word} is missing in\n{help}");
    }
    let node = String::from_utf8(run(&["node", "--help"]).stdout).unwrap();
    for flag in [
        "--tcp-port",
        "--websocket-support",
        "--websocket-port",
        "--cluster-id",
        "--shard",
        "--staticnode",
        "--nodekey",
        "--relay",
        "--store",
        "--store-message-db-url",
        "--store-message-retention-policy",
        "--filter",
        "--lightpush",
        "--max-msg-size",
        "--log-level",
        "--listen-address",
        "--nat",
    ] {
        assert!(node.contains(flag), "{flag} is missing in\n{node}");
    }
    assert!(!node.contains("--profile"), "a service node knows no profiles");
}

#[test]
fn completions_are_scripts() {
    for (shell, word) in [
        ("bash", "complete -F"),
        ("zsh", "#compdef undertone"),
        ("fish", "complete -c undertone"),
    ] {
        let script = String::from_utf8(run(&["completions", shell]).stdout).unwrap();
        assert!(script.contains(word) && script.contains("export-phrase"), "{shell}");
    }
}

#[test]
fn every_command_has_a_manual_page() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("man1");
    run(&["man", folder.to_str().unwrap()]);
    let page = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    assert!(page("undertone.1").contains("undertone\\-node(1)"));
    let node = page("undertone-node.1");
    assert!(
        node.contains("tcp\\-port") && node.contains("UNDERTONE_NODE_TCP_PORT"),
        "{node}"
    );
    assert!(page("undertone-node-archive-import.1").contains("FILE"));
}

#[test]
fn what_the_command_line_cannot_mean_is_a_usage_error() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path().to_str().unwrap();
    for arguments in [
        &["no-such-command"][..],
        &["start", "--api-port", "many"],
        &["start", "--api-port", "70000"],
        &["start", "--password", "hunter2hunter2"],
        &["node", "--max-msg-size", "1XB", "--data-dir", dir],
        &["node", "--store-message-retention-policy", "hours:1", "--data-dir", dir],
    ] {
        let (code, said) = failure(arguments);
        assert_eq!(code, 2, "{arguments:?}");
        assert!(said.starts_with("error: ") && !said.contains("panicked"), "{said}");
    }
    for arguments in [
        &[
            "start",
            "--static-node",
            "nonsense",
            "--data-dir",
            dir,
            "--api-port",
            "0",
        ][..],
        &["node", "--staticnode", "nonsense", "--data-dir", dir],
        &["node", "--relay=false", "--data-dir", dir],
    ] {
        let (code, said) = failure(arguments);
        assert_eq!(code, 2, "{arguments:?}");
        assert_sentence(&said);
    }
}

#[test]
fn without_a_daemon_commands_say_how_to_start_one() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path().to_str().unwrap();
    for command in [
        &["chats"][..],
        &["send", "@bob", "hello"],
        &["listen"],
        &["status"],
        &["lock"],
        &["profile", "show"],
    ] {
        let arguments: Vec<&str> = command.iter().copied().chain(["--data-dir", dir]).collect();
        let (code, said) = failure(&arguments);
        assert_eq!(code, 3, "{said}");
        assert_sentence(&said);
        assert!(said.contains("undertone start"), "{said}");
    }
}

#[test]
fn a_configuration_file_is_read_and_its_mistakes_are_shown() {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().to_str().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    std::fs::write(parent.path().join("config.toml"), format!("[app]\napi-port = {port}\n")).unwrap();
    let (code, said) = failure(&["start", "--data-dir", dir]);
    assert_eq!(code, 8, "{said}");
    assert_sentence(&said);
    assert!(
        said.contains(&port.to_string()) && said.contains("--api-port"),
        "{said}"
    );
    // The environment wins over the file, the command line over both.
    let mut command = undertone(&["start", "--json", "--data-dir", dir, "--api-port", "0"]);
    let (mut daemon, _) = Process::start(command.env("UNDERTONE_API_PORT", port.to_string()));
    let (code, said) = failure(&["start", "--data-dir", dir, "--api-port", "0"]);
    assert_eq!(code, 8, "{said}");
    assert_sentence(&said);
    assert!(daemon.terminate().success());

    std::fs::write(parent.path().join("config.toml"), "[app]\napi-prot = 1\n").unwrap();
    let (code, said) = failure(&["start", "--data-dir", dir]);
    assert_eq!(code, 2, "{said}");
    assert_sentence(&said);
    assert!(said.contains("line 2") && said.contains("api-prot"), "{said}");
}

#[test]
fn a_busy_port_of_the_node_is_named() {
    let parent = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let dir = parent.path().to_str().unwrap();
    let (code, said) = failure(&[
        "node",
        "--listen-address",
        "127.0.0.1",
        "--tcp-port",
        &port,
        "--data-dir",
        dir,
        "--log-level",
        "error",
    ]);
    assert_eq!(code, 8, "{said}");
    assert_sentence(&said);
    assert!(said.contains(&port), "{said}");
}

#[test]
fn the_node_keeps_its_key_and_stops_when_asked() {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().to_str().unwrap();
    let arguments = [
        "node",
        "--json",
        "--data-dir",
        dir,
        "--listen-address",
        "127.0.0.1",
        "--tcp-port",
        "0",
        "--websocket-support",
        "--websocket-port",
        "0",
        "--log-level",
        "error",
    ];
    let (mut node, first) = Process::start(&mut undertone(&arguments));
    let addresses = first["addresses"].as_array().unwrap();
    assert!(
        addresses
            .iter()
            .any(|address| address.as_str().unwrap().contains("/ws/p2p/")),
        "{first}"
    );
    assert!(node.terminate().success());
    let (mut node, second) = Process::start(&mut undertone(&arguments));
    assert_eq!(first["peerId"], second["peerId"]);
    assert!(node.terminate().success());
}

#[test]
fn a_secure_websocket_port_needs_a_certificate_and_its_key() {
    let parent = tempfile::tempdir().unwrap();
    let place = |name: &str| parent.path().join(name).to_str().unwrap().to_owned();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(place("chain.pem"), made.cert.pem()).unwrap();
    std::fs::write(place("key.pem"), made.key_pair.serialize_pem()).unwrap();
    let (dir, chain, key) = (place("data"), place("chain.pem"), place("key.pem"));
    let arguments = |key: &str| {
        let mut command = undertone(&[
            "node",
            "--json",
            "--data-dir",
            &dir,
            "--listen-address=127.0.0.1",
            "--tcp-port=0",
            "--websocket-port=0",
            "--websocket-secure-support",
            "--websocket-secure-cert-path",
            &chain,
            "--websocket-secure-key-path",
        ]);
        command.arg(key);
        command
    };
    let refused = arguments(&chain).output().unwrap();
    assert_eq!(refused.status.code(), Some(2));
    let said = String::from_utf8(refused.stderr).unwrap();
    assert_sentence(&said);
    assert!(said.contains("--websocket-secure-key-path"), "{said}");

    let (mut node, first) = Process::start(&mut arguments(&key));
    let addresses = first["addresses"].as_array().unwrap();
    let is_secure = |address: &serde_json::Value| address.as_str().unwrap().contains("/wss/p2p/");
    assert!(addresses.iter().any(is_secure), "{first}");
    assert!(node.terminate().success());
}

#[test]
fn a_profile_from_its_making_to_its_end() {
    let parent = tempfile::tempdir().unwrap();
    let mut alice = Person::new(parent.path(), "alice");
    let password = std::fs::read_to_string(&alice.password_file).unwrap();
    let listed = alice.json(&["profile", "list"]);
    assert_eq!(
        (&listed[0]["name"], &listed[0]["state"]),
        (&"alice".into(), &"locked".into())
    );

    // Nobody is online; a wrong password, from standard input, is said plainly.
    let wrong = alice.fed(&["profile", "export-phrase"], "not the password\n");
    assert_eq!(wrong.status.code(), Some(4));
    assert_sentence(&String::from_utf8(wrong.stderr).unwrap());
    let phrase = alice.fed(&["profile", "export-phrase"], &password);
    assert_eq!(String::from_utf8(phrase.stdout).unwrap().split_whitespace().count(), 12);

    alice.start(&[]);
    let shown = alice.run(&["profile", "show"]);
    assert!(shown.contains("zQ3") && shown.contains("alice"), "{shown}");
    let (code, said) = alice.failure(&["send", "@nobody", "hello"]);
    assert_eq!(code, 5, "{said}");
    assert_sentence(&said);
    let own = alice.json(&["profile", "show"])["key"].as_str().unwrap().to_owned();
    let (code, said) = alice.failure(&["contact", "add", &own]);
    assert_eq!(code, 6, "{said}");
    assert_sentence(&said);
    let (code, said) = alice.failure(&["contact", "add", "not-a-key"]);
    assert_eq!(code, 2, "{said}");
    let link = alice.run(&["link", "show"]);
    assert_eq!(
        alice.json(&["link", "parse", link.trim()])["key"].as_str().unwrap(),
        own
    );
    assert!(alice.run(&["profile", "show", "--qr"]).contains('▀'));
    let (code, said) = alice.failure(&["link", "parse", "https://example.org/"]);
    assert_eq!(code, 6, "{said}");
    assert_sentence(&said);
    let (code, said) = alice.failure(&["start", "--api-port", "0"]);
    assert_eq!(code, 8, "{said}");

    let settings = alice.json(&["settings", "--auto-lock", "15", "--share-megabytes", "7"]);
    assert_eq!(
        (
            settings["autoLockMinutes"].as_u64(),
            settings["shareMegabytes"].as_u64()
        ),
        (Some(15), Some(7))
    );
    alice.run(&["lock"]);
    let (code, said) = alice.failure(&["chats"]);
    assert_eq!(code, 7, "{said}");
    assert_sentence(&said);
    let (code, said) = alice.failure(&["profile", "remove"]);
    assert_eq!(code, 2, "{said}");
    alice.run(&["profile", "remove", "--yes"]);
    assert_eq!(alice.json(&["profile", "list"]), serde_json::json!([]));
    alice.stop();
}

#[test]
fn a_damaged_database_is_said_in_a_sentence() {
    let parent = tempfile::tempdir().unwrap();
    let alice = Person::new(parent.path(), "alice");
    let profiles = std::fs::read_dir(alice.dir.join("profiles")).unwrap();
    let profile = profiles.map(|entry| entry.unwrap().path()).next().unwrap();
    let database = profile.join("profile.db");
    let mut bytes = std::fs::read(&database).unwrap();
    bytes[100] ^= 1;
    std::fs::write(&database, bytes).unwrap();
    let password = alice.password_file.to_str().unwrap();
    let (code, said) = alice.failure(&[
        "start",
        "--profile",
        "alice",
        "--password-file",
        password,
        "--api-port",
        "0",
    ]);
    assert_eq!(code, 9, "{said}");
    assert_sentence(&said);
    assert!(said.contains("damaged"), "{said}");
}

#[cfg(unix)]
#[test]
fn a_directory_that_cannot_be_used_is_named() {
    let parent = tempfile::tempdir().unwrap();
    let file = parent.path().join("file");
    std::fs::write(&file, "x").unwrap();
    let dir = file.join("below");
    let (code, said) = failure(&["start", "--api-port", "0", "--data-dir", dir.to_str().unwrap()]);
    assert_eq!(code, 1, "{said}");
    assert_sentence(&said);
    assert!(said.contains("--data-dir"), "{said}");
}
