//! Every route, against the table in docs/protocol/rest.md and against the description that is served.

use std::collections::{BTreeMap, BTreeSet};

use super::*;

type Route = (String, String);

struct Row {
    /// What it answers; `None` for a route that is not offered.
    statuses: Option<BTreeSet<u16>>,
    /// What is answered where it is not offered.
    refusal: u16,
}

/// The table, by method and path.
fn table() -> BTreeMap<Route, Row> {
    let text = include_str!("../../../../../docs/protocol/rest.md");
    let numbers = |text: &str| -> BTreeSet<u16> {
        let words = text.split([' ', ',']).filter(|word| !word.is_empty());
        words.filter_map(|word| word.parse().ok()).collect()
    };
    let mut rows = BTreeMap::new();
    for line in text.lines().filter_map(|line| line.strip_prefix("| `")) {
        let Some((route, rest)) = line.split_once('`') else {
            continue;
        };
        let Some((method, path)) = route.split_once(" /") else {
            continue;
        };
        let columns: Vec<&str> = rest.split('|').map(str::trim).collect();
        let (there, here) = (columns[1], columns[2]);
        let row = match here.strip_prefix("not offered: ") {
            Some(refusal) => Row {
                statuses: None,
                refusal: refusal.parse().unwrap(),
            },
            None => Row {
                statuses: Some(numbers(if here == "=" { there } else { here })),
                refusal: 0,
            },
        };
        let twice = rows.insert((method.to_owned(), format!("/{path}")), row);
        assert!(twice.is_none(), "{route} stands there twice");
    }
    rows
}

/// The routes that the description has.
fn described() -> BTreeSet<Route> {
    let document = serde_json::to_value(document()).unwrap();
    let mut routes = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            if ["get", "post", "put", "delete", "options"].contains(&method.as_str()) {
                routes.insert((method.to_uppercase(), path.clone()));
            }
        }
    }
    routes
}

#[test]
fn the_table_has_what_is_described() {
    let offered = table().into_iter().filter(|(_, row)| row.statuses.is_some());
    assert_eq!(
        offered.map(|(route, _)| route).collect::<BTreeSet<Route>>(),
        described()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_offered_is_refused_as_the_table_says() {
    let scene = scene(true).await;
    for ((method, path), row) in table() {
        if row.statuses.is_none() {
            let (status, _) = scene.ask(&method, &path, Some(json!({}))).await;
            assert_eq!(status, row.refusal, "{method} {path}");
        }
    }
    assert_eq!(
        super::scene(false).await.ask("GET", "/admin/v1/peers", None).await.0,
        404
    );
    assert_eq!(scene.ask("PATCH", "/info", None).await.0, 400);
}

/// Asks, and notes what was answered of which route.
struct Tour {
    scene: Scene,
    seen: BTreeMap<Route, BTreeSet<u16>>,
}

impl Tour {
    /// `value` fills the braces of the path.
    async fn asks(&mut self, method: &str, path: &str, value: &str, body: Option<Value>, expected: u16) {
        let filled = match path.split_once('{') {
            Some((before, _)) => format!("{before}{}", value.replace('/', "%2F")),
            None => format!("{path}{value}"),
        };
        let (status, text) = self.scene.ask(method, &filled, body).await;
        assert_eq!(status, expected, "{method} {filled}: {text}");
        let route = (method.to_owned(), path.to_owned());
        self.seen.entry(route).or_default().insert(status);
    }

    async fn relay(&mut self) {
        let (subscriptions, messages) = ("/relay/v1/subscriptions", "/relay/v1/messages/{pubsubTopic}");
        let topic = "/waku/2/rs/16/40";
        for (body, expected) in [
            (json!([topic]), 200),
            (json!(["/waku/2/default"]), 400),
            (json!({}), 400),
        ] {
            self.asks("POST", subscriptions, "", Some(body), expected).await;
        }
        self.asks("OPTIONS", subscriptions, "", None, 200).await;
        self.asks("OPTIONS", messages, topic, None, 200).await;
        self.asks("GET", messages, topic, None, 200).await;
        self.asks("POST", messages, topic, Some(message("x")), 200).await;
        self.asks("POST", messages, topic, Some(json!({})), 400).await;
        self.asks("DELETE", subscriptions, "", Some(json!([topic])), 200).await;
        self.asks("DELETE", subscriptions, "", Some(json!(["x"])), 400).await;
        self.asks("GET", messages, topic, None, 404).await;
        self.asks("POST", messages, topic, Some(message("x")), 400).await;
    }

    async fn relay_by_content(&mut self) {
        let (subscriptions, messages) = ("/relay/v1/auto/subscriptions", "/relay/v1/auto/messages");
        let fetch = "/relay/v1/auto/messages/{contentTopic}";
        let topic = "/a/1/b/proto";
        for (body, expected) in [(json!([topic]), 200), (json!(["x"]), 500), (json!({}), 400)] {
            self.asks("POST", subscriptions, "", Some(body), expected).await;
        }
        self.asks("OPTIONS", subscriptions, "", None, 200).await;
        self.asks("OPTIONS", messages, "", None, 200).await;
        self.asks("OPTIONS", fetch, topic, None, 200).await;
        self.asks("GET", fetch, topic, None, 200).await;
        self.asks("GET", fetch, "/c/1/d/proto", None, 404).await;
        self.asks("POST", messages, "", Some(message("auto")), 200).await;
        self.asks("POST", messages, "", Some(json!({})), 400).await;
        let nowhere = json!({ "payload": "eA==", "contentTopic": "x" });
        self.asks("POST", messages, "", Some(nowhere), 400).await;
        for (body, expected) in [(json!([topic]), 200), (json!(["x"]), 500), (json!({}), 400)] {
            self.asks("DELETE", subscriptions, "", Some(body), expected).await;
        }
    }

    async fn services(&mut self) {
        let store = "/store/v3/messages";
        self.asks("GET", store, "?includeData=true", None, 200).await;
        self.asks("GET", store, "?hashes=1", None, 400).await;
        let nobody =
            "?peerAddr=%2Fip4%2F127.0.0.1%2Ftcp%2F1%2Fp2p%2F16Uiu2HAmNaeL4p3WEYzC9mgXBmBWSgWjPHRvatZTXnp8Jgv3iKsb";
        self.asks("GET", store, nobody, None, 412).await;
        let push = |topic: &str, text: &str| Some(json!({ "pubsubTopic": topic, "message": message(text) }));
        for (path, elsewhere) in [("/lightpush/v3/message", 421), ("/lightpush/v1/message", 503)] {
            self.asks("POST", path, "", push("/waku/2/rs/16/32", path), 200).await;
            self.asks("POST", path, "", push("/waku/2/rs/16/41", path), elsewhere)
                .await;
            self.asks("POST", path, "", Some(json!({})), 400).await;
        }
        let long = "x".repeat(1024 * 1024);
        self.asks(
            "POST",
            "/lightpush/v3/message",
            "",
            push("/waku/2/rs/16/32", &long),
            500,
        )
        .await;
        // A shard where nobody else is.
        self.asks(
            "POST",
            "/relay/v1/subscriptions",
            "",
            Some(json!(["/waku/2/rs/16/50"])),
            200,
        )
        .await;
        self.asks(
            "POST",
            "/lightpush/v3/message",
            "",
            push("/waku/2/rs/16/50", "alone"),
            505,
        )
        .await;
    }

    async fn operators(&mut self, other: &str) {
        let (peer, id) = (other.to_owned(), other.rsplit('/').next().unwrap().to_owned());
        self.asks("GET", "/admin/v1/peers", "", None, 200).await;
        self.asks("POST", "/admin/v1/peers", "", Some(json!([peer])), 200).await;
        self.asks("POST", "/admin/v1/peers", "", Some(json!(["x"])), 400).await;
        let one = "/admin/v1/peer/{peerId}";
        let unknown = "16Uiu2HAmEWQnHq2jLKJypwVnVoQeFCULuyop6atvq2eWjYSUjzNi";
        for (id, expected) in [(id.as_str(), 200), ("nobody", 400), (unknown, 404)] {
            self.asks("GET", one, id, None, expected).await;
        }
        for list in ["service", "connected", "relay", "mesh", "stats"] {
            self.asks("GET", &format!("/admin/v1/peers/{list}"), "", None, 200)
                .await;
        }
        for list in ["connected", "relay", "mesh"] {
            let path = format!("/admin/v1/peers/{list}/on/{{shardId}}");
            self.asks("GET", &path, "32", None, 200).await;
            self.asks("GET", &path, "x", None, 400).await;
        }
        self.asks("GET", "/admin/v1/filter/subscriptions", "", None, 200).await;
        for (level, expected) in [("DEBUG", 200), ("LOUD", 400), ("TRACE", 503)] {
            self.asks("POST", "/admin/v1/log-level/{level}", level, None, expected)
                .await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_route_answers_as_the_table_says() {
    let config = || NodeConfig {
        shards: (0..8).chain([32]).collect(),
        autoshards: Some(8),
        ..NodeConfig::default()
    };
    let (scene, other) = (scene_of(true, config()).await, scene_of(false, config()).await);
    let address = other.node.status().await.unwrap().addresses[0].to_string();
    let mut tour = Tour {
        scene,
        seen: BTreeMap::new(),
    };
    tour.asks("GET", "/health/ready", "", None, 503).await;
    tour.operators(&address).await;
    for shard in 0..8 {
        let path = format!("/admin/v1/peers/mesh/on/{shard}");
        let meshed = async {
            while tour.scene.get(&path).await["peers"] == json!([]) {
                tokio::time::sleep(Duration::from_millis(20)).await; // between two looks
            }
        };
        tokio::time::timeout(Duration::from_secs(30), meshed)
            .await
            .expect("a mesh");
    }
    for path in [
        "/info",
        "/version",
        "/debug/v1/info",
        "/debug/v1/version",
        "/health",
        "/health/ready",
    ] {
        tour.asks("GET", path, "", None, 200).await;
    }
    tour.relay().await;
    tour.relay_by_content().await;
    tour.services().await;
    for (route, row) in table() {
        let Some(mut statuses) = row.statuses else { continue };
        for status in UNSEEN
            .iter()
            .filter(|(path, _)| *path == route.1)
            .flat_map(|(_, statuses)| *statuses)
        {
            statuses.remove(status);
        }
        assert_eq!(tour.seen.get(&route), Some(&statuses), "{route:?}");
    }
}

/// What only time, load or another network brings about.
const UNSEEN: &[(&str, &[u16])] = &[
    ("/relay/v1/messages/{pubsubTopic}", &[500]),
    ("/relay/v1/auto/messages", &[500]),
    ("/store/v3/messages", &[429, 500]),
    ("/lightpush/v3/message", &[503, 504]),
    ("/admin/v1/filter/subscriptions", &[400]),
];
