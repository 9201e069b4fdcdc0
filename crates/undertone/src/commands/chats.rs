//! `undertone chats`, `send`, `resend`, `messages`, `read`.

use std::io::Read as _;

use anyhow::{Context as _, Result};
use api::{
    Chat, ChatKind, Delivery, Gap, GapState, LinkKind, LinkPreviews, MakePreview, Message, MessagePage, PageQuery,
    Reach, SendText,
};

use crate::args::Who;
use crate::commands::{attachments, text};
use crate::output::{self, Format, clean, clean_lines};
use crate::session::Session;

/// `undertone chats`.
pub(super) async fn list(who: &Who, format: Format) -> Result<()> {
    let session = Session::open(who).await?;
    let chats = session.chats().await?;
    output::data(format, &chats, |chats| {
        if chats.is_empty() {
            return "No chats yet; they begin with `undertone contact add`.".into();
        }
        let rows: Vec<Vec<String>> = chats
            .iter()
            .map(|chat| {
                let unread = if chat.unread > 0 {
                    format!("{} new", chat.unread)
                } else {
                    String::new()
                };
                let last = chat.last_message.as_ref();
                let time = last.map(|message| time(message.sent_at)).unwrap_or_default();
                let text = last
                    .map(|message| shortened(&clean(&text::shown(message))))
                    .unwrap_or_default();
                vec![called(chat), unread, time, text]
            })
            .collect();
        output::table(&rows)
    });
    Ok(())
}

/// A chat as it is named to the other commands.
pub(super) fn called(chat: &Chat) -> String {
    let mark = if chat.kind == ChatKind::Public { '#' } else { '@' };
    format!("{mark}{}", clean(&chat.name))
}

/// `undertone send`.
pub(super) async fn send(
    who: &Who,
    chat: &str,
    text: String,
    reply_to: Option<String>,
    previews: Previews,
    format: Format,
) -> Result<()> {
    let session = Session::open(who).await?;
    let text = given_text(text)?;
    let chat = session.chat(chat).await?;
    let body = SendText {
        mentions: Vec::new(),
        previews: make_previews(&session, &text, previews).await?,
        text,
        reply_to,
    };
    let created = session.client.send_text(&session.profile, &chat, &body).await?;
    output::data(format, &created, |created| created.message_id.clone());
    Ok(())
}

/// Whether previews of links are wanted now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Previews {
    /// As the settings say; to ask is to be told.
    AsChosen,
    /// Yes.
    Wanted,
}

/// Makes previews of the first links in a text. One that cannot be made is no reason not to send.
async fn make_previews(session: &Session, text: &str, wanted: Previews) -> Result<Vec<String>> {
    let (client, profile) = (&session.client, &session.profile);
    let links: Vec<&str> = links(text).take(MAX_PREVIEWS).collect();
    let mut made = Vec::new();
    if links.is_empty() {
        return Ok(made);
    }
    if wanted == Previews::AsChosen && client.settings(profile).await?.link_previews != LinkPreviews::Always {
        return Ok(made);
    }
    for link in links {
        let url = link.to_owned();
        match client.make_preview(profile, &MakePreview { url }).await {
            Ok(preview) => made.push(preview.id),
            Err(error) if error.code() == Some("previews_off") => return Err(error.into()),
            Err(error) => output::remark(&format!("no preview of {}: {error}", clean(link))),
        }
    }
    Ok(made)
}

/// The web addresses in a text.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let is_web = |word: &&str| word.starts_with("https://") || word.starts_with("http://");
    text.split_whitespace()
        .map(|word| word.trim_matches(['(', ')', '<', '>', '[', ']', '"', '\'', '.', ',', ';', ':', '!', '?']))
        .filter(is_web)
}

/// `undertone resend`.
pub(super) async fn resend(who: &Who, message: &str) -> Result<()> {
    let session = Session::open(who).await?;
    session.client.resend(&session.profile, message).await?;
    output::text("The message is queued again.");
    Ok(())
}

/// `undertone messages`.
pub(super) async fn messages(who: &Who, chat: &str, query: &PageQuery, ids: bool, format: Format) -> Result<()> {
    let session = Session::open(who).await?;
    let chat = session.chat(chat).await?;
    let mut page = session.client.messages(&session.profile, &chat, query).await?;
    // The API gives the latest first; people read downwards.
    page.items.reverse();
    page.gaps.reverse();
    let with_id = |message: &Message| {
        format!(
            "{} {}",
            message.id.get(..SHORT_ID).unwrap_or(&message.id),
            line(message)
        )
    };
    output::data(format, &page, |page| match ids {
        true => timeline(page, with_id),
        false => timeline(page, line),
    });
    Ok(())
}

/// `undertone read`.
pub(super) async fn read(who: &Who, chat: &str) -> Result<()> {
    let session = Session::open(who).await?;
    let chat = session.chat(chat).await?;
    session.client.mark_read(&session.profile, &chat).await?;
    Ok(())
}

/// Messages downwards, each gap in its place.
fn timeline(page: &MessagePage, line: impl Fn(&Message) -> String) -> String {
    let mut gaps = page.gaps.iter().peekable();
    let mut text = String::new();
    for message in &page.items {
        while let Some(gap) = gaps.next_if(|gap| gap.clock <= message.clock) {
            text += &gap_line(gap);
        }
        text += &line(message);
        text += "\n";
    }
    text.extend(gaps.map(gap_line));
    text
}

/// A gap as people read it.
fn gap_line(gap: &Gap) -> String {
    let what = match gap.count {
        1 => "1 message is missing here".to_owned(),
        count => format!("{count} messages are missing here"),
    };
    let doing = match (gap.state, gap.asked) {
        (GapState::Searching, 0..=1) => "it is being asked for".to_owned(),
        (GapState::Searching, times) => format!("asked for {times} times so far"),
        (GapState::Gone, _) => "its author no longer has it".to_owned(),
        (GapState::GivenUp, times) => format!("asked for {times} times, nobody answered"),
    };
    format!("  -- {what}, known since {}; {doing} --\n", time(gap.since))
}

/// What a message carries, in brackets.
fn carried(message: &Message) -> String {
    let attachments = message.attachments.iter().map(attachments::words);
    let sticker = message
        .sticker
        .iter()
        .map(|sticker| format!("a sticker of pack {}", sticker.pack));
    let pages = message.links.iter().map(|link| match &link.title {
        Some(title) => format!("{}: {}", link.site, clean(title)),
        None => format!("a picture at {}", link.site),
    });
    let cards = message.cards.iter().map(|card| {
        let kind = match card.to.kind {
            LinkKind::Person => "person",
            LinkKind::Community if card.invitation => "invitation to the community",
            LinkKind::Community => "community",
            LinkKind::Channel => "channel",
            LinkKind::Group => "group",
        };
        let name = card.to.name.as_deref().map(clean).unwrap_or_default();
        format!("{kind} {name} {}", card.to.key).replace("  ", " ")
    });
    let all = attachments.chain(sticker).chain(pages).chain(cards);
    all.map(|words| format!(" [{words}]")).collect()
}

/// What was done about a message: the marks behind it.
fn marks(message: &Message) -> String {
    let mut marks = String::new();
    if message.edited_at.is_some() && !message.deleted {
        marks += "  (edited)";
    }
    if message.pinned {
        marks += "  (pinned)";
    }
    for reaction in &message.reactions {
        marks += &format!("  {} {}", clean(&reaction.emoji), reaction.count);
    }
    marks
}

/// A message as people read it.
pub(super) fn line(message: &Message) -> String {
    if message.happening.is_some() {
        return format!("{} -- {} --", time(message.sent_at), clean(&message.text));
    }
    let author = if message.own {
        "you".to_owned()
    } else {
        clean(&message.author_name)
    };
    let author = match &message.brought {
        Some(brought) => format!("{} on {}, by {author}", clean(&brought.author), clean(&brought.network)),
        None => author,
    };
    let quote = message.reply_to.as_ref().and_then(|quote| quote.text.as_deref());
    let quote = quote
        .map(|text| format!("  > {}\n", shortened(&clean(text))))
        .unwrap_or_default();
    let mark = message
        .delivery
        .map(|state| mark(state, message.reach))
        .unwrap_or_default();
    let late = if message.late { "  (came late)" } else { "" };
    let said = match message.deleted {
        true => "(deleted)".to_owned(),
        false => clean_lines(&text::shown(message), "    ") + &carried(message),
    };
    format!(
        "{quote}{} {author}: {said}{mark}{late}{}",
        time(message.sent_at),
        marks(message)
    )
}

/// How far a message got; in a group, also how many have it while not all do.
fn mark(state: Delivery, reach: Option<Reach>) -> String {
    match reach {
        Some(reach) if state == Delivery::Sent => {
            format!("  [sent, {} of {} have it]", reach.delivered, reach.members)
        }
        _ => format!("  [{}]", delivery(state)),
    }
}

/// The word for a delivery state.
pub(super) fn delivery(delivery: Delivery) -> &'static str {
    match delivery {
        Delivery::Queued => "queued",
        Delivery::Sent => "sent",
        Delivery::Delivered => "delivered",
        Delivery::Failed => "failed",
    }
}

/// Unix milliseconds as a date and time of day, in UTC.
pub(super) fn time(ms: u64) -> String {
    let seconds = ms / 1000;
    let (days, rest) = ((seconds / 86_400) as i64, seconds % 86_400);
    // Days since 0000-03-01, in eras of 400 years (H. Hinnant's civil calendar).
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!(
        "{year:04}-{month:02}-{day:02} {:02}:{:02}Z",
        rest / 3600,
        rest / 60 % 60
    )
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(PREVIEW) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The text that a person gives; - reads it from standard input.
pub(super) fn given_text(text: String) -> Result<String> {
    if text == "-" { from_stdin() } else { Ok(text) }
}

fn from_stdin() -> Result<String> {
    let mut text = String::new();
    std::io::stdin()
        .take(MAX_STDIN)
        .read_to_string(&mut text)
        .context("cannot read the text from standard input")?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

/// `0x` and eight digits of an id: enough to tell the messages of a chat apart.
const SHORT_ID: usize = 10;
/// Characters of a message shown in a list.
const PREVIEW: usize = 60;
/// More than a text may have (4096 characters), so that too long is said, not cut.
const MAX_STDIN: u64 = 64 << 10;

/// Previews in a message.
const MAX_PREVIEWS: usize = 5;

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::commands) fn message(clock: u64, text: &str) -> Message {
        Message {
            written: None,
            id: format!("0x{clock}"),
            chat: "chat".into(),
            kind: api::MessageKind::Text,
            author: "zQ3".into(),
            author_name: "Alice".into(),
            own: false,
            text: text.into(),
            blocks: Vec::new(),
            cards: Vec::new(),
            brought: None,
            sticker: None,
            emoji_only: false,
            mentions_me: false,
            sent_at: 0,
            clock,
            delivery: None,
            reach: None,
            reply_to: None,
            read: true,
            links: Vec::new(),
            attachments: Vec::new(),
            late: clock == 2,
            edited_at: None,
            deleted: false,
            deleted_by: None,
            pinned: false,
            pinned_by_name: None,
            reactions: Vec::new(),
            happening: None,
        }
    }

    #[test]
    fn what_was_done_about_a_message_stands_behind_it() {
        let reaction = api::Reaction {
            emoji: "👍".into(),
            count: 2,
            own: true,
            names: Vec::new(),
        };
        let marked = Message {
            edited_at: Some(1),
            pinned: true,
            reactions: vec![reaction],
            ..message(1, "one")
        };
        assert_eq!(line(&marked), "1970-01-01 00:00Z Alice: one  (edited)  (pinned)  👍 2");
        let gone = Message {
            deleted: true,
            edited_at: Some(1),
            ..message(1, "")
        };
        assert_eq!(line(&gone), "1970-01-01 00:00Z Alice: (deleted)");
        let told = Message {
            happening: Some(api::Happening::Pinned),
            ..message(1, "Alice pinned a message")
        };
        assert_eq!(line(&told), "1970-01-01 00:00Z -- Alice pinned a message --");
    }

    #[test]
    fn a_gap_stands_before_the_message_that_tells_of_it() {
        let gap = |clock, count, state, asked| Gap {
            before: format!("0x{clock}"),
            clock,
            count,
            since: 0,
            state,
            asked,
        };
        let page = MessagePage {
            newer: None,
            items: vec![message(1, "one"), message(2, "two"), message(5, "five")],
            next: None,
            gaps: vec![
                gap(2, 1, GapState::Gone, 1),
                gap(5, 2, GapState::Searching, 3),
                gap(9, 1, GapState::Searching, 0),
            ],
        };
        let lines = timeline(&page, line);
        let expected = [
            "1970-01-01 00:00Z Alice: one",
            "  -- 1 message is missing here, known since 1970-01-01 00:00Z; its author no longer has it --",
            "1970-01-01 00:00Z Alice: two  (came late)",
            "  -- 2 messages are missing here, known since 1970-01-01 00:00Z; asked for 3 times so far --",
            "1970-01-01 00:00Z Alice: five",
            "  -- 1 message is missing here, known since 1970-01-01 00:00Z; it is being asked for --",
        ];
        assert_eq!(lines.lines().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn what_is_only_shown_is_said_in_brackets() {
        let link = api::Link {
            kind: LinkKind::Person,
            link: String::new(),
            plain: String::new(),
            key: "zQ3x".into(),
            chat: None,
            name: Some("Bob".into()),
            description: None,
            colour: None,
            emoji: None,
            members: None,
            community: None,
        };
        let message = Message {
            brought: Some(api::Brought {
                network: "Discord".into(),
                author: "carol".into(),
            }),
            cards: vec![api::Card {
                to: link,
                invitation: false,
                image_path: None,
            }],
            links: vec![api::LinkPreview {
                url: "https://a.example/b".into(),
                site: "a.example".into(),
                title: Some("A page\u{1b}[2J".into()),
                description: None,
                image_path: None,
            }],
            ..message(1, "look")
        };
        assert_eq!(
            line(&message),
            "1970-01-01 00:00Z carol on Discord, by Alice: look [a.example: A page[2J] [person Bob zQ3x]"
        );
    }

    #[test]
    fn times_are_civil() {
        assert_eq!(time(0), "1970-01-01 00:00Z");
        assert_eq!(time(951_782_400_000), "2000-02-29 00:00Z");
        assert_eq!(time(1_764_034_799_999), "2025-11-25 01:39Z");
        assert_eq!(time(4_107_542_399_000), "2100-02-28 23:59Z");
        assert_eq!(time(4_107_542_400_000), "2100-03-01 00:00Z");
    }

    #[test]
    fn long_texts_are_shortened_at_characters() {
        assert_eq!(shortened(&"é".repeat(61)), format!("{}…", "é".repeat(60)));
        assert_eq!(shortened("short"), "short");
    }
}
