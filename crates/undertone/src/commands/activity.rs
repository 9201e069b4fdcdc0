//! `undertone activity …`, `undertone mute`.

use anyhow::Result;
use api::{Activity, ActivityAnswer, ActivityKind, ActivityQuery, Mute, MuteChat};

use crate::args::{ActivityCommand, Entry, MuteArgs};
use crate::exit::{Exit, Failure};
use crate::output::{self, clean};
use crate::session::Session;

/// Runs one of the commands.
pub(super) async fn run(command: ActivityCommand) -> Result<()> {
    match command {
        ActivityCommand::List {
            unread,
            kind,
            limit,
            before,
            who,
            output,
        } => {
            let session = Session::open(&who).await?;
            let query = ActivityQuery {
                before,
                limit: Some(limit),
                kinds: (!kind.is_empty()).then(|| kind.join(",")),
                read: unread.then_some(false),
            };
            let page = session.client.activity(&session.profile, &query).await?;
            output::data(output.format(), &page, |page| {
                if page.items.is_empty() {
                    return "Nothing happened.".into();
                }
                output::table(&page.items.iter().map(row).collect::<Vec<_>>())
            });
            Ok(())
        }
        ActivityCommand::Read { entry, who, .. } => {
            let session = Session::open(&who).await?;
            match entry {
                Some(entry) => session
                    .client
                    .activity_action(&session.profile, &entry, "read")
                    .await
                    .map(drop)?,
                None => session.client.read_activity(&session.profile).await.map(drop)?,
            }
            Ok(())
        }
        ActivityCommand::Accept(entry) => answer(&entry, "accept").await,
        ActivityCommand::Dismiss(entry) => answer(&entry, "dismiss").await,
    }
}

/// `undertone mute`.
pub(super) async fn mute(args: &MuteArgs) -> Result<()> {
    let mute = match (&args.time, args.off) {
        (_, true) => Mute::Off,
        (None, false) => Mute::Forever,
        (Some(time), false) => Mute::Minutes(minutes(time)?),
    };
    let session = Session::open(&args.who).await?;
    let chat = session.chat(&args.chat).await?;
    let chat = session.client.mute(&session.profile, &chat, &MuteChat { mute }).await?;
    output::data(args.output.format(), &chat, |chat| {
        let name = clean(&chat.name);
        match mute {
            Mute::Off => format!("{name} makes noise again."),
            Mute::Minutes(minutes) => format!("{name} is silent for {minutes} min."),
            Mute::Forever => format!("{name} is silent until you switch it on again."),
        }
    });
    Ok(())
}

async fn answer(entry: &Entry, action: &str) -> Result<()> {
    let session = Session::open(&entry.who).await?;
    let entry_now = session
        .client
        .activity_action(&session.profile, &entry.entry, action)
        .await?;
    output::data(entry.output.format(), &entry_now, |entry| row(entry).join("  "));
    Ok(())
}

/// Number, mark, sentence.
fn row(entry: &Activity) -> Vec<String> {
    let mark = match (entry.answer, entry.read) {
        (Some(ActivityAnswer::Pending), _) => "?",
        (_, false) => "*",
        _ => " ",
    };
    vec![entry.id.clone(), mark.into(), sentence(entry)]
}

fn sentence(entry: &Activity) -> String {
    let who = entry.person_name.as_deref().map_or("somebody".into(), clean);
    let place = entry.chat_name.as_deref().map_or("a chat".into(), clean);
    let what = match entry.kind {
        ActivityKind::ContactRequest => format!("{who} asks to become a contact"),
        ActivityKind::ContactAccepted => format!("{who} accepted your request"),
        ActivityKind::ContactRemoved => format!("{who} ended the contact"),
        ActivityKind::Verification => format!("{who}: proof of identity"),
        ActivityKind::Mention => format!("{who} mentions you in {place}"),
        ActivityKind::Reply => format!("{who} answers you in {place}"),
        ActivityKind::NewChat => format!("{who} wrote to you"),
        ActivityKind::GroupInvitation => format!("{who} put you into {place}"),
        ActivityKind::GroupChange => format!("{who} changed {place}"),
        ActivityKind::GroupJoinRequest => format!("{who} asks to join {place}"),
        ActivityKind::GroupJoinAnswer => format!("{place}: your request to join"),
        ActivityKind::CommunityInvitation => format!("{who} invites you to a community"),
        ActivityKind::CommunityRequest => "your request to join a community".into(),
        ActivityKind::CommunityJoinRequest => format!("{who} asks to join a community of yours"),
        ActivityKind::CommunityKicked => "you were put out of a community".into(),
        ActivityKind::CommunityBanned => "you may not come back to a community".into(),
        ActivityKind::CommunityUnbanned => "you may come back to a community".into(),
        ActivityKind::NewDevice => "a device you do not know uses your account".into(),
        ActivityKind::DevicePaired => "a device was paired".into(),
        ActivityKind::File => format!("{who}: a file"),
    };
    let said = entry.message.as_ref().map(|message| clean(&message.text));
    let detail = said
        .or_else(|| Some(clean(&entry.detail)))
        .filter(|text| !text.is_empty());
    let answer = match entry.answer {
        Some(ActivityAnswer::Accepted) => " [accepted]",
        Some(ActivityAnswer::Dismissed) => " [dismissed]",
        Some(ActivityAnswer::Over) => " [over]",
        Some(ActivityAnswer::Pending) | None => "",
    };
    match detail {
        Some(detail) => format!("{what}{answer}: {detail}"),
        None => format!("{what}{answer}"),
    }
}

/// `15m`, `8h`, `7d`, in minutes.
fn minutes(time: &str) -> Result<u32, Failure> {
    let wrong = || Failure::new(Exit::Usage, "--for takes a time such as 15m, 8h or 7d");
    let unit = match time.chars().last() {
        Some('m') => 1,
        Some('h') => 60,
        Some('d') => 24 * 60,
        _ => return Err(wrong()),
    };
    let count: u32 = time[..time.len() - 1].parse().map_err(|_| wrong())?;
    count.checked_mul(unit).filter(|minutes| *minutes > 0).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_with_their_unit() {
        for (text, expected) in [("15m", 15), ("8h", 480), ("7d", 10_080)] {
            assert_eq!(minutes(text).unwrap(), expected);
        }
        for bad in ["", "0h", "8", "h", "-1h", "8w", "99999999d", "8é"] {
            assert!(minutes(bad).is_err(), "{bad}");
        }
    }
}
