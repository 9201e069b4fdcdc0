//! `undertone link …`, and QR codes in the terminal.

use anyhow::Result;
use api::{Link, LinkKind, LinkQuery, ReadLink};
use clap::Subcommand;
use qrcode::render::unicode;
use qrcode::{EcLevel, QrCode};

use crate::args::{Output, Who};
use crate::exit::{Exit, Failure};
use crate::output::{self, Format, clean};
use crate::session::Session;

/// What can be done with links.
#[derive(Debug, Subcommand)]
pub(crate) enum LinkCommand {
    /// Print the link to yourself, or to a person or channel, to give to others
    #[command(after_help = "Examples:\n  undertone link show\n  undertone link show --qr\n  \
        undertone link show @bob --plain\n  undertone link show --json | jq -r .link")]
    Show {
        /// @name, chat key, chat id or link (default: yourself)
        of: Option<String>,
        /// The shortest form: the key alone, without a name
        #[arg(long)]
        plain: bool,
        /// Draw it for a camera
        #[arg(long)]
        qr: bool,
        #[command(flatten)]
        who: Who,
        #[command(flatten)]
        output: Output,
    },
    /// Say where a link leads; nothing is fetched
    #[command(after_help = "Examples:\n  undertone link parse https://status.app/u/…#zQ3sh…\n  \
        undertone link parse https://status.app/c#zQ3sh… --json")]
    Parse {
        /// The link
        link: String,
        #[command(flatten)]
        who: Who,
        #[command(flatten)]
        output: Output,
    },
}

/// Runs one of the commands.
pub(super) async fn run(command: LinkCommand) -> Result<()> {
    match command {
        LinkCommand::Show {
            of,
            plain,
            qr,
            who,
            output,
        } => show(&who, of.as_deref(), plain, qr, output.format()).await,
        LinkCommand::Parse { link, who, output } => {
            let session = Session::open(&who).await?;
            let link = session.client.read_link(&session.profile, &ReadLink { link }).await?;
            output::data(output.format(), &link, described);
            Ok(())
        }
    }
}

async fn show(who: &Who, of: Option<&str>, plain: bool, qr: bool, format: Format) -> Result<()> {
    let session = Session::open(who).await?;
    let of = match of {
        Some(of) if of.starts_with('@') => match session.person(of).await {
            Ok(key) => Some(key),
            Err(_) => Some(session.chat(of).await?),
        },
        of => of.map(str::to_owned),
    };
    let link = session.client.link(&session.profile, &LinkQuery { of }).await?;
    let code = match qr && format == Format::Text {
        // The short form: the coarser the code, the better a camera reads it.
        true => Some(drawn(&link.plain)?),
        false => None,
    };
    output::data(format, &link, |link| {
        let text = if plain { &link.plain } else { &link.link };
        match code {
            Some(code) => format!("{code}\n{text}"),
            None => text.clone(),
        }
    });
    Ok(())
}

/// A QR code of half blocks, dark on light also where the terminal is light on dark.
pub(super) fn drawn(text: &str) -> Result<String> {
    let code = QrCode::with_error_correction_level(text, EcLevel::L)
        .map_err(|_| Failure::new(Exit::Refused, "the link is too long for a QR code; use --plain"))?;
    Ok(code
        .render::<unicode::Dense1x2>()
        .dark_color(unicode::Dense1x2::Light)
        .light_color(unicode::Dense1x2::Dark)
        .quiet_zone(true)
        .build())
}

fn described(link: &Link) -> String {
    let kind = match link.kind {
        LinkKind::Person => "person",
        LinkKind::Community => "community",
        LinkKind::Channel => "channel",
        LinkKind::Group => "group",
    };
    let mut rows = vec![vec!["leads to a".into(), kind.into()]];
    let mut row = |name: &str, value: &Option<String>| {
        if let Some(value) = value {
            rows.push(vec![name.into(), clean(value)]);
        }
    };
    row("called", &link.name);
    row("says", &link.description);
    row("of the community", &link.community);
    row("members then", &link.members.map(|members| members.to_string()));
    row("chat", &link.chat);
    row("key", &Some(link.key.clone()));
    row("plain form", &Some(link.plain.clone()));
    let mut text = output::table(&rows);
    if link.name.is_some() {
        text.push_str("The name is what the maker of the link says; only the key is certain.");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_drawn_with_their_margin_and_only_if_they_fit() {
        let code = drawn("https://status.app/u#zQ3shwQPhRuDJSjVGVBnTjCdgXy5i9WQaeVPdGJD6yTarJQSj").unwrap();
        let widths: Vec<usize> = code.lines().map(|line| line.chars().count()).collect();
        assert!(widths.iter().all(|width| *width == widths[0]), "{widths:?}");
        // Version 4 has 33 squares, and four of margin on each side.
        assert_eq!(widths[0], 33 + 2 * 4);
        assert!(code.lines().next().unwrap().chars().all(|c| c == '█'));
        assert!(drawn(&"x".repeat(4_000)).is_err());
    }
}
