//! What others announce of themselves.

use protocol::content::{ChatIdentity, ContactCode};
use protocol::layers::application::Signed;

use crate::contacts::{self, Standing};
use crate::inbound::{Reason, Rule};
use crate::receive::{Done, Halt, Origin};
use crate::turn::Turn;

/// A contact code. Its bundle was learnt on the way here.
pub(crate) fn contact_code(
    turn: &mut Turn<'_, '_>,
    origin: &Origin<'_>,
    signed: &Signed,
    code: &ContactCode,
) -> Result<Done, Halt> {
    match &code.identity {
        Some(presented) => identity(turn, origin, signed, presented),
        None if origin.sender.standing == Standing::Own => Err(Halt::Drop(Reason::OwnEcho)),
        None => Ok(Done::Applied),
    }
}

/// Somebody's name and description. Of people we have not accepted it is no business of ours.
pub(crate) fn identity(
    turn: &mut Turn<'_, '_>,
    origin: &Origin<'_>,
    signed: &Signed,
    identity: &ChatIdentity,
) -> Result<Done, Halt> {
    if signed.author != origin.sender.key || origin.sender.standing != Standing::Accepted {
        return Err(Rule::NotAllowed.into());
    }
    identity.validate()?;
    let mut contact = contacts::load(turn, &signed.author)?;
    if identity.clock.0 <= contact.identity_clock {
        return Err(Rule::Outdated.into());
    }
    contact.identity_clock = identity.clock.0;
    contact.colour = identity.customization_color;
    contact.bio.clone_from(&identity.description);
    contacts::inbound::take_name(&mut contact, &identity.display_name);
    turn.tx.contacts().save(&contact)?;
    Ok(Done::Applied)
}
