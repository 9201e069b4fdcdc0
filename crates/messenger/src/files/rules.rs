//! How long to wait for a file, how often to ask, and how much a person may have on its way to us. Pure.

use protocol::files::FileDoor;

/// Whether another file of a person is fetched without being asked for: `files` and `bytes` of theirs are on their way.
pub fn fetches_by_itself(files: u64, bytes: u64, size: u64) -> bool {
    files < MAX_FILES_OF_ONE && bytes.saturating_add(size) <= MAX_BYTES_OF_ONE
}

/// How long to wait after the next time of asking, or none if it was asked often enough.
pub fn next_ask(tries: u32) -> Option<u64> {
    ASK_AFTER_MS.get(tries as usize).copied()
}

/// How long so many chunks take at the pace at which they are sent, generously.
pub fn time_for(chunks: u64) -> u64 {
    chunks * (super::CHUNK_EVERY_MS + super::CHUNK_EVERY_MS / 2)
}

/// Whether the author serves what is missing once more.
pub fn serves_again(tries: u32) -> bool {
    tries < MAX_SERVED
}

/// How long to wait after a person was asked to let a file come from their device, or none if they were asked for days:
/// five times a minute apart, five times ten minutes, then every four hours for a week.
pub fn next_knock(tries: u32) -> Option<u64> {
    match tries {
        0..5 => Some(60_000),
        5..10 => Some(600_000),
        10..50 => Some(4 * 3_600_000),
        _ => None,
    }
}

/// Whether this can be where somebody is reached: a peer id and a few short addresses.
pub fn is_door(door: &FileDoor) -> bool {
    let fits = |address: &String| !address.is_empty() && address.len() <= MAX_ADDRESS_BYTES;
    (1..=MAX_PEER_ID_BYTES).contains(&door.peer_id.len())
        && (1..=MAX_ADDRESSES).contains(&door.addresses.len())
        && door.addresses.iter().all(fits)
}

/// Addresses of a door: one for each interface of a machine with several.
pub const MAX_ADDRESSES: usize = 8;
const MAX_ADDRESS_BYTES: usize = 128;
const MAX_PEER_ID_BYTES: usize = 64;

/// How old a door may be that somebody tells.
pub const DOOR_OPEN_MS: u64 = 10 * 60_000;
/// After a connection that broke.
pub const KNOCK_SOON_MS: u64 = 5_000;
/// So often in a row it is soon; then the longer waits hold.
pub const SOON_TRIES: u32 = 2;

/// How long after the announced end of a transfer the first question comes.
pub const PATIENCE_MS: u64 = 30_000;

/// Files of one person that are fetched by themselves at the same time.
pub const MAX_FILES_OF_ONE: u64 = 16;

/// Their bytes together.
pub const MAX_BYTES_OF_ONE: u64 = 40_000_000;

/// After each question: a minute, ten, an hour, six hours, then once a day. The author may be away for long.
const ASK_AFTER_MS: [u64; 10] = [
    60_000,
    600_000,
    3_600_000,
    6 * 3_600_000,
    DAY_MS,
    DAY_MS,
    DAY_MS,
    DAY_MS,
    DAY_MS,
    DAY_MS,
];

const DAY_MS: u64 = 24 * 3_600_000;

/// As often as one receiver asks, for a small group of them.
const MAX_SERVED: u32 = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_person_cannot_fill_the_disk_unasked() {
        assert!(fetches_by_itself(0, 0, 5_000_000));
        assert!(!fetches_by_itself(16, 0, 1));
        assert!(fetches_by_itself(15, 35_000_000, 5_000_000));
        assert!(!fetches_by_itself(1, 35_000_001, 5_000_000));
        assert!(!fetches_by_itself(1, u64::MAX, 5));
    }

    #[test]
    fn knocking_ends_after_a_week_and_doors_are_small() {
        let waits: Vec<u64> = (0..100).map_while(next_knock).collect();
        assert!(waits.is_sorted());
        assert!((6..8).contains(&(waits.iter().sum::<u64>() / DAY_MS)));
        let door = |peer: usize, addresses: usize, length: usize| FileDoor {
            peer_id: vec![0; peer],
            addresses: vec!["x".repeat(length); addresses],
        };
        assert!(is_door(&door(39, 1, 20)) && is_door(&door(64, 8, 128)));
        for bad in [
            door(0, 1, 20),
            door(65, 1, 20),
            door(39, 0, 20),
            door(39, 9, 20),
            door(39, 1, 0),
            door(39, 1, 129),
        ] {
            assert!(!is_door(&bad));
        }
    }

    #[test]
    fn questions_end() {
        let waits: Vec<u64> = (0..20).map_while(next_ask).collect();
        assert_eq!(waits.len(), 10);
        assert!(waits.is_sorted());
        assert!(serves_again(63) && !serves_again(64));
    }
}
