//! Texts of nothing but emoji (UTS #51), which are shown large.

use unicode_properties::{EmojiStatus, UnicodeEmoji as _};

/// How many emoji a text consists of, if of nothing else and of no more than three.
pub fn only_emoji(text: &str) -> Option<usize> {
    let mut characters = text.trim();
    let mut count = 0;
    while !characters.is_empty() {
        characters = emoji(characters)?.trim_start();
        count += 1;
        if count > MOST {
            return None;
        }
    }
    (count > 0).then_some(count)
}

/// Emoji beyond which a text is shown like any other.
const MOST: usize = 3;

/// What follows the emoji that a text begins with.
fn emoji(text: &str) -> Option<&str> {
    let mut rest = flag(text)
        .or_else(|| key(text))
        .or_else(|| pictograph(text, Stands::Alone))?;
    // Somebody with something: several pictographs joined into one.
    while let Some(joined) = rest.strip_prefix(JOINER) {
        rest = pictograph(joined, Stands::Joined)?;
    }
    Some(rest)
}

/// Two letters of a region.
fn flag(text: &str) -> Option<&str> {
    text.strip_prefix(REGIONAL)?.strip_prefix(REGIONAL)
}

/// A digit in a box.
fn key(text: &str) -> Option<&str> {
    let rest = text.strip_prefix(|c: char| c.is_ascii_digit() || c == '#' || c == '*')?;
    let rest = rest.strip_prefix(AS_PICTURE).unwrap_or(rest);
    rest.strip_prefix(BOX)
}

/// Whether a pictograph is part of a larger one.
#[derive(PartialEq)]
enum Stands {
    Alone,
    Joined,
}

fn pictograph(text: &str, stands: Stands) -> Option<&str> {
    let first = text.chars().next()?;
    let by_itself = match first.emoji_status() {
        EmojiStatus::EmojiPresentation | EmojiStatus::EmojiPresentationAndModifierBase => true,
        EmojiStatus::EmojiModifierBase | EmojiStatus::EmojiOther => false,
        _ => return None,
    };
    let rest = &text[first.len_utf8()..];
    let (chosen, rest) = without(rest, |c| c == AS_PICTURE);
    let (toned, rest) = without(rest, |c| matches!(c, '\u{1f3fb}'..='\u{1f3ff}'));
    // A heart or a tick is text until it is asked to be a picture; joined to another it is one.
    let joined = stands == Stands::Joined || rest.starts_with(JOINER);
    let is_picture = by_itself || chosen || toned || joined;
    // Flags of regions: a black flag and letters of their own.
    is_picture.then(|| rest.trim_start_matches(|c: char| matches!(c, '\u{e0020}'..='\u{e007f}')))
}

/// Whether a text begins with such a character, and what follows it.
fn without(text: &str, mark: fn(char) -> bool) -> (bool, &str) {
    text.strip_prefix(mark).map_or((false, text), |rest| (true, rest))
}

const REGIONAL: fn(char) -> bool = |c| matches!(c, '\u{1f1e6}'..='\u{1f1ff}');
const JOINER: char = '\u{200d}';
const AS_PICTURE: char = '\u{fe0f}';
const BOX: char = '\u{20e3}';
