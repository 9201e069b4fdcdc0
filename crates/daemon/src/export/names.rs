//! Names in an archive and of it: such that every file system takes them, and none leads anywhere else.

use api::{Attachment, AttachmentKind, Message};

use crate::calendar::Moment;

/// What to call the archive.
pub(super) fn archive(chat: &str, now: u64) -> String {
    format!("{} {}.zip", plain(chat), Moment::of_millis(now).date())
}

/// A page with messages.
pub(super) fn page(number: u32) -> String {
    match number {
        1 => "chat.html".into(),
        number => format!("chat-{number}.html"),
    }
}

/// Where what a message carries is: the time and the message before the name make it unique, and a name on every system.
pub(super) fn file(message: &Message, attachment: &Attachment) -> String {
    let begin: String = message.id.chars().skip(2).take(8).collect();
    let name = match (attachment.kind, &attachment.name) {
        (AttachmentKind::File, Some(name)) => plain(name),
        (AttachmentKind::File, None) => "file".into(),
        (AttachmentKind::Image, _) => "picture.jpg".into(),
        (AttachmentKind::Audio, _) if attachment.mime == "audio/amr" => "sound.amr".into(),
        (AttachmentKind::Audio, _) => "sound.aac".into(),
    };
    format!("files/{}-{begin}-{name}", Moment::of_millis(message.sent_at).stamp())
}

/// A name without what any system refuses in names, at most 100 bytes; its ending stays.
fn plain(name: &str) -> String {
    let clean = messenger::files::clean_name(&name.replace(['/', '\\'], "_"));
    if clean.len() <= LONGEST {
        return clean;
    }
    let ending = clean.rfind('.').map(|dot| &clean[dot..]);
    let ending = ending
        .filter(|ending| ending.len() <= LONGEST_ENDING)
        .unwrap_or_default();
    let end = (0..=LONGEST - ending.len())
        .rev()
        .find(|end| clean.is_char_boundary(*end))
        .unwrap_or(0);
    format!("{}{ending}", clean[..end].trim_end_matches([' ', '.']))
}

/// Bytes of a name; systems take 255, and some archivers fewer.
const LONGEST: usize = 100;
/// Bytes of an ending such as `.tar.gz`.
const LONGEST_ENDING: usize = 12;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_nowhere_and_every_system_takes_them() {
        for (given, expected) in [
            ("report.pdf", "report.pdf"),
            ("../../etc/passwd", "_.._etc_passwd"),
            ("a\\b:c*d?.txt", "a_bcd.txt"),
            ("evil\u{202e}fdp.exe", "evilfdp.exe"),
            ("line\nbreak", "linebreak"),
            (" . ", "file"),
            ("", "file"),
            ("ends. ", "ends"),
        ] {
            assert_eq!(plain(given), expected, "{given:?}");
        }
        let long = format!("{}.docx", "ü".repeat(90));
        let short = plain(&long);
        assert!(short.len() <= LONGEST && short.ends_with("ü.docx"), "{short}");
        assert!(plain(&"x".repeat(500)).len() <= LONGEST);
    }
}
