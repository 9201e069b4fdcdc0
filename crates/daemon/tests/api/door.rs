//! The local door, from outside: who is let in, and what every answer carries.

use crate::common::Running;
use serde_json::Value;

fn code(body: &str) -> String {
    serde_json::from_str::<Value>(body).unwrap()["code"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// What a WebSocket adds to a request.
const UPGRADE: [&str; 4] = [
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
];

async fn refused(running: &Running, path: &str, more: &[&str]) {
    let host = format!("Host: {}", running.host());
    let token = format!("Authorization: Bearer {}", running.token());
    let wrong = format!("Authorization: Bearer {}", "0".repeat(64));
    let short = format!("Authorization: Bearer {}", &running.token()[..63]);
    let offered = format!(
        "Sec-WebSocket-Protocol: undertone.v1, undertone.token.{}",
        "0".repeat(64)
    );
    let query = format!("{path}?token={}", running.token());
    let other_port = format!("Host: 127.0.0.1:{}", running.daemon.address().port() ^ 1);
    let cases: [(&str, u16, &str, &[&str]); 11] = [
        (path, 401, "unauthorized", &[&host]),
        (path, 401, "unauthorized", &[&host, &wrong]),
        (path, 401, "unauthorized", &[&host, &short]),
        (path, 401, "unauthorized", &[&host, "Authorization: Bearer "]),
        (path, 401, "unauthorized", &[&host, &offered]),
        (&query, 401, "unauthorized", &[&host]),
        (path, 403, "foreign_origin", &["Host: evil.example", &token]),
        (path, 403, "foreign_origin", &[&other_port, &token]),
        (
            path,
            403,
            "foreign_origin",
            &[&host, &token, "Origin: http://evil.example"],
        ),
        (path, 403, "foreign_origin", &[&host, &token, "Origin: null"]),
        (path, 403, "foreign_origin", &[&host, "Host: evil.example", &token]),
    ];
    for (path, status, expected, headers) in cases {
        let headers: Vec<&str> = headers.iter().chain(more).copied().collect();
        let (got, _, body) = running.get(path, &headers).await;
        assert_eq!((got, code(&body).as_str()), (status, expected), "{headers:?}");
    }
}

#[tokio::test]
async fn requests_need_the_token_and_our_own_host_and_origin() {
    let running = crate::common::start().await;
    refused(&running, "/v1/status", &[]).await;
    // Nothing is said about which paths exist.
    refused(&running, "/v1/no/such/path", &[]).await;

    let host = format!("Host: {}", running.host());
    let token = format!("Authorization: Bearer {}", running.token());
    let origin = format!("Origin: http://{}", running.host());
    assert_eq!(running.get("/v1/status", &[&host, &token]).await.0, 200);
    assert_eq!(running.get("/v1/status", &[&host, &token, &origin]).await.0, 200);
    running.daemon.shutdown().await;
}

#[tokio::test]
async fn websockets_pass_the_same_door() {
    let running = crate::common::start().await;
    let path = "/v1/profiles/0123456789ab/events";
    refused(&running, path, &UPGRADE).await;

    // Let in, by header and by subprotocol: now it is about the profile.
    let host = format!("Host: {}", running.host());
    let token = format!("Authorization: Bearer {}", running.token());
    let offered = format!(
        "Sec-WebSocket-Protocol: undertone.v1, undertone.token.{}",
        running.token()
    );
    for way in [&token, &offered] {
        let headers: Vec<&str> = [host.as_str(), way].into_iter().chain(UPGRADE).collect();
        let (status, _, body) = running.get(path, &headers).await;
        assert_eq!((status, code(&body).as_str()), (404, "not_found"));
    }
    running.daemon.shutdown().await;
}

#[tokio::test]
async fn every_answer_carries_strict_headers() {
    let running = crate::common::start().await;
    let host = format!("Host: {}", running.host());
    let token = format!("Authorization: Bearer {}", running.token());
    for headers in [vec![host.as_str(), &token], vec![&host]] {
        let (_, head, _) = running.get("/v1/status", &headers).await;
        for line in [
            "cache-control: no-store",
            "content-security-policy: default-src 'none'",
            "x-content-type-options: nosniff",
            "x-frame-options: deny",
            "referrer-policy: no-referrer",
            "cross-origin-resource-policy: same-origin",
        ] {
            assert!(head.contains(line), "{line} is missing in {head}");
        }
        assert!(!head.contains("access-control-"), "no other site may read answers");
    }
    running.daemon.shutdown().await;
}

#[tokio::test]
async fn bad_requests_are_answered_in_the_apis_own_form() {
    let running = crate::common::start().await;
    let head = format!("Host: {}\r\nAuthorization: Bearer {}", running.host(), running.token());
    let post = |length: usize, kind: &str, body: &str| {
        format!(
            "POST /v1/profiles HTTP/1.1\r\n{head}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n{body}"
        )
    };
    let huge = "x".repeat(70_000);
    let secret = r#"{"name":"alice","password":["hunter2hunter2"]}"#;
    let cases = [
        (post(2, "text/plain", "{}"), 400, "bad_request"),
        (post(1, "application/json", "{"), 400, "bad_request"),
        (post(2, "application/json", "{}"), 400, "bad_request"),
        (post(secret.len(), "application/json", secret), 400, "bad_request"),
        (post(huge.len(), "application/json", &huge), 413, "too_large"),
        (format!("GET /v1/nothing HTTP/1.1\r\n{head}\r\n\r\n"), 404, "not_found"),
        (
            format!("DELETE /v1/status HTTP/1.1\r\n{head}\r\n\r\n"),
            405,
            "method_not_allowed",
        ),
        (
            format!("GET /v1/profiles/..%2F..%2Fetc/account HTTP/1.1\r\n{head}\r\n\r\n"),
            404,
            "not_found",
        ),
    ];
    for (request, status, expected) in cases {
        let (got, _, body) = running.raw(&request).await;
        assert_eq!((got, code(&body).as_str()), (status, expected), "{body}");
        assert!(
            !body.contains("hunter2"),
            "a refusal must not repeat what was sent: {body}"
        );
    }
    running.daemon.shutdown().await;
}

#[tokio::test]
async fn the_document_is_served() {
    let running = crate::common::start().await;
    let host = format!("Host: {}", running.host());
    let token = format!("Authorization: Bearer {}", running.token());
    let (status, _, body) = running.get("/v1/openapi.json", &[&host, &token]).await;
    assert_eq!(status, 200);
    let served: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(served, serde_json::to_value(undertone_daemon::document()).unwrap());
    running.daemon.shutdown().await;
}
