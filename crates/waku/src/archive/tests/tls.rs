//! Encrypted connections to PostgreSQL: what `sslmode` and `sslrootcert` let through, and what they do not.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};
use tempfile::TempDir;
use waku_proto::store::Query;

use super::lab::*;
use super::server::{Server, Shown};
use crate::archive::*;

/// Who signs certificates, and where its own lies.
struct Authority {
    certificate: rcgen::Certificate,
    key: KeyPair,
    path: PathBuf,
}

impl Authority {
    fn new(folder: &Path, name: &str) -> Authority {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        let certificate = params.self_signed(&key).unwrap();
        let path = folder.join(name);
        std::fs::write(&path, certificate.pem()).unwrap();
        Authority { certificate, key, path }
    }

    /// A certificate for `localhost`, and its key.
    fn sign(&self, change: impl FnOnce(&mut CertificateParams)) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        change(&mut params);
        let certificate = params.signed_by(&key, &self.certificate, &self.key).unwrap();
        (certificate.pem(), key.serialize_pem())
    }

    fn is_root(&self) -> String {
        format!("sslrootcert={}", self.path.display())
    }
}

/// A server on loopback, two authorities, and a certificate of the first of them.
struct Scene {
    server: Server,
    ours: Authority,
    others: Authority,
    folder: TempDir,
}

impl Scene {
    fn set() -> Option<Scene> {
        let server = Server::on_loopback()?;
        let folder = TempDir::new().unwrap();
        let mut scene = Scene {
            server,
            ours: Authority::new(folder.path(), "ours"),
            others: Authority::new(folder.path(), "others"),
            folder,
        };
        scene.show(&scene.ours.sign(|_| ()));
        Some(scene)
    }

    fn show(&mut self, (chain, key): &(String, String)) {
        self.server.restart_with(Some(&Shown { chain, key }));
    }

    /// Stores a message in a new database and reads it. Answers whether the connections were encrypted.
    async fn stored(&mut self, login: (&str, &str), query: &str) -> Result<bool, ArchiveError> {
        let socket = self.server.database();
        let url = self.server.over_tcp(&socket, login.0, login.1);
        self.stored_at(&socket, &format!("{url}?{query}")).await
    }

    async fn stored_at(&self, socket: &str, url: &str) -> Result<bool, ArchiveError> {
        let config = at(url, "none");
        let began = Instant::now();
        let opened = tokio::task::spawn_blocking(|| Archive::open(config)).await.unwrap();
        assert!(
            began.elapsed() < Duration::from_secs(25),
            "nobody else is waited for: {url}"
        );
        let archive = opened?;
        let envelope = envelope(1, 0, 30);
        let hash = envelope.hash();
        assert_eq!(
            archive.insert(envelope, hash, NOON).await,
            Ok(Inserted::Stored),
            "{url}"
        );
        assert_eq!(walk(&archive, Query::default()), [hash], "{url}");
        let connections = self.server.run_at(
            socket,
            "SELECT bool_and(ssl), count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
             WHERE application_name = 'undertone' AND datname = current_database()",
        );
        match connections.as_str() {
            "t|2" => Ok(true),
            "f|2" => Ok(false),
            other => panic!("{url}: {other}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_is_reached_over_tls_as_its_address_says() {
    let Some(mut scene) = Scene::set() else { return };
    println!("who is trusted");
    certificates_are_looked_at(&mut scene).await;
    println!("unusual certificates");
    unusual_certificates(&mut scene).await;
    println!("SCRAM");
    passwords_are_bound_to_the_certificate(&mut scene).await;
    println!("no TLS");
    a_server_without_tls(&mut scene).await;
}

const NAMED: (&str, &str) = ("undertone", "localhost");
const UNNAMED: (&str, &str) = ("undertone", "127.0.0.1");

async fn certificates_are_looked_at(scene: &mut Scene) {
    let (ours, others) = (scene.ours.is_root(), scene.others.is_root());
    let missing = format!("sslrootcert={}", scene.folder.path().join("missing").display());
    let fault = |fault| Err(ArchiveError::Tls(fault));
    for (login, mode, roots, outcome) in [
        (NAMED, "verify-full", ours.as_str(), Ok(true)),
        (NAMED, "verify-full", &others, fault(TlsFault::NotTrusted)),
        (NAMED, "verify-full", "", fault(TlsFault::NotTrusted)),
        (NAMED, "verify-full", &missing, fault(TlsFault::NoRootsFile)),
        (UNNAMED, "verify-full", &ours, fault(TlsFault::OtherHost)),
        (UNNAMED, "verify-ca", &ours, Ok(true)),
        (UNNAMED, "verify-ca", &others, fault(TlsFault::NotTrusted)),
        (UNNAMED, "require", &ours, Ok(true)),
        (UNNAMED, "require", &others, fault(TlsFault::NotTrusted)),
        (UNNAMED, "require", "", Ok(true)),
        (UNNAMED, "prefer", "", Ok(true)),
        (UNNAMED, "disable", "", Ok(false)),
    ] {
        let query = format!("sslmode={mode}&{roots}");
        let query = query.trim_end_matches('&');
        assert_eq!(scene.stored(login, query).await, outcome, "{login:?} {query}");
    }
    assert_eq!(
        scene.stored(NAMED, "connect_timeout=2").await,
        Ok(false),
        "nothing is said"
    );
    let socket = scene.server.database();
    let url = format!("{socket}?sslmode=verify-full&{ours}");
    assert_eq!(scene.stored_at(&socket, &url).await, Ok(false), "a socket");
}

async fn unusual_certificates(scene: &mut Scene) {
    let query = format!("sslmode=verify-full&{}", scene.ours.is_root());
    let past = scene.ours.sign(|params| {
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
        params.not_after = rcgen::date_time_ymd(2021, 1, 1);
    });
    scene.show(&past);
    let outcome = scene.stored(NAMED, &query).await;
    assert_eq!(outcome, Err(ArchiveError::Tls(TlsFault::OutOfDate)));
    assert_eq!(scene.stored(NAMED, "sslmode=require").await, Ok(true), "nobody looks");
    // The server's own, which it signed itself and which may sign others.
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let itself = params.self_signed(&key).unwrap().pem();
    scene.show(&(itself.clone(), key.serialize_pem()));
    let outcome = scene.stored(NAMED, &query).await;
    assert!(matches!(outcome, Err(ArchiveError::Tls(_))), "{outcome:?}");
    std::fs::write(scene.folder.path().join("itself"), itself).unwrap();
    let root = scene.folder.path().join("itself");
    let query = format!("sslmode=verify-full&sslrootcert={}", root.display());
    assert_eq!(scene.stored(NAMED, &query).await, Ok(true));
    scene.show(&scene.ours.sign(|_| ()));
}

async fn passwords_are_bound_to_the_certificate(scene: &mut Scene) {
    let rules = "local all all trust\nhostssl all undertone 127.0.0.1/32 trust\n\
                 hostssl all bound 127.0.0.1/32 scram-sha-256\n";
    scene.server.let_in(rules);
    scene.show(&scene.ours.sign(|_| ()));
    let database = scene.server.database();
    scene
        .server
        .run_at(&database, "CREATE ROLE bound LOGIN SUPERUSER PASSWORD 'hush'");
    let query = format!("sslmode=verify-full&{}", scene.ours.is_root());
    let bound = format!("{query}&channel_binding=require");
    assert_eq!(scene.stored(("bound:hush", "localhost"), &bound).await, Ok(true));
    for (user, query) in [
        ("bound:hash", query.as_str()),
        ("bound", &query),
        ("undertone", &bound), // is let in without a password
        ("bound:hush", "sslmode=disable"),
    ] {
        let outcome = scene.stored((user, "localhost"), query).await;
        assert_eq!(outcome, Err(ArchiveError::NotLetIn), "{user} {query}");
    }
    scene
        .server
        .let_in("local all all trust\nhost all all 127.0.0.1/32 trust\n");
}

async fn a_server_without_tls(scene: &mut Scene) {
    scene.server.restart_with(None);
    let root = scene.ours.is_root();
    for query in [
        "sslmode=require",
        &format!("sslmode=verify-ca&{root}"),
        &format!("sslmode=verify-full&{root}"),
    ] {
        let outcome = scene.stored(NAMED, query).await;
        assert_eq!(outcome, Err(ArchiveError::Tls(TlsFault::NotOffered)), "{query}");
    }
    for query in ["sslmode=prefer", "sslmode=disable"] {
        assert_eq!(scene.stored(NAMED, query).await, Ok(false), "{query}");
    }
}

/// The node runs; the server comes back with a wrong certificate, and then with the right one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_wait_while_a_certificate_is_wrong() {
    let Some(mut scene) = Scene::set() else { return };
    let socket = scene.server.database();
    let url = scene.server.over_tcp(&socket, NAMED.0, NAMED.1);
    let url = format!("{url}?sslmode=verify-full&{}", scene.ours.is_root());
    let lab = Lab::of(at(&url, "none"));
    let before = lab.fill(50).await;
    scene.show(&scene.others.sign(|_| ()));
    let (archive, late) = (lab.archive.clone(), envelope(100, 0, 30));
    let (hash, inserted) = (late.hash(), late.clone());
    let inserting = tokio::spawn(async move { archive.insert(inserted, hash, NOON).await });
    let mut waits = 0;
    while lab.archive.trouble() != Some(ArchiveError::Tls(TlsFault::NotTrusted)) {
        tokio::time::sleep(Duration::from_millis(20)).await; // between two looks
        waits += 1;
        assert!(waits < 1_000, "the archive says {:?}", lab.archive.trouble());
    }
    assert!(!inserting.is_finished());
    scene.show(&scene.ours.sign(|_| ()));
    assert_eq!(inserting.await.unwrap(), Ok(Inserted::Stored));
    assert_eq!(lab.archive.trouble(), None);
    assert_eq!(lab.walk(Query::default()), sorted(&[before, vec![late]].concat()));
}
