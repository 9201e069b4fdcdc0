//! `undertone settings`.

use anyhow::Result;
use api::{Mode, RequestsFrom, Settings};

use crate::args::{ModeArg, RequestsArg, SettingsArgs, Who};
use crate::exit::{Exit, Failure};
use crate::output::{self, Format};
use crate::session::Session;

/// Changes what was named, and prints all of them.
pub(super) async fn run(who: &Who, changes: &SettingsArgs, format: Format) -> Result<()> {
    let session = Session::open(who).await?;
    let before = session.client.settings(&session.profile).await?;
    let wanted = changed(before, changes)?;
    let settings = if wanted == before {
        before
    } else {
        session.client.save_settings(&session.profile, &wanted).await?
    };
    output::data(format, &settings, words);
    Ok(())
}

fn changed(mut settings: Settings, changes: &SettingsArgs) -> Result<Settings, Failure> {
    if let Some(auto_lock) = &changes.auto_lock {
        settings.auto_lock_minutes = match auto_lock.as_str() {
            "never" => None,
            minutes => match minutes.parse() {
                Ok(minutes) if minutes > 0 => Some(minutes),
                _ => {
                    return Err(Failure::new(
                        Exit::Usage,
                        "--auto-lock takes a number of minutes above 0, or never",
                    ));
                }
            },
        };
    }
    match changes.mode {
        Some(ModeArg::Relay) => settings.mode = Mode::Relay,
        Some(ModeArg::Light) => settings.mode = Mode::Light,
        None => {}
    }
    match changes.requests_from {
        Some(RequestsArg::Everyone) => settings.requests_from = RequestsFrom::Everyone,
        Some(RequestsArg::Nobody) => settings.requests_from = RequestsFrom::Nobody,
        None => {}
    }
    settings.share_megabytes = changes.share_megabytes.unwrap_or(settings.share_megabytes);
    settings.share_hours = changes.share_hours.unwrap_or(settings.share_hours);
    Ok(settings)
}

fn words(settings: &Settings) -> String {
    let lock = settings.auto_lock_minutes.map_or("never".into(), |minutes| {
        format!("after {minutes} min without a command")
    });
    let mode = match settings.mode {
        Mode::Relay => "relay: pass everybody's messages on",
        Mode::Light => "light: only ask for our own messages",
    };
    let share = match (settings.mode, settings.share_megabytes) {
        (Mode::Light, _) | (_, 0) => "nothing".into(),
        (_, megabytes) => format!("{megabytes} MB of encrypted messages for {} h", settings.share_hours),
    };
    let requests = match settings.requests_from {
        RequestsFrom::Everyone => "everyone",
        RequestsFrom::Nobody => "nobody",
    };
    output::table(&[
        vec!["lock".into(), lock],
        vec!["network".into(), mode.into()],
        vec!["keep for others".into(), share],
        vec!["contact requests from".into(), requests.into()],
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changes(auto_lock: Option<&str>) -> SettingsArgs {
        SettingsArgs {
            auto_lock: auto_lock.map(str::to_owned),
            mode: Some(ModeArg::Light),
            share_megabytes: Some(7),
            share_hours: None,
            requests_from: None,
        }
    }

    #[test]
    fn only_what_is_named_changes() {
        let after = changed(Settings::default(), &changes(Some("15"))).unwrap();
        let expected = Settings {
            auto_lock_minutes: Some(15),
            mode: Mode::Light,
            share_megabytes: 7,
            ..Settings::default()
        };
        assert_eq!(after, expected);
        assert_eq!(changed(after, &changes(Some("never"))).unwrap().auto_lock_minutes, None);
        assert!(changed(after, &changes(Some("0"))).is_err());
        assert!(changed(after, &changes(Some("soon"))).is_err());
    }
}
