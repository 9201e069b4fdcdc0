use proptest::prelude::*;

use super::*;
use crate::mnemonic::Mnemonic;

fn master() -> ExtendedKey {
    let phrase = "test test test test test test test test test test test junk";
    ExtendedKey::master(&Mnemonic::parse(phrase).unwrap().to_seed("")).unwrap()
}

fn private(path: &str) -> String {
    hex::encode(master().derive(path).unwrap().key().expose())
}

#[test]
fn the_paths_of_an_account() {
    let chat = "cd4d1e126328b7d3392c858b51d722f5b1ea1928e3543cf699e0caa0d4a0289e";
    let encryption = "304d3cea8e440e086e194670efe91ed75c97150110dd0500578920214dd60fd5";
    assert_eq!(private(CHAT), chat);
    assert_eq!(private(ENCRYPTION), encryption);
    let wallet = master().derive(WALLET).unwrap().key().public_key().address();
    assert_eq!(wallet.to_string(), "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
}

#[test]
fn paths_are_relative_and_lenient() {
    let whole = master().derive(CHAT).unwrap();
    let root = master().derive(EIP1581_ROOT).unwrap();
    assert_eq!(root.derive("0'/0").unwrap(), whole);
    assert_eq!(root.derive("./0'/0").unwrap(), whole);
    assert_eq!(root.derive("m/0'/0").unwrap(), whole);
    assert_ne!(root.derive("0'/0'").unwrap(), whole);
    for same in ["", "m", ".", "m/"] {
        assert_eq!(root.derive(same).unwrap(), root);
    }
}

#[test]
fn other_paths_are_refused() {
    let paths = [
        "m//0",
        "m/0/",
        "/0",
        "m/'",
        "m/x",
        "m/-1",
        "m/+1",
        "m/0''",
        "m/0h",
        "../0",
        "m/ 0",
        "m/2147483648",
        "m/4294967296",
        "m/99999999999999999999",
        "mm",
        "m/m",
    ];
    for path in paths {
        assert_eq!(master().derive(path), Err(DeriveError::Path), "{path}");
    }
    assert!(master().derive("m/2147483647").is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// An implementation that others use gives the same keys.
    #[test]
    fn matches_a_public_library(seed in prop::collection::vec(any::<u8>(), 64), steps in prop::collection::vec(any::<u32>(), 0..4)) {
        let path = steps.iter().fold("m".to_owned(), |path, step| {
            let mark = if step & HARDENED == 0 { "" } else { "'" };
            format!("{path}/{}{mark}", step & !HARDENED)
        });
        let ours = ExtendedKey::master(&Seed::from_bytes(&seed.as_slice().try_into().unwrap())).unwrap();
        let ours = ours.derive(&path).unwrap();
        let theirs = bip32::XPrv::derive_from_path(&seed, &path.parse().unwrap()).unwrap();
        prop_assert_eq!(ours.key().expose(), &<[u8; 32]>::from(theirs.private_key().to_bytes()));
        prop_assert_eq!(*ours.chain_code, theirs.attrs().chain_code);
    }
}
