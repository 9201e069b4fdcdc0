//! Which daemon and which profile a command speaks to, and what the person means by a name.

use std::path::Path;

use anyhow::Result;
use api::client::{Client, ClientError};
use api::{Chat, Contact, PageQuery, Profile, ProfileState};
use daemon::{Config, Daemon};

use crate::args::{Place, Who};
use crate::exit::{Exit, Failure};

/// The running daemon and one of its profiles.
pub(crate) struct Session {
    pub(crate) client: Client,
    /// The profile's id.
    pub(crate) profile: String,
}

impl Session {
    /// The daemon of the data directory, and the profile meant.
    pub(crate) async fn open(who: &Who) -> Result<Self> {
        let client = Client::find(&who.place.dir()?)?;
        let profile = profile(&client, who.profile.as_deref(), Prefer::Unlocked).await?.id;
        Ok(Self { client, profile })
    }

    /// The chat that a person names: `@name`, `#name` of a public chat, a chat key, or a chat id.
    pub(crate) async fn chat(&self, named: &str) -> Result<String> {
        if let Some(name) = named.strip_prefix('@') {
            let chats = self.chats().await?;
            return Ok(
                one(chats.iter().filter(|chat| chat.name == name), "chat", named, |chat| {
                    &chat.id
                })?
                .id
                .clone(),
            );
        }
        // Keys and ids are understood by the daemon.
        Ok(self.client.chat(&self.profile, named).await?.id)
    }

    /// The key of the person that a person names: `@name` or a chat key.
    pub(crate) async fn person(&self, named: &str) -> Result<String> {
        let Some(name) = named.strip_prefix('@') else {
            return Ok(named.to_owned());
        };
        let contacts = self.client.contacts(&self.profile).await?;
        let called = contacts.iter().filter(|contact| contact.name == name);
        Ok(one(called, "contact", named, |contact: &&Contact| &contact.key)?
            .key
            .clone())
    }

    /// The keys of several.
    pub(crate) async fn people(&self, named: &[String]) -> Result<Vec<String>> {
        let mut keys = Vec::with_capacity(named.len());
        for person in named {
            keys.push(self.person(person).await?);
        }
        Ok(keys)
    }

    /// The group to which a person is invited: by `@name` or id.
    pub(crate) async fn invitation(&self, named: &str) -> Result<String> {
        let Some(name) = named.strip_prefix('@') else {
            return Ok(named.to_owned());
        };
        let invitations = self.client.group_invitations(&self.profile).await?;
        let called = invitations.iter().filter(|group| group.name == name);
        Ok(one(called, "invitation", named, |group| &group.id)?.id.clone())
    }

    /// All chats, latest first.
    pub(crate) async fn chats(&self) -> Result<Vec<Chat>> {
        let mut query = PageQuery {
            before: None,
            limit: Some(LARGEST_PAGE),
        };
        let mut chats = Vec::new();
        loop {
            let page = self.client.chats(&self.profile, &query).await?;
            chats.extend(page.items);
            match page.next {
                Some(next) => query.before = Some(next),
                None => return Ok(chats),
            }
        }
    }
}

/// The daemon for work on profiles: the running one, or one of our own that stays offline.
pub(crate) enum Host {
    /// A daemon that runs already.
    Running(Client),
    /// One that ends with the command.
    Own(Client, Daemon),
}

impl Host {
    /// Finds or starts it.
    pub(crate) async fn open(place: &Place) -> Result<Self> {
        let dir = place.dir()?;
        match Client::find(&dir) {
            Ok(client) => Ok(Self::Running(client)),
            Err(ClientError::NotRunning) => {
                let daemon = Daemon::start(offline(&dir)).await?;
                Ok(Self::Own(daemon.client(), daemon))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The way to speak to it.
    pub(crate) fn client(&self) -> &Client {
        match self {
            Self::Running(client) | Self::Own(client, _) => client,
        }
    }

    /// Whether it goes on when the command ends.
    pub(crate) fn stays(&self) -> bool {
        matches!(self, Self::Running(_))
    }

    /// Ends it, if it is our own.
    pub(crate) async fn close(self) {
        if let Self::Own(_, daemon) = self {
            daemon.shutdown().await;
        }
    }
}

/// Which profile is meant when none is named and there are several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Prefer {
    /// The only one that is unlocked.
    Unlocked,
    /// The only one that is locked.
    Locked,
    /// Only a name will do.
    Nothing,
}

/// The profile that a person means.
pub(crate) async fn profile(client: &Client, named: Option<&str>, prefer: Prefer) -> Result<Profile> {
    let profiles = client.profiles().await?;
    Ok(choose(&profiles, named, prefer)?.clone())
}

fn choose<'p>(profiles: &'p [Profile], named: Option<&str>, prefer: Prefer) -> Result<&'p Profile, Failure> {
    if let Some(named) = named {
        if let Some(profile) = profiles.iter().find(|profile| profile.id == named) {
            return Ok(profile);
        }
        return one(
            profiles.iter().filter(|profile| profile.name == named),
            "profile",
            named,
            |p| &p.id,
        );
    }
    match profiles {
        [] => Err(Failure::new(
            Exit::NotFound,
            "there is no profile here yet; make one with `undertone profile create`",
        )),
        [only] => Ok(only),
        _ => {
            let state = match prefer {
                Prefer::Unlocked => Some(ProfileState::Unlocked),
                Prefer::Locked => Some(ProfileState::Locked),
                Prefer::Nothing => None,
            };
            let mut fitting = profiles.iter().filter(|profile| Some(profile.state) == state);
            match (fitting.next(), fitting.next()) {
                (Some(only), None) => Ok(only),
                _ => Err(Failure::new(
                    Exit::Usage,
                    "there are several profiles; say which one with --profile",
                )),
            }
        }
    }
}

/// The only one that is called so.
pub(crate) fn one<T>(
    mut found: impl Iterator<Item = T>,
    what: &str,
    named: &str,
    id: impl Fn(&T) -> &str,
) -> Result<T, Failure> {
    match (found.next(), found.next()) {
        (Some(only), None) => Ok(only),
        (None, _) => Err(Failure::new(
            Exit::NotFound,
            format!("there is no {what} called {named:?}"),
        )),
        (Some(first), Some(second)) => Err(Failure::new(
            Exit::Usage,
            format!(
                "more than one {what} is called {named:?}; use {} or {}",
                id(&first),
                id(&second)
            ),
        )),
    }
}

fn offline(dir: &Path) -> Config {
    Config {
        api_port: 0,
        ..Config::new(dir)
    }
}

/// The largest page that the API gives.
const LARGEST_PAGE: u32 = 200;

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(id: &str, name: &str, state: ProfileState) -> Profile {
        Profile {
            id: id.into(),
            name: name.into(),
            state,
            created_at: 0,
        }
    }

    #[test]
    fn the_only_fitting_profile_needs_no_name() {
        let both = [
            profile("1", "alice", ProfileState::Locked),
            profile("2", "bob", ProfileState::Unlocked),
        ];
        assert_eq!(choose(&both, None, Prefer::Unlocked).unwrap().id, "2");
        assert_eq!(choose(&both, None, Prefer::Locked).unwrap().id, "1");
        assert_eq!(choose(&both, None, Prefer::Nothing).unwrap_err().exit, Exit::Usage);
        assert_eq!(choose(&both[..1], None, Prefer::Unlocked).unwrap().id, "1");
        assert_eq!(choose(&[], None, Prefer::Unlocked).unwrap_err().exit, Exit::NotFound);
    }

    #[test]
    fn names_and_ids_are_understood() {
        let twins = [
            profile("1", "alice", ProfileState::Locked),
            profile("2", "alice", ProfileState::Locked),
            profile("3", "1", ProfileState::Locked),
        ];
        assert_eq!(choose(&twins, Some("1"), Prefer::Locked).unwrap().id, "1");
        assert_eq!(
            choose(&twins, Some("bob"), Prefer::Locked).unwrap_err().exit,
            Exit::NotFound
        );
        let failure = choose(&twins, Some("alice"), Prefer::Locked).unwrap_err();
        assert_eq!(failure.exit, Exit::Usage);
        assert!(failure.sentence.contains("use 1 or 2"), "{}", failure.sentence);
    }
}
