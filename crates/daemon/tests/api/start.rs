//! Starting and stopping: what is taken, what is given back, and what is said when it cannot be had.

use api::client::{Client, ClientError};
use undertone_daemon::{Config, Daemon, HomeError, StartError};

#[tokio::test]
async fn a_directory_has_one_daemon_that_clients_find() {
    let running = crate::common::start().await;
    let found = Client::find(running.dir.path()).unwrap();
    assert_eq!(found.address(), running.daemon.address());
    assert!(found.profiles().await.unwrap().is_empty());

    let second = Daemon::start(crate::common::config(&running.dir)).await;
    assert!(matches!(second, Err(StartError::Home(HomeError::Running(_)))));

    running.daemon.shutdown().await;
    assert!(matches!(Client::find(running.dir.path()), Err(ClientError::NotRunning)));
    Daemon::start(crate::common::config(&running.dir))
        .await
        .unwrap()
        .shutdown()
        .await;
}

#[tokio::test]
async fn a_new_start_has_a_new_token() {
    let running = crate::common::start().await;
    let old = running.client.clone();
    let token = running.token();
    running.daemon.shutdown().await;
    let port = old.address().port();
    let config = Config {
        api_port: port,
        ..crate::common::config(&running.dir)
    };
    let daemon = Daemon::start(config).await.unwrap();
    assert_ne!(
        std::fs::read_to_string(running.dir.path().join("api.token")).unwrap(),
        token
    );
    assert_eq!(old.status().await.unwrap_err().code(), Some("unauthorized"));
    daemon.shutdown().await;
}

#[tokio::test]
async fn a_busy_port_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let dir = tempfile::tempdir().unwrap();
    let error = Daemon::start(Config {
        api_port: port,
        ..crate::common::config(&dir)
    })
    .await
    .err()
    .unwrap();
    assert!(matches!(error, StartError::PortInUse { .. }));
    assert!(
        error.to_string().contains(&port.to_string()) && error.to_string().contains("--api-port"),
        "{error}"
    );
    // The directory is free again.
    Daemon::start(crate::common::config(&dir))
        .await
        .unwrap()
        .shutdown()
        .await;
}

#[tokio::test]
async fn a_wrong_node_address_is_shown() {
    let dir = tempfile::tempdir().unwrap();
    for wrong in ["nonsense", "/ip4/127.0.0.1/tcp/60000"] {
        let mut config = crate::common::config(&dir);
        config.network.static_nodes = vec![wrong.into()];
        let error = Daemon::start(config).await.err().unwrap();
        assert!(matches!(error, StartError::BadAddress { .. }));
        assert!(error.to_string().contains(wrong), "{error}");
    }
}
