//! `undertone profile …`, `lock`, `unlock`.

use std::io::{IsTerminal as _, Write as _};

use anyhow::Result;
use api::{ChangePassword, CreateProfile, ExportPhrase, LinkQuery, Profile, ProfileState, RestoreProfile, Unlock};

use crate::args::{PasswordFile, ProfileCommand, Who};
use crate::commands::{links, people};
use crate::exit::{Exit, Failure};
use crate::output::{self, Format, clean};
use crate::password;
use crate::session::{self, Host, Prefer, Session};

/// Runs one of the commands.
pub(super) async fn run(command: ProfileCommand) -> Result<()> {
    match command {
        ProfileCommand::Create {
            name,
            password,
            place,
            output,
        } => {
            let host = Host::open(&place).await?;
            let result = create(&host, name, &password, output.format()).await;
            finish(host, result).await
        }
        ProfileCommand::Restore {
            name,
            phrase_file,
            password,
            place,
            output,
        } => {
            let host = Host::open(&place).await?;
            let result = restore(&host, name, phrase_file.as_deref(), &password, output.format()).await;
            finish(host, result).await
        }
        ProfileCommand::List { place, output } => {
            let host = Host::open(&place).await?;
            let result = list(&host, output.format()).await;
            finish(host, result).await
        }
        ProfileCommand::Show { qr, who, output } => show(&who, qr, output.format()).await,
        ProfileCommand::Set(args) => people::set(&args).await,
        ProfileCommand::ConfirmPhrase { who, phrase_file } => {
            people::confirm_phrase(&who, phrase_file.as_deref()).await
        }
        ProfileCommand::ForgetPhrase { who } => people::forget_phrase(&who).await,
        ProfileCommand::ExportPhrase { who, password, output } => {
            let host = Host::open(&who.place).await?;
            let result = export_phrase(&host, &who, &password, output.format()).await;
            finish(host, result).await
        }
        ProfileCommand::ChangePassword {
            who,
            password,
            new_password_file,
        } => {
            let host = Host::open(&who.place).await?;
            let result = change_password(&host, &who, &password, new_password_file.as_deref()).await;
            finish(host, result).await
        }
        ProfileCommand::Remove { who, yes } => {
            let host = Host::open(&who.place).await?;
            let result = remove(&host, &who, yes).await;
            finish(host, result).await
        }
    }
}

/// `undertone lock`.
pub(super) async fn lock(who: &Who) -> Result<()> {
    let session = Session::open(who).await?;
    let profile = session.client.lock(&session.profile).await?;
    output::text(&format!("{} is locked.", clean(&profile.name)));
    Ok(())
}

/// `undertone unlock`.
pub(super) async fn unlock(who: &Who, from: &PasswordFile) -> Result<()> {
    let client = api::client::Client::find(&who.place.dir()?)?;
    let profile = session::profile(&client, who.profile.as_deref(), Prefer::Locked).await?;
    let password = password::ask("Password: ", from.password_file.as_deref())?;
    let profile = client.unlock(&profile.id, &Unlock { password }).await?;
    output::text(&format!("{} is unlocked.", clean(&profile.name)));
    Ok(())
}

async fn finish(host: Host, result: Result<()>) -> Result<()> {
    host.close().await;
    result
}

async fn create(host: &Host, name: String, from: &PasswordFile, format: Format) -> Result<()> {
    let password = password::choose(
        "Choose a password (at least 10 characters): ",
        from.password_file.as_deref(),
    )?;
    let profile = host
        .client()
        .create_profile(&CreateProfile {
            name,
            password,
            unlock: host.stays(),
        })
        .await?;
    output::data(format, &profile, |profile| {
        made(profile, "Its recovery phrase: undertone profile export-phrase")
    });
    Ok(())
}

async fn restore(
    host: &Host,
    name: String,
    phrase_file: Option<&std::path::Path>,
    from: &PasswordFile,
    format: Format,
) -> Result<()> {
    let phrase = password::ask("Recovery phrase (12 to 24 words): ", phrase_file)?;
    let password = password::choose(
        "Choose a password (at least 10 characters): ",
        from.password_file.as_deref(),
    )?;
    let body = RestoreProfile {
        name,
        phrase,
        password,
        unlock: host.stays(),
    };
    let profile = host.client().restore_profile(&body).await?;
    output::data(format, &profile, |profile| {
        made(profile, "Contacts and messages come back as others write.")
    });
    Ok(())
}

fn made(profile: &Profile, remark: &str) -> String {
    let name = clean(&profile.name);
    let next = match profile.state {
        ProfileState::Unlocked => "It is unlocked.".to_owned(),
        ProfileState::Locked => format!("Go online with it: undertone start --profile {:?}", name),
    };
    format!("Made the profile {name} ({}).\n{next}\n{remark}", profile.id)
}

async fn list(host: &Host, format: Format) -> Result<()> {
    let profiles = host.client().profiles().await?;
    output::data(format, &profiles, |profiles| {
        if profiles.is_empty() {
            return "No profiles yet; make one with `undertone profile create`.".into();
        }
        let rows: Vec<Vec<String>> = profiles
            .iter()
            .map(|p| vec![clean(&p.name), p.id.clone(), state(p.state).into()])
            .collect();
        output::table(&rows)
    });
    Ok(())
}

async fn show(who: &Who, qr: bool, format: Format) -> Result<()> {
    let session = Session::open(who).await?;
    let account = session.client.account(&session.profile).await?;
    if qr && format == Format::Text {
        let link = session.client.link(&session.profile, &LinkQuery::default()).await?;
        output::text(&links::drawn(&link.plain)?);
    }
    output::data(format, &account, people::account_words);
    Ok(())
}

async fn export_phrase(host: &Host, who: &Who, from: &PasswordFile, format: Format) -> Result<()> {
    let profile = session::profile(host.client(), who.profile.as_deref(), Prefer::Unlocked).await?;
    let password = password::ask("Password: ", from.password_file.as_deref())?;
    let phrase = host
        .client()
        .export_phrase(&profile.id, &ExportPhrase { password })
        .await?;
    if std::io::stdout().is_terminal() {
        output::remark("Whoever has these words has the account. Write them down where nobody else looks.");
    }
    output::data(format, &phrase, |phrase| phrase.phrase.expose().to_owned());
    Ok(())
}

async fn change_password(
    host: &Host,
    who: &Who,
    from: &PasswordFile,
    new_file: Option<&std::path::Path>,
) -> Result<()> {
    let profile = session::profile(host.client(), who.profile.as_deref(), Prefer::Unlocked).await?;
    let old = password::ask("Present password: ", from.password_file.as_deref())?;
    let new = password::choose("New password (at least 10 characters): ", new_file)?;
    host.client()
        .change_password(&profile.id, &ChangePassword { old, new })
        .await?;
    output::text("The password is changed.");
    Ok(())
}

async fn remove(host: &Host, who: &Who, yes: bool) -> Result<()> {
    let profile = session::profile(host.client(), who.profile.as_deref(), Prefer::Nothing).await?;
    let name = clean(&profile.name);
    if !yes && !confirmed(&name)? {
        return Err(Failure::new(Exit::Refused, "nothing was removed").into());
    }
    host.client().remove_profile(&profile.id).await?;
    output::text(&format!("Removed {name} from this device."));
    Ok(())
}

fn confirmed(name: &str) -> Result<bool, Failure> {
    if !std::io::stdin().is_terminal() {
        return Err(Failure::new(
            Exit::Usage,
            "there is no terminal to ask on; add --yes to remove the profile",
        ));
    }
    let mut err = std::io::stderr().lock();
    let _ = write!(
        err,
        "Remove {name}, its messages and its keys from this device for good? Type yes: "
    )
    .and_then(|()| err.flush());
    let mut answer = String::new();
    let _ = std::io::stdin().read_line(&mut answer);
    Ok(answer.trim() == "yes")
}

fn state(state: ProfileState) -> &'static str {
    match state {
        ProfileState::Locked => "locked",
        ProfileState::Unlocked => "unlocked",
    }
}
