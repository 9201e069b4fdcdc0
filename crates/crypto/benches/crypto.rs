//! What each operation costs, beside its floor: the primitives that no
//! implementation of the same bytes can do without.

#![allow(missing_docs)] // What `criterion_group!` generates has none.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::hint::black_box;

use aes::cipher::{KeyIvInit, StreamCipher};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use hmac::{Hmac, KeyInit, Mac};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use sha2::Sha256;
use undertone_crypto::payload_v1::{self, OpeningKey, Recipient};
use undertone_crypto::x3dh::{self, SignedPreKey};
use undertone_crypto::{GroupKey, PublicKey, RatchetMessage, SecretKey, Session, Signature, SymmetricKey, keccak256};

/// Two people with keys, and the pieces that floors are made of.
struct World {
    alice: SecretKey,
    bob: SecretKey,
    ephemeral: SecretKey,
    pre_key: SignedPreKey,
    topic: SymmetricKey,
    rng: ChaCha20Rng,
    data: Vec<u8>,
    hash: [u8; 32],
    signature: Signature,
}

impl World {
    fn new() -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let [alice, bob, ephemeral] = [(); 3].map(|()| SecretKey::generate(&mut rng));
        for key in [&alice, &bob, &ephemeral] {
            key.public_key(); // Known by the time messages flow.
        }
        let mut data = vec![0; DATA];
        rng.fill_bytes(&mut data);
        let hash = keccak256(&data);
        Self {
            signature: alice.sign(&hash),
            pre_key: SignedPreKey::generate(1, &mut rng),
            topic: SymmetricKey::generate(&mut rng),
            alice,
            bob,
            ephemeral,
            rng,
            data,
            hash,
        }
    }

    fn sessions(&mut self) -> (Session, Session) {
        let pre_key = self.pre_key.public().key;
        let shared = x3dh::initiate(&self.alice, &self.ephemeral, &self.bob.public_key(), &pre_key);
        (
            Session::initiator(&shared, &pre_key, &mut self.rng),
            Session::responder(&shared, &self.pre_key.secret),
        )
    }

    fn ecdh(&self) {
        black_box(self.alice.ecdh(black_box(&self.bob.public_key())));
    }

    fn recover(&self) {
        black_box(black_box(&self.signature).recover(&self.hash).unwrap());
    }

    fn sign(&self) {
        black_box(self.alice.sign(black_box(&self.hash)));
    }

    fn key_pair(&mut self) {
        black_box(SecretKey::generate(&mut self.rng).public_key());
    }

    fn keccak(&self) {
        black_box(keccak256(black_box(&self.data)));
    }

    fn ctr_and_hmac(&self) {
        let mut bytes = self.data.clone();
        ctr::Ctr128BE::<aes::Aes128>::new_from_slices(&self.hash[..16], &self.hash[16..])
            .unwrap()
            .apply_keystream(&mut bytes);
        let mac = Hmac::<Sha256>::new_from_slice(&self.hash).unwrap();
        black_box(mac.chain_update(&bytes).finalize());
    }

    fn gcm(&mut self) {
        black_box(self.topic.seal(&self.data, &mut self.rng));
    }

    /// Five HMACs with keys of their own: two for the chain, three for HKDF.
    fn ratchet_hashes(&self) {
        for _ in 0..5 {
            let mac = Hmac::<Sha256>::new_from_slice(black_box(&self.hash)).unwrap();
            black_box(mac.chain_update(self.hash).finalize());
        }
    }
}

/// The size that a short chat message has, padded, when it is put in a payload.
const DATA: usize = 1_000;

fn primitives(c: &mut Criterion) {
    let mut world = World::new();
    let mut group = c.benchmark_group("primitives");
    group.bench_function("ecdh", |b| b.iter(|| world.ecdh()));
    group.bench_function("recover", |b| b.iter(|| world.recover()));
    group.bench_function("sign", |b| b.iter(|| world.sign()));
    group.bench_function("key pair", |b| b.iter(|| world.key_pair()));
    let (short, long) = (
        world.bob.public_key().to_compressed(),
        world.bob.public_key().to_uncompressed(),
    );
    group.bench_function("parse compressed key", |b| {
        b.iter(|| PublicKey::from_slice(black_box(&short)));
    });
    group.bench_function("parse uncompressed key", |b| {
        b.iter(|| PublicKey::from_slice(black_box(&long)));
    });
    group.bench_function("keccak256 of 1 kB", |b| b.iter(|| world.keccak()));
    group.bench_function("aes-128-ctr and hmac of 1 kB", |b| {
        b.iter(|| world.ctr_and_hmac());
    });
    group.bench_function("aes-256-gcm of 1 kB", |b| b.iter(|| world.gcm()));
    group.sample_size(10);
    group.bench_function("key of a topic (pbkdf2)", |b| {
        b.iter(|| SymmetricKey::from_password(black_box("some-topic")));
    });
    group.finish();
}

fn payload(c: &mut Criterion) {
    let mut world = World::new();
    let topic = world.topic.clone();
    let bob = world.bob.clone();
    let public = bob.public_key();
    let alice = world.alice.clone();
    let data = world.data.clone();
    let mut rng = ChaCha20Rng::seed_from_u64(2);
    let mut seal = |to| payload_v1::seal(black_box(&data), to, Some(&alice), &mut rng).unwrap();
    let symmetric = seal(Recipient::Symmetric(&topic));
    let asymmetric = seal(Recipient::Asymmetric(&public));

    let mut group = c.benchmark_group("payload v1, symmetric, signed, 1 kB");
    group.bench_function("seal", |b| b.iter(|| seal(Recipient::Symmetric(&topic))));
    group.bench_function("seal, floor: sign, keccak, gcm", |b| {
        b.iter(|| {
            world.sign();
            world.keccak();
            world.gcm();
        });
    });
    group.bench_function("open", |b| {
        b.iter(|| payload_v1::open(black_box(&symmetric), OpeningKey::Symmetric(&topic)).unwrap());
    });
    group.bench_function("open, floor: recover, keccak, gcm", |b| {
        b.iter(|| {
            world.recover();
            world.keccak();
            world.gcm();
        });
    });
    group.finish();

    let mut group = c.benchmark_group("payload v1, asymmetric, signed, 1 kB");
    group.bench_function("seal", |b| b.iter(|| seal(Recipient::Asymmetric(&public))));
    group.bench_function("seal, floor: sign, key pair, ecdh, keccak, ctr, hmac", |b| {
        b.iter(|| {
            world.sign();
            world.key_pair();
            world.ecdh();
            world.keccak();
            world.ctr_and_hmac();
        });
    });
    group.bench_function("open", |b| {
        b.iter(|| payload_v1::open(black_box(&asymmetric), OpeningKey::Asymmetric(&bob)).unwrap());
    });
    group.bench_function("open, floor: recover, ecdh, keccak, ctr, hmac", |b| {
        b.iter(|| {
            world.recover();
            world.ecdh();
            world.keccak();
            world.ctr_and_hmac();
        });
    });
    group.finish();
}

fn key_agreement(c: &mut Criterion) {
    let world = World::new();
    let pre_key = world.pre_key.public().key;
    let mut group = c.benchmark_group("x3dh");
    group.bench_function("initiate", |b| {
        let bob = world.bob.public_key();
        b.iter(|| x3dh::initiate(&world.alice, &world.ephemeral, &bob, &pre_key));
    });
    group.bench_function("accept", |b| {
        let (alice, ephemeral) = (world.alice.public_key(), world.ephemeral.public_key());
        b.iter(|| x3dh::accept(&world.bob, &world.pre_key.secret, &alice, &ephemeral));
    });
    group.bench_function("floor: three ecdh", |b| {
        b.iter(|| (0..3).for_each(|_| world.ecdh()));
    });

    let pre_keys = BTreeMap::from([("installation".to_owned(), world.pre_key.public())]);
    let signature = x3dh::sign_bundle(&world.alice, &pre_keys, 1);
    let alice = world.alice.public_key();
    group.bench_function("verify bundle", |b| {
        b.iter(|| x3dh::verify_bundle(&alice, black_box(&pre_keys), 1, &signature).unwrap());
    });
    group.bench_function("verify bundle, floor: recover", |b| b.iter(|| world.recover()));
    group.finish();
}

fn ratchet(c: &mut Criterion) {
    let mut world = World::new();
    let data = world.data.clone();
    let (mut alice, bob) = world.sessions();
    let turning = alice.encrypt(&data).unwrap();
    let mut rng = ChaCha20Rng::seed_from_u64(3);
    let mut listening = bob.clone();
    decrypt(&mut listening, &turning, &mut rng);
    listening.to_bytes(); // Its public key is known from now on.
    let following = alice.encrypt(&data).unwrap();
    let mut far_ahead = alice.clone();
    let far = (0..1_000).map(|_| far_ahead.encrypt(b"").unwrap()).last().unwrap();

    let mut group = c.benchmark_group("double ratchet, 1 kB");
    group.bench_function("encrypt", |b| b.iter(|| alice.encrypt(black_box(&data)).unwrap()));
    let mut receive = |name, session: &Session, message: &RatchetMessage| {
        group.bench_function(name, |b| {
            b.iter_batched(
                || session.clone(),
                |mut session| {
                    decrypt(&mut session, message, &mut rng);
                    session.to_bytes()
                },
                BatchSize::SmallInput,
            );
        });
    };
    receive("decrypt in a chain, to bytes", &listening, &following);
    receive("decrypt and turn, to bytes", &bob, &turning);
    receive("decrypt after 1000 lost, to bytes", &listening, &far);
    group.bench_function("floor of a step: five hmac, ctr, hmac", |b| {
        b.iter(|| {
            world.ratchet_hashes();
            world.ctr_and_hmac();
        });
    });
    group.bench_function("floor of a turn: a step, two ecdh, a key pair", |b| {
        b.iter(|| {
            world.ratchet_hashes();
            world.ctr_and_hmac();
            world.ecdh();
            world.ecdh();
            world.key_pair();
        });
    });
    group.bench_function("to bytes and back", |b| {
        b.iter(|| Session::from_bytes(&listening.to_bytes()).unwrap());
    });
    group.finish();
}

fn group_key(c: &mut Criterion) {
    let mut rng = ChaCha20Rng::seed_from_u64(4);
    let mut sender = GroupKey::generate(b"group", 1, &mut rng);
    let data = vec![7; DATA];
    let (number, payload) = sender.encrypt(&data, &mut rng).unwrap();
    let mut group = c.benchmark_group("hash ratchet, 1 kB");
    group.bench_function("decrypt", |b| {
        b.iter(|| sender.decrypt(number, black_box(&payload)).unwrap());
    });
    group.bench_function("the farthest key", |b| {
        b.iter(|| sender.message_key(100_000).unwrap());
    });
    group.finish();
}

/// From envelope bytes to the plaintext of an author: what a receiver pays per message.
fn received_message(c: &mut Criterion) {
    let mut world = World::new();
    let (mut alice, bob) = world.sessions();
    let mut rng = ChaCha20Rng::seed_from_u64(5);
    let text = vec![7; 300];
    let inner = alice.encrypt(&text).unwrap();
    let to = Recipient::Symmetric(&world.topic);
    let data = inner.ciphertext.clone();
    let envelope = payload_v1::seal(&data, to, Some(&world.alice), &mut rng).unwrap();
    let pre_keys = BTreeMap::from([("installation".to_owned(), world.pre_key.public())]);
    let bundle = x3dh::sign_bundle(&world.alice, &pre_keys, 1);

    let mut group = c.benchmark_group("received pairwise message");
    group.bench_function("envelope, bundle, ratchet turn, author, session to bytes", |b| {
        b.iter(|| {
            let opened = payload_v1::open(&envelope, OpeningKey::Symmetric(&world.topic)).unwrap();
            let sender = opened.author.unwrap();
            x3dh::verify_bundle(&sender, &pre_keys, 1, &bundle).unwrap();
            let mut session = bob.clone();
            let plaintext = session.decrypt(&inner.header, &opened.data, &mut rng).unwrap();
            keccak256(&plaintext);
            black_box(world.signature.recover(&world.hash).unwrap());
            session.to_bytes()
        });
    });
    group.bench_function("floor: three recover, two ecdh, a key pair", |b| {
        b.iter(|| {
            (0..3).for_each(|_| world.recover());
            world.ecdh();
            world.ecdh();
            world.key_pair();
        });
    });
    group.finish();
}

fn decrypt(session: &mut Session, message: &RatchetMessage, rng: &mut ChaCha20Rng) {
    session.decrypt(&message.header, &message.ciphertext, rng).unwrap();
}

criterion_group!(
    benches,
    primitives,
    payload,
    key_agreement,
    ratchet,
    group_key,
    received_message
);
criterion_main!(benches);
