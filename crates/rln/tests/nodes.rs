//! Real nodes on loopback that take only messages with proofs.

#![allow(clippy::unwrap_used)]

use std::future::Future;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::Mutex as Lock;
use tokio::time::{sleep, timeout};
use undertone_rln::chain::Chain;
use undertone_rln::service::{self, Members, Settings, StartError};
use undertone_rln::{Circuit, Group, Identity, Member, recover};
use waku::{
    Envelope, Events, Mode, Multiaddr, Node, NodeConfig, NodeEvent, NodeStatus, PeerStatus, PublishError, PubsubTopic,
    Rln, RlnRefusal, RlnStatus, Services, WakuMessage,
};
use waku_proto::Shard;
use waku_proto::rln::{Epoch, RateLimitProof};

mod common;

use common::{CONTRACT, number, serve, word};

/// In seconds. An epoch that ends while a test runs gives its senders a rate anew: this one ends in 2033.
const EPOCH: u64 = 1_000_000_000;
const LIMIT: u64 = 3;

/// A running node, and what it heard.
struct Running {
    node: Node,
    events: Lock<Events>,
}

impl Running {
    async fn start(rln: Option<Rln>, peers: &[&Running]) -> Self {
        Self::start_as(Mode::Relay, rln, peers).await
    }

    async fn start_as(mode: Mode, rln: Option<Rln>, peers: &[&Running]) -> Self {
        let relays = mode == Mode::Relay;
        let mut static_nodes = Vec::new();
        for peer in peers {
            static_nodes.push(peer.address().await);
        }
        let config = NodeConfig {
            listen: if relays {
                vec!["/ip4/127.0.0.1/tcp/0".parse().unwrap()]
            } else {
                Vec::new()
            },
            mode,
            services: Services {
                lightpush: relays,
                ..Services::default()
            },
            cluster: 1,
            shards: vec![0],
            static_nodes,
            hear_everything: true,
            rln,
            ..NodeConfig::default()
        };
        let (node, events) = Node::start(config).await.unwrap();
        let events = Lock::new(events);
        Self { node, events }
    }

    async fn address(&self) -> Multiaddr {
        self.node.status().await.unwrap().addresses[0].clone()
    }

    async fn until(&self, what: &str, reached: impl Fn(&NodeStatus) -> bool) -> NodeStatus {
        within(what, async {
            loop {
                let status = self.node.status().await.unwrap();
                if reached(&status) {
                    return status;
                }
                sleep(Duration::from_millis(20)).await;
            }
        })
        .await
    }

    async fn until_rln(&self, what: &str, reached: impl Fn(&RlnStatus) -> bool) -> RlnStatus {
        let status = self.until(what, |status| reached(status.rln.as_ref().unwrap())).await;
        status.rln.unwrap()
    }

    async fn until_meshed(&self, count: usize) {
        let meshed = |status: &NodeStatus| status.peers.iter().filter(|peer| !peer.mesh.is_empty()).count();
        self.until("the mesh", |status| meshed(status) == count).await;
    }

    /// The next message that came in.
    async fn next(&self) -> WakuMessage {
        let mut events = self.events.lock().await;
        within("a message", async {
            loop {
                if let Some(NodeEvent::Envelope { envelope, .. }) = events.recv().await {
                    return envelope.message;
                }
            }
        })
        .await
    }

    async fn publish(&self, message: WakuMessage) -> Result<u32, PublishError> {
        self.node.publish_here(Envelope::new(topic(), message)).await
    }
}

fn topic() -> PubsubTopic {
    Shard::new(1, 0).topic()
}

fn now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos()).unwrap()
}

fn message(payload: &[u8]) -> WakuMessage {
    WakuMessage {
        payload: payload.to_vec(),
        content_topic: "/undertone/1/rates/proto".into(),
        timestamp: Some(now()),
        ..WakuMessage::default()
    }
}

/// A group in which everybody may send [`LIMIT`] messages.
fn group(members: &[&Identity]) -> Group {
    let lines = members
        .iter()
        .map(|member| format!("{} {LIMIT}\n", hex::encode(member.commitment())));
    Group::parse(&lines.collect::<String>()).unwrap()
}

fn settings(members: Members, identity: Option<&Identity>, folder: &Path) -> Settings {
    Settings {
        epoch_seconds: EPOCH,
        members,
        identity: identity.cloned(),
        at_most: None,
        folder: folder.to_owned(),
    }
}

/// A message with a proof of somebody who chooses the number.
fn proved(circuit: &Circuit, identity: &Identity, group: &Group, message_id: u64, payload: &[u8]) -> WakuMessage {
    let mut message = message(payload);
    let (index, limit) = group.find(&identity.commitment()).unwrap();
    let member = Member {
        identity,
        path: &group.path(index).unwrap(),
        limit,
        message_id,
    };
    let epoch = Epoch::of(message.timestamp.unwrap(), EPOCH);
    let proof = circuit.prove(&member, epoch, &message).unwrap();
    message.rate_limit_proof = Some(proof.encode());
    message
}

async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    let result = timeout(Duration::from_secs(60), future).await;
    result.unwrap_or_else(|_| panic!("{what} did not come"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_of_members_pass_and_others_do_not() {
    let folder = tempfile::tempdir().unwrap();
    let (ana, ben) = (Identity::generate().unwrap(), Identity::generate().unwrap());
    let listed = || Members::Listed(group(&[&ana, &ben]));
    let start = async |identity| {
        service::start(settings(listed(), identity, folder.path()))
            .await
            .unwrap()
    };
    let middle = Running::start(Some(start(None).await), &[]).await;
    let sender = Running::start(Some(start(Some(&ana)).await), &[&middle]).await;
    let far = Running::start(Some(start(None).await), &[&middle]).await;
    let stranger = Running::start(None, &[&middle]).await;
    middle.until_meshed(3).await;

    assert_eq!(sender.publish(message(b"one")).await, Ok(1));
    assert_eq!(far.next().await.payload, b"one");
    assert_eq!(
        sender
            .until_rln("the count", |rln| rln.left == Some(LIMIT - 1))
            .await
            .proved
            .0,
        1
    );

    // Without a proof a message goes no further than to whoever judges it.
    stranger.publish(message(b"from nobody")).await.unwrap();
    middle
        .until_rln("a refusal", |rln| rln.invalid.iter().sum::<u64>() == 1)
        .await;

    // The same number twice: the second is spam, and gives its sender away.
    let circuit = Circuit::load();
    let first = proved(&circuit, &ben, &group(&[&ana, &ben]), 0, b"first");
    let second = proved(&circuit, &ben, &group(&[&ana, &ben]), 0, b"second");
    stranger.publish(first.clone()).await.unwrap();
    assert_eq!(far.next().await.payload, b"first");
    stranger.publish(second.clone()).await.unwrap();
    middle.until_rln("spam", |rln| rln.spam == 1).await;
    let share = |message: &WakuMessage| {
        RateLimitProof::decode(message.rate_limit_proof.as_deref().unwrap())
            .unwrap()
            .share()
    };
    assert_eq!(recover(&share(&first), &share(&second)).unwrap(), ben.secret_hash());

    // What the far one heard next is what was sent after all that.
    assert_eq!(sender.publish(message(b"two")).await, Ok(1));
    assert_eq!(far.next().await.payload, b"two");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rate_is_kept_by_the_sender_itself() {
    let folder = tempfile::tempdir().unwrap();
    let ana = Identity::generate().unwrap();
    let start = async |identity| {
        let settings = settings(Members::Listed(group(&[&ana])), identity, folder.path());
        Running::start(Some(service::start(settings).await.unwrap()), &[]).await
    };
    let (sender, judge) = (start(Some(&ana)).await, start(None).await);
    for n in 0..LIMIT {
        sender.publish(message(&[n as u8])).await.unwrap();
    }
    let spent = Err(PublishError::Rate(RlnRefusal::Spent));
    assert_eq!(sender.publish(message(b"four")).await, spent);
    let none = Err(PublishError::Rate(RlnRefusal::NoMembership));
    assert_eq!(judge.publish(message(b"five")).await, none);
    let late = WakuMessage {
        timestamp: Some(now() - 60_000_000_000),
        ..message(b"six")
    };
    assert_eq!(
        sender.publish(late).await,
        Err(PublishError::Rate(RlnRefusal::Untimely))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_false_proofs_delays_nobody_else() {
    let folder = tempfile::tempdir().unwrap();
    let (ana, ben) = (Identity::generate().unwrap(), Identity::generate().unwrap());
    let listed = || Members::Listed(group(&[&ana, &ben]));
    let start = async |identity| {
        service::start(settings(listed(), identity, folder.path()))
            .await
            .unwrap()
    };
    let middle = Running::start(Some(start(None).await), &[]).await;
    let sender = Running::start(Some(start(Some(&ana)).await), &[&middle]).await;
    let far = Running::start(Some(start(None).await), &[&middle]).await;
    let flood = Running::start(None, &[&middle]).await;
    middle.until_meshed(3).await;

    // Everything about them is right but the proof itself, so each has to be verified.
    let circuit = Circuit::load();
    let good = proved(&circuit, &ben, &group(&[&ana, &ben]), 0, b"0");
    let proof = RateLimitProof::decode(good.rate_limit_proof.as_deref().unwrap()).unwrap();
    for n in 0..500u32 {
        let mut message = message(&n.to_le_bytes());
        message.rate_limit_proof = Some(proof.encode());
        // The flooder's own node hears from the middle that it is not wanted any more.
        let _ = flood.publish(message).await;
    }
    for n in 0..LIMIT {
        assert!(sender.publish(message(&[n as u8])).await.is_ok());
        assert_eq!(far.next().await.payload, [n as u8]);
    }
    let rln = middle
        .until_rln("refusals", |rln| rln.invalid.iter().sum::<u64>() > 0)
        .await;
    assert_eq!((rln.valid, rln.spam), (LIMIT, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn light_clients_bring_a_proof_or_the_server_lends_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let (ana, ben) = (Identity::generate().unwrap(), Identity::generate().unwrap());
    let listed = || Members::Listed(group(&[&ana, &ben]));
    let start = async |identity| {
        service::start(settings(listed(), identity, folder.path()))
            .await
            .unwrap()
    };
    let judge = Running::start(Some(start(None).await), &[]).await;
    let lender = Running::start(Some(start(Some(&ana)).await), &[&judge]).await;
    judge.until_meshed(1).await;
    let without = Running::start_as(Mode::Light, None, &[&judge]).await;
    let borrower = Running::start_as(Mode::Light, None, &[&lender]).await;
    let member = Running::start_as(Mode::Light, Some(start(Some(&ben)).await), &[&judge]).await;
    for client in [&without, &borrower, &member] {
        let offers = |peer: &PeerStatus| peer.protocols.iter().any(|protocol| protocol.contains("lightpush"));
        client.until("a server", |status| status.peers.iter().any(offers)).await;
    }
    let push = async |client: &Running, payload: &[u8]| {
        let pushed = client.node.publish(Envelope::new(topic(), message(payload))).await;
        pushed.map(|_| ())
    };
    assert_eq!(push(&without, b"without").await, Err(PublishError::Refused));
    assert_eq!(push(&borrower, b"borrowed").await, Ok(()));
    assert_eq!(judge.next().await.payload, b"borrowed");
    assert_eq!(push(&member, b"own").await, Ok(()));
    assert_eq!(lender.next().await.payload, b"borrowed");
    assert_eq!(lender.next().await.payload, b"own");
    // What is lent is the server's own rate.
    for n in 1..LIMIT {
        assert_eq!(push(&borrower, &[n as u8]).await, Ok(()));
    }
    assert_eq!(push(&borrower, b"too many").await, Err(PublishError::TimedOut));
}

fn answers(group: &Group, members: usize) -> Vec<(&'static str, String)> {
    let empty = "0".repeat(64);
    vec![
        (
            "getRecentRoots()",
            format!("0x{}{}", word(group.root()), empty.repeat(4)),
        ),
        ("nextFreeIndex()", format!("0x{}", number(members as u64))),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_that_a_contract_admits_later_are_let_in() {
    let folder = tempfile::tempdir().unwrap();
    let (ana, ben) = (Identity::generate().unwrap(), Identity::generate().unwrap());
    let told = Arc::new(Mutex::new(answers(&group(&[&ana]), 1)));
    let url = serve(Arc::clone(&told)).await;
    let by_contract = || Members::Chain {
        chain: Chain::new(std::slice::from_ref(&url), CONTRACT).unwrap(),
        id: Some(59_141),
    };
    let judge = service::start(settings(by_contract(), None, folder.path()))
        .await
        .unwrap();
    let middle = Running::start(Some(judge), &[]).await;
    let sender = Running::start(None, &[&middle]).await;
    middle.until_meshed(1).await;
    let circuit = Circuit::load();

    // Nobody answers: the message is not passed on, but nobody is to blame.
    told.lock().unwrap().clear();
    let both = group(&[&ana, &ben]);
    sender
        .publish(proved(&circuit, &ben, &both, 0, b"early"))
        .await
        .unwrap();
    let rln = middle.until_rln("a doubt", |rln| rln.undecided == 1).await;
    assert!(rln.trouble.contains("no node of the chain answers"), "{}", rln.trouble);

    *told.lock().unwrap() = answers(&both, 2);
    sender
        .publish(proved(&circuit, &ben, &both, 1, b"in time"))
        .await
        .unwrap();
    assert_eq!(middle.next().await.payload, b"in time");
    let elsewhere = group(&[&ben]);
    sender
        .publish(proved(&circuit, &ben, &elsewhere, 2, b"of another group"))
        .await
        .unwrap();
    let rln = middle.until_rln("a refusal", |rln| rln.messages == 3).await;
    assert_eq!((rln.valid, rln.undecided, rln.invalid.iter().sum()), (1, 1, 1u64));
    assert_eq!(rln.trouble, "");
}

#[tokio::test]
async fn who_is_no_member_does_not_start() {
    let folder = tempfile::tempdir().unwrap();
    let (ana, ben) = (Identity::generate().unwrap(), Identity::generate().unwrap());
    let nobody = service::start(settings(Members::Listed(group(&[&ana])), Some(&ben), folder.path())).await;
    assert!(matches!(nobody, Err(StartError::NotMember)), "{nobody:?}");
    let told = Arc::new(Mutex::new(answers(&group(&[&ana]), 1)));
    let url = serve(told).await;
    let elsewhere = Members::Chain {
        chain: Chain::new(&[url], CONTRACT).unwrap(),
        id: Some(1),
    };
    let elsewhere = service::start(settings(elsewhere, None, folder.path())).await;
    assert!(
        matches!(
            elsewhere,
            Err(StartError::OtherChain {
                is: 59_141,
                expected: 1
            })
        ),
        "{elsewhere:?}"
    );
}
