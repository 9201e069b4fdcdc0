use super::*;
use crate::config::{NodeConfig, Services};
use crate::events::NodeEvent;
use axum::body::Body;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use std::time::Duration;
use tower::ServiceExt as _;

const SHARD: &str = "%2Fwaku%2F2%2Frs%2F16%2F32";

struct Scene {
    routes: Router,
    /// Keeps what the node tells for scripts.
    _feed: JoinHandle<()>,
    node: Node,
    health: watch::Sender<NodeHealth>,
}

mod routes;

async fn scene(admin: bool) -> Scene {
    scene_of(admin, NodeConfig::default()).await
}

async fn scene_of(admin: bool, node_config: NodeConfig) -> Scene {
    let dir = tempfile::tempdir().unwrap();
    let archive = Archive::open(crate::archive::ArchiveConfig::at(dir.path().join("store.sqlite3"))).unwrap();
    let node_config = NodeConfig {
        listen: vec!["/ip4/127.0.0.1/tcp/0".parse().unwrap()],
        archive: Some(archive.clone()),
        hear_everything: true,
        services: Services {
            filter: true,
            lightpush: true,
            peer_exchange: true,
            rendezvous: true,
        },
        ..node_config
    };
    let autoshards = node_config.autoshards;
    let topics: Vec<PubsubTopic> = node_config.pubsub_topics().collect();
    let (node, mut events) = Node::start(node_config).await.unwrap();
    let (health, receiver) = watch::channel(NodeHealth::Ready);
    let config = RestConfig {
        listen: "127.0.0.1:0".parse().unwrap(),
        admin,
        relay_cache: 50,
        allow_origins: Vec::new(),
        version: "v1".into(),
    };
    let sources = RestSources {
        node: node.clone(),
        archive: Some(archive),
        cluster: 16,
        autoshards,
        topics: topics.clone(),
        set_log_level: Some(Arc::new(|level| level == "debug")),
        health: receiver,
    };
    let app = App(Arc::new(Inner {
        sources,
        cache: Mutex::new(Cache::new(50, topics)),
        config,
    }));
    let shown = app.clone();
    let feed = tokio::spawn(async move {
        let _kept = dir;
        while let Some(event) = events.recv().await {
            if let NodeEvent::Envelope { envelope, hash, .. } = event {
                shown.cache().add(envelope, hash);
            }
        }
    });
    Scene {
        routes: routes(app),
        _feed: feed,
        node,
        health,
    }
}

impl Scene {
    async fn ask(&self, method: &str, path: &str, body: Option<Value>) -> (u16, String) {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", "application/json")
            .body(body.map_or(Body::empty(), |body| Body::from(body.to_string())))
            .unwrap();
        let response = self.routes.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(bytes.to_vec()).unwrap())
    }

    async fn get(&self, path: &str) -> Value {
        let (status, text) = self.ask("GET", path, None).await;
        assert_eq!(status, 200, "{path}: {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// The answer once it is not an empty list.
    async fn until_some(&self, path: &str) -> Value {
        let asked = async {
            let mut beat = tokio::time::interval(Duration::from_millis(20));
            loop {
                let value = self.get(path).await;
                let list = value.get("messages").unwrap_or(&value);
                if list.as_array().is_some_and(|list| !list.is_empty()) {
                    return value;
                }
                beat.tick().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), asked)
            .await
            .expect("something there")
    }
}

fn message(text: &str) -> Value {
    json!({ "payload": data_encoding::BASE64.encode(text.as_bytes()), "contentTopic": "/a/1/b/proto" })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_published_message_is_fetched_once_and_stored() {
    let scene = scene(false).await;
    let path = format!("/relay/v1/messages/{SHARD}");
    assert_eq!(
        scene.ask("POST", &path, Some(message("hello"))).await,
        (200, "OK".into())
    );
    let fetched = scene.until_some(&path).await;
    assert_eq!(
        (fetched[0]["payload"].as_str(), fetched[0]["proof"].as_str()),
        (Some("aGVsbG8="), Some(""))
    );
    assert_eq!(scene.get(&path).await, json!([]));
    let page = scene
        .until_some("/store/v3/messages?includeData=true&contentTopics=%2Fa%2F1%2Fb%2Fproto")
        .await;
    assert_eq!(page["statusCode"], 200);
    assert_eq!(page["messages"][0]["message"]["payload"], "aGVsbG8=");
    assert_eq!(page["messages"][0]["pubsubTopic"], "/waku/2/rs/16/32");
    assert!(page["messages"][0]["messageHash"].as_str().unwrap().starts_with("0x"));
    let hashes = scene.get("/store/v3/messages").await;
    assert!(hashes["messages"][0].get("message").is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_done_is_said_in_nwakus_words() {
    let scene = scene(false).await;
    let (status, text) = scene
        .ask(
            "POST",
            "/relay/v1/messages/%2Fwaku%2F2%2Frs%2F16%2F9",
            Some(message("x")),
        )
        .await;
    assert_eq!(
        (status, text.as_str()),
        (400, "Failed to publish: Node not subscribed to topic: /waku/2/rs/16/9")
    );
    let path = format!("/relay/v1/messages/{SHARD}");
    for (body, words) in [
        (json!({ "contentTopic": "/a" }), "Invalid content body"),
        (json!({ "payload": "", "contentTopic": "/a" }), "payload is empty"),
        (
            message(&"x".repeat(1024 * 1024)),
            "Message size exceeded maximum of 1048576 bytes",
        ),
    ] {
        let (status, text) = scene.ask("POST", &path, Some(body)).await;
        assert!(status == 400 && text.contains(words), "{status} {text}");
    }
    let (status, text) = scene
        .ask("POST", "/relay/v1/subscriptions", Some(json!(["/waku/2/default"])))
        .await;
    assert_eq!(
        (status, text.as_str()),
        (400, "Invalid pubsub topic(s): /waku/2/default")
    );
    for (path, expected) in [
        ("/relay/v1/messages//waku/2/rs/16/32", 400),
        ("/nothing", 400),
        ("/admin/v1/peers", 404),
        ("/filter/v2/messages/x", 404),
        ("/relay/v1/messages/x", 404),
        ("/store/v3/messages?hashes=1", 400),
    ] {
        assert_eq!(scene.ask("GET", path, None).await.0, expected, "{path}");
    }
    let (status, text) = scene.ask("POST", "/relay/v1/auto/messages", Some(message("x"))).await;
    assert_eq!(
        (status, text.as_str()),
        (400, "Failed to publish. Autosharding is disabled")
    );
    let push = json!({ "pubsubTopic": "/waku/2/rs/16/32", "message": message("x") });
    let (status, text) = scene.ask("POST", "/lightpush/v3/message", Some(push)).await;
    assert_eq!(
        (status, text.as_str()),
        (505, r#"{"statusDesc":"No peers for topic, skipping publish"}"#)
    );
    let wrong_kind = Request::post(&path)
        .header("content-type", "text/html")
        .body(Body::from("{}"))
        .unwrap();
    assert_eq!(scene.routes.clone().oneshot(wrong_kind).await.unwrap().status(), 400);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn web_pages_are_kept_out() {
    let scene = scene(false).await;
    for (name, value) in [
        ("origin", "https://evil.example.org"),
        ("host", "evil.example.org:8645"),
    ] {
        let request = Request::get("/info").header(name, value).body(Body::empty()).unwrap();
        assert_eq!(
            scene.routes.clone().oneshot(request).await.unwrap().status(),
            403,
            "{name}"
        );
    }
    let request = Request::get("/info")
        .header("host", "127.0.0.1:8645")
        .body(Body::empty())
        .unwrap();
    assert_eq!(scene.routes.clone().oneshot(request).await.unwrap().status(), 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn topics_are_joined_and_left() {
    let scene = scene(false).await;
    let topic = json!(["/waku/2/rs/16/7"]);
    let path = "/relay/v1/messages/%2Fwaku%2F2%2Frs%2F16%2F7";
    assert_eq!(scene.ask("GET", path, None).await.0, 404);
    assert_eq!(
        scene
            .ask("POST", "/relay/v1/subscriptions", Some(topic.clone()))
            .await
            .0,
        200
    );
    assert_eq!(scene.get(path).await, json!([]));
    let joined = scene.node.status().await.unwrap().topics;
    assert!(joined.iter().any(|topic| topic.as_str() == "/waku/2/rs/16/7"));
    assert_eq!(scene.ask("DELETE", "/relay/v1/subscriptions", Some(topic)).await.0, 200);
    assert_eq!(scene.ask("GET", path, None).await.0, 404);
    assert_eq!(scene.node.status().await.unwrap().topics.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_node_says_what_and_how_it_is() {
    let scene = scene(false).await;
    let info = scene.get("/info").await;
    assert_eq!(info, scene.get("/debug/v1/info").await);
    let peer = scene.node.peer_id().to_string();
    assert!(info["listenAddresses"][0].as_str().unwrap().ends_with(&peer));
    assert!(info["enrUri"].as_str().unwrap().parse::<crate::NodeRecord>().is_ok());
    assert_eq!(scene.ask("GET", "/version", None).await, (200, "v1".into()));
    let health = scene.get("/health").await;
    assert_eq!(health["nodeHealth"], "READY");
    assert_eq!(
        health["protocolsHealth"][0],
        json!({ "Relay": "NOT_READY", "desc": "No connected peers" })
    );
    assert_eq!(scene.ask("GET", "/health/ready", None).await.0, 503);
    scene.health.send(NodeHealth::ShuttingDown).unwrap();
    let health = scene.get("/health").await;
    assert_eq!(
        (&health["nodeHealth"], &health["protocolsHealth"]),
        (&json!("SHUTTING_DOWN"), &json!([]))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn operators_see_and_call_peers() {
    let (scene, other) = (scene(true).await, scene(false).await);
    let address = other.node.status().await.unwrap().addresses[0].to_string();
    assert_eq!(
        scene.ask("POST", "/admin/v1/peers", Some(json!([address]))).await,
        (200, "OK".into())
    );
    let peers = scene.get("/admin/v1/peers/connected").await;
    assert_eq!(
        (&peers[0]["multiaddr"], &peers[0]["connected"]),
        (&json!(address), &json!("Connected"))
    );
    assert_eq!(peers[0]["origin"], "Static");
    let path = format!("/admin/v1/peer/{}", other.node.peer_id());
    assert_eq!(scene.get(&path).await["multiaddr"], json!(address));
    assert_eq!(scene.ask("GET", "/admin/v1/peer/nobody", None).await.0, 400);
    scene.until_some("/admin/v1/peers/service").await;
    let stats = scene.get("/admin/v1/peers/stats").await;
    assert_eq!(stats["Sum"]["Total peers"], 1);
    assert_eq!(stats["By Connectedness"]["Connected"], 1);
    assert_eq!(scene.get("/admin/v1/peers/mesh/on/32").await["shard"], 32);
    assert_eq!(scene.get("/admin/v1/filter/subscriptions").await, json!([]));
    let nowhere = "/ip4/127.0.0.1/tcp/1/p2p/16Uiu2HAmNaeL4p3WEYzC9mgXBmBWSgWjPHRvatZTXnp8Jgv3iKsb";
    let (status, text) = scene
        .ask("POST", "/admin/v1/peers", Some(json!([address, nowhere])))
        .await;
    assert!(status == 400 && text.contains("at index: 1"), "{status} {text}");
    assert_eq!(scene.ask("POST", "/admin/v1/log-level/DEBUG", None).await.0, 200);
    assert_eq!(scene.ask("POST", "/admin/v1/log-level/LOUD", None).await.0, 400);
    assert_eq!(scene.ask("POST", "/admin/v1/log-level/TRACE", None).await.0, 503);
    // And the other node can be asked for its messages.
    let query = format!("/store/v3/messages?peerAddr={}", address.replace('/', "%2F"));
    assert_eq!(scene.get(&query).await["statusCode"], 200);
}

/// The committed description is that of the code. `UNDERTONE_WRITE=1` writes it.
#[test]
fn the_description_is_up_to_date() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/api/node.json");
    let ours = format!("{}\n", document().to_pretty_json().unwrap());
    if std::env::var_os("UNDERTONE_WRITE").is_some() {
        std::fs::write(path, &ours).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        committed == ours,
        "run with UNDERTONE_WRITE=1 to write docs/api/node.json"
    );
}
