//! `undertone search`.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Result;
use api::{Chat, Message, SearchQuery};

use crate::args::SearchArgs;
use crate::commands::chats::{called, line};
use crate::exit::{Exit, Failure};
use crate::output;
use crate::session::Session;

/// Runs the command.
pub(super) async fn run(args: SearchArgs) -> Result<()> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis();
    let now = u64::try_from(now)?;
    let session = Session::open(&args.who).await?;
    let chat = match &args.chat {
        Some(chat) => Some(session.chat(chat).await?),
        None => None,
    };
    let person = match &args.from {
        Some(person) => Some(session.person(person).await?),
        None => None,
    };
    let everywhere = chat.is_none();
    let moment = |text: &Option<String>| text.as_deref().map(|text| moment(text, now)).transpose();
    let mut query = SearchQuery {
        text: args.text,
        chat,
        person,
        since: moment(&args.since)?,
        until: moment(&args.until)?,
        kinds: (!args.kind.is_empty()).then(|| args.kind.join(",")),
        before: args.before,
        limit: Some(args.limit),
    };
    let mut found = session.client.search(&session.profile, &query).await?;
    // A part may be short, although there is more to look through.
    while found.items.len() < args.limit as usize
        && let Some(next) = found.next.take()
    {
        query.before = Some(next);
        query.limit = Some(args.limit - u32::try_from(found.items.len())?);
        let more = session.client.search(&session.profile, &query).await?;
        found.items.extend(more.items);
        found.next = more.next;
    }
    let chats = if everywhere { session.chats().await? } else { Vec::new() };
    output::data(args.output.format(), &found, |found| {
        if found.items.is_empty() {
            return "Nothing found.".into();
        }
        found
            .items
            .iter()
            .map(|message| placed(message, &chats) + "\n")
            .collect()
    });
    Ok(())
}

/// A message with the chat it stands in, if that is not said already.
fn placed(message: &Message, chats: &[Chat]) -> String {
    match chats.iter().find(|chat| chat.id == message.chat) {
        Some(chat) => format!("{}  {}", called(chat), line(message)),
        None => line(message),
    }
}

/// A date, a date and time (UTC), or so long before now, in Unix milliseconds.
fn moment(text: &str, now: u64) -> Result<u64, Failure> {
    let wrong = || {
        let sentence =
            format!("{text:?} is no time; give a date such as 2026-05-01, 2026-05-01T18:30, or 3h, 7d for so long ago");
        Failure::new(Exit::Usage, sentence)
    };
    if let Some(ago) = ago(text) {
        return Ok(now.saturating_sub(ago));
    }
    let (date, time) = text.split_once(['T', ' ']).unwrap_or((text, "00:00"));
    let mut date = date.splitn(3, '-').map(str::parse::<u32>);
    let (Some(Ok(year)), Some(Ok(month @ 1..=12)), Some(Ok(day @ 1..=31))) = (date.next(), date.next(), date.next())
    else {
        return Err(wrong());
    };
    let time = time.trim_end_matches('Z').split_once(':').ok_or_else(wrong)?;
    let (Ok(hour @ 0..=23), Ok(minute @ 0..=59)) = (time.0.parse::<u64>(), time.1.parse::<u64>()) else {
        return Err(wrong());
    };
    if !(1970..=9999).contains(&year) {
        return Err(wrong());
    }
    Ok((days(year, month, day) * 24 * 60 + hour * 60 + minute) * 60_000)
}

fn ago(text: &str) -> Option<u64> {
    let unit = match text.chars().last()? {
        'm' => 60_000,
        'h' => 3_600_000,
        'd' => 86_400_000,
        _ => return None,
    };
    text[..text.len() - 1].parse::<u64>().ok()?.checked_mul(unit)
}

/// Days from 1970-01-01 to a date of the civil calendar.
fn days(year: u32, month: u32, day: u32) -> u64 {
    // Years begin in March, so that the leap day is the last of one.
    let shifted = u64::from(if month <= 2 { year - 1 } else { year });
    let month = u64::from((month + 9) % 12);
    let day_of_year = (153 * month + 2) / 5 + u64::from(day) - 1;
    shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::chats::time;

    #[test]
    fn moments_are_dates_times_and_spans() {
        let now = 1_000_000_000;
        for (text, shown) in [
            ("1970-01-01", "1970-01-01 00:00Z"),
            ("2000-02-29", "2000-02-29 00:00Z"),
            ("2026-05-01T18:30", "2026-05-01 18:30Z"),
            ("2100-02-28 23:59Z", "2100-02-28 23:59Z"),
        ] {
            assert_eq!(time(moment(text, now).unwrap()), shown);
        }
        assert_eq!(moment("3h", now).unwrap(), now - 3 * 3_600_000);
        assert_eq!(moment("90d", now).unwrap(), 0);
        for bad in [
            "",
            "yesterday",
            "2026",
            "2026-13-01",
            "2026-05-00",
            "2026-05-01T25:00",
            "h",
            "-1d",
            "1969-01-01",
            "7é",
        ] {
            assert!(moment(bad, now).is_err(), "{bad}");
        }
    }
}
