//! `undertone message`.

use anyhow::Result;
use api::{
    Message, PageQuery, Trace, TraceEnvelope, TraceFate, TraceKey, TraceOutcome, TraceParcel, TracePlace, TraceScheme,
    TraceWay,
};
use clap::Subcommand;
use serde::Serialize;

use crate::args::{Output, Who};
use crate::commands::chats::{line, time};
use crate::exit::{Exit, Failure};
use crate::output::{self, Format, clean};
use crate::session::Session;

/// What can be done with one message.
#[derive(Debug, Subcommand)]
pub(crate) enum MessageCommand {
    /// Show a message and what the network saw of it: layers, keys, envelopes, nodes
    #[command(
        after_help = "Examples:\n  undertone message show @bob last\n  undertone message show @bob 0x5f3a\n  \
        undertone message show @bob last --json | jq '.trace.parcels[].envelopes[].hash'"
    )]
    Show {
        /// @name, chat key (zQ3… or 0x04…), link, or chat id
        chat: String,
        /// The id of the message, its beginning, or `last`
        message: String,
        #[command(flatten)]
        who: Who,
        #[command(flatten)]
        output: Output,
    },
}

/// Runs one of them.
pub(super) async fn run(command: MessageCommand) -> Result<()> {
    let MessageCommand::Show {
        chat,
        message,
        who,
        output,
    } = command;
    show(&who, &chat, &message, output.format()).await
}

#[derive(Serialize)]
struct Shown {
    message: Message,
    trace: Trace,
}

async fn show(who: &Who, chat: &str, named: &str, format: Format) -> Result<()> {
    let session = Session::open(who).await?;
    let chat = session.chat(chat).await?;
    let message = find(&session, &chat, named).await?;
    let trace = session.client.trace(&session.profile, &message.id).await?;
    output::data(format, &Shown { message, trace }, words);
    Ok(())
}

/// The message of a chat that a person means.
async fn find(session: &Session, chat: &str, named: &str) -> Result<Message> {
    let mut query = PageQuery {
        before: None,
        limit: Some(LARGEST_PAGE),
    };
    loop {
        let page = session.client.messages(&session.profile, chat, &query).await?;
        let fits = |message: &&Message| named == "last" || message.id.starts_with(named) && named.len() >= LEAST;
        if let Some(found) = page.items.iter().find(fits) {
            return Ok(found.clone());
        }
        match page.next {
            Some(next) => query.before = Some(next),
            None => break,
        }
    }
    let text = format!("there is no message {named:?} in this chat; `undertone messages CHAT --json` lists their ids");
    Err(Failure::new(Exit::NotFound, text).into())
}

fn words(shown: &Shown) -> String {
    let Shown { message, trace } = shown;
    let mut out = format!("{}\n{}\n", line(message), message.id);
    if trace.parcels.is_empty() {
        out += "\nHow it travelled is not known: it is older than a month, or never left this device.\n";
    }
    for parcel in &trace.parcels {
        out += "\n";
        out += &of_parcel(trace, parcel);
    }
    let envelopes = || {
        trace
            .parcels
            .iter()
            .flat_map(|parcel| parcel.envelopes.iter().map(move |one| (parcel, one)))
    };
    if let Some((parcel, envelope)) = envelopes().last() {
        out += "\nAll that a node in the middle could read of the last envelope:\n";
        out += &fields(parcel, envelope);
    }
    if let Some(until) = trace.kept_until {
        out += &format!("\nThis is forgotten on {}.\n", time(until));
    }
    out
}

fn of_parcel(trace: &Trace, parcel: &TraceParcel) -> String {
    let person = parcel.name.as_deref().map(clean);
    let whom = match (&person, trace.own) {
        (Some(name), true) => format!("To {name}"),
        (Some(name), false) => format!("From {name}"),
        (None, _) => "To everybody in the chat".into(),
    };
    let place = match parcel.place {
        TracePlace::Partitioned => "by a topic that one in 5,000 people shares",
        TracePlace::Negotiated => "by a topic that only the two can compute",
        TracePlace::Public => "by a topic that everybody who knows the chat\u{2019}s name can compute",
    };
    let mut out = format!("{whom}, {place}\n");
    let mut rows = vec![vec![
        "  layers".into(),
        format!(
            "text {} B, signed {} B, synced {} B, encrypted {} B",
            trace.text, parcel.signed, parcel.synced, parcel.encrypted
        ),
    ]];
    rows.extend(parcel.keys.iter().map(|one| vec!["  key".into(), key(one, trace.own)]));
    for envelope in &parcel.envelopes {
        rows.push(vec!["  envelope".into(), of_envelope(parcel, envelope)]);
        rows.push(vec![String::new(), sizes(envelope)]);
        rows.extend(envelope.seen.iter().map(|seen| {
            let way = match seen.way {
                TraceWay::Handed => "handed to",
                TraceWay::Relay => "relayed by",
                TraceWay::Filter => "pushed by",
                TraceWay::Store => "kept by",
            };
            let peer = seen.peer.as_deref().map_or("a node".into(), clean);
            vec![String::new(), format!("{way} {peer}, {}", moment(seen.at))]
        }));
    }
    if let Some(at) = parcel.answered_at {
        rows.push(vec!["  acknowledged".into(), format!("by us, {}", moment(at))]);
    }
    out += &output::table(&rows);
    out
}

fn key(key: &TraceKey, own: bool) -> String {
    let scheme = match key.scheme {
        TraceScheme::Ratchet => "double ratchet",
        TraceScheme::Founding => "double ratchet, first chain of the session",
        TraceScheme::Identity => "identity key",
        TraceScheme::Clear => "not encrypted on this layer",
    };
    let mut out = scheme.to_owned();
    if let (Some(number), Some(chain)) = (key.number, &key.chain) {
        out += &format!(", key {} of chain {}", u64::from(number) + 1, clean(chain));
    }
    if let Some(device) = &key.installation {
        let role = if own { "for" } else { "by" };
        out += &format!(", {role} device {}", clean(&device.chars().take(8).collect::<String>()));
    }
    out += match key.fate {
        TraceFate::Erased => "; erased here",
        TraceFate::InPreKey => "; can be computed from our pre-key",
        TraceFate::InIdentity => "; the reader\u{2019}s identity key opens it for good",
        TraceFate::Shared => "; whoever knows the topic reads it",
    };
    if let Some(until) = key.until {
        out += &format!(" until {}", time(until));
    }
    if let Some(at) = key.acknowledged_at {
        out += &format!("; acknowledged {}", moment(at));
    }
    out
}

fn of_envelope(parcel: &TraceParcel, envelope: &TraceEnvelope) -> String {
    let outcome = match envelope.outcome {
        TraceOutcome::Came => "came",
        TraceOutcome::Taken => "taken",
        TraceOutcome::NotTaken => "not taken",
        TraceOutcome::TooLarge => "too large for the network",
    };
    let place = match (parcel.segments, envelope.parity) {
        (0 | 1, false) => String::new(),
        (count, false) => format!("segment {} of {count}, ", envelope.segment + 1),
        (_, true) => format!("parity {}, ", envelope.segment + 1),
    };
    let peers = match envelope.peers {
        Some(1) => " by 1 node".to_owned(),
        Some(count) => format!(" by {count} nodes"),
        None => String::new(),
    };
    format!(
        "{place}{outcome}{peers}, {}; {}",
        moment(envelope.at),
        clean(&envelope.hash)
    )
}

fn sizes(envelope: &TraceEnvelope) -> String {
    format!(
        "{} B, padded to {} B, sealed {} B, on the wire {} B",
        envelope.data, envelope.padded, envelope.sealed, envelope.wire
    )
}

fn fields(parcel: &TraceParcel, envelope: &TraceEnvelope) -> String {
    let mut rows = vec![vec!["  mesh".into(), String::new(), clean(&parcel.pubsub_topic)]];
    rows.extend(envelope.fields.iter().map(|field| {
        let value = field.value.as_deref().map(clean).unwrap_or_default();
        let dots = if field.name == "payload" { "…" } else { "" };
        vec![
            format!("  {}", clean(&field.name)),
            format!("{} B", field.bytes),
            value + dots,
        ]
    }));
    rows.push(vec!["  together".into(), format!("{} B", envelope.wire), String::new()]);
    output::table(&rows)
}

/// Unix milliseconds as a time of day, in UTC.
fn moment(ms: u64) -> String {
    let (seconds, rest) = (ms / 1000 % 86_400, ms % 1000);
    format!(
        "{:02}:{:02}:{:02}.{rest:03}Z",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    )
}

/// The largest page that the API gives.
const LARGEST_PAGE: u32 = 200;

/// `0x` and four digits say which message is meant.
const LEAST: usize = 6;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_have_milliseconds() {
        assert_eq!(moment(1_764_034_799_007), "01:39:59.007Z");
    }
}
