//! `undertone profile set …`, `presence`, `notify`, and what is done about one person.

use std::path::Path;

use anyhow::{Context as _, Result};
use api::{
    Account, Audience, ChatNotifications, ConfirmPhrase, Contact, DescribeProfile, Loudness, NotificationPreview,
    Notifications, PresenceChoice, PresenceState, ProfileLink, Rename, Secret, SetPresence, SetTrust, SetVerified,
    Trust, Verification, VerificationState, VerificationText,
};

use crate::args::{
    AudienceArg, LoudnessArg, NotifyArgs, Person, PresenceArg, PresenceArgs, PreviewArg, SetArgs, TrustArg,
    VerifyCommand, Who,
};
use crate::commands::contacts;
use crate::exit::{Exit, Failure};
use crate::output::{self, clean, clean_lines};
use crate::password;
use crate::session::Session;

/// `undertone profile set`.
pub(super) async fn set(args: &SetArgs) -> Result<()> {
    let links = match (args.no_links, args.link.as_slice()) {
        (true, _) => Some(Vec::new()),
        (false, []) => None,
        (false, links) => Some(links.iter().map(|text| link(text)).collect::<Result<_, _>>()?),
    };
    let described = DescribeProfile {
        bio: args.bio.clone(),
        colour: args.colour,
        links,
    };
    let session = Session::open(&args.who).await?;
    let (client, profile) = (&session.client, &session.profile);
    if let Some(name) = &args.name {
        client.rename(profile, &Rename { name: name.clone() }).await?;
    }
    if described.bio.is_some() || described.colour.is_some() || described.links.is_some() {
        client.describe(profile, &described).await?;
    }
    if let Some(file) = &args.picture {
        let bytes = tokio::fs::read(file)
            .await
            .with_context(|| format!("cannot read {}", file.display()))?;
        client.set_picture(profile, bytes).await?;
    }
    if args.no_picture {
        client.remove_picture(profile).await?;
    }
    let account = client.account(profile).await?;
    output::data(args.output.format(), &account, account_words);
    Ok(())
}

/// An account as a table.
pub(super) fn account_words(account: &Account) -> String {
    let mut rows = vec![
        vec!["name".into(), clean(&account.name)],
        vec!["chat key".into(), account.key.clone()],
        vec!["in hexadecimal".into(), account.key_hex.clone()],
        vec!["installation".into(), account.installation.clone()],
        vec!["profile".into(), account.profile.clone()],
        vec!["about".into(), clean(&account.bio)],
        vec!["colour".into(), account.colour.to_string()],
        vec!["picture".into(), account.picture.clone().unwrap_or_default()],
        vec!["presence".into(), presence_words(&account.presence)],
        vec!["recovery phrase".into(), phrase_words(account.phrase).into()],
    ];
    rows.extend(account.links.iter().map(link_row));
    rows.retain(|row| !row[1].is_empty());
    output::table(&rows)
}

/// `undertone profile confirm-phrase`.
pub(super) async fn confirm_phrase(who: &Who, phrase_file: Option<&Path>) -> Result<()> {
    let session = Session::open(who).await?;
    let [first, second] = session.client.phrase_question(&session.profile).await?.places;
    let words = match phrase_file {
        Some(file) => {
            let phrase = password::ask("", Some(file))?;
            let word = |place: u8| {
                let word = phrase.expose().split_whitespace().nth(usize::from(place) - 1);
                Secret::new(word.unwrap_or_default().to_owned())
            };
            [word(first), word(second)]
        }
        None => [
            password::ask(&format!("Word {first} of your recovery phrase: "), None)?,
            password::ask(&format!("Word {second}: "), None)?,
        ],
    };
    session
        .client
        .confirm_phrase(&session.profile, &ConfirmPhrase { words })
        .await?;
    output::text("Confirmed. `undertone profile forget-phrase` erases it from this device, if you want that.");
    Ok(())
}

/// `undertone profile forget-phrase`.
pub(super) async fn forget_phrase(who: &Who) -> Result<()> {
    let session = Session::open(who).await?;
    session.client.forget_phrase(&session.profile).await?;
    output::text("The recovery phrase is erased from this device.");
    Ok(())
}

/// `undertone presence`.
pub(super) async fn presence(args: &PresenceArgs) -> Result<()> {
    let session = Session::open(&args.who).await?;
    let body = SetPresence {
        presence: match args.presence {
            PresenceArg::Off => PresenceChoice::Off,
            PresenceArg::Automatic => PresenceChoice::Automatic,
            PresenceArg::DoNotDisturb => PresenceChoice::DoNotDisturb,
            PresenceArg::AlwaysOnline => PresenceChoice::AlwaysOnline,
            PresenceArg::Inactive => PresenceChoice::Inactive,
        },
        text: args.text.clone(),
    };
    let account = session.client.set_presence(&session.profile, &body).await?;
    output::data(args.output.format(), &account, |account| {
        format!("Told of your being there: {}.", presence_words(&account.presence))
    });
    Ok(())
}

/// `undertone notify`.
pub(super) async fn notify(args: &NotifyArgs) -> Result<()> {
    let session = Session::open(&args.who).await?;
    let chat = session.chat(&args.chat).await?;
    let before = match args.reset {
        true => ChatNotifications::default(),
        false => session.client.chat_notifications(&session.profile, &chat).await?,
    };
    let wanted = ChatNotifications {
        mention: args.mention.map(loudness).or(before.mention),
        everyone: args.everyone.map(loudness).or(before.everyone),
        other: args.other.map(loudness).or(before.other),
    };
    let chosen = session
        .client
        .set_chat_notifications(&session.profile, &chat, &wanted)
        .await?;
    output::data(args.output.format(), &chosen, |chosen| {
        let word = |chosen: Option<Loudness>| chosen.map_or("as for all", loudness_word).to_owned();
        output::table(&[
            vec!["names or answers you".into(), word(chosen.mention)],
            vec!["names everybody".into(), word(chosen.everyone)],
            vec!["other messages".into(), word(chosen.other)],
        ])
    });
    Ok(())
}

/// `undertone contact show`.
pub(super) async fn show(person: &Person) -> Result<()> {
    let (session, key) = open(person).await?;
    let contact = session.client.contact(&session.profile, &key).await?;
    output::data(person.output.format(), &contact, contact_words);
    Ok(())
}

/// `undertone contact safety`.
pub(super) async fn safety(person: &Person) -> Result<()> {
    let (session, key) = open(person).await?;
    let number = session.client.safety_number(&session.profile, &key).await?;
    output::data(person.output.format(), &number, |number| {
        let lines: Vec<String> = number.groups.chunks(4).map(|line| line.join(" ")).collect();
        let pictures = number
            .pictures
            .iter()
            .map(|picture| format!("{} {}", picture.emoji, picture.name));
        format!(
            "{}\n\n{}\n\nCompare this by a call or in person. If it is the same on both sides, say so with\n\
             `undertone contact verified`; if not, somebody may stand between you.",
            lines.join("\n"),
            pictures.collect::<Vec<_>>().join("  "),
        )
    });
    Ok(())
}

/// `undertone contact verified`.
pub(super) async fn verified(person: &Person, verified: bool) -> Result<()> {
    let (session, key) = open(person).await?;
    let contact = session
        .client
        .set_verified(&session.profile, &key, &SetVerified { verified })
        .await?;
    output::data(person.output.format(), &contact, |contact| match contact.verified_at {
        Some(_) => format!("You made sure that {} is who they say.", clean(&contact.name)),
        None => format!("{} is not verified.", clean(&contact.name)),
    });
    Ok(())
}

/// `undertone contact trust`.
pub(super) async fn trust(person: &Person, trust: TrustArg) -> Result<()> {
    let (session, key) = open(person).await?;
    let trust = match trust {
        TrustArg::Unknown => Trust::Unknown,
        TrustArg::Trusted => Trust::Trusted,
        TrustArg::Untrusted => Trust::Untrusted,
    };
    let contact = session
        .client
        .set_trust(&session.profile, &key, &SetTrust { trust })
        .await?;
    output::data(person.output.format(), &contact, contact_words);
    Ok(())
}

/// `undertone contact verify …`.
pub(super) async fn verify(command: VerifyCommand) -> Result<()> {
    let (person, action, text) = match command {
        VerifyCommand::Ask { person, question } => (person, "ask", question),
        VerifyCommand::Answer { person, answer } => (person, "answer", answer),
        VerifyCommand::Cancel(person) => (person, "cancel", String::new()),
        VerifyCommand::Decline(person) => (person, "decline", String::new()),
        VerifyCommand::Believe(person) => (person, "trust", String::new()),
        VerifyCommand::Doubt(person) => (person, "distrust", String::new()),
    };
    let (session, key) = open(&person).await?;
    let contact = session
        .client
        .verify(&session.profile, &key, action, &VerificationText { text })
        .await?;
    output::data(person.output.format(), &contact, contact_words);
    Ok(())
}

/// For whom something is, from the command line.
pub(super) fn audience(audience: AudienceArg) -> Audience {
    match audience {
        AudienceArg::Everyone => Audience::Everyone,
        AudienceArg::Contacts => Audience::Contacts,
        AudienceArg::Nobody => Audience::Nobody,
    }
}

/// For whom something is, in a word.
pub(super) fn audience_word(audience: Audience) -> &'static str {
    match audience {
        Audience::Everyone => "everyone who knows your key",
        Audience::Contacts => "contacts",
        Audience::Nobody => "nobody",
    }
}

/// How loudly something is told, from the command line.
pub(super) fn loudness(loudness: LoudnessArg) -> Loudness {
    match loudness {
        LoudnessArg::Off => Loudness::Off,
        LoudnessArg::Quiet => Loudness::Quiet,
        LoudnessArg::Alert => Loudness::Alert,
    }
}

/// How much notifications say, from the command line.
pub(super) fn preview(preview: PreviewArg) -> NotificationPreview {
    match preview {
        PreviewArg::Nothing => NotificationPreview::Nothing,
        PreviewArg::Name => NotificationPreview::Name,
        PreviewArg::All => NotificationPreview::All,
    }
}

/// What was chosen about notifications, on one line.
pub(super) fn notifications_words(told: &Notifications) -> String {
    let says = match told.preview {
        NotificationPreview::Nothing => "say nothing",
        NotificationPreview::Name => "say the name",
        NotificationPreview::All => "say everything",
    };
    let kinds = [
        ("one-to-one", told.one_to_one),
        ("group", told.group),
        ("mention", told.mention),
        ("everyone", told.everyone),
        ("other", told.other),
        ("requests", told.requests),
        ("events", told.events),
    ];
    let kinds = kinds.map(|(kind, how)| format!("{kind} {}", loudness_word(how)));
    let peace = if told.do_not_disturb { "none now; " } else { "" };
    format!("{peace}{says}; {}", kinds.join(", "))
}

async fn open(person: &Person) -> Result<(Session, String)> {
    let session = Session::open(&person.who).await?;
    let key = session.person(&person.person).await?;
    Ok((session, key))
}

fn contact_words(contact: &Contact) -> String {
    let trust = match contact.trust {
        Trust::Unknown => "",
        Trust::Trusted => "trusted",
        Trust::Untrusted => "untrusted",
    };
    let verified = if contact.verified_at.is_some() { "yes" } else { "" };
    let presence = contact.presence.as_ref().map(|presence| {
        let state = match presence.state {
            PresenceState::Online => "there",
            PresenceState::Busy => "not to be disturbed",
            PresenceState::Away => "away",
        };
        match presence.text.is_empty() {
            true => state.to_owned(),
            false => format!("{state}: {}", clean(&presence.text)),
        }
    });
    let proof = |proof: &Option<Verification>| proof.as_ref().map(verification_words).unwrap_or_default();
    let mut rows = vec![
        vec!["name".into(), clean(&contact.name)],
        vec![
            "calls themselves".into(),
            contact.display_name.as_deref().map(clean).unwrap_or_default(),
        ],
        vec!["chat key".into(), contact.key.clone()],
        vec!["is".into(), contacts::state(contact.state).into()],
        vec!["label".into(), trust.into()],
        vec!["verified".into(), verified.into()],
        vec!["presence".into(), presence.unwrap_or_default()],
        vec!["about".into(), clean_lines(&contact.bio, "  ")],
        vec!["picture".into(), contact.picture.clone().unwrap_or_default()],
        vec!["you asked".into(), proof(&contact.asked_by_us)],
        vec!["they ask".into(), proof(&contact.asked_by_them)],
    ];
    rows.extend(contact.links.iter().map(link_row));
    rows.retain(|row| !row[1].is_empty());
    output::table(&rows)
}

fn verification_words(proof: &Verification) -> String {
    let state = match proof.state {
        VerificationState::Pending => "not answered yet",
        VerificationState::Answered => "answered",
        VerificationState::Declined => "declined",
        VerificationState::Cancelled => "taken back",
        VerificationState::Trusted => "believed",
        VerificationState::Untrusted => "not believed",
    };
    match &proof.answer {
        Some(answer) => format!("{} — {} ({state})", clean(&proof.question), clean(answer)),
        None => format!("{} ({state})", clean(&proof.question)),
    }
}

fn presence_words(presence: &SetPresence) -> String {
    let choice = match presence.presence {
        PresenceChoice::Off => "nothing",
        PresenceChoice::Automatic => "there, while the daemon runs",
        PresenceChoice::DoNotDisturb => "not to be disturbed",
        PresenceChoice::AlwaysOnline => "always there",
        PresenceChoice::Inactive => "away",
    };
    match presence.text.is_empty() {
        true => choice.to_owned(),
        false => format!("{choice}: {}", clean(&presence.text)),
    }
}

fn phrase_words(phrase: api::PhraseState) -> &'static str {
    match phrase {
        api::PhraseState::Kept => "on this device, not confirmed: undertone profile confirm-phrase",
        api::PhraseState::Confirmed => "on this device, confirmed",
        api::PhraseState::Gone => "not on this device",
    }
}

fn loudness_word(loudness: Loudness) -> &'static str {
    match loudness {
        Loudness::Off => "off",
        Loudness::Quiet => "quiet",
        Loudness::Alert => "alert",
    }
}

fn link(text: &str) -> Result<ProfileLink, Failure> {
    let (label, url) = text.split_once('=').ok_or_else(|| {
        Failure::new(
            Exit::Usage,
            "--link takes a label, = and an address, as in site=https://example.org",
        )
    })?;
    Ok(ProfileLink {
        label: label.to_owned(),
        url: url.to_owned(),
    })
}

fn link_row(link: &ProfileLink) -> Vec<String> {
    vec![clean(&link.label), clean(&link.url)]
}
