//! Messages as pages for a browser: no script, no request, every text of others only as text.

use std::fmt::Write as _;

use api::{Attachment, AttachmentKind, Chat, Gap, Message, MessageKind};

use super::{is_here, names};
use crate::calendar::Moment;

/// How a page begins.
pub(super) fn head(chat: &Chat, now: u64, number: u32) -> String {
    let name = Text(&chat.name);
    let date = Moment::of_millis(now).date();
    let page = match number {
        1 => String::new(),
        number => format!(", page {number}"),
    };
    let back = match number {
        1 => String::new(),
        number => format!("<nav><a href=\"{}\">← Earlier</a></nav>\n", names::page(number - 1)),
    };
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"script-src 'none'; object-src 'none'; frame-src 'none'; \
         connect-src 'none'; form-action 'none'; base-uri 'none'\">\
         <meta name=\"referrer\" content=\"no-referrer\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{name}{page}</title><style>{STYLE}</style></head><body>\n\
         <header><h1><bdi>{name}</bdi></h1><p>Exported from Undertone on {date}{page}. Times are UTC.</p></header>\n{back}<main>\n"
    )
}

/// One message, with the day above it if that is new, and the gap before it.
pub(super) fn message(message: &Message, gaps: &[Gap], day: &mut String) -> String {
    let mut html = String::new();
    let moment = Moment::of_millis(message.sent_at);
    if moment.date() != *day {
        *day = moment.date();
        let _ = writeln!(html, "<h2>{day}</h2>");
    }
    for gap in gaps.iter().filter(|gap| gap.before == message.id) {
        let (count, are) = match gap.count {
            1 => ("1 message".into(), "is"),
            count => (format!("{count} messages"), "are"),
        };
        let _ = writeln!(html, "<p class=\"system\">{count} {are} missing here</p>");
    }
    if message.kind == MessageKind::System {
        let _ = writeln!(html, "<p class=\"system\" dir=\"auto\">{}</p>", Text(&message.text));
        return html;
    }
    let own = if message.own { " class=\"own\"" } else { "" };
    let (id, author, time) = (Text(&message.id), Text(&message.author_name), moment.time());
    let _ = write!(
        html,
        "<article id=\"{id}\"{own}><p class=\"by\"><b><bdi>{author}</bdi></b> <time datetime=\"{moment}\">{time}</time></p>"
    );
    if let Some(quote) = &message.reply_to {
        let (who, said) = (quote.author_name.as_deref(), quote.text.as_deref());
        let _ = write!(
            html,
            "<blockquote><a href=\"#{}\"><bdi>{}</bdi></a><p dir=\"auto\">{}</p></blockquote>",
            Text(&quote.id),
            Text(who.unwrap_or("A message that is not here")),
            Text(&said.unwrap_or_default().chars().take(QUOTED).collect::<String>()),
        );
    }
    for one in &message.attachments {
        attachment(&mut html, message, one);
    }
    if message.deleted {
        html.push_str("<p class=\"note\">deleted</p>");
    } else if !message.text.is_empty() {
        let _ = write!(html, "<p class=\"text\" dir=\"auto\">{}</p>", Text(&message.text));
    }
    html.push_str(&marks(message));
    html.push_str("</article>\n");
    html
}

/// What was done about a message.
fn marks(message: &Message) -> String {
    let edited = message
        .edited_at
        .filter(|_| !message.deleted)
        .map(|_| "edited".to_owned());
    let pinned = message.pinned.then(|| "pinned".to_owned());
    let reactions = message.reactions.iter();
    let reactions = reactions.map(|one| format!("<bdi>{}</bdi> {}", Text(&one.emoji), one.count));
    let marks: Vec<String> = edited.into_iter().chain(pinned).chain(reactions).collect();
    match marks.is_empty() {
        true => String::new(),
        false => format!("<p class=\"note\">{}</p>", marks.join(" · ")),
    }
}

/// How a page ends.
pub(super) fn foot(number: u32, more: bool) -> String {
    let next = match more {
        true => format!("<nav><a href=\"{}\">Later →</a></nav>\n", names::page(number + 1)),
        false => String::new(),
    };
    format!("</main>\n{next}</body></html>\n")
}

fn attachment(html: &mut String, message: &Message, one: &Attachment) {
    let name = one.name.as_deref().unwrap_or(match one.kind {
        AttachmentKind::Image => "picture",
        AttachmentKind::Audio => "sound",
        AttachmentKind::File => "file",
    });
    let label = Text(name);
    if !is_here(one) {
        let _ = write!(html, "<p class=\"note\"><bdi>{label}</bdi>: not on this device</p>");
        return;
    }
    let path = Path(&names::file(message, one)).to_string();
    let _ = match one.kind {
        AttachmentKind::Image => write!(
            html,
            "<p><a href=\"{path}\"><img loading=\"lazy\" src=\"{path}\" alt=\"{label}\"></a></p>"
        ),
        AttachmentKind::Audio => write!(
            html,
            "<p><audio controls preload=\"none\" src=\"{path}\"></audio> <a href=\"{path}\">{label}</a></p>"
        ),
        AttachmentKind::File => write!(
            html,
            "<p><a href=\"{path}\" download><bdi>{label}</bdi></a> ({} bytes)</p>",
            one.size
        ),
    };
}

/// A text in HTML, also within quotation marks.
struct Text<'t>(&'t str);

impl std::fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for c in self.0.chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

/// A path within the archive as a relative address.
struct Path<'p>(&'p str);

impl std::fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for byte in self.0.bytes() {
            match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'/' => f.write_char(byte as char)?,
                _ => write!(f, "%{byte:02X}")?,
            }
        }
        Ok(())
    }
}

/// Characters of a quoted text.
const QUOTED: usize = 200;

const STYLE: &str = "\
:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}\
body{max-width:46rem;margin:0 auto;padding:1.5rem 1rem 4rem}\
h1{margin:0;font-size:1.5rem}header p,.by time,.note,.system{color:light-dark(#5b6470,#a3adba)}header p{margin:0}\
h2{margin:2rem 0 1rem;font-size:.875rem;text-align:center}\
article{width:fit-content;max-width:85%;margin:.5rem 0;padding:.5rem .875rem;border-radius:1rem;background:light-dark(#eef1f4,#23282f)}\
article.own{margin-inline-start:auto;background:light-dark(#d9efec,#173f3c)}\
article:target{outline:2px solid #1a8f85}article p{margin:0}\
.by{font-size:.875rem}.text{white-space:pre-wrap;overflow-wrap:anywhere}.system{font-size:.875rem;text-align:center}\
blockquote{margin:.25rem 0;padding-inline-start:.75rem;border-inline-start:3px solid #1a8f85;font-size:.875rem;overflow-wrap:anywhere}\
img{max-width:100%;max-height:24rem;border-radius:.5rem}nav{margin:1.5rem 0;text-align:center}a{color:light-dark(#0b6b63,#63cfc4)}";

#[cfg(test)]
mod tests {
    use super::*;

    fn chat(name: &str) -> Chat {
        serde_json::from_value(serde_json::json!({
            "id": "0x01", "kind": "one-to-one", "name": name, "unread": 0, "activeAt": 0,
            "can": { "write": true, "pictures": true, "sounds": true, "files": true, "largeFiles": false, "pin": true }
        }))
        .unwrap()
    }

    fn said(text: &str) -> Message {
        serde_json::from_value(serde_json::json!({
            "id": "0x0123456789abcdef", "chat": "0x01", "kind": "text", "author": "zQ3", "authorName": "<b>Mallory\"",
            "own": false, "text": text, "sentAt": 1_795_645_850_000_u64, "clock": 1, "read": true
        }))
        .unwrap()
    }

    #[test]
    fn what_others_write_is_text_and_never_markup() {
        let hostile = "<script>alert(1)</script> & \" onload='x' </article><img src=x>";
        let mut day = String::new();
        let html = head(&chat("</title><script>"), 0, 1) + &message(&said(hostile), &[], &mut day) + &foot(1, false);
        assert!(
            !html.contains("<script") && !html.contains("<img") && !html.contains("<b>Mallory"),
            "{html}"
        );
        assert!(html.contains("&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot; onload=&#39;x&#39;"));
        assert_eq!(day, "2026-11-25");
        assert!(
            !message(&said("again"), &[], &mut day).contains("<h2>"),
            "one line a day"
        );
        assert!(
            !html.contains("http://") && !html.contains("https://"),
            "nothing is fetched from anywhere"
        );
    }

    #[test]
    fn a_path_stays_one_attribute() {
        assert_eq!(
            Path("files/a \"b\"#ü?.txt").to_string(),
            "files/a%20%22b%22%23%C3%BC%3F.txt"
        );
    }

    #[test]
    fn what_was_done_about_a_message_stands_below_it() {
        let marked = Message {
            edited_at: Some(1),
            pinned: true,
            reactions: vec![api::Reaction {
                emoji: "👍".into(),
                count: 2,
                own: false,
                names: Vec::new(),
            }],
            ..said("x")
        };
        let html = message(&marked, &[], &mut String::new());
        assert!(
            html.contains("<p class=\"note\">edited · pinned · <bdi>👍</bdi> 2</p>"),
            "{html}"
        );
        assert!(!message(&said("x"), &[], &mut String::new()).contains("note"));
    }

    #[test]
    fn a_gap_and_a_deleted_message_are_said() {
        let gap: Gap = serde_json::from_value(serde_json::json!({
            "before": "0x0123456789abcdef", "clock": 1, "count": 2, "since": 0, "state": "gone", "asked": 1
        }))
        .unwrap();
        let gone = Message {
            deleted: true,
            edited_at: Some(1),
            ..said("")
        };
        let html = message(&gone, &[gap], &mut String::new());
        assert!(!html.contains("edited"), "{html}");
        assert!(
            html.contains("2 messages are missing here") && html.contains("deleted"),
            "{html}"
        );
    }
}
