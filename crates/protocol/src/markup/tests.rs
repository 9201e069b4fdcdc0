use std::fmt::Write as _;

use crypto::SecretKey;
use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use super::*;
use crate::mention::{AT_EVERYBODY, written};

/// Blocks as one line each, spans as `style:text`.
fn look(text: &str) -> String {
    let mut look = String::new();
    for block in blocks(text) {
        let (name, spans) = match &block {
            Block::Paragraph(spans) => ("p", spans),
            Block::Quote(spans) => ("q", spans),
            Block::Code { language, place } => {
                let language = language.clone().map_or("", |place| &text[place]);
                let _ = writeln!(look, "c({language}) {:?}", &text[place.clone()]);
                continue;
            }
        };
        look += name;
        for span in spans {
            let mut marks = String::new();
            for (on, mark) in [
                (span.style.bold, 'b'),
                (span.style.italic, 'i'),
                (span.style.struck, 's'),
            ] {
                if on {
                    marks.push(mark);
                }
            }
            marks.push_str(match span.what {
                What::Text => "",
                What::Code => "`",
                What::Address => "&",
                What::Group => "+",
                What::Mention(Whom::Everybody) => "@all",
                What::Mention(Whom::Person(_)) => "@",
                What::Channel => "#",
            });
            let _ = write!(look, " {marks}{:?}", &text[span.place.clone()]);
        }
        look.push('\n');
    }
    look.trim_end().to_owned()
}

#[test]
fn marks_as_deployed_clients_read_them() {
    for (text, expected) in [
        ("nothing inline", r#"p "nothing inline""#),
        ("simple **inline** test", r#"p "simple " b"inline" " test""#),
        ("simple __inline__ test", r#"p "simple " b"inline" " test""#),
        ("simple ***triple*** test", r#"p "simple " bi"triple" " test""#),
        ("*one* and _other_", r#"p i"one" " and " i"other""#),
        ("~~two~~ and ~one~", r#"p s"two" " and " s"one""#),
        ("over **two\nlines** test", r#"p "over " b"two\nlines" " test""#),
        (
            "odd **number of** markers** here",
            r#"p "odd " b"number of" " markers** here""#,
        ),
        ("mix of **markers__", r#"p "mix of **markers__""#),
        (
            "*improper **nesting* is** bad",
            r#"p "*improper " b"nesting* is" " bad""#,
        ),
        ("snake_case_name and 5*3*2", r#"p "snake_case_name and 5*3*2""#),
        ("a * b * c and a ** b ** c", r#"p "a * b * c and a ** b ** c""#),
        (r"\*not\* this, nor \`that\`", r#"p "*not" "* this, nor " "`that" "`""#),
        ("`source *with* marks`", r#"p `"source *with* marks""#),
        ("` spaces ` and `stray", r#"p `"spaces" " and `stray""#),
        ("``with ` inside``", r#"p `"with ` inside""#),
    ] {
        assert_eq!(look(text), expected, "{text:?}");
    }
}

#[test]
fn marks_may_hold_other_marks_and_everything_that_is_not_a_mark() {
    assert_eq!(
        look("**bold and *both* with `code`**"),
        r#"p b"bold and " bi"both" b" with " b`"code""#
    );
    assert_eq!(
        look("_see https://a.example/b_c_d_"),
        r#"p i"see " i&"https://a.example/b_c_d""#
    );
    assert_eq!(
        look("**a **b** c**"),
        r#"p b"a **b" " c**""#,
        "what is bold cannot be bolder"
    );
}

#[test]
fn addresses_mentions_and_channels() {
    let person = SecretKey::generate(&mut ChaCha20Rng::from_seed([1; 32])).public_key();
    let text = format!(
        "{}, {AT_EVERYBODY}: see #climbing-2, (https://a.example/x).",
        written(&person)
    );
    let expected = format!(
        r##"p @"{}" ", " @all"@0x00001" ": see " #"#climbing-2" ", (" &"https://a.example/x" ").""##,
        written(&person)
    );
    assert_eq!(look(&text), expected);
    assert_eq!(people(&blocks(&text)).collect::<Vec<_>>(), [person]);
    for plain in [
        "# heading",
        "a#b",
        "#Capital",
        "#",
        "ftp://a.example",
        "javascript:alert(1)",
        "xhttps://a.example",
    ] {
        assert!(is_plain(plain, &blocks(plain)), "{plain}");
    }
}

#[test]
fn blocks_of_lines() {
    assert_eq!(look("one\ntwo\n\nthree\n"), "p \"one\\ntwo\"\np \"three\"");
    assert_eq!(
        look("> said\n> twice\n\nanswer"),
        "q \"said\\n\" \"twice\"\np \"answer\""
    );
    assert_eq!(look("> said\nlazily"), "q \"said\\nlazily\"", "as deployed");
    assert_eq!(look("> one\n\n> other"), "q \"one\\n\\n\" \"other\"", "as deployed");
    assert_eq!(look("text\n> no quote"), "p \"text\\n> no quote\"", "as deployed");
    assert_eq!(look("> *said*"), "q i\"said\"");
    assert_eq!(
        look("```rust\nlet a = *b;\n\n> c\n```\nafter"),
        "c(rust) \"let a = *b;\\n\\n> c\"\np \"after\""
    );
    assert_eq!(look("before\n```\ncode\n```"), "p \"before\"\nc() \"code\"");
    assert_eq!(look("~~~\n```\n~~~"), "c() \"```\"");
    assert_eq!(look("```\nnever closed"), "p \"```\\nnever closed\"");
    assert_eq!(look("```on one line```"), "p `\"on one line\"");
    assert_eq!(look("```\n```"), "c() \"\"");
    assert_eq!(look(" \n\n "), "");
    assert_eq!(look(">"), "");
}

#[test]
fn only_a_few_emoji_are_large() {
    for (text, expected) in [
        ("👍", Some(1)),
        (" 👍 🎉\n❤️ ", Some(3)),
        ("👩🏽‍🚀", Some(1)),
        ("👨‍👩‍👧‍👦", Some(1)),
        ("🏳️‍🌈🇩🇪", Some(2)),
        ("🤷‍♂️", Some(1)),
        ("1️⃣", Some(1)),
        ("🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}", Some(1)),
        ("👍👍👍👍", None),
        ("ok 👍", None),
        ("1", None),
        ("#", None),
        ("©", None),
        ("❤", None),
        ("🇩", None),
        ("", None),
        ("  ", None),
        ("\u{200d}", None),
    ] {
        assert_eq!(only_emoji(text), expected, "{text:?}");
    }
}

/// Places are in order, do not overlap, and lie on characters.
fn check(text: &str) {
    let mut last = 0;
    let mut see = |place: &Range<usize>| {
        assert!(place.start >= last && place.end >= place.start, "{text:?}: {place:?}");
        assert!(text.get(place.clone()).is_some(), "{text:?}: {place:?}");
        last = place.end;
    };
    let found = blocks(text);
    for block in &found {
        match block {
            Block::Paragraph(spans) | Block::Quote(spans) => spans.iter().for_each(|span| see(&span.place)),
            Block::Code { language, place } => {
                language.iter().for_each(&mut see);
                see(place);
            }
        }
    }
}

#[test]
fn the_worst_texts_take_no_time_to_speak_of() {
    let longest = |part: &str| part.repeat((16 << 10) / part.len());
    for part in [
        "*",
        "**a ",
        " **a",
        "_a",
        "`",
        "`` ` ",
        "`a",
        "``` a\n",
        "~~~a\n",
        ">",
        "> \n",
        "[",
        "\\",
        "@",
        "@0x",
        "#a ",
        "https://a)",
        "https://((",
        ")",
        "👩‍",
        "a\n\n",
        "***a ",
        " ~a",
        "**a_b~",
    ] {
        let text = longest(part);
        check(&text);
        let _ = only_emoji(&text);
    }
}

proptest! {
    #[test]
    fn every_text_has_a_look(text in "[ab*_~`>#@\\\\\n é(https://a.b)0x1-]{0,80}|.{0,60}") {
        check(&text);
    }

    #[test]
    fn words_alone_look_as_they_read(text in "[a-zA-Z0-9 äé,.!?]{1,60}") {
        prop_assume!(!text.contains("http") && !text.trim().is_empty());
        let found = blocks(&text);
        prop_assert!(is_plain(&text, &found), "{:?}", found);
    }
}
