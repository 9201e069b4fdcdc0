//! How a relaying node shares out its connections, as deployed: some are for peers that relay, a third of whom it calls
//! itself, and the others are for those whom it serves.

use std::str::FromStr;

/// Of a hundred connections, so many are for peers that relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RelayShare(u8);

/// The operator's slip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "it looks like 60:40, which is 60 of a hundred connections for peers that relay and 40 for those that are served"
)]
pub struct RelayShareError;

/// Connections at most, by what they are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Places {
    /// Peers that relay, and that the node looks for and calls.
    pub outbound: usize,
    /// Peers that relay, and that came by themselves.
    pub inbound: usize,
    /// Peers that came to be served.
    pub served: usize,
}

impl Default for RelayShare {
    fn default() -> Self {
        Self(60)
    }
}

impl FromStr for RelayShare {
    type Err = RelayShareError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (relay, service) = text.split_once(':').ok_or(RelayShareError)?;
        let [relay, service] = [relay, service].map(|part| part.trim().parse::<u8>());
        match (relay, service) {
            (Ok(relay), Ok(service)) if u16::from(relay) + u16::from(service) == 100 => Ok(Self(relay)),
            _ => Err(RelayShareError),
        }
    }
}

impl RelayShare {
    /// The places among so many connections. One peer that relays may always be called.
    pub fn places(self, connections: u32) -> Places {
        let connections = connections as usize;
        let relay = (connections * usize::from(self.0)).div_ceil(100);
        let outbound = relay / 3;
        Places {
            outbound: outbound.max(1),
            inbound: relay - outbound,
            served: connections - relay,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_shared_out_as_deployed() {
        let places = |share: &str, connections| {
            let Places {
                outbound,
                inbound,
                served,
            } = share.parse::<RelayShare>().unwrap().places(connections);
            (outbound, inbound, served)
        };
        assert_eq!(RelayShare::default(), "60:40".parse().unwrap());
        assert_eq!(places("60:40", 150), (30, 60, 60));
        assert_eq!(places("50:50", 150), (25, 50, 75));
        assert_eq!(places("80:20", 50), (13, 27, 10));
        assert_eq!(places("0:100", 10), (1, 0, 10));
        assert_eq!(places("100:0", 1), (1, 1, 0));
    }

    #[test]
    fn a_share_is_two_numbers_that_make_a_hundred() {
        for wrong in ["", "60", "60:", "60:41", "-1:101", "156:200", "60:40:0", "a:b"] {
            assert_eq!(wrong.parse::<RelayShare>(), Err(RelayShareError), "{wrong}");
        }
    }
}
