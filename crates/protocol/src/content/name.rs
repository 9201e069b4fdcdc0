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

/// A text of somebody else as it may be shown: without control characters other than the end of a line, without marks
/// that turn the direction of what stands around them, and without characters of no width, with which two names can look
/// the same. The joiners of emoji and of scripts that need them stay between characters outside ASCII.
pub fn harmless(text: &str) -> String {
    let mut before = ' ';
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        let joins = matches!(c, '\u{200C}' | '\u{200D}');
        if (joins && !before.is_ascii()) || (!joins && !is_harmful(c)) {
            shown.push(c);
            before = c;
        }
    }
    shown
}

fn is_harmful(c: char) -> bool {
    (c.is_control() && c != '\n')
        || matches!(c,
            '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{3164}' | '\u{FFA0}'
            | '\u{180B}'..='\u{180E}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
            | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E001F}')
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
    fn what_others_wrote_is_shown_without_tricks() {
        for (text, shown) in [
            ("plain text, é, 漢字", "plain text, é, 漢字"),
            ("two\nlines", "two\nlines"),
            ("bell\u{7}\u{1b}[2J\r\t", "bell[2J"),
            ("ali\u{200B}ce\u{2060}\u{FEFF}\u{AD}", "alice"),
            ("\u{202E}evil\u{202C}\u{2067}x\u{200F}\u{61C}", "evilx"),
            ("ali\u{200D}ce", "alice"),
            ("👩\u{200D}🚀 می\u{200C}خواهم", "👩\u{200D}🚀 می\u{200C}خواهم"),
            ("\u{3164}", ""),
        ] {
            assert_eq!(harmless(text), shown, "{text:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn making_harmless_twice_changes_nothing_more(text in "\\PC{0,40}|.{0,40}") {
            let once = harmless(&text);
            proptest::prop_assert_eq!(harmless(&once), once.clone());
            proptest::prop_assert!(once.len() <= text.len());
            proptest::prop_assert!(!once.chars().any(|c| c.is_control() && c != '\n'));
        }
    }

    #[test]
    fn a_bio_is_counted_in_code_points() {
        assert_eq!(bio(&"é".repeat(240)), Ok(()));
        assert_eq!(bio(&"é".repeat(241)), Err(Rule::BioTooLong));
    }
}
