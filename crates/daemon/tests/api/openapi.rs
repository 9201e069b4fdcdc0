//! The committed description of the API is the one that the daemon serves.

use std::path::Path;

#[test]
fn the_committed_document_is_current() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/api/openapi.json");
    let current = undertone_daemon::document().to_pretty_json().unwrap() + "\n";
    if std::env::var_os("UNDERTONE_WRITE").is_some() {
        std::fs::write(&file, &current).unwrap();
    }
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        committed == current,
        "docs/api/openapi.json is not current; run this test with UNDERTONE_WRITE=1"
    );
}

#[test]
fn every_path_is_versioned_and_says_what_it_refuses() {
    let document = serde_json::to_value(undertone_daemon::document()).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    for (path, operations) in document["paths"].as_object().unwrap() {
        assert!(path.starts_with("/v1/"), "{path}");
        for (method, operation) in operations
            .as_object()
            .unwrap()
            .iter()
            .filter(|(_, value)| value["responses"].is_object())
        {
            assert!(
                operation["summary"].is_string() || operation["description"].is_string(),
                "{method} {path}"
            );
        }
    }
    for schema in [
        "Frame",
        "Event",
        "Item",
        "Signal",
        "Message",
        "Chat",
        "Contact",
        "ErrorBody",
    ] {
        assert!(document["components"]["schemas"][schema].is_object(), "{schema}");
    }
}
