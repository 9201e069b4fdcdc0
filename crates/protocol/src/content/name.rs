//! The rules of display names and descriptions of people.
//!
//! Deployed clients also refuse names that are three words of their own lists; those lists are not carried here.

use crate::content::Rule;

/// Checks a display name and returns it without the blanks around it. An empty name means none and is allowed.
pub fn display_name(text: &str) -> Result<&str, NameError> {
    let name = text.trim();
    if name.is_empty() {
        return Ok(name);
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | ' ' | '\t' | '\n' | '\x0c' | '\r');
    if !name.chars().all(allowed) {
        return Err(NameError::Character);
    }
    if !(MIN_CHARACTERS..=MAX_CHARACTERS).contains(&name.len()) {
        return Err(NameError::Length);
    }
    if ["_eth", ".eth", "-eth"].iter().any(|ending| name.ends_with(ending)) {
        return Err(NameError::LooksLikeDomain);
    }
    Ok(name)
}

/// Checks the description that a person gives of themselves: at most 240 code points.
pub fn bio(text: &str) -> Result<(), Rule> {
    if text.chars().nth(MAX_BIO_CHARACTERS).is_some() {
        Err(Rule::BioTooLong)
    } else {
        Ok(())
    }
}

/// What is wrong with a display name; its owner is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum NameError {
    /// Fewer than 5 or more than 24 characters.
    #[error("a name has 5 to 24 characters")]
    Length,
    /// Something else than letters, digits, spaces, `_` and `-`.
    #[error("a name consists of the letters A to Z, digits, spaces, _ and -")]
    Character,
    /// Ends like the name of an Ethereum domain.
    #[error("a name does not end with eth after a dot, a minus sign or an underscore")]
    LooksLikeDomain,
}

const MIN_CHARACTERS: usize = 5;
const MAX_CHARACTERS: usize = 24;
const MAX_BIO_CHARACTERS: usize = 240;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for good in [
            "",
            "   ",
            "alice",
            "Alice B_-9",
            "x".repeat(24).as_str(),
            "  alice  ",
            "alice eth",
            "tab\there",
        ] {
            assert_eq!(display_name(good), Ok(good.trim()), "{good:?}");
        }
        let bad = [
            ("abcd", NameError::Length),
            ("  abcd  ", NameError::Length),
            (&"x".repeat(25), NameError::Length),
            ("alice!", NameError::Character),
            ("ällice", NameError::Character),
            ("alice.eth", NameError::Character),
            ("alice_eth", NameError::LooksLikeDomain),
            ("alice-eth ", NameError::LooksLikeDomain),
        ];
        for (name, error) in bad {
            assert_eq!(display_name(name), Err(error), "{name:?}");
        }
    }

    #[test]
    fn a_bio_is_counted_in_code_points() {
        assert_eq!(bio(&"é".repeat(240)), Ok(()));
        assert_eq!(bio(&"é".repeat(241)), Err(Rule::BioTooLong));
    }
}
