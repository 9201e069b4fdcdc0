//! What can be done in a chat, for user interfaces: the same rules that refuse what cannot.

use protocol::id::ChatKind;
use store::{ChatRow, GroupStanding, PublicKeyBytes, StoreError, View};

use super::rules;
use crate::contacts;

/// What can be done in a chat.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Abilities {
    /// Saying something; without it, nothing of the rest.
    pub write: bool,
    /// Pictures.
    pub pictures: bool,
    /// Sounds.
    pub sounds: bool,
    /// Files of any kind that travel as messages.
    pub files: bool,
    /// Files that go from one device to another.
    pub large_files: bool,
    /// Pinning messages.
    pub pins: bool,
}

/// What can be done in a chat of a kind by whoever may write there.
pub(crate) fn of_kind(kind: &ChatKind) -> Abilities {
    let private = matches!(kind, ChatKind::OneToOne | ChatKind::Group);
    Abilities {
        write: private || matches!(kind, ChatKind::Public),
        pictures: private,
        sounds: private,
        files: private,
        large_files: matches!(kind, ChatKind::OneToOne),
        pins: private,
    }
}

/// What we can do in a chat as things stand.
pub fn abilities(view: &View<'_>, chat: &ChatRow) -> Result<Abilities, StoreError> {
    let kind = chat.id.kind();
    let may = match &kind {
        ChatKind::OneToOne => match chat.id.peer() {
            Some(peer) => {
                let row = view.contacts().load(&PublicKeyBytes::from(peer.to_compressed()))?;
                row.is_some_and(|row| rules::may_write(&contacts::relation(&row)).is_ok())
            }
            None => false,
        },
        ChatKind::Public => rules::may_write_publicly(chat).is_ok(),
        ChatKind::Group => view
            .groups()
            .load(&chat.id)?
            .is_some_and(|row| row.standing == GroupStanding::In),
        ChatKind::Channel { .. } => false,
    };
    Ok(match may {
        true => of_kind(&kind),
        false => Abilities::default(),
    })
}

#[cfg(test)]
mod tests {
    use protocol::id::ChatId;

    use super::*;

    #[test]
    fn in_public_only_words() {
        let public = of_kind(&ChatId::new("status").unwrap().kind());
        assert_eq!(
            public,
            Abilities {
                write: true,
                ..Abilities::default()
            }
        );
        let group = of_kind(&ChatKind::Group);
        assert!(group.pictures && group.sounds && group.files && group.pins && !group.large_files);
        assert!(of_kind(&ChatKind::OneToOne).large_files);
    }
}
