use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use super::*;

/// As cheap as Argon2 allows.
const CHEAP: Cost = Cost {
    memory_kib: 8,
    passes: 1,
    lanes: 1,
};

fn sealed(seed: u64) -> (SymmetricKey, Vec<u8>) {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let key = SymmetricKey::generate(&mut rng);
    let vault = seal("correct horse", CHEAP, &key, &mut rng).unwrap();
    (key, vault)
}

/// `vault` with `change` made and the checksum made to fit.
fn rechecked(vault: &[u8], change: impl FnOnce(&mut [u8])) -> Vec<u8> {
    let mut content = vault[..LEN - CHECKSUM].to_vec();
    change(&mut content);
    let checksum = Sha256::digest(&content);
    content.extend_from_slice(&checksum);
    content
}

#[test]
fn the_right_password_opens() {
    let (key, vault) = sealed(1);
    assert_eq!(vault.len(), LEN);
    assert_eq!(open("correct horse", &vault), Ok(key.clone()));
    assert_eq!(cost(&vault), Ok(CHEAP));
    assert!(!vault.windows(32).any(|window| window == key.expose()));
}

#[test]
fn the_default_cost_opens() {
    let mut rng = ChaCha20Rng::seed_from_u64(2);
    let key = SymmetricKey::generate(&mut rng);
    let vault = seal("pw", Cost::DEFAULT, &key, &mut rng).unwrap();
    assert_eq!(open("pw", &vault), Ok(key));
    assert!(cost(&vault).unwrap().memory_kib >= 64 * 1024);
}

#[test]
fn a_wrong_password_is_told_from_damage() {
    let (_, vault) = sealed(3);
    for password in ["", "correct horsf", "correct horse ", "Correct horse"] {
        assert_eq!(open(password, &vault), Err(OpenError::WrongPassword));
    }
    for bit in 0..LEN * 8 {
        let mut damaged = vault.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(open("correct horse", &damaged), Err(OpenError::Damaged));
    }
    for length in 0..LEN {
        assert_eq!(open("correct horse", &vault[..length]), Err(OpenError::Damaged));
    }
    let mut longer = vault.clone();
    longer.push(0);
    assert_eq!(open("correct horse", &longer), Err(OpenError::Damaged));
}

#[test]
fn every_byte_before_the_tag_is_authenticated() {
    let (_, vault) = sealed(4);
    let salt = MAGIC.len() + 1 + 12;
    for index in salt..LEN - CHECKSUM {
        let forged = rechecked(&vault, |content| content[index] ^= 1);
        assert_eq!(open("correct horse", &forged), Err(OpenError::WrongPassword));
    }
}

#[test]
fn hostile_costs_are_refused_without_being_paid() {
    let (_, vault) = sealed(5);
    let numbers = MAGIC.len() + 1;
    let costs = [
        [u32::MAX, 1, 1],
        [MAX_MEMORY_KIB + 1, 1, 1],
        [8, u32::MAX, 1],
        [8, MAX_PASSES + 1, 1],
        [u32::MAX, 1, u32::MAX],
        [8, 1, MAX_LANES + 1],
        [8, 1, 2],
        [0, 1, 1],
        [8, 0, 1],
        [8, 1, 0],
    ];
    for cost in costs {
        let forged = rechecked(&vault, |content| {
            for (index, number) in cost.iter().enumerate() {
                let at = numbers + 4 * index;
                content[at..at + 4].copy_from_slice(&number.to_le_bytes());
            }
        });
        assert_eq!(open("correct horse", &forged), Err(OpenError::TooCostly));
        let [memory_kib, passes, lanes] = cost;
        let cost = Cost {
            memory_kib,
            passes,
            lanes,
        };
        let mut rng = ChaCha20Rng::seed_from_u64(5);
        let key = SymmetricKey::generate(&mut rng);
        assert_eq!(seal("pw", cost, &key, &mut rng), Err(SealError));
    }
}

#[test]
fn a_newer_version_is_named() {
    let (_, vault) = sealed(6);
    let newer = rechecked(&vault, |content| content[MAGIC.len()] = 2);
    assert_eq!(open("correct horse", &newer), Err(OpenError::Version));
    let other_file = rechecked(&vault, |content| content[0] = b'X');
    assert_eq!(open("correct horse", &other_file), Err(OpenError::Damaged));
    let empty = Sha256::digest([]);
    assert_eq!(open("correct horse", &empty), Err(OpenError::Damaged));
    let mut magic_only = MAGIC.to_vec();
    magic_only.extend_from_slice(&Sha256::digest(MAGIC));
    assert_eq!(open("correct horse", &magic_only), Err(OpenError::Damaged));
}

#[test]
fn sealing_twice_shares_nothing() {
    let mut rng = ChaCha20Rng::seed_from_u64(7);
    let key = SymmetricKey::generate(&mut rng);
    let first = seal("pw", CHEAP, &key, &mut rng).unwrap();
    let second = seal("pw", CHEAP, &key, &mut rng).unwrap();
    let head = MAGIC.len() + 1 + 12;
    let same = first[head..]
        .iter()
        .zip(&second[head..])
        .filter(|(a, b)| a == b)
        .count();
    assert!(same < 12, "{same} bytes agree");
}
