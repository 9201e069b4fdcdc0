//! Calls of the membership contract and their answers, in the contract's binary form: words of 32 bytes, big-endian.

use sha3::{Digest as _, Keccak256};

/// What is sent: four bytes of the function's hash, and its arguments.
pub(super) fn call(signature: &str, arguments: &[[u8; 32]]) -> String {
    let digest = Keccak256::digest(signature.as_bytes());
    let mut data = digest[..4].to_vec();
    arguments.iter().for_each(|word| data.extend_from_slice(word));
    format!("0x{}", hex::encode(data))
}

/// A number as an argument.
pub(super) fn number(number: u64) -> [u8; 32] {
    let mut word = [0; 32];
    word[24..].copy_from_slice(&number.to_be_bytes());
    word
}

/// A field element, little-endian, as an argument, and back.
pub(super) fn reversed(mut element: [u8; 32]) -> [u8; 32] {
    element.reverse();
    element
}

/// The words of an answer.
pub(super) fn words(answer: &str) -> Option<Vec<[u8; 32]>> {
    let bytes = hex::decode(answer.strip_prefix("0x")?).ok()?;
    let words = bytes.chunks_exact(32);
    let is_whole = words.remainder().is_empty() && bytes.len() <= MAX_ANSWER;
    is_whole.then(|| words.map(|word| word.try_into().expect("chunks of 32")).collect())
}

/// The numbers of a list, whether its length is fixed (`uint256[5]`) or written in front (`uint256[]`).
pub(super) fn list(answer: &str, fixed: usize) -> Option<Vec<[u8; 32]>> {
    let words = words(answer)?;
    if words.len() == fixed {
        return Some(words);
    }
    let (offset, length) = (small(words.first()?)?, small(words.get(1)?)?);
    (offset == 32 && usize::try_from(length).ok()? == words.len() - 2).then(|| words[2..].to_vec())
}

/// A word that holds a number of at most 64 bits.
pub(super) fn small(word: &[u8; 32]) -> Option<u64> {
    let (high, low) = word.split_at(24);
    let low = low.try_into().expect("eight bytes");
    high.iter().all(|byte| *byte == 0).then(|| u64::from_be_bytes(low))
}

/// The longest list is a path of 20 words.
const MAX_ANSWER: usize = 64 * 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_named_by_their_hash() {
        // Well-known: the transfer of a token.
        let data = call("transfer(address,uint256)", &[number(1), number(0x0203)]);
        assert_eq!(&data[..10], "0xa9059cbb");
        assert_eq!(data.len(), 2 + 8 + 128);
        assert!(data.ends_with("0203"));
    }

    #[test]
    fn lists_have_two_forms() {
        let word = |n: u64| hex::encode(number(n));
        let fixed = format!("0x{}{}", word(7), word(8));
        let written = format!("0x{}{}{}{}", word(32), word(2), word(7), word(8));
        for answer in [fixed, written] {
            assert_eq!(list(&answer, 2), Some(vec![number(7), number(8)]));
        }
        for wrong in [
            String::new(),
            "0x".into(),
            "0x00".into(),
            "7".into(),
            format!("0x{}", word(7)),
            format!("0x{}{}{}", word(32), word(2), word(7)),
            format!("0x{}", "00".repeat(32 * 65)),
        ] {
            assert_eq!(list(&wrong, 2), None, "{wrong}");
        }
        assert_eq!((small(&number(9)), small(&[1; 32])), (Some(9), None));
    }
}
