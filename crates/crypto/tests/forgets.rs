//! Used double-ratchet keys are gone from memory, looked for in all of it.
//!
//! The process reads its own memory through the operating system and searches
//! every writable page, the stack included, for keys it knows from the worked
//! example of the protocol reference. To know a key without holding it, the
//! test keeps its complement.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

use std::convert::Infallible;
use std::fs::File;
use std::hint::black_box;
use std::os::unix::fs::FileExt;
use std::sync::Barrier;
use std::thread;

use rand_core::{TryCryptoRng, TryRng};
use undertone_crypto::{SecretKey, Session, x3dh};

/// Bitwise complements, in hex, of what the first message uses.
const USED: [(&str, &str); 5] = [
    (
        "X3DH secret",
        "b437aa2f9897afd7e458e912da1a8763519cd6e7c48949c9f0925f6291215188",
    ),
    (
        "chain key",
        "744731cdd98d867ef8fa4f35e64fbba99bfe3aff650791e6154afc084a1deb7b",
    ),
    (
        "message key",
        "d4f25533ca5381e7868804e77308337ae1f36436c8724975290098aec6b35f5d",
    ),
    (
        "encryption key",
        "16dc2ba823399123f4ae35d0c8d93955b34533878e580b5f89aa47a3f8c1b46a",
    ),
    (
        "authentication key",
        "c4016e84362e96ea7362019d77a9ea6df5eb9b32f33b2b45e84af9d6b5272450",
    ),
];

/// Stands, complemented, on the stack of the thread that is searched.
const CANARY: [u8; 32] = *b"a canary of thirty-two bytes, ok";

/// As it is, and as HMAC mixes a key into its inner and outer block.
const HMAC_MASKS: [u8; 3] = [0, 0x36, 0x5c];

#[test]
fn used_keys_are_in_no_page_of_memory() {
    // The sessions live on a thread that stands still while this one searches,
    // so that searching does not itself write over what is left on the stack.
    let (before, after, done) = (Barrier::new(2), Barrier::new(2), Barrier::new(2));
    thread::scope(|scope| {
        scope.spawn(|| exchange(&before, &after, &done));
        before.wait();
        let seeds = [needle("X3DH secret"), needle("chain key"), CANARY].map(|key| count(&key));
        before.wait();
        after.wait();
        let left = USED.map(|(name, _)| {
            let masked = HMAC_MASKS.map(|mask| count(&needle(name).map(|byte| byte ^ mask)));
            (name, masked)
        });
        done.wait();
        assert!(seeds.iter().all(|found| *found >= 1), "they are in use");
        for (name, found) in left {
            assert_eq!(found, [0; 3], "the {name} is still in memory");
        }
    });
}

/// One message each way. Both sides are alive when `after` is reached.
fn exchange(before: &Barrier, after: &Barrier, done: &Barrier) {
    let (alice, bob) = (secret(0x11), secret(0x33));
    let (ephemeral, pre_key) = (secret(0x22), secret(0x44));
    let mut receiver = responder(&bob, &pre_key, &alice, &ephemeral);
    let mut sender = initiator(&alice, &ephemeral, &bob, &pre_key);
    let on_the_stack = black_box(CANARY.map(|byte| !byte));
    before.wait();
    before.wait();
    black_box(&on_the_stack);

    let message = sender.encrypt(b"hello").unwrap();
    let plaintext = receiver.decrypt(&message.header, &message.ciphertext, &mut Repeat(0x66));
    // The initiator holds the secret as its receiving chain until an answer comes.
    let answer = receiver.encrypt(b"hi").unwrap();
    let answered = sender.decrypt(&answer.header, &answer.ciphertext, &mut Repeat(0x77));
    after.wait();
    done.wait();
    assert_eq!(message.ciphertext.len(), 53);
    assert_eq!(*plaintext.unwrap(), b"hello");
    assert_eq!(*answered.unwrap(), b"hi");
    assert!(receiver.skipped_len() == 0 && sender.skipped_len() == 0);
}

#[inline(never)]
fn responder(identity: &SecretKey, pre_key: &SecretKey, theirs: &SecretKey, ephemeral: &SecretKey) -> Session {
    let shared = x3dh::accept(identity, pre_key, &theirs.public_key(), &ephemeral.public_key());
    Session::responder(&shared, pre_key)
}

#[inline(never)]
fn initiator(identity: &SecretKey, ephemeral: &SecretKey, theirs: &SecretKey, pre_key: &SecretKey) -> Session {
    let their_pre_key = pre_key.public_key();
    let shared = x3dh::initiate(identity, ephemeral, &theirs.public_key(), &their_pre_key);
    Session::initiator(&shared, &their_pre_key, &mut Repeat(0x55))
}

fn secret(byte: u8) -> SecretKey {
    SecretKey::from_bytes(&[byte; 32]).unwrap()
}

/// The complement of a key in [`USED`].
fn needle(name: &str) -> [u8; 32] {
    let (_, digits) = USED.iter().find(|(known, _)| *known == name).unwrap();
    hex::decode(digits).unwrap().try_into().unwrap()
}

/// How often the complement of `needle` stands in writable memory.
fn count(needle: &[u8; 32]) -> usize {
    let memory = File::open("/proc/self/mem").unwrap();
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    let mut buffer = vec![0; CHUNK + OVERLAP];
    let own = buffer.as_ptr() as u64;
    let own = own..own + buffer.len() as u64;
    let mut found = 0;
    for (start, end) in maps.lines().filter_map(writable) {
        let mut at = start;
        while at < end {
            let length = (end - at).min((CHUNK + OVERLAP) as u64) as usize;
            if memory.read_exact_at(&mut buffer[..length], at).is_ok() {
                found += (0..length.saturating_sub(31))
                    .filter(|offset| !own.contains(&(at + *offset as u64)))
                    .filter(|offset| *offset < CHUNK && holds(&buffer[*offset..], needle))
                    .count();
            }
            at += CHUNK as u64;
        }
    }
    buffer.fill(0);
    black_box(&buffer);
    found
}

fn holds(memory: &[u8], needle: &[u8; 32]) -> bool {
    memory.iter().zip(needle).all(|(byte, not)| *byte == !not)
}

fn writable(line: &str) -> Option<(u64, u64)> {
    let (range, rest) = line.split_once(' ')?;
    if !rest.starts_with("rw") {
        return None;
    }
    let (start, end) = range.split_once('-')?;
    let number = |text| u64::from_str_radix(text, 16).ok();
    Some((number(start)?, number(end)?))
}

const CHUNK: usize = 1 << 20;
const OVERLAP: usize = 31;

/// Draws the same byte for ever.
struct Repeat(u8);

impl TryRng for Repeat {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(u32::from_le_bytes([self.0; 4]))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(u64::from_le_bytes([self.0; 8]))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        bytes.fill(self.0);
        Ok(())
    }
}

impl TryCryptoRng for Repeat {}
