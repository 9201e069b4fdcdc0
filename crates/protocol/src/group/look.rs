//! How names and colours that others wrote are shown, and what we may write ourselves.
//!
//! A group's name is free text of any member. Shown are letters, marks, digits, signs and single blanks; not what has no
//! look of its own, because it reorders, hides or breaks what stands beside it.

/// A name as it may be shown; empty if nothing of it can be.
pub fn name(written: &str) -> String {
    let mut shown = String::new();
    let mut length = 0;
    for c in written.chars() {
        if c.is_whitespace() {
            if !shown.is_empty() && !shown.ends_with(' ') {
                shown.push(' ');
                length += 1;
            }
        } else if !is_invisible(c) {
            shown.push(c);
            length += 1;
        }
        if length == MAX_NAME_CHARACTERS {
            break;
        }
    }
    let end = shown.trim_end().len();
    shown.truncate(end);
    shown
}

/// Whether we may give a group this name: 1 to 30 characters, all of which can be shown.
pub fn is_good_name(written: &str) -> bool {
    !written.is_empty() && written == name(written)
}

/// A colour, `#` and six hex digits, as it may be shown.
pub fn colour(written: &str) -> Option<&str> {
    let digits = written.strip_prefix('#')?;
    (digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(written)
}

/// The longest name, in Unicode code points.
pub const MAX_NAME_CHARACTERS: usize = 30;

/// Bytes of a picture that we give a group: all of them travel again when the group's history does.
pub const MAX_PICTURE_BYTES: usize = 16 << 10;

/// Whether a character has no look of its own: controls, direction marks and overrides, joiners and fillers, variation
/// selectors and tags, private and unassigned planes.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(u32::from(c),
            0x00ad | 0x034f | 0x061c | 0x115f..=0x1160 | 0x17b4..=0x17b5 | 0x180b..=0x180f | 0x200b..=0x200f
            | 0x2028..=0x202e | 0x2060..=0x206f | 0x2800 | 0x3164 | 0xe000..=0xf8ff | 0xfe00..=0xfe0e | 0xfeff | 0xffa0
            | 0xfff0..=0xffff | 0x1bca0..=0x1bca3 | 0x1d173..=0x1d17a | 0xe0000..=0x10ffff)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_look_is_not_shown() {
        let cases = [
            ("Climbing", "Climbing"),
            ("  Book   club\n", "Book club"),
            ("\u{202e}evil\u{202c}", "evil"),
            ("a\u{200b}\u{200d}\u{feff}b", "ab"),
            ("\u{1b}[31mred\u{7}", "[31mred"),
            ("\u{2066}x\u{2069}\u{00ad}", "x"),
            ("Ünïcode ❤\u{fe0f} ok", "Ünïcode ❤\u{fe0f} ok"),
            ("\u{3164}\u{2800}", ""),
            ("\0\0", ""),
            ("", ""),
        ];
        for (written, shown) in cases {
            assert_eq!(name(written), shown, "{written:?}");
            assert_eq!(is_good_name(written), !shown.is_empty() && written == shown);
        }
        assert_eq!(name(&"é".repeat(99)).chars().count(), MAX_NAME_CHARACTERS);
        assert_eq!(name(&format!("{} x", "y".repeat(29))), "y".repeat(29));
    }

    #[test]
    fn a_colour_is_six_digits() {
        assert_eq!(colour("#7cda00"), Some("#7cda00"));
        for bad in ["", "#", "7cda00", "#7cda0", "#7cda000", "#7cda0g", "red; }"] {
            assert_eq!(colour(bad), None, "{bad}");
        }
    }
}
