use super::*;

type Book = PeerBook<u8, &'static str>;

fn book() -> Book {
    PeerBook::new(4, 1)
}

fn dialled(book: &mut Book, now: u64) -> Vec<u8> {
    book.dials(now, 10, 10).into_iter().map(|(peer, _)| peer).collect()
}

#[test]
fn a_configured_peer_is_dialled_for_ever_with_growing_pauses() {
    let mut book = book();
    book.add(1, "a", Origin::Static);
    let mut now = 0;
    let mut pauses = Vec::new();
    for _ in 0..12 {
        assert_eq!(dialled(&mut book, now), [1]);
        assert!(dialled(&mut book, now).is_empty(), "already being dialled");
        book.dial_failed(&1, now);
        let next = book.next_dial().unwrap();
        assert!(dialled(&mut book, next - 1).is_empty());
        pauses.push(next - now);
        now = next;
    }
    for (index, pause) in pauses.iter().enumerate() {
        let base = (1_000u64 << index.min(6)).min(60_000);
        assert!((base..=base + base / 4).contains(pause), "pause {index} is {pause}");
    }
}

#[test]
fn a_discovered_peer_is_forgotten_after_five_failures() {
    let mut book = book();
    book.add(1, "a", Origin::Discovered(Source::Dns));
    let mut now = 0;
    for _ in 0..5 {
        assert_eq!(dialled(&mut book, now), [1]);
        book.dial_failed(&1, now);
        now = book.next_dial().unwrap();
    }
    assert_eq!(dialled(&mut book, now), [1]);
    book.dial_failed(&1, now);
    assert!(book.is_empty());
}

#[test]
fn a_lasting_connection_forgives_and_a_short_one_does_not() {
    let mut book = book();
    book.add(1, "a", Origin::Static);
    dialled(&mut book, 0);
    book.connected(1, 0);
    book.disconnected(&1, 29_999);
    assert!(dialled(&mut book, 29_999).is_empty());
    let now = book.next_dial().unwrap();
    dialled(&mut book, now);
    book.connected(1, now);
    book.disconnected(&1, now + 30_000);
    assert_eq!(dialled(&mut book, now + 30_000), [1]);
}

#[test]
fn strangers_are_not_dialled_and_banned_peers_neither() {
    let mut book = book();
    book.connected(9, 0);
    book.add(9, "x", Origin::Inbound);
    book.disconnected(&9, 60_000);
    assert!(book.is_empty(), "the stranger is forgotten");
    book.add(1, "a", Origin::Static);
    book.ban(1, 0, 100_000);
    assert!(book.is_banned(&1, 99_999));
    assert!(dialled(&mut book, 99_999).is_empty());
    assert_eq!(dialled(&mut book, 100_000), [1]);
}

#[test]
fn a_ban_outlives_tidying() {
    let mut book = book();
    book.ban(9, 0, 1_000);
    book.tidy(999);
    assert!(book.is_banned(&9, 999));
    book.tidy(1_000);
    assert!(book.is_empty());
}

#[test]
fn banned_strangers_are_remembered_as_far_as_there_is_room() {
    let mut book = book();
    book.add(1, "a", Origin::Static);
    for stranger in 10..30 {
        book.connected(stranger, 0);
        book.ban(stranger, 0, 1_000 + u64::from(stranger));
        book.disconnected(&stranger, 1);
    }
    assert_eq!(book.len(), 4);
    assert!((27..30).all(|stranger| book.is_banned(&stranger, 2)) && book.peer(&1).is_some());
}

#[test]
fn the_book_is_bounded_and_keeps_what_matters() {
    let mut book = book();
    book.add(1, "a", Origin::Static);
    for peer in 2..=4 {
        book.add(peer, "b", Origin::Discovered(Source::Dns));
    }
    dialled(&mut book, 0);
    book.dial_failed(&3, 0);
    book.connected(2, 0);
    book.add(5, "c", Origin::Discovered(Source::Dns));
    assert_eq!(book.len(), 4);
    assert!(book.peer(&3).is_none() && book.peer(&5).is_some());
}

#[test]
fn the_best_server_comes_first() {
    let mut book = book();
    for peer in 1..=3 {
        book.connected(peer, 0);
        book.identified(&peer, "test", ["store".to_owned()]);
    }
    book.connected(4, 0);
    book.served_badly(&1);
    book.served_well(&3);
    assert_eq!(book.speaking("store"), [3, 2, 1]);
    assert!(book.speaking("other").is_empty());
}

#[test]
fn addresses_are_bounded() {
    let mut book: PeerBook<u8, usize> = PeerBook::new(4, 1);
    for address in 0..20 {
        book.add(1, address, Origin::Static);
    }
    let (_, addresses) = book.dials(0, 1, 1).remove(0);
    assert_eq!(addresses, (12..20).collect::<Vec<_>>());
}

#[test]
fn what_others_tell_does_not_push_out_a_configured_address() {
    let mut book: PeerBook<u8, usize> = PeerBook::new(4, 1);
    book.add(1, 100, Origin::Discovered(Source::Saved));
    book.add(1, 101, Origin::Static);
    for address in 0..20 {
        book.add(1, address, Origin::Discovered(Source::Saved));
    }
    assert_eq!(book.peer(&1).unwrap().addresses(), [101, 13, 14, 15, 16, 17, 18, 19]);
    book.add(1, 15, Origin::Static);
    book.add(1, 101, Origin::Discovered(Source::Dns));
    assert_eq!(book.peer(&1).unwrap().addresses(), [101, 15, 13, 14, 16, 17, 18, 19]);
}

#[test]
fn only_so_many_discovered_peers_are_dialled() {
    let mut book = book();
    for peer in 1..=3 {
        book.add(peer, "a", Origin::Discovered(Source::Discv5));
    }
    book.add(4, "b", Origin::Static);
    assert_eq!(book.dials(0, 10, 0).len(), 1);
    assert_eq!(book.dials(0, 10, 2).len(), 2);
    assert_eq!(book.dials(0, 10, 2).len(), 1);
}

#[test]
fn peers_that_lasted_are_worth_remembering() {
    let mut book = book();
    book.add(1, "a", Origin::Discovered(Source::Dns));
    book.add(2, "b", Origin::Discovered(Source::Dns));
    dialled(&mut book, 0);
    book.connected(1, 0);
    book.connected(3, 0);
    assert!(book.proven(29_999).is_empty());
    assert_eq!(book.proven(30_000), [(&1, &["a"][..])]);
    book.disconnected(&1, 40_000);
    assert_eq!(book.proven(40_001), [(&1, &["a"][..])]);
}

#[test]
fn a_record_says_less_than_metadata() {
    let mut book = book();
    book.add(1, "a", Origin::Static);
    book.announced(&1, [1, 2]);
    assert_eq!(book.peer(&1).unwrap().shards(), [1, 2]);
    book.described(&1, vec![3]);
    book.announced(&1, [4]);
    assert_eq!(book.peer(&1).unwrap().shards(), [3]);
}
