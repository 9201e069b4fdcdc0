//! The door for browsers, from outside: how one comes in, what its pages have to show, and who is kept out.

use api::OpenBrowser;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::Sha256;
use undertone_daemon::Daemon;

use crate::common::{Running, config, start};

/// A browser that was let in.
struct Browser {
    cookie: String,
    key: String,
}

impl Browser {
    async fn enter(running: &Running) -> Self {
        let code = invite(running).await;
        let (status, head, body) = post(running, "/open", &["Origin: null"], &format!("code={code}")).await;
        assert_eq!(status, 200, "{body}");
        let cookie = line(&head, "set-cookie: ").split(';').next().unwrap().to_owned();
        let key = body.split("content=\"").nth(1).unwrap().split('"').next().unwrap();
        Self {
            cookie: format!("Cookie: other=1; {cookie}; more=2"),
            key: key.to_owned(),
        }
    }

    /// What a page makes of the key, by the description in the API's document.
    fn mac(&self, parts: &[&str]) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.key.as_bytes()).unwrap();
        mac.update(parts.join("\n").as_bytes());
        hex::encode(mac.finalize().into_bytes())
    }

    /// Asks the daemon for its proof, checks it, and makes this run's secret.
    async fn secret(&self, running: &Running) -> String {
        let (status, welcome) = self.hello(running).await;
        assert_eq!(status, 200, "{welcome}");
        let run = welcome["run"].as_str().unwrap();
        assert_eq!(
            welcome["proof"],
            self.mac(&["undertone daemon", NONCE, run, &running.host()])
        );
        self.mac(&["undertone page", run, &running.host()])
    }

    async fn hello(&self, running: &Running) -> (u16, Value) {
        let body = format!(r#"{{"nonce":"{NONCE}"}}"#);
        let headers = [self.cookie.as_str(), "Content-Type: application/json"];
        let (status, _, body) = post(running, "/v1/door/hello", &headers, &body).await;
        (status, serde_json::from_str(&body).unwrap())
    }
}

async fn invite(running: &Running) -> String {
    let invitation = running.client.open_browser(&OpenBrowser::default()).await.unwrap();
    invitation.code.expose().to_owned()
}

async fn post(running: &Running, path: &str, headers: &[&str], body: &str) -> (u16, String, String) {
    let lines: String = headers.iter().map(|line| format!("{line}\r\n")).collect();
    let (host, length) = (running.host(), body.len());
    running
        .raw(&format!(
            "POST {path} HTTP/1.1\r\nHost: {host}\r\n{lines}Content-Length: {length}\r\n\r\n{body}"
        ))
        .await
}

fn line<'h>(head: &'h str, start: &str) -> &'h str {
    head.lines()
        .find_map(|line| line.strip_prefix(start))
        .unwrap_or_else(|| panic!("{start} is missing in {head}"))
}

fn code(body: &str) -> String {
    let body: Value = serde_json::from_str(body).unwrap_or_else(|_| panic!("{body}"));
    body["code"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_code_lets_one_browser_in_once() {
    let running = start().await;
    let file = running.dir.path().join("open.html");
    let code = invite(&running).await;
    assert!(std::fs::read_to_string(&file).unwrap().contains(&code));

    let (status, head, _) = post(&running, "/open", &["Origin: null"], &format!("code={code}")).await;
    assert_eq!(status, 200);
    let cookie = line(&head, "set-cookie: ");
    assert!(cookie.starts_with("undertone-") && cookie.contains("httponly") && cookie.contains("samesite=strict"));
    assert!(
        !cookie.contains("expires") && !cookie.contains("max-age"),
        "it goes with the browser"
    );
    assert!(line(&head, "cache-control: ").contains("no-store"));
    assert!(!file.exists(), "the page is gone with its code");

    for again in [code.as_str(), "", "0000-0000-0000"] {
        let (status, head, body) = post(&running, "/open", &["Origin: null"], &format!("code={again}")).await;
        assert_eq!(status, 403);
        assert!(!head.contains("set-cookie"));
        assert!(body.contains("undertone open"), "it says what to do");
    }
    running.daemon.shutdown().await;
}

#[tokio::test]
async fn codes_come_from_our_own_pages_only() {
    let running = start().await;
    let code = invite(&running).await;
    let other_port = format!("Origin: http://127.0.0.1:{}", running.daemon.address().port() ^ 1);
    for origin in ["Origin: http://evil.example", "Origin: https://127.0.0.1", &other_port] {
        let (status, head, _) = post(&running, "/open", &[origin], &format!("code={code}")).await;
        assert_eq!(status, 403, "{origin}");
        assert!(!head.contains("set-cookie"));
    }
    let rebound = format!(
        "POST /open HTTP/1.1\r\nHost: evil.example\r\nContent-Length: {}\r\n\r\ncode={code}",
        code.len() + 5
    );
    assert_eq!(running.raw(&rebound).await.0, 403);
    // None of these attempts used it up; typed on our own page it works.
    let ours = format!("Origin: http://{}", running.host());
    let typed = code.to_lowercase().replace('-', "+");
    let (status, ..) = post(&running, "/open", &[&ours], &format!("code={typed}")).await;
    assert_eq!(status, 200);
    let huge = format!("code={}", "0".repeat(1000));
    assert_eq!(post(&running, "/open", &[], &huge).await.0, 400);
    running.daemon.shutdown().await;
}

#[tokio::test]
async fn a_page_shows_its_cookie_and_its_secret() {
    let running = start().await;
    let browser = Browser::enter(&running).await;
    let secret = format!("Undertone-Page: {}", browser.secret(&running).await);
    let host = format!("Host: {}", running.host());
    let origin = format!("Origin: http://{}", running.host());
    let other_port = format!("Origin: http://127.0.0.1:{}", running.daemon.address().port() ^ 1);
    let other_name = format!("Origin: http://localhost:{}", running.daemon.address().port());
    let other_host = format!("Host: localhost:{}", running.daemon.address().port());
    let wrong = format!("Undertone-Page: {}", "0".repeat(64));
    let key = format!("Undertone-Page: {}", browser.key);
    let cookie = browser.cookie.as_str();
    let forged = "Cookie: undertone-0123456789abcdef=00";

    let cases: [(u16, &str, &[&str]); 16] = [
        (200, "", &[&host, cookie, &secret]),
        (
            200,
            "",
            &[&host, cookie, &secret, &origin, "Sec-Fetch-Site: same-origin"],
        ),
        (401, "no_session", &[&host, cookie]),
        (401, "unauthorized", &[&host, &secret]),
        (401, "unauthorized", &[&host, forged, &secret]),
        (401, "no_session", &[&host, cookie, &wrong]),
        (401, "no_session", &[&host, cookie, &key]),
        (401, "no_session", &[&host, cookie, "Undertone-Page: "]),
        (401, "no_session", &[&other_host, cookie, &secret]),
        (403, "foreign_origin", &["Host: evil.example", cookie, &secret]),
        (
            403,
            "foreign_origin",
            &[&host, cookie, &secret, "Origin: http://evil.example"],
        ),
        (403, "foreign_origin", &[&host, cookie, &secret, "Origin: null"]),
        (403, "foreign_origin", &[&host, cookie, &secret, &other_port]),
        (403, "foreign_origin", &[&host, cookie, &secret, &other_name]),
        (
            403,
            "foreign_origin",
            &[&host, cookie, &secret, "Sec-Fetch-Site: same-site"],
        ),
        (
            403,
            "foreign_origin",
            &[&host, cookie, &secret, "Sec-Fetch-Site: cross-site"],
        ),
    ];
    for (expected, reason, headers) in cases {
        let (status, _, body) = running.get("/v1/status", headers).await;
        assert_eq!(status, expected, "{headers:?}");
        assert!(reason.is_empty() || code(&body) == reason, "{headers:?}: {body}");
    }
    running.daemon.shutdown().await;
}

#[tokio::test]
async fn a_pages_websocket_passes_the_same_door() {
    let running = start().await;
    let browser = Browser::enter(&running).await;
    let secret = browser.secret(&running).await;
    let host = format!("Host: {}", running.host());
    let origin = format!("Origin: http://{}", running.host());
    let upgrade = [
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ];
    let offered = format!("Sec-WebSocket-Protocol: undertone.v1, undertone.page.{secret}");
    let cookie = browser.cookie.as_str();
    let evil = "Origin: http://evil.example";
    let cases: [(u16, &[&str]); 4] = [
        // Let in: now it is about the profile.
        (404, &[&host, &origin, cookie, &offered]),
        (401, &[&host, &origin, &offered]),
        (401, &[&host, &origin, cookie, "Sec-WebSocket-Protocol: undertone.v1"]),
        (403, &[&host, evil, cookie, &offered]),
    ];
    for (expected, headers) in cases {
        let headers: Vec<&str> = headers.iter().chain(&upgrade).copied().collect();
        let (status, ..) = running.get("/v1/profiles/0123456789ab/events", &headers).await;
        assert_eq!(status, expected, "{headers:?}");
    }
    running.daemon.shutdown().await;
}

#[tokio::test]
async fn a_page_gets_its_key_back_and_lets_nobody_in() {
    let running = start().await;
    let browser = Browser::enter(&running).await;
    let secret = format!("Undertone-Page: {}", browser.secret(&running).await);
    let json = "Content-Type: application/json";
    let page = [browser.cookie.as_str(), secret.as_str(), json];

    let (status, _, body) = post(&running, "/v1/door/key", &page, "").await;
    assert_eq!(status, 200);
    assert_eq!(serde_json::from_str::<Value>(&body).unwrap()["key"], browser.key);
    assert_eq!(
        post(&running, "/v1/door/key", &[&browser.cookie, json], "").await.0,
        401
    );
    let token = format!("Authorization: Bearer {}", running.token());
    assert_eq!(post(&running, "/v1/door/key", &[&token, json], "").await.0, 403);

    assert_eq!(post(&running, "/v1/door/open", &page, "{}").await.0, 403);
    assert_eq!(
        post(&running, "/v1/door/open", &[&browser.cookie, json], "{}").await.0,
        401
    );
    for page in [
        "http://evil.example:80",
        "http://127.0.0.1:80/\"><script>",
        "https://127.0.0.1:1",
    ] {
        let refused = running
            .client
            .open_browser(&OpenBrowser {
                page: Some(page.into()),
                chat: None,
            })
            .await;
        assert_eq!(refused.unwrap_err().code(), Some("bad_request"), "{page}");
    }
    running.daemon.shutdown().await;
}

#[tokio::test]
async fn the_proof_is_for_those_who_know_the_session() {
    let running = start().await;
    let browser = Browser::enter(&running).await;
    let stranger = Browser {
        cookie: "Cookie: a=b".into(),
        key: browser.key.clone(),
    };
    let (status, body) = stranger.hello(&running).await;
    assert_eq!((status, body["code"].as_str()), (401, Some("no_session")));
    let headers = [browser.cookie.as_str(), "Content-Type: application/json"];
    for nonce in ["", "0", &"z".repeat(64)] {
        let body = format!(r#"{{"nonce":"{nonce}"}}"#);
        assert_eq!(post(&running, "/v1/door/hello", &headers, &body).await.0, 400);
    }
    running.daemon.shutdown().await;
}

#[tokio::test]
async fn a_daemon_that_comes_back_is_recognised_and_old_secrets_are_not() {
    let running = start().await;
    let browser = Browser::enter(&running).await;
    let old = browser.secret(&running).await;
    let Running { daemon, dir, .. } = running;
    let port = daemon.address().port();
    daemon.shutdown().await;
    let daemon = Daemon::start(undertone_daemon::Config {
        api_port: port,
        ..config(&dir)
    })
    .await
    .unwrap();
    let running = Running {
        client: daemon.client(),
        daemon,
        dir,
    };
    let host = format!("Host: {}", running.host());
    let page = |secret: &str| format!("Undertone-Page: {secret}");
    let (status, _, body) = running.get("/v1/status", &[&host, &browser.cookie, &page(&old)]).await;
    assert_eq!((status, code(&body).as_str()), (401, "no_session"));
    let new = browser.secret(&running).await;
    assert_eq!(
        running
            .get("/v1/status", &[&host, &browser.cookie, &page(&new)])
            .await
            .0,
        200
    );
    running.daemon.shutdown().await;
}

#[tokio::test]
async fn the_files_of_the_app_are_served_with_a_strict_policy() {
    let running = start().await;
    let host = format!("Host: {}", running.host());
    let (status, head, body) = running.get("/", &[&host]).await;
    assert_eq!(status, 200);
    assert!(body.contains("Undertone"));
    let policy = line(&head, "content-security-policy: ");
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
    assert!(!policy.contains("unsafe"), "{policy}");
    for header in [
        "x-content-type-options: nosniff",
        "referrer-policy: no-referrer",
        "cross-origin-opener-policy: same-origin",
        "cross-origin-resource-policy: same-origin",
    ] {
        assert!(head.contains(header), "{header} is missing in {head}");
    }
    for (path, expected) in [
        ("/door.js", 200),
        ("/chats/anything", 303),
        ("/open", 303),
        ("/assets/none.js", 404),
        ("/.keep", 404),
        ("/../../../../etc/passwd.txt", 404),
        ("/%2e%2e/%2e%2e/Cargo.toml", 404),
    ] {
        assert_eq!(running.get(path, &[&host]).await.0, expected, "{path}");
    }
    assert_eq!(running.get("/", &["Host: evil.example"]).await.0, 403);
    assert_eq!(post(&running, "/", &[], "").await.0, 405);
    let by_name = format!("Host: localhost:{}", running.daemon.address().port());
    let (status, head, _) = running.get("/", &[&by_name]).await;
    assert_eq!(
        (status, line(&head, "location: ")),
        (308, format!("http://{}/", running.host()).as_str())
    );
    running.daemon.shutdown().await;
}

/// The reason why the file is safe to open: it is made of nothing that came from elsewhere.
#[tokio::test]
async fn an_invitation_says_where_and_how_long() {
    let running = start().await;
    let invitation = running.client.open_browser(&OpenBrowser::default()).await.unwrap();
    assert_eq!(invitation.address, format!("http://{}", running.host()));
    assert_eq!(
        std::path::Path::new(&invitation.file),
        running.dir.path().join("open.html")
    );
    let status = running.client.status().await.unwrap();
    assert!(invitation.expires_at >= status.started_at + 60_000);
    running.daemon.shutdown().await;
    assert!(!std::path::Path::new(&invitation.file).exists());
}

const NONCE: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
