//! What is packed with the node, and what the README tells operators, against the binary itself.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Output;

use serde_json::Value;

use crate::common::{Process, eventually, run, undertone};
use crate::node::{ask, start, text};

const COMPOSE: &str = include_str!("../../../../packaging/fleet/compose.yaml");
const CONTAINER: &str = include_str!("../../../../packaging/Containerfile");
const UNIT: &str = include_str!("../../../../packaging/undertone-node.service");
const BOARD: &str = include_str!("../../../../packaging/grafana.json");
const README: &str = include_str!("../../../../README.md");

type Environment = BTreeMap<String, String>;

/// The settings of each node of the fleet: those that all have, and its own.
fn fleet() -> BTreeMap<String, Environment> {
    let (common, services) = COMPOSE.split_once("\nservices:\n").unwrap();
    let settings = |text: &str| -> Environment {
        let lines = text.lines().filter_map(|line| line.trim().split_once(": "));
        let ours = lines.filter(|(name, _)| name.starts_with("UNDERTONE_NODE_"));
        ours.map(|(name, value)| (name.to_owned(), value.trim_matches('"').to_owned()))
            .collect()
    };
    let mut nodes = BTreeMap::new();
    for service in services.split("\n\n").filter(|service| service.contains("<<: *node")) {
        let name = service.trim().split_once(':').unwrap().0;
        let mut environment = settings(common);
        environment.extend(settings(service));
        nodes.insert(name.to_owned(), environment);
    }
    assert_eq!(nodes.keys().collect::<Vec<_>>(), ["first", "second", "third"]);
    nodes
}

fn printed(dir: &Path, environment: &Environment, arguments: &[&str]) -> Output {
    let mut command = undertone(&["node", "config", "print", "--data-dir"]);
    command.arg(dir).args(arguments).envs(environment).output().unwrap()
}

#[test]
fn the_nodes_of_the_compose_file_start_and_find_each_other() {
    let parent = tempfile::tempdir().unwrap();
    let nodes = fleet();
    for (name, environment) in &nodes {
        let output = printed(parent.path(), environment, &[]);
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        for setting in environment.keys() {
            let option = setting
                .strip_prefix("UNDERTONE_NODE_")
                .unwrap()
                .to_lowercase()
                .replace('_', "-");
            let is_there = |line: &str| line.starts_with(&format!("{option} = ")) && line.ends_with("# environment");
            assert!(said.lines().any(is_there), "{name}: {option} is missing in\n{said}");
        }
    }
    // As in their containers, but on free ports of loopback, and each with an archive of its own.
    let start = |name: &str, options: &[&str]| {
        let mut command = undertone(&["node", "--json", "--listen-address=127.0.0.1", "--log-level=error"]);
        command
            .args([
                "--tcp-port=0",
                "--websocket-port=0",
                "--rest-port=0",
                "--metrics-server-port=0",
            ])
            .args([
                "--rest-address=127.0.0.1",
                "--metrics-server-address=127.0.0.1",
                "--nat=none",
            ])
            .args(options)
            .envs(&nodes[name])
            .env_remove("UNDERTONE_NODE_STORE_MESSAGE_DB_URL")
            .arg("--data-dir")
            .arg(parent.path().join(name));
        Process::start(&mut command)
    };
    let (_first, about) = start("first", &[]);
    let peer = text(&about["peerId"]);
    let here = text(&about["addresses"][0]);
    for name in ["second", "third"] {
        let known = &nodes[name]["UNDERTONE_NODE_STATICNODE"];
        assert_eq!(known, &format!("/dns4/first/tcp/60000/p2p/{peer}"));
        let (_other, about) = start(name, &[&format!("--staticnode={here}")]);
        eventually("a call", || {
            let (_, health) = ask(text(&about["rest"]), "GET", "/health", "");
            health.contains("PartiallyConnected").then_some(())
        });
    }
}

#[test]
fn the_container_and_the_unit_start_the_node_with_options_that_it_has() {
    let parent = tempfile::tempdir().unwrap();
    assert!(CONTAINER.contains("ENTRYPOINT [\"undertone\", \"node\"]"));
    for line in CONTAINER.lines().filter(|line| line.starts_with("#   podman run")) {
        let options = line.split_once(" undertone ").unwrap().1;
        let output = printed(
            parent.path(),
            &Environment::new(),
            &options.split(' ').collect::<Vec<_>>(),
        );
        assert!(output.status.success(), "{line}");
    }
    let folder = CONTAINER
        .lines()
        .find_map(|line| line.strip_prefix("ENV UNDERTONE_DATA_DIR="))
        .unwrap();
    assert!(CONTAINER.lines().any(|line| line == format!("VOLUME {folder}")));
    let exposed = CONTAINER.lines().find_map(|line| line.strip_prefix("EXPOSE ")).unwrap();
    let help = String::from_utf8(run(&["node", "--help"]).stdout).unwrap();
    for port in exposed.split(' ').map(|port| port.split('/').next().unwrap()) {
        assert!(help.contains(&format!("[default: {port}]")), "{port}");
    }
    let started = UNIT
        .lines()
        .find_map(|line| line.strip_prefix("ExecStart=/usr/bin/undertone "))
        .unwrap();
    assert!(started.starts_with("node --data-dir ") && started.contains(" --config-file /etc/undertone/node.toml"));
    let example = parent.path().join("unit.toml");
    let options: Vec<&str> = UNIT.lines().filter_map(|line| line.strip_prefix("#   ")).collect();
    assert!(!options.is_empty());
    std::fs::write(&example, options.join("\n")).unwrap();
    let packed = concat!(env!("CARGO_MANIFEST_DIR"), "/../../packaging/node.toml");
    for file in [example.to_str().unwrap(), packed] {
        let output = printed(parent.path(), &Environment::new(), &["--config-file", file]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn the_readme_tells_operators_commands_that_there_are() {
    let chapter = README
        .split("\n## ")
        .find(|chapter| chapter.starts_with("For someone who runs a node"))
        .unwrap();
    let flat = chapter.replace("\\\n", " ").replace("```", "`");
    let mut tried = 0;
    for command in flat.split('`').skip(1).step_by(2).flat_map(str::lines) {
        let command = command.split('#').next().unwrap().trim();
        let is_option = command.starts_with("--");
        if !is_option && !command.starts_with("undertone node") {
            continue;
        }
        let words = command.strip_prefix("undertone ").unwrap_or(command).split_whitespace();
        let words = words.map(|word| word.trim_matches('"'));
        let mut arguments: Vec<&str> = if is_option { vec!["node"] } else { Vec::new() };
        arguments.extend(words);
        // An option whose value stands elsewhere.
        let needs_value = is_option && !command.contains([' ', '=']);
        arguments.push("--help");
        let output = run(&arguments);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(
            output.status.success() || needs_value && said.contains("needs a value"),
            "{command}: {said}"
        );
        tried += 1;
    }
    assert!(tried > 15, "{tried}");
}

/// The figures that a page of metrics has: names, and for each its labels and their values.
fn figures(page: &str) -> BTreeMap<&str, BTreeMap<&str, BTreeSet<&str>>> {
    let mut figures: BTreeMap<&str, BTreeMap<&str, BTreeSet<&str>>> = BTreeMap::new();
    for line in page.lines().filter(|line| !line.starts_with('#')) {
        let (name, labels) = match line.split_once('{') {
            Some((name, rest)) => (name, rest.rsplit_once('}').unwrap().0),
            None => (line.split(' ').next().unwrap(), ""),
        };
        let known = figures.entry(name).or_default();
        for label in labels.split(',').filter(|label| !label.is_empty()) {
            let (label, value) = label.split_once('=').unwrap();
            known.entry(label).or_default().insert(value.trim_matches('"'));
        }
    }
    figures
}

/// Every expression of a board, with the labels that its legend names.
fn expressions(board: &Value, found: &mut Vec<(String, Vec<String>)>) {
    match board {
        Value::Object(map) => {
            if let Some(expression) = map.get("expr").and_then(Value::as_str) {
                let legend = map.get("legendFormat").and_then(Value::as_str).unwrap_or_default();
                let named = legend
                    .split("{{")
                    .skip(1)
                    .map(|rest| rest.split("}}").next().unwrap().trim().to_owned());
                found.push((expression.to_owned(), named.collect()));
            }
            map.values().for_each(|value| expressions(value, found));
        }
        Value::Array(list) => list.iter().for_each(|value| expressions(value, found)),
        _ => {}
    }
}

/// The figure that an expression asks for, and its conditions: one figure each, within `rate` at most.
fn selector(expression: &str) -> (&str, Vec<(&str, &str)>) {
    let inner = match expression.strip_prefix("rate(") {
        Some(rest) => rest.strip_suffix("[5m])").expect(expression),
        None => expression,
    };
    let (name, conditions) = inner.split_once('{').unwrap_or((inner, "}"));
    assert!(
        name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'),
        "{expression}"
    );
    let conditions = conditions.strip_suffix('}').expect(expression).split(',');
    let conditions = conditions.filter(|condition| !condition.is_empty()).map(|condition| {
        let (label, value) = condition.split_once('=').expect(expression);
        (label, value.trim_start_matches('~').trim_matches('"'))
    });
    (name, conditions.collect())
}

#[test]
fn the_board_asks_for_what_a_running_node_says() {
    let parent = tempfile::tempdir().unwrap();
    let (_first, about) = start(parent.path().join("a").to_str().unwrap(), &["--shard=32"]);
    let known = format!("--staticnode={}", text(&about["addresses"][0]));
    let (_second, about) = start(parent.path().join("b").to_str().unwrap(), &["--shard=32", &known]);
    let metrics = text(&about["metrics"]).strip_suffix("/metrics").unwrap();
    let page = eventually("a peer that said what it is", || {
        let (_, page) = ask(metrics, "GET", "/metrics", "");
        page.contains("waku_connected_peers_per_shard{").then_some(page)
    });
    let figures = figures(&page);
    let mut asked = Vec::new();
    expressions(&serde_json::from_str(BOARD).unwrap(), &mut asked);
    assert!(asked.len() > 15, "{asked:?}");
    for (expression, named) in &asked {
        let (name, conditions) = selector(expression);
        let labels = figures
            .get(name)
            .unwrap_or_else(|| panic!("{name} is missing in\n{page}"));
        // Prometheus itself adds which node it is.
        let given = |label: &str| label == "instance" || labels.contains_key(label);
        for (label, value) in conditions {
            assert!(given(label), "{expression}: {label}");
            let is_there = value.starts_with('$') || labels[label].contains(value);
            assert!(is_there, "{expression}: {value} is none of {:?}", labels[label]);
        }
        for label in named {
            assert!(given(label), "{expression}: {label} in the legend");
        }
        let is_counter = name.ends_with("_total");
        assert_eq!(is_counter, expression.starts_with("rate("), "{expression}");
    }
}
