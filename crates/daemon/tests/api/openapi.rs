//! The committed description of the API is the one that the daemon serves, and so are the web app's types.

use std::path::Path;

#[test]
fn the_committed_document_is_current() {
    let current = undertone_daemon::document().to_pretty_json().unwrap() + "\n";
    is_current("docs/api/openapi.json", &current);
}

#[test]
fn the_committed_types_of_the_web_app_are_current() {
    let document = serde_json::to_value(undertone_daemon::document()).unwrap();
    is_current("web/src/api/generated.ts", &crate::typescript::generate(&document));
}

fn is_current(file: &str, current: &str) {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(file);
    if std::env::var_os("UNDERTONE_WRITE").is_some() {
        std::fs::write(&place, current).unwrap();
    }
    let committed = std::fs::read_to_string(&place).unwrap_or_default();
    assert!(
        committed == current,
        "{file} is not current; run the tests of this file with UNDERTONE_WRITE=1"
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
