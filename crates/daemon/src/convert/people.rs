//! What people show of themselves, for the API.

use messenger::Presence;
use messenger::PublicKey;
use messenger::presence::rules::{Shown, shown};
use messenger::profile::{Onlooker, PhraseState, seen};
use messenger::verification::safety_number;
use store::{Asker, PictureSize, PublicKeyBytes, StoreError, Trust, VerificationState};

use super::{Reading, key_text};
use crate::engine::now;

impl Reading<'_> {
    /// The links that a person shows.
    pub(crate) fn links_of(&self, key: &PublicKeyBytes) -> Result<Vec<api::ProfileLink>, StoreError> {
        let rows = self.view.people().links(key)?;
        let link = |row: store::LinkRow| api::ProfileLink {
            label: row.label,
            url: row.url,
        };
        Ok(rows.into_iter().map(link).collect())
    }

    /// Where the picture of a person is, if there is one. Another picture has another path, so that it can be kept.
    pub(crate) fn picture_path(&self, key: &PublicKeyBytes) -> Result<Option<String>, StoreError> {
        let clock = self.view.people().picture_clock(key, PictureSize::Thumbnail)?;
        Ok(clock.map(|clock| picture_path(&self.own.profile, &key_text(key), clock.0)))
    }

    /// Whether a person is there, if they told it and it still holds.
    pub(crate) fn presence_of(&self, key: &PublicKeyBytes) -> Result<Option<api::Presence>, StoreError> {
        let Some(row) = self.view.people().presence(key)? else {
            return Ok(None);
        };
        let (state, until) = match shown(row.presence, row.clock, now()) {
            Some(Shown::Online(until)) => (api::PresenceState::Online, Some(until.0)),
            Some(Shown::Busy(until)) => (api::PresenceState::Busy, Some(until.0)),
            Some(Shown::Away) => (api::PresenceState::Away, None),
            None => return Ok(None),
        };
        let text = row.text;
        Ok(Some(api::Presence { state, until, text }))
    }

    /// The newest proof of identity with a person that this side asked for.
    pub(crate) fn verification_with(
        &self,
        key: &PublicKeyBytes,
        asker: Asker,
    ) -> Result<Option<api::Verification>, StoreError> {
        let row = self.view.verifications().with(key, asker)?;
        Ok(row.map(|row| api::Verification {
            question: row.challenge,
            answer: (!row.response.is_empty()).then_some(row.response),
            state: match row.state {
                VerificationState::Pending => api::VerificationState::Pending,
                VerificationState::Answered => api::VerificationState::Answered,
                VerificationState::Declined => api::VerificationState::Declined,
                VerificationState::Cancelled => api::VerificationState::Cancelled,
                VerificationState::Trusted => api::VerificationState::Trusted,
                VerificationState::Untrusted => api::VerificationState::Untrusted,
            },
            at: row.at.0,
        }))
    }
}

/// What our own profile says; the rest of the account is the caller's.
pub(crate) fn own_profile(profile: &str, account: &messenger::AccountInfo) -> api::Account {
    let own = &account.profile;
    let key = account.public_key.to_multibase();
    let link = |link: &messenger::profile::Link| api::ProfileLink {
        label: link.label.clone(),
        url: link.url.clone(),
    };
    api::Account {
        profile: String::new(),
        name: String::new(),
        key_hex: String::new(),
        installation: String::new(),
        bio: own.bio.clone(),
        colour: own.colour,
        links: own.links.iter().map(link).collect(),
        picture: own.picture.map(|clock| picture_path(profile, &key, clock.0)),
        presence: api::SetPresence {
            presence: match own.presence {
                Presence::Unknown => api::PresenceChoice::Off,
                Presence::Automatic => api::PresenceChoice::Automatic,
                Presence::DoNotDisturb => api::PresenceChoice::DoNotDisturb,
                Presence::AlwaysOnline => api::PresenceChoice::AlwaysOnline,
                Presence::Inactive => api::PresenceChoice::Inactive,
            },
            text: own.presence_text.clone(),
        },
        phrase: match own.phrase {
            PhraseState::Kept => api::PhraseState::Kept,
            PhraseState::Confirmed => api::PhraseState::Confirmed,
            PhraseState::Gone => api::PhraseState::Gone,
        },
        key,
    }
}

/// Our own profile as somebody else would show it.
pub(crate) fn as_seen(account: api::Account, settings: &messenger::Settings, by: Onlooker) -> api::Contact {
    let seen = seen(settings, by);
    let presence = match account.presence.presence {
        api::PresenceChoice::Off => None,
        api::PresenceChoice::Automatic | api::PresenceChoice::AlwaysOnline => Some(api::PresenceState::Online),
        api::PresenceChoice::DoNotDisturb => Some(api::PresenceState::Busy),
        api::PresenceChoice::Inactive => Some(api::PresenceState::Away),
    };
    api::Contact {
        key: account.key,
        display_name: Some(account.name.clone()),
        name: account.name,
        nickname: None,
        state: match by {
            Onlooker::Contact => api::ContactState::Mutual,
            Onlooker::Stranger => api::ContactState::Stranger,
        },
        note: None,
        bio: Some(account.bio).filter(|_| seen.words).unwrap_or_default(),
        colour: account.colour,
        links: account.links.into_iter().filter(|_| seen.words).collect(),
        picture: account.picture.filter(|_| seen.picture),
        // Whoever knows the key can hear it, but only of contacts is it kept.
        presence: presence.filter(|_| by == Onlooker::Contact).map(|state| api::Presence {
            state,
            until: None,
            text: account.presence.text,
        }),
        trust: api::Trust::Unknown,
        verified_at: None,
        asked_by_us: None,
        asked_by_them: None,
    }
}

/// A choice of presence, from the API.
pub(crate) fn presence_from(choice: api::PresenceChoice) -> Presence {
    match choice {
        api::PresenceChoice::Off => Presence::Unknown,
        api::PresenceChoice::Automatic => Presence::Automatic,
        api::PresenceChoice::DoNotDisturb => Presence::DoNotDisturb,
        api::PresenceChoice::AlwaysOnline => Presence::AlwaysOnline,
        api::PresenceChoice::Inactive => Presence::Inactive,
    }
}

/// What we think of a person, for the API.
pub(crate) fn trust(trust: Trust) -> api::Trust {
    match trust {
        Trust::Unknown => api::Trust::Unknown,
        Trust::Trusted => api::Trust::Trusted,
        Trust::Untrusted => api::Trust::Untrusted,
    }
}

/// What we think of a person, from the API.
pub(crate) fn trust_from(trust: api::Trust) -> Trust {
    match trust {
        api::Trust::Unknown => Trust::Unknown,
        api::Trust::Trusted => Trust::Trusted,
        api::Trust::Untrusted => Trust::Untrusted,
    }
}

/// What we and a person compare.
pub(crate) fn safety(own: &PublicKey, other: &PublicKey) -> api::SafetyNumber {
    let number = safety_number(own, other);
    let picture = |(emoji, name): (&str, &str)| api::SafetyPicture {
        emoji: emoji.to_owned(),
        name: name.to_owned(),
    };
    api::SafetyNumber {
        digits: number.digits().to_owned(),
        groups: number.groups().map(str::to_owned).collect(),
        pictures: number.pictures().map(picture).collect(),
    }
}

fn picture_path(profile: &str, key: &str, clock: u64) -> String {
    format!("/v1/profiles/{profile}/pictures/{key}/thumbnail?at={clock}")
}
