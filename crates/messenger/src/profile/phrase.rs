//! The recovery phrase: kept in the encrypted database until the person has shown that it is written down, and chooses to
//! remove it from this device.

use store::AccountRow;
use zeroize::Zeroizing;

use super::Error;
use crate::command::CommandError;
use crate::turn::Turn;

/// Chooses the two words that are to be given back; answers their places, counted from 1, the lower first. Asked again
/// before they are given, other places are chosen.
pub(crate) fn ask(turn: &mut Turn<'_, '_>) -> Result<[u8; 2], CommandError> {
    let count = words(turn)?.len() as u64;
    let first = turn.rng.next_u64() % count;
    let second = (first + 1 + turn.rng.next_u64() % (count - 1)) % count;
    let (lower, higher) = (first.min(second), first.max(second));
    turn.tx.settings().set_number(QUESTION, lower * RADIX + higher)?;
    Ok([lower as u8 + 1, higher as u8 + 1])
}

/// Takes the two words.
pub(crate) fn confirm(turn: &mut Turn<'_, '_>, given: &[Zeroizing<String>; 2]) -> Result<(), CommandError> {
    let question = turn.tx.settings().number(QUESTION)?.ok_or(Error::NotAsked)?;
    let words = words(turn)?;
    let places = [question / RADIX, question % RADIX];
    // Compared by their hashes, whose comparison says nothing about how much of a word was right.
    let right = places.into_iter().zip(given).all(|(place, given)| {
        let word = usize::try_from(place).ok().and_then(|place| words.get(place));
        let given = Zeroizing::new(given.trim().to_lowercase());
        word.is_some_and(|word| crypto::keccak256(word.as_bytes()) == crypto::keccak256(given.as_bytes()))
    });
    if !right {
        return Err(Error::WrongWords.into());
    }
    turn.tx.settings().remove(QUESTION)?;
    turn.tx.settings().set_number(CONFIRMED, 1)?;
    Ok(())
}

/// Erases it.
pub(crate) fn forget(turn: &mut Turn<'_, '_>) -> Result<(), CommandError> {
    let Some(row) = turn.tx.account().load()?.filter(|row| row.mnemonic.is_some()) else {
        return Err(Error::PhraseGone.into());
    };
    if turn.tx.settings().number(CONFIRMED)? != Some(1) {
        return Err(Error::PhraseNotConfirmed.into());
    }
    turn.tx.account().save(&AccountRow { mnemonic: None, ..row })?;
    Ok(())
}

fn words(turn: &mut Turn<'_, '_>) -> Result<Vec<Zeroizing<String>>, CommandError> {
    let row = turn.tx.account().load()?;
    let phrase = row.and_then(|row| row.mnemonic).ok_or(Error::PhraseGone)?;
    let words = phrase
        .split(|byte| *byte == b' ')
        .map(|word| String::from_utf8_lossy(word).into_owned());
    Ok(words.map(Zeroizing::new).collect())
}

/// Whether two words were given back.
pub(crate) const CONFIRMED: &str = "phrase confirmed";

/// Which two words are asked for.
const QUESTION: &str = "phrase question";

/// More than there are words.
const RADIX: u64 = 32;
