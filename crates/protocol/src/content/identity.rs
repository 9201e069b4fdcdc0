//! ChatIdentity: name, pictures and profile of a person, and what a community or channel is called.
//!
//! Pictures that are sealed for contacts stay sealed here.

use std::collections::BTreeMap;
use std::fmt;

use prost::Message as _;

use crate::Timestamp;
use crate::content::{ImageFormat, Rule, name};
use crate::wire::identity as wire;
use crate::wire::identity::identity_image::SourceType;

pub use crate::wire::identity::{ProfileShowcase, SocialLink};

/// How somebody or something presents itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ChatIdentity {
    /// Wall time of the author, not a Lamport clock.
    pub clock: Timestamp,
    /// The display name.
    pub display_name: String,
    /// What a person says of themselves, or what a community or channel is for.
    pub description: String,
    /// By name: `thumbnail`, `large` and, for communities, `banner`.
    pub pictures: BTreeMap<String, Picture>,
    /// `#RRGGBB`, of communities and channels.
    pub color: String,
    /// Of channels.
    pub emoji: String,
    /// The colour a person chose, as a number.
    pub customization_color: u32,
    /// Of channels, in Unix seconds; 0: not known, 1: there is none.
    pub first_message_timestamp: u32,
    /// What a person shows of communities, accounts and links.
    pub showcase: Option<ProfileShowcase>,
    /// Links of old clients.
    pub social_links: Vec<SocialLink>,
    /// Always empty in messages of deployed clients.
    pub ens_name: String,
}

/// A picture of a [`ChatIdentity`].
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    /// The file, sealed if there are keys.
    pub payload: Vec<u8>,
    /// The file's format.
    pub format: ImageFormat,
    /// The key of the seal, sealed for each contact who may see the picture; `None` if everybody may.
    pub sealed_keys: Option<Vec<Vec<u8>>>,
}

impl ChatIdentity {
    /// Checks what a person says of themselves.
    pub fn validate(&self) -> Result<(), Rule> {
        if self.clock.0 == 0 {
            return Err(Rule::Clock);
        }
        name::display_name(&self.display_name)?;
        name::bio(&self.description)
    }
}

/// Reads a part of a showcase that was sealed for us.
pub fn parse_showcase(bytes: &[u8]) -> Option<wire::ProfileShowcaseEntries> {
    (bytes.len() <= MAX_SHOWCASE_BYTES)
        .then(|| wire::ProfileShowcaseEntries::decode(bytes).ok())
        .flatten()
}

/// A hundred entries of each kind, which is what deployed clients allow, have less.
const MAX_SHOWCASE_BYTES: usize = 256 << 10;

impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Picture({:?}, {} bytes)", self.format, self.payload.len())
    }
}

impl From<wire::IdentityImage> for Picture {
    fn from(wire: wire::IdentityImage) -> Picture {
        Picture {
            format: wire.image_format(),
            payload: wire.payload,
            sealed_keys: wire.encrypted.then_some(wire.encryption_keys),
        }
    }
}

impl From<&Picture> for wire::IdentityImage {
    fn from(picture: &Picture) -> wire::IdentityImage {
        wire::IdentityImage {
            payload: picture.payload.clone(),
            source_type: SourceType::RawPayload as i32,
            image_format: picture.format as i32,
            encrypted: picture.sealed_keys.is_some(),
            encryption_keys: picture.sealed_keys.clone().unwrap_or_default(),
        }
    }
}

impl From<wire::ChatIdentity> for ChatIdentity {
    fn from(wire: wire::ChatIdentity) -> ChatIdentity {
        ChatIdentity {
            clock: Timestamp(wire.clock),
            display_name: wire.display_name,
            description: wire.description,
            pictures: wire
                .images
                .into_iter()
                .map(|(name, image)| (name, image.into()))
                .collect(),
            color: wire.color,
            emoji: wire.emoji,
            customization_color: wire.customization_color,
            first_message_timestamp: wire.first_message_timestamp,
            showcase: wire.profile_showcase,
            social_links: wire.social_links,
            ens_name: wire.ens_name,
        }
    }
}

impl From<&ChatIdentity> for wire::ChatIdentity {
    fn from(identity: &ChatIdentity) -> wire::ChatIdentity {
        wire::ChatIdentity {
            clock: identity.clock.0,
            ens_name: identity.ens_name.clone(),
            images: identity
                .pictures
                .iter()
                .map(|(name, picture)| (name.clone(), picture.into()))
                .collect(),
            display_name: identity.display_name.clone(),
            description: identity.description.clone(),
            color: identity.color.clone(),
            emoji: identity.emoji.clone(),
            social_links: identity.social_links.clone(),
            first_message_timestamp: identity.first_message_timestamp,
            profile_showcase: identity.showcase.clone(),
            customization_color: identity.customization_color,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn any_bytes_are_a_showcase_or_none(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..400)) {
            if let Some(entries) = parse_showcase(&bytes) {
                let again = parse_showcase(&entries.encode_to_vec());
                proptest::prop_assert_eq!(again, Some(entries));
            }
        }
    }

    #[test]
    fn a_showcase_is_bounded() {
        assert!(parse_showcase(&vec![0; MAX_SHOWCASE_BYTES + 1]).is_none());
    }
}
