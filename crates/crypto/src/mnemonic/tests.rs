use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use super::*;

const PHRASE: &str = "test test test test test test test test test test test junk";

#[test]
fn people_type_it_their_way() {
    let phrase = Mnemonic::parse(PHRASE).unwrap();
    let typed = format!("  {}\n", PHRASE.to_uppercase().replace(' ', "\t "));
    assert_eq!(Mnemonic::parse(&typed).unwrap(), phrase);
    assert_eq!(phrase.expose(), PHRASE);
}

#[test]
fn mistakes_are_located() {
    let parse = |text: &str| Mnemonic::parse(text).unwrap_err();
    assert_eq!(parse(""), MnemonicError::WordCount(0));
    assert_eq!(parse("test test"), MnemonicError::WordCount(2));
    assert_eq!(parse(&format!("{PHRASE} junk")), MnemonicError::WordCount(13));
    assert_eq!(parse(&PHRASE.replace("junk", "junc")), MnemonicError::UnknownWord(12));
    assert_eq!(parse(&PHRASE.replace("junk", "test")), MnemonicError::Checksum);
    let error = parse(&PHRASE.replace("junk", "junc")).to_string();
    assert!(!error.contains("junc"), "an error message repeats no word");
    assert_eq!(parse(&"test ".repeat(100_000)), MnemonicError::WordCount(100_000));
}

#[test]
fn fresh_phrases_are_valid_and_differ() {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let one = Mnemonic::generate(&mut rng);
    let two = Mnemonic::generate(&mut rng);
    assert_ne!(one, two);
    assert_eq!(one.expose().split(' ').count(), 12);
    assert_eq!(Mnemonic::parse(one.expose()), Ok(one));
}

#[test]
fn a_passphrase_gives_another_seed() {
    let phrase = Mnemonic::parse(PHRASE).unwrap();
    let seed = "9dfc3c64c2f8bede1533b6a79f8570e5943e0b8fd1cf77107adf7b72cef42185\
                d564a3aee24cab43f80e3c4538087d70fc824eabbad596a23c97b6ee8322ccc0";
    assert_eq!(hex::encode(phrase.to_seed("").expose()), seed);
    assert_ne!(phrase.to_seed(" "), phrase.to_seed(""));
    // NFKD: both spellings of é are one passphrase.
    assert_eq!(phrase.to_seed("\u{e9}"), phrase.to_seed("e\u{301}"));
}

proptest! {
    #[test]
    fn any_text_is_no_panic(text in "\\PC*") {
        let _ = Mnemonic::parse(&text);
    }
}
