//! Every rule finds a planted violation and leaves the innocent neighbour alone.

use super::*;
use crate::workspace::{self, Kind};

#[test]
fn this_repository_keeps_its_arrows() {
    let (graph, sources) = workspace::read().unwrap();
    assert!(graph.ours().count() >= 10, "the graph is not this workspace's");
    assert!(sources.len() > 10, "the sources were not found");
    let violations: Vec<String> = check(&graph, &sources).iter().map(ToString::to_string).collect();
    assert!(violations.is_empty(), "\n{}\n", violations.join("\n"));
}

/// Builds a graph from lines such as `protocol -> crypto`, `waku -dev-> hex` or a name alone.
/// The names on the left are ours, and so are those of the arrow table.
fn graph_of(lines: &[&str]) -> Graph {
    let mut graph = Graph::default();
    for name in [
        "waku-proto",
        "crypto",
        "api",
        "protocol",
        "store",
        "messenger",
        "waku",
        "daemon",
        "undertone",
        "testkit",
        "xtask",
    ] {
        graph.add_ours(name);
    }
    for line in lines {
        let words: Vec<&str> = line.split(' ').collect();
        match words.as_slice() {
            [from, "->", to] => graph.add_arrow(from, Kind::Normal, to),
            [from, "-dev->", to] => graph.add_arrow(from, Kind::Dev, to),
            [from, "-build->", to] => graph.add_arrow(from, Kind::Build, to),
            [name] => graph.add_ours(name),
            _ => panic!("not an arrow: {line}"),
        }
    }
    graph
}

fn rules_broken_by(lines: &[&str]) -> Vec<&'static str> {
    graph::check(&graph_of(lines))
        .iter()
        .map(|violation| violation.rule)
        .collect()
}

fn rules_broken_in(path: &str, text: &str) -> Vec<&'static str> {
    let source = Source::new(path, text);
    let found = text::check(&source).into_iter().chain(log::check(&source));
    found.map(|violation| violation.rule).collect()
}

#[test]
fn the_drawn_arrows_are_allowed() {
    let drawn = [
        "protocol -> crypto",
        "store -> protocol",
        "messenger -> store",
        "daemon -> waku",
        "undertone -> daemon",
        "xtask -> testkit",
    ];
    assert!(rules_broken_by(&drawn).is_empty());
}

#[test]
fn an_arrow_that_is_not_drawn_is_found() {
    assert_eq!(rules_broken_by(&["crypto -> waku-proto"]), ["arrow"]);
    assert_eq!(rules_broken_by(&["waku -> protocol"]), ["arrow"]);
    assert_eq!(rules_broken_by(&["undertone -> messenger"]), ["arrow"]);
    assert_eq!(rules_broken_by(&["store -build-> crypto"]), ["arrow"]);
    assert_eq!(rules_broken_by(&["messenger -> testkit"]), ["arrow"]);
}

#[test]
fn nothing_outside_daemon_and_undertone_sees_the_api() {
    for name in [
        "waku-proto",
        "crypto",
        "protocol",
        "store",
        "messenger",
        "waku",
        "testkit",
    ] {
        assert_eq!(rules_broken_by(&[&format!("{name} -> api")]), ["arrow"], "{name}");
    }
}

#[test]
fn a_crate_without_a_place_is_found() {
    assert_eq!(rules_broken_by(&["helpers"]), ["unknown crate"]);
}

#[test]
fn pure_crates_reach_no_runtime_by_any_path() {
    assert_eq!(
        rules_broken_by(&["crypto -> nice@1.0.0", "nice@1.0.0 -> tokio@1.40.0"]),
        ["forbidden dependency"]
    );
    assert_eq!(
        rules_broken_by(&["waku-proto -> libp2p-identity@0.2.0"]),
        ["forbidden dependency"]
    );
    assert_eq!(
        rules_broken_by(&["protocol -> pool@1.0.0", "pool@1.0.0 -> libsqlite3-sys@0.37.0"]),
        ["forbidden dependency"]
    );
    assert_eq!(
        rules_broken_by(&["crypto -> getrandom@0.4.0"]),
        ["forbidden dependency"]
    );
}

#[test]
fn two_versions_of_a_package_are_two_packages() {
    let lines = [
        "crypto -> hash@2.0.0",
        "waku -> hash@1.0.0",
        "hash@1.0.0 -> tokio@1.40.0",
    ];
    assert!(rules_broken_by(&lines).is_empty());
}

#[test]
fn dev_dependencies_are_free() {
    assert!(
        rules_broken_by(&[
            "crypto -dev-> tokio@1.40.0",
            "crypto -dev-> serde_json@1.0.0",
            "waku -dev-> crypto"
        ])
        .is_empty()
    );
}

#[test]
fn the_messenger_knows_no_network_and_no_json() {
    assert_eq!(
        rules_broken_by(&["messenger -> serde_json@1.0.0"]),
        ["forbidden dependency"]
    );
    assert_eq!(
        rules_broken_by(&["messenger -> odd@1.0.0", "odd@1.0.0 -> axum@0.8.0"]),
        ["forbidden dependency"]
    );
    assert_eq!(
        rules_broken_by(&["messenger -> rusqlite@0.41.1"]),
        ["forbidden dependency"]
    );
}

#[test]
fn anyhow_and_serde_stay_where_they_belong() {
    assert_eq!(rules_broken_by(&["protocol -> anyhow@1.0.0"]), ["forbidden dependency"]);
    assert_eq!(rules_broken_by(&["store -> serde@1.0.0"]), ["forbidden dependency"]);
    assert!(rules_broken_by(&["daemon -> anyhow@1.0.0", "api -> serde@1.0.0"]).is_empty());
}

#[test]
fn a_dev_dependency_hides_no_cycle() {
    assert_eq!(
        rules_broken_by(&["protocol -dev-> store", "store -> protocol"]),
        ["hidden cycle"]
    );
    assert!(rules_broken_by(&["messenger -dev-> testkit", "testkit -> messenger"]).is_empty());
}

#[test]
fn sql_outside_its_home_is_found() {
    let statements = [
        "SELECT id FROM chats",
        "INSERT INTO chats VALUES (1)",
        "UPDATE chats SET a = 1",
        "DELETE FROM chats",
        "CREATE TABLE t (a)",
        "PRAGMA key",
    ];
    for statement in statements {
        let text = format!("fn f() {{ run(\"{statement}\"); }}");
        assert_eq!(
            rules_broken_in("crates/messenger/src/chats/mod.rs", &text),
            ["sql"],
            "{statement}"
        );
        assert!(
            rules_broken_in("crates/store/src/chats.rs", &text).is_empty(),
            "{statement}"
        );
        assert!(
            rules_broken_in("crates/waku/src/archive/sqlite.rs", &text).is_empty(),
            "{statement}"
        );
    }
    assert_eq!(
        rules_broken_in("crates/daemon/src/lib.rs", "use rusqlite::Connection;"),
        ["sql"]
    );
    assert!(
        rules_broken_in(
            "crates/daemon/src/lib.rs",
            "fn f() { say(\"Select a chat from the list\"); }"
        )
        .is_empty()
    );
    assert!(rules_broken_in("crates/daemon/tests/all.rs", "fn f() { run(\"DELETE FROM chats\"); }").is_empty());
}

#[test]
fn pure_crates_read_no_clock_and_no_file() {
    for word in [
        "std::time::SystemTime::now()",
        "Instant::now()",
        "std::fs::read(path)",
        "getrandom(&mut bytes)",
        "OsRng.fill(&mut bytes)",
        "tokio::spawn(task)",
    ] {
        let text = format!("fn f() {{ {word}; }}");
        for path in [
            "crates/crypto/src/keys.rs",
            "crates/protocol/src/id.rs",
            "crates/waku-proto/src/enr.rs",
            "crates/messenger/src/send.rs",
        ] {
            assert_eq!(rules_broken_in(path, &text), ["purity"], "{path}: {word}");
        }
        assert!(
            rules_broken_in("crates/daemon/src/engine.rs", &text).is_empty(),
            "{word}"
        );
    }
    assert_eq!(
        rules_broken_in("crates/store/src/tx.rs", "fn f() { SystemTime::now(); }"),
        ["purity"]
    );
    assert!(
        rules_broken_in(
            "crates/crypto/src/keys.rs",
            "/// Never calls `SystemTime::now`.\nfn f() {}"
        )
        .is_empty()
    );
    let in_tests = "#[cfg(test)]\nmod tests { fn f() { std::fs::read(p); } }";
    assert!(rules_broken_in("crates/crypto/src/keys.rs", in_tests).is_empty());
}

#[test]
fn the_database_reads_no_clock() {
    assert_eq!(
        rules_broken_in("crates/store/src/seen.rs", "const Q: &str = \"SELECT unixepoch()\";"),
        ["purity"]
    );
    assert_eq!(
        rules_broken_in(
            "crates/store/src/migrations/0001_initial.sql",
            "CREATE TABLE t (at INTEGER DEFAULT CURRENT_TIMESTAMP);"
        ),
        ["purity"]
    );
    assert!(rules_broken_in("crates/store/src/seen.rs", "const Q: &str = \"SELECT at FROM seen\";").is_empty());
}

#[test]
fn domain_types_are_not_serialised() {
    assert_eq!(
        rules_broken_in("crates/protocol/src/id.rs", "#[derive(Serialize)] pub struct Id;"),
        ["serialised domain"]
    );
    assert!(rules_broken_in("crates/api/src/lib.rs", "#[derive(Serialize)] pub struct Id;").is_empty());
}

#[test]
fn unbounded_channels_are_found_everywhere() {
    for word in [
        "tokio::sync::mpsc::unbounded_channel()",
        "futures::channel::mpsc::unbounded()",
        "std::sync::mpsc::channel()",
    ] {
        let text = format!("fn f() {{ let pair = {word}; }}");
        assert_eq!(
            rules_broken_in("crates/waku/src/task.rs", &text),
            ["unbounded channel"],
            "{word}"
        );
        assert_eq!(
            rules_broken_in("crates/waku/tests/all.rs", &text),
            ["unbounded channel"],
            "{word}"
        );
    }
    assert!(rules_broken_in("crates/waku/src/task.rs", "fn f() { mpsc::channel(QUEUE); }").is_empty());
}

#[test]
fn names_that_say_nothing_are_found() {
    for text in [
        "pub struct PeerManager;",
        "mod utils;",
        "pub fn get_peer() {}",
        "struct Helper;",
    ] {
        assert_eq!(rules_broken_in("crates/waku/src/node.rs", text), ["name"], "{text}");
    }
    assert!(
        rules_broken_in(
            "crates/waku/src/node.rs",
            "struct PeerBook; fn getter() {} fn target() {}"
        )
        .is_empty()
    );
}

#[test]
fn ports_are_found() {
    assert_eq!(
        rules_broken_in(
            "crates/messenger/src/lib.rs",
            "pub trait MessageStore { fn load(&self); }"
        ),
        ["port"]
    );
    assert!(rules_broken_in("crates/messenger/src/lib.rs", "pub struct Store; pub trait Rule {}").is_empty());
}

#[test]
fn secrets_are_in_no_log_line() {
    let lines = [
        "tracing::debug!(password, \"unlocked\");",
        "error!(\"cannot store {text}\");",
        "trace!(key = ?self.secret_key);",
        "warn!(%message.text);",
    ];
    for line in lines {
        let text = format!("fn f() {{ {line} }}");
        assert_eq!(rules_broken_in("crates/daemon/src/engine.rs", &text), ["log"], "{line}");
    }
    let innocent = [
        "debug!(length = text.len());",
        "info!(\"wrong password\");",
        "warn!(peers, \"lost a connection\");",
    ];
    for line in innocent {
        let text = format!("fn f() {{ {line} }}");
        assert!(
            rules_broken_in("crates/daemon/src/engine.rs", &text).is_empty(),
            "{line}"
        );
    }
}

#[test]
fn identifiers_are_logged_at_debug_at_most() {
    assert_eq!(
        rules_broken_in("crates/daemon/src/engine.rs", "fn f() { info!(?chat_id, \"opened\"); }"),
        ["log"]
    );
    assert!(
        rules_broken_in(
            "crates/daemon/src/engine.rs",
            "fn f() { debug!(?chat_id, \"opened\"); }"
        )
        .is_empty()
    );
}

#[test]
fn instrumented_functions_skip_their_arguments() {
    assert_eq!(
        rules_broken_in(
            "crates/daemon/src/http/mod.rs",
            "#[tracing::instrument]\nfn f(password: &str) {}"
        ),
        ["log"]
    );
    assert!(
        rules_broken_in(
            "crates/daemon/src/http/mod.rs",
            "#[tracing::instrument(skip_all)]\nfn f(password: &str) {}"
        )
        .is_empty()
    );
}

#[test]
fn generated_code_is_left_alone() {
    assert!(rules_broken_in("crates/protocol/src/wire/chat.rs", "pub struct KeyManager;").is_empty());
}
