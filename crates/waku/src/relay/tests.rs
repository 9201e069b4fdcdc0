use super::*;

fn peers() -> [PeerId; 3] {
    [PeerId::random(), PeerId::random(), PeerId::random()]
}

/// On a shard that nobody owns.
fn judge(data: &[u8]) -> Verdict {
    super::judge(data, |_| true)
}

#[test]
fn on_a_shard_with_an_owner_others_are_turned_away() {
    let message = WakuMessage {
        payload: vec![1],
        content_topic: "/a".into(),
        ..WakuMessage::default()
    };
    assert_eq!(super::judge(&message.encode(), |_| false), Verdict::Bad);
}

#[test]
fn the_memory_of_gossip_is_bounded_and_no_peer_takes_all_of_it() {
    let [a, b, c] = peers();
    let mut memory = Memory::new(100_000);
    let with_all = |bytes: usize| bytes - OVERHEAD;
    assert!(memory.admit(a, with_all(40_000), 0) && memory.admit(a, with_all(35_000), 10));
    assert!(!memory.admit(a, 1, 20), "a quarter is for the others");
    assert!(memory.admit(b, with_all(25_000), 30));
    assert!(!memory.admit(c, 1, 40));
    assert!(
        memory.admit(c, with_all(40_000), 6_000),
        "the first message is forgotten by now"
    );
    assert!(!memory.admit(c, 1, 6_005));
}

#[test]
fn a_peer_that_does_not_read_is_found_out() {
    let [a, b, _] = peers();
    let mut readers = SlowReaders::default();
    let large = MAX_BACKLOG as usize + 1;
    assert!(!readers.observe(&a, false, 0));
    readers.due(&a, large);
    assert!(
        !readers.observe(&a, true, 100),
        "nothing is known about the time before it stopped"
    );
    readers.due(&a, large);
    readers.due(&b, large);
    assert!(readers.observe(&a, true, 100));
    assert!(!readers.observe(&a, true, 200), "it reads, if slowly");
    assert!(!readers.observe(&a, false, 200) && !readers.observe(&b, true, 0));
}

#[test]
fn verdicts() {
    let good = WakuMessage {
        payload: vec![1],
        content_topic: "/a".into(),
        ..WakuMessage::default()
    };
    assert_eq!(judge(&good.encode()), Verdict::Good(good.clone()));
    assert_eq!(
        judge(
            &WakuMessage {
                payload: vec![],
                ..good.clone()
            }
            .encode()
        ),
        Verdict::Doubtful
    );
    assert_eq!(
        judge(
            &WakuMessage {
                content_topic: "".into(),
                ..good.clone()
            }
            .encode()
        ),
        Verdict::Bad
    );
    assert_eq!(
        judge(
            &WakuMessage {
                meta: vec![0; 65],
                ..good
            }
            .encode()
        ),
        Verdict::Bad
    );
    assert_eq!(judge(&[0xff; 30]), Verdict::Bad);
}

#[test]
fn the_parameters_are_accepted_by_the_library() {
    let config = NodeConfig::default();
    assert!(gossip(&config, &Topics::default()).is_ok());
    let parameters = parameters(config.max_message_size).unwrap();
    assert!(parameters.max_transmit_size() >= config.max_message_size + 16 * 1024);
}

/// Whether gossip still has a score of this peer.
fn is_remembered(gossip: &mut Gossip, peer: &PeerId) -> bool {
    gossip.set_application_score(peer, 1.0)
}

#[test]
fn a_stranger_that_goes_is_forgotten_and_one_that_misbehaved_is_not() {
    use libp2p::Multiaddr;
    use libp2p::core::ConnectedPoint;
    use libp2p::swarm::behaviour::{ConnectionClosed, ConnectionEstablished, FromSwarm};
    use libp2p::swarm::{ConnectionId, NetworkBehaviour};

    let mut gossip = gossip(&NodeConfig::default(), &Topics::default()).unwrap();
    let [local, remote]: [Multiaddr; 2] = [1, 2].map(|port| format!("/ip4/192.0.2.1/tcp/{port}").parse().unwrap());
    let endpoint = ConnectedPoint::Listener {
        local_addr: local.clone(),
        send_back_addr: remote.clone(),
    };
    let mut come_and_go = |misbehaves: bool| {
        let peer = PeerId::random();
        let connection_id = ConnectionId::new_unchecked(1);
        let handler = gossip.handle_established_inbound_connection(connection_id, peer, &local, &remote);
        assert!(handler.is_ok());
        gossip.on_swarm_event(FromSwarm::ConnectionEstablished(ConnectionEstablished {
            peer_id: peer,
            connection_id,
            endpoint: &endpoint,
            failed_addresses: &[],
            other_established: 0,
        }));
        welcome(&mut gossip, &peer);
        assert_eq!(score(&gossip, &peer), Some(0.0));
        if misbehaves {
            gossip.set_application_score(&peer, -1.0 / STRANGER);
        }
        gossip.on_swarm_event(FromSwarm::ConnectionClosed(ConnectionClosed {
            peer_id: peer,
            connection_id,
            endpoint: &endpoint,
            cause: None,
            remaining_established: 0,
        }));
        is_remembered(&mut gossip, &peer)
    };
    assert!(!come_and_go(false));
    assert!(come_and_go(true));
}
