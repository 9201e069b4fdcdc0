//! What a group costs whom, and whose groups we want to be in.
//!
//! Pure. Who may do what in a group is in `protocol::group`.

use protocol::content::MembershipUpdate;
use store::GroupStanding;

use super::Error;
use crate::settings::InvitationsFrom;

/// What somebody's having let us into a group means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entrance {
    /// We are in it.
    In,
    /// We are asked.
    Asked,
}

/// Who vouches for an invitation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Vouching {
    /// Another device of ours says so.
    pub own: bool,
    /// Who let us in is somebody whom we have accepted.
    pub inviter: bool,
    /// Who tells us is somebody whom we have accepted.
    pub teller: bool,
    /// We had asked to be let in.
    pub asked: bool,
}

/// Whether we are in a group into which we were let, or are asked first.
pub fn entrance(setting: InvitationsFrom, vouching: Vouching) -> Entrance {
    let Vouching {
        own,
        inviter,
        teller,
        asked,
    } = vouching;
    match own || inviter || teller || asked || setting == InvitationsFrom::Everyone {
        true => Entrance::In,
        false => Entrance::Asked,
    }
}

/// Whether one more invitation of a stranger may wait for an answer.
pub fn has_room(of_inviter: u64, of_all: u64) -> bool {
    of_inviter < OPEN_INVITATIONS_OF_ONE && of_all < OPEN_INVITATIONS
}

/// Whether a history is small enough for somebody whom we have not accepted: each of its events costs a recovery.
pub fn affordable_of_stranger(update: &MembershipUpdate) -> bool {
    let bytes: usize = update.events.iter().map(Vec::len).sum();
    update.events.len() <= EVENTS_OF_STRANGERS && bytes <= BYTES_OF_STRANGERS
}

/// Whether we may say something in a group.
pub fn may_speak(standing: GroupStanding) -> Result<(), Error> {
    match standing {
        GroupStanding::In => Ok(()),
        GroupStanding::Invited => Err(Error::Invited),
        GroupStanding::Declined => Err(Error::NotFound),
        GroupStanding::Out => Err(Error::NotAMember),
    }
}

/// Invitations of strangers that may wait for an answer at once.
const OPEN_INVITATIONS: u64 = 50;
const OPEN_INVITATIONS_OF_ONE: u64 = 3;

/// Some ten milliseconds of recoveries, and a picture.
const EVENTS_OF_STRANGERS: usize = 64;
const BYTES_OF_STRANGERS: usize = 64 << 10;

/// Requests to be let into one group that are kept.
pub const MOST_REQUESTS: u64 = 100;

/// Characters of the text with which somebody asks to be let in, as with a contact request.
pub const MAX_INTRODUCTION: usize = 280;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_ask_first_unless_everybody_may_put_us_into_groups() {
        let nobody = Vouching::default();
        assert_eq!(entrance(InvitationsFrom::Contacts, nobody), Entrance::Asked);
        assert_eq!(entrance(InvitationsFrom::Everyone, nobody), Entrance::In);
        for vouching in [
            Vouching { own: true, ..nobody },
            Vouching {
                inviter: true,
                ..nobody
            },
            Vouching { teller: true, ..nobody },
            Vouching { asked: true, ..nobody },
        ] {
            assert_eq!(entrance(InvitationsFrom::Contacts, vouching), Entrance::In);
        }
    }

    #[test]
    fn invitations_of_strangers_are_few() {
        assert!(has_room(0, 0) && has_room(2, 49));
        assert!(!has_room(3, 3) && !has_room(0, 50));
        let update = |events: usize, bytes: usize| MembershipUpdate {
            chat_id: None,
            events: vec![vec![0; bytes]; events],
            companion: None,
        };
        assert!(affordable_of_stranger(&update(64, 1_000)));
        assert!(!affordable_of_stranger(&update(65, 1)));
        assert!(!affordable_of_stranger(&update(2, 40_000)));
    }
}
