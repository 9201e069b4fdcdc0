//! `undertone settings`.

use anyhow::Result;
use api::{InvitationsFrom, LinkPreviews, Loudness, Mode, PicturesOf, RequestsFrom, Settings};

use crate::args::{InvitationsArg, LinkPreviewsArg, LoudnessArg, ModeArg, PicturesArg, RequestsArg, SettingsArgs, Who};
use crate::commands::people;
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
    if let Some(chosen) = &changes.auto_lock {
        settings.auto_lock_minutes = auto_lock(chosen)?;
    }
    match changes.mode {
        Some(ModeArg::Relay) => settings.mode = Mode::Relay,
        Some(ModeArg::Light) => settings.mode = Mode::Light,
        None => {}
    }
    match changes.requests_from {
        Some(RequestsArg::Everyone) => settings.requests_from = RequestsFrom::Everyone,
        Some(RequestsArg::GroupMembers) => settings.requests_from = RequestsFrom::GroupMembers,
        Some(RequestsArg::Nobody) => settings.requests_from = RequestsFrom::Nobody,
        None => {}
    }
    match changes.group_invitations_from {
        Some(InvitationsArg::Contacts) => settings.group_invitations_from = InvitationsFrom::Contacts,
        Some(InvitationsArg::Everyone) => settings.group_invitations_from = InvitationsFrom::Everyone,
        None => {}
    }
    match changes.pictures_of {
        Some(PicturesArg::Contacts) => settings.pictures_of = PicturesOf::Contacts,
        Some(PicturesArg::Nobody) => settings.pictures_of = PicturesOf::Nobody,
        None => {}
    }
    match changes.link_previews {
        Some(LinkPreviewsArg::Ask) => settings.link_previews = LinkPreviews::Ask,
        Some(LinkPreviewsArg::Always) => settings.link_previews = LinkPreviews::Always,
        Some(LinkPreviewsArg::Never) => settings.link_previews = LinkPreviews::Never,
        None => {}
    }
    settings.profile_for = changes.profile_for.map_or(settings.profile_for, people::audience);
    settings.picture_for = changes.picture_for.map_or(settings.picture_for, people::audience);
    let told = &mut settings.notifications;
    told.preview = changes.preview.map_or(told.preview, people::preview);
    told.do_not_disturb = changes.do_not_disturb.unwrap_or(told.do_not_disturb);
    for choice in &changes.notify {
        let (kind, loudness) = notify(choice)?;
        match kind {
            "one-to-one" => told.one_to_one = loudness,
            "group" => told.group = loudness,
            "mention" => told.mention = loudness,
            "everyone" => told.everyone = loudness,
            "other" => told.other = loudness,
            "requests" => told.requests = loudness,
            "events" => told.events = loudness,
            _ => return Err(bad_notify()),
        }
    }
    settings.direct_files = changes.direct_files.unwrap_or(settings.direct_files);
    settings.share_megabytes = changes.share_megabytes.unwrap_or(settings.share_megabytes);
    settings.share_hours = changes.share_hours.unwrap_or(settings.share_hours);
    Ok(settings)
}

/// A number of minutes above 0, or `never`.
fn auto_lock(text: &str) -> Result<Option<u32>, Failure> {
    let sentence = "--auto-lock takes a number of minutes above 0, or never";
    match (text, text.parse()) {
        ("never", _) => Ok(None),
        (_, Ok(minutes)) if minutes > 0 => Ok(Some(minutes)),
        _ => Err(Failure::new(Exit::Usage, sentence)),
    }
}

/// `mention=quiet`.
fn notify(choice: &str) -> Result<(&str, Loudness), Failure> {
    let (kind, how) = choice.split_once('=').ok_or_else(bad_notify)?;
    let how = <LoudnessArg as clap::ValueEnum>::from_str(how, true).map_err(|_| bad_notify())?;
    Ok((kind, people::loudness(how)))
}

fn bad_notify() -> Failure {
    Failure::new(
        Exit::Usage,
        "--notify takes one-to-one, group, mention, everyone, other, requests or events, then = and off, quiet or alert",
    )
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
        RequestsFrom::GroupMembers => "people who share a group with you",
        RequestsFrom::Nobody => "nobody",
    };
    let invitations = match settings.group_invitations_from {
        InvitationsFrom::Contacts => "contacts",
        InvitationsFrom::Everyone => "everyone",
    };
    let pictures = match settings.pictures_of {
        PicturesOf::Contacts => "contacts",
        PicturesOf::Nobody => "nobody",
    };
    let previews = match settings.link_previews {
        LinkPreviews::Ask => "when you want one",
        LinkPreviews::Always => "always",
        LinkPreviews::Never => "never",
    };
    let direct = match settings.direct_files {
        true => "directly between devices; the other person sees your IP address",
        false => "not sent and not fetched",
    };
    output::table(&[
        vec!["lock".into(), lock],
        vec!["network".into(), mode.into()],
        vec!["keep for others".into(), share],
        vec!["contact requests from".into(), requests.into()],
        vec!["put into groups by".into(), invitations.into()],
        vec!["profile for".into(), people::audience_word(settings.profile_for).into()],
        vec!["picture for".into(), people::audience_word(settings.picture_for).into()],
        vec!["pictures of".into(), pictures.into()],
        vec!["previews of links".into(), previews.into()],
        vec!["files above 5 MB".into(), direct.into()],
        vec![
            "notifications".into(),
            people::notifications_words(&settings.notifications),
        ],
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
            group_invitations_from: None,
            profile_for: None,
            picture_for: None,
            pictures_of: None,
            link_previews: None,
            direct_files: None,
            preview: None,
            do_not_disturb: None,
            notify: vec!["mention=quiet".into()],
        }
    }

    #[test]
    fn only_what_is_named_changes() {
        let after = changed(Settings::default(), &changes(Some("15"))).unwrap();
        let expected = Settings {
            auto_lock_minutes: Some(15),
            mode: Mode::Light,
            share_megabytes: 7,
            notifications: api::Notifications {
                mention: Loudness::Quiet,
                ..api::Notifications::default()
            },
            ..Settings::default()
        };
        assert_eq!(after, expected);
        assert_eq!(changed(after, &changes(Some("never"))).unwrap().auto_lock_minutes, None);
        assert!(changed(after, &changes(Some("0"))).is_err());
        assert!(changed(after, &changes(Some("soon"))).is_err());
    }
}
