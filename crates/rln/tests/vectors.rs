//! Values that others calculated: proofs' public parts, and a keystore.
//!
//! The folder is `UNDERTONE_VECTORS`, or `vectors/` of the repository.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::path::PathBuf;

use serde_json::Value;
use undertone_rln::{Circuit, Group, Identity, Keystore, KeystoreError, Member, Pick, Unrecoverable, recover};
use waku_proto::WakuMessage;
use waku_proto::rln::{Epoch, Invalid, RLN_IDENTIFIER, RateLimitProof, read, signal};
use zeroize::Zeroizing;

// over budget: one case, from its inputs to what must be refused
#[test]
fn rln() {
    let circuit = Circuit::load();
    run("rln", |case| {
        let identity = Identity::new(
            Zeroizing::new(bytes(&case["trapdoor"])),
            Zeroizing::new(bytes(&case["nullifier_secret"])),
        );
        let identity = identity.unwrap();
        assert_eq!(*identity.secret_hash(), bytes(&case["secret_hash"]));
        assert_eq!(identity.commitment(), bytes(&case["commitment"]));
        let (limit, message_id) = (number(&case["limit"]), number(&case["message_id"]));
        assert_eq!(Group::parse("").unwrap().root(), bytes(&case["empty_root"]));
        let group = Group::parse(&format!("{} {limit}", text(&case["commitment"]))).unwrap();
        assert_eq!(group.root(), bytes(&case["root"]));
        let path = group.path(0).unwrap();
        assert_eq!(path.root(&identity, limit), group.root());

        let now = case["timestamp"].as_i64().unwrap();
        let mut message = WakuMessage {
            payload: hex::decode(text(&case["payload"])).unwrap(),
            content_topic: text(&case["content_topic"]).into(),
            timestamp: Some(now),
            ..WakuMessage::default()
        };
        assert_eq!(hex::encode(signal(&message)), text(&case["signal"]));
        let epoch = Epoch::of(now, number(&case["epoch_seconds"]));
        assert_eq!(
            (epoch.0, epoch.to_bytes()),
            (number(&case["epoch_number"]), bytes(&case["epoch"]))
        );
        assert_eq!(RLN_IDENTIFIER, bytes(&case["rln_identifier"]));

        let member = Member {
            identity: &identity,
            path: &path,
            limit,
            message_id,
        };
        let proof = circuit.prove(&member, epoch, &message).unwrap();
        assert_eq!(proof.share_x, bytes(&case["x"]));
        assert_eq!(proof.share_y, bytes(&case["y"]));
        assert_eq!(proof.nullifier, bytes(&case["nullifier"]));
        assert_eq!(proof.merkle_root, group.root());
        message.rate_limit_proof = Some(proof.encode());
        assert_eq!(read(&message, now, 600), Ok((epoch, proof.clone())));
        assert!(circuit.verify(&proof, &message));
        refusals(&circuit, &proof, &message);

        // A second message under the same number gives the secret away; the same one again does not.
        let mut second = message.clone();
        second.payload.push(1);
        let again = circuit.prove(&member, epoch, &second).unwrap();
        assert_eq!(again.nullifier, proof.nullifier);
        assert_eq!(
            *recover(&proof.share(), &again.share()).unwrap(),
            bytes(&case["secret_hash"])
        );
        assert_eq!(recover(&proof.share(), &proof.share()), Err(Unrecoverable));
        let beyond = Member {
            message_id: limit,
            ..member
        };
        assert!(circuit.prove(&beyond, epoch, &message).is_err());
    });
}

/// What must not pass.
fn refusals(circuit: &Circuit, proof: &RateLimitProof, message: &WakuMessage) {
    let spoil: [fn(&mut RateLimitProof); 8] = [
        |proof| proof.proof[3] ^= 1,
        |proof| proof.proof = [0; 128],
        |proof| proof.merkle_root[0] ^= 1,
        |proof| proof.epoch[0] ^= 1,
        |proof| proof.share_x[0] ^= 1,
        |proof| proof.share_y[0] ^= 1,
        |proof| proof.nullifier[0] ^= 1,
        // Not below the modulus.
        |proof| proof.nullifier = [0xff; 32],
    ];
    for (which, spoil) in spoil.iter().enumerate() {
        let mut spoilt = proof.clone();
        spoil(&mut spoilt);
        assert!(!circuit.verify(&spoilt, message), "spoilt proof {which}");
    }
    let spoil: [fn(&mut WakuMessage); 3] = [
        |message| message.payload.push(0),
        |message| message.content_topic = "/waku/2/other/proto".into(),
        |message| message.timestamp = message.timestamp.map(|time| time + 1),
    ];
    for (which, spoil) in spoil.iter().enumerate() {
        let mut spoilt = message.clone();
        spoil(&mut spoilt);
        assert!(!circuit.verify(proof, &spoilt), "spoilt message {which}");
    }
    let late = message.timestamp.unwrap() + 21_000_000_000;
    assert_eq!(read(message, late, 600), Err(Invalid::Timestamp));
}

#[test]
fn keystore_rln() {
    run("keystore-rln", |case| {
        let keystore = Keystore::parse(&case["keystore"].to_string()).unwrap();
        let password = text(&case["password"]);
        let index = u32::try_from(number(&case["index"])).unwrap();
        let opened = keystore.open(password.as_bytes(), Pick::Only).unwrap();
        assert_eq!(*opened.identity.secret_hash(), bytes(&case["secret_hash"]));
        assert_eq!(opened.identity.commitment(), bytes(&case["commitment"]));
        assert_eq!(opened.membership.key(), text(&case["key"]));
        assert_eq!(opened.membership.chain_id, text(&case["chain_id"]));
        assert_eq!(opened.membership.contract, text(&case["contract"]));
        assert_eq!(
            (opened.membership.index, opened.membership.chain()),
            (index, Some(0xaa_36a7))
        );
        assert!(keystore.open(password.as_bytes(), Pick::Index(index)).is_ok());
        let outcome = |password: &str, pick| keystore.open(password.as_bytes(), pick).unwrap_err();
        assert_eq!(outcome("wrong", Pick::Only), KeystoreError::Password);
        assert_eq!(outcome(&password, Pick::Index(index + 1)), KeystoreError::NotThere);

        // What we write is read again, and only with the password.
        let mut ours = Keystore::default();
        assert_eq!(ours.add(&opened, b"another").unwrap(), text(&case["key"]));
        assert_eq!(ours.add(&opened, b"another"), Err(KeystoreError::There));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rlnCredentials.txt");
        ours.write(&path).unwrap();
        let again = Keystore::read(&path).unwrap().open(b"another", Pick::Only).unwrap();
        assert_eq!(again.identity.commitment(), opened.identity.commitment());
        assert_eq!(again.membership, opened.membership);
        assert!(
            !std::fs::read_to_string(&path)
                .unwrap()
                .contains(&hex::encode(opened.identity.commitment()))
        );
        assert_eq!(format!("{opened:?}").matches("Identity(..)").count(), 1);
    });
}

#[test]
fn what_is_no_keystore() {
    for text in [
        "",
        "{}",
        r#"{"application":"other","appIdentifier":"01234567890abcdef","version":"0.2","credentials":{}}"#,
        r#"{"application":"waku-rln-relay","appIdentifier":"01234567890abcdef","version":"0.3","credentials":{}}"#,
    ] {
        assert_eq!(Keystore::parse(text).unwrap_err(), KeystoreError::Form, "{text}");
    }
    let empty = Keystore::default().open(b"x", Pick::Only).unwrap_err();
    assert_eq!(empty, KeystoreError::NotThere);
}

fn run(kind: &str, check: impl Fn(&Value)) {
    let folder = std::env::var_os("UNDERTONE_VECTORS").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../vectors"),
        PathBuf::from,
    );
    let mut cases = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name.starts_with(kind) && name.ends_with(".json") {
            let file: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
            for case in file["cases"].as_array().unwrap() {
                check(case);
                cases += 1;
            }
        }
    }
    println!("{kind}: {cases} cases ran");
    assert!(cases > 0, "no vectors of {kind} in {}", folder.display());
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap()
}

fn bytes(value: &Value) -> [u8; 32] {
    hex::decode(text(value)).unwrap().try_into().unwrap()
}
