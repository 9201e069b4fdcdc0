//! What is known about the networks that exist.

use waku::{STATUS_CLUSTER, STATUS_SHARDS};

use crate::node_args::Preset;

/// A network as it is deployed.
#[derive(Clone, Debug)]
pub(super) struct Network {
    pub(super) cluster: u16,
    pub(super) shards: Vec<u16>,
    /// Shards among which content topics are spread; `None` where shards are chosen.
    pub(super) autoshards: Option<u16>,
    /// Lists of nodes in the DNS.
    pub(super) lists: &'static [&'static str],
    /// Nodes that discv5 asks first.
    pub(super) bootstrap: &'static [&'static str],
    /// Whether nodes find each other by discv5.
    pub(super) discv5: bool,
    /// Whether it ends at this machine.
    pub(super) is_local: bool,
}

/// The network of a preset; without one, that of Status without any way to find it.
pub(super) fn network(preset: Option<Preset>) -> Network {
    let status = Network {
        cluster: STATUS_CLUSTER,
        shards: STATUS_SHARDS.to_vec(),
        autoshards: None,
        lists: &[],
        bootstrap: &[],
        discv5: false,
        is_local: false,
    };
    match preset {
        None => status,
        Some(Preset::Local) => Network {
            is_local: true,
            ..status
        },
        Some(Preset::StatusProd) => Network {
            lists: &[
                "enrtree://AMOJVZX4V6EXP7NTJPMAYJYST2QP6AJXYW76IU6VGJS7UVSNDYZG4@boot.prod.status.nodes.status.im",
            ],
            discv5: true,
            ..status
        },
        Some(Preset::StatusStaging) => Network {
            lists: &[
                "enrtree://AI4W5N5IFEUIHF5LESUAOSMV6TKWF2MB6GU2YK7PU4TYUGUNOCEPW@boot.staging.status.nodes.status.im",
            ],
            discv5: true,
            ..status
        },
        Some(Preset::Twn) => Network {
            cluster: 1,
            shards: (0..TWN_SHARDS).collect(),
            autoshards: Some(TWN_SHARDS),
            lists: &["enrtree://AIRVQ5DDA4FFWLRBCHJWUWOO6X6S4ZTZ5B667LQ6AJU6PEYDLRD5O@sandbox.waku.nodes.status.im"],
            bootstrap: &[
                "enr:-QESuED0qW1BCmF-oH_ARGPr97Nv767bl_43uoy70vrbah3EaCAdK3Q0iRQ6wkSTTpdrg_dU_NC2ydO8leSlRpBX4pxiAYJpZIJ2NIJpcIRA4VDAim11bHRpYWRkcnO4XAArNiZub2RlLTAxLmRvLWFtczMud2FrdS5zYW5kYm94LnN0YXR1cy5pbQZ2XwAtNiZub2RlLTAxLmRvLWFtczMud2FrdS5zYW5kYm94LnN0YXR1cy5pbQYfQN4DgnJzkwABCAAAAAEAAgADAAQABQAGAAeJc2VjcDI1NmsxoQOTd-h5owwj-cx7xrmbvQKU8CV3Fomfdvcv1MBc-67T5oN0Y3CCdl-DdWRwgiMohXdha3UyDw",
            ],
            discv5: true,
            is_local: false,
        },
    }
}

/// Shards of the Waku Network.
const TWN_SHARDS: u16 = 8;

#[cfg(test)]
mod tests {
    use super::*;
    use waku::{NodeRecord, TreeLink};

    #[test]
    fn everything_that_is_built_in_can_be_read() {
        let presets = [Preset::StatusProd, Preset::StatusStaging, Preset::Twn, Preset::Local];
        for network in presets.map(|preset| network(Some(preset))) {
            for link in network.lists {
                assert_eq!(link.parse::<TreeLink>().unwrap().to_string(), *link);
            }
            for record in network.bootstrap {
                let record: NodeRecord = record.parse().unwrap();
                assert_eq!(record.shards().unwrap().cluster, network.cluster);
                assert!(record.udp().is_some());
            }
        }
    }
}
