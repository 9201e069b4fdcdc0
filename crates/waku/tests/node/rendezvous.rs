//! Rendezvous with libp2p's own client and server.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::StreamExt;
use libp2p::swarm::dial_opts::DialOpts;
use libp2p::swarm::{NetworkBehaviour, Swarm, SwarmEvent};
use libp2p::{SwarmBuilder, identify, noise, yamux};
use libp2p_rendezvous::client::Event;
use libp2p_rendezvous::{Cookie, ErrorCode, MAX_TTL, MIN_TTL, Namespace, client, server};
use undertone_waku::{DiscoveryConfig, Keypair, Multiaddr, NodeConfig, PeerId, Protocol};

use crate::common::{relay, service, start, within};
use crate::discovery::until_met;

const NAME: &str = "rs/16/32";

fn name(text: &str) -> Namespace {
    Namespace::new(text.to_owned()).unwrap()
}

fn swarm<B: NetworkBehaviour>(key: &Keypair, behaviour: B) -> Swarm<B> {
    SwarmBuilder::with_existing_identity(key.clone())
        .with_tokio()
        .with_tcp(Default::default(), noise::Config::new, yamux::Config::default)
        .unwrap()
        .with_behaviour(|_| behaviour)
        .unwrap()
        .with_swarm_config(|config| config.with_idle_connection_timeout(Duration::from_secs(60)))
        .build()
}

/// Listens on loopback, at an address that ends in its name.
async fn listening<B: NetworkBehaviour>(swarm: &mut Swarm<B>) -> Multiaddr {
    swarm.listen_on("/ip4/127.0.0.1/tcp/0".parse().unwrap()).unwrap();
    within("an address", async {
        loop {
            if let SwarmEvent::NewListenAddr { address, .. } = swarm.select_next_some().await {
                swarm.add_external_address(address.clone());
                return address.with_p2p(*swarm.local_peer_id()).unwrap();
            }
        }
    })
    .await
}

/// A node that visits this point.
fn visiting(point: &Multiaddr) -> NodeConfig {
    NodeConfig {
        static_nodes: vec![point.clone()],
        discovery: DiscoveryConfig {
            rendezvous: true,
            ..DiscoveryConfig::default()
        },
        ..relay()
    }
}

/// libp2p's client.
struct Client {
    swarm: Swarm<client::Behaviour>,
    point: PeerId,
}

impl Client {
    /// Is connected to the point. Its records are signed with `signer`.
    async fn at(point: &Multiaddr, key: &Keypair, signer: &Keypair) -> Client {
        let mut swarm = swarm(key, client::Behaviour::new(signer.clone()));
        listening(&mut swarm).await;
        let Some(Protocol::P2p(peer)) = point.iter().last() else {
            panic!("an address with a peer id")
        };
        let dial = DialOpts::peer_id(peer).addresses(vec![point.clone()]);
        swarm.dial(dial.allocate_new_port().build()).unwrap();
        within("a connection", async {
            while !matches!(swarm.select_next_some().await, SwarmEvent::ConnectionEstablished { .. }) {}
        })
        .await;
        Client { swarm, point: peer }
    }

    async fn next(&mut self) -> Event {
        within("an answer", async {
            loop {
                if let SwarmEvent::Behaviour(event) = self.swarm.select_next_some().await {
                    return event;
                }
            }
        })
        .await
    }

    /// For how many seconds, or why not.
    async fn register(&mut self, namespace: &str, ttl: Option<u64>) -> Result<u64, ErrorCode> {
        let point = self.point;
        self.swarm
            .behaviour_mut()
            .register(name(namespace), point, ttl)
            .unwrap();
        match self.next().await {
            Event::Registered { ttl, .. } => Ok(ttl),
            Event::RegisterFailed { error, .. } => Err(error),
            other => panic!("{other:?}"),
        }
    }

    /// Who is registered, and the cookie for what comes later.
    async fn discover(
        &mut self,
        namespace: Option<&str>,
        cookie: Option<Cookie>,
    ) -> Result<(BTreeSet<PeerId>, Cookie), ErrorCode> {
        let point = self.point;
        let behaviour = self.swarm.behaviour_mut();
        behaviour.discover(namespace.map(name), cookie, None, point);
        match self.next().await {
            Event::Discovered {
                registrations, cookie, ..
            } => Ok((
                registrations.iter().map(|found| found.record.peer_id()).collect(),
                cookie,
            )),
            Event::DiscoverFailed { error, .. } => Err(error),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn libp2ps_clients_register_at_our_point_and_find_each_other() {
    let point = start(service()).await;
    let address = point.address().await;
    let (first_key, second_key) = (Keypair::generate_ed25519(), Keypair::generate_secp256k1());
    let mut first = Client::at(&address, &first_key, &first_key).await;
    let mut second = Client::at(&address, &second_key, &second_key).await;
    let known = first_key.public().to_peer_id();
    assert_eq!(first.register(NAME, None).await, Ok(MIN_TTL));
    assert_eq!(
        first.register(NAME, Some(MAX_TTL)).await,
        Ok(MIN_TTL),
        "no longer than we keep any"
    );
    let (found, cookie) = second.discover(Some(NAME), None).await.unwrap();
    assert_eq!(found, BTreeSet::from([known]));
    let (found, _) = second.discover(None, None).await.unwrap();
    assert_eq!(found, BTreeSet::from([known]), "under any name");
    let (found, _) = second.discover(Some(NAME), Some(cookie.clone())).await.unwrap();
    assert_eq!(found, BTreeSet::new(), "nobody since");
    let (found, other_cookie) = second.discover(Some("rs/16/33"), None).await.unwrap();
    assert_eq!(found, BTreeSet::new(), "nobody under a name that nobody used");
    let mismatched = second.discover(Some(NAME), Some(other_cookie)).await.err();
    assert_eq!(mismatched, Some(ErrorCode::InvalidCookie));
    // An unregistration has no answer; it is through when nobody is found any more.
    let point_id = first.point;
    first.swarm.behaviour_mut().unregister(name(NAME), point_id);
    tokio::spawn(async move {
        loop {
            first.swarm.select_next_some().await;
        }
    });
    within("forgetting", async {
        let mut beat = tokio::time::interval(Duration::from_millis(100)); // a point bounds how often it is asked
        while !matches!(second.discover(Some(NAME), None).await, Ok((found, _)) if found.is_empty()) {
            beat.tick().await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn libp2ps_client_is_told_why_it_is_not_kept() {
    let point = start(service()).await;
    let address = point.address().await;
    let key = Keypair::generate_ed25519();
    let mut client = Client::at(&address, &key, &key).await;
    assert_eq!(client.register(NAME, Some(30)).await, Err(ErrorCode::InvalidTtl));
    assert_eq!(
        client.register(NAME, Some(MAX_TTL + 1)).await,
        Err(ErrorCode::InvalidTtl)
    );
    assert_eq!(client.register("", None).await, Err(ErrorCode::InvalidNamespace));
    let mut liar = Client::at(&address, &Keypair::generate_ed25519(), &key).await;
    let kept = liar.register(NAME, None).await;
    assert_eq!(kept, Err(ErrorCode::InvalidSignedPeerRecord), "signed by somebody else");
    assert_eq!(client.discover(None, None).await.unwrap().0, BTreeSet::new());
}

/// Its client reads records in its own form alone, and ours both.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn libp2ps_client_and_our_node_share_our_point() {
    let point = start(service()).await;
    let address = point.address().await;
    let key = Keypair::generate_ed25519();
    let mut client = Client::at(&address, &key, &key).await;
    assert_eq!(client.register(NAME, None).await, Ok(MIN_TTL));
    let node = start(visiting(&address)).await;
    // The node leaves its own record before it asks.
    let id = node.node.peer_id();
    within("a call", async {
        while !matches!(
            client.swarm.select_next_some().await,
            SwarmEvent::ConnectionEstablished { peer_id, .. } if peer_id == id
        ) {}
    })
    .await;
    let (found, _) = client.discover(Some(NAME), None).await.unwrap();
    assert_eq!(found, BTreeSet::from([key.public().to_peer_id()]));
}

/// libp2p's point, as our nodes come to know it.
#[derive(NetworkBehaviour)]
struct Point {
    identify: identify::Behaviour,
    server: server::Behaviour,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn our_nodes_meet_at_libp2ps_point() {
    let key = Keypair::generate_ed25519();
    let behaviour = Point {
        identify: identify::Behaviour::new(identify::Config::new("/ipfs/0.1.0".to_owned(), key.public())),
        server: server::Behaviour::new(server::Config::default()),
    };
    let mut point = swarm(&key, behaviour);
    let address = listening(&mut point).await;
    let (registered, mut registrations) = tokio::sync::mpsc::channel(16);
    tokio::spawn(async move {
        loop {
            let event = point.select_next_some().await;
            if let SwarmEvent::Behaviour(PointEvent::Server(server::Event::PeerRegistered { peer, registration })) =
                event
            {
                let _ = registered.send((peer, registration.namespace.to_string())).await;
            }
        }
    });
    let first = start(visiting(&address)).await;
    let first_id = first.node.peer_id();
    let kept = within("a registration", registrations.recv()).await;
    assert_eq!(kept, Some((first_id, NAME.to_owned())));
    let second = start(visiting(&address)).await;
    until_met(&first, &second).await;
}
