//! What is known about the networks that exist.

use waku::{Multiaddr, STATUS_CLUSTER, STATUS_SHARDS};

use crate::node_args::Preset;

/// A network as it is deployed.
#[derive(Clone, Debug)]
pub(crate) struct Network {
    pub(crate) cluster: u16,
    pub(crate) shards: Vec<u16>,
    /// Shards among which content topics are spread; `None` where shards are chosen.
    pub(crate) autoshards: Option<u16>,
    /// Lists of nodes in the DNS.
    pub(crate) lists: &'static [&'static str],
    /// Nodes that discv5 asks first.
    pub(crate) bootstrap: &'static [&'static str],
    /// Nodes that keep messages for those who are offline: names in the DNS, and the peers behind them. They stand in no
    /// list.
    pub(crate) stores: &'static [(&'static str, &'static str)],
    /// Whether nodes find each other by discv5.
    pub(crate) discv5: bool,
    /// Whether it ends at this machine.
    pub(crate) is_local: bool,
    /// How rates are limited; `None` where they are not.
    pub(crate) rates: Option<Rates>,
}

/// A network whose members are kept by a contract.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(
    not(feature = "rln"),
    expect(dead_code, reason = "what cannot be checked is not asked for")
)]
pub(crate) struct Rates {
    pub(crate) chain: u64,
    pub(crate) contract: &'static str,
    pub(crate) epoch_seconds: u64,
}

/// The network of a preset; without one, that of Status without any way to find it.
pub(crate) fn network(preset: Option<Preset>) -> Network {
    let status = Network {
        cluster: STATUS_CLUSTER,
        shards: STATUS_SHARDS.to_vec(),
        autoshards: None,
        lists: &[],
        bootstrap: &[],
        stores: &[],
        discv5: false,
        is_local: false,
        rates: None,
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
            stores: &PROD_STORES,
            discv5: true,
            ..status
        },
        Some(Preset::StatusStaging) => Network {
            lists: &[
                "enrtree://AI4W5N5IFEUIHF5LESUAOSMV6TKWF2MB6GU2YK7PU4TYUGUNOCEPW@boot.staging.status.nodes.status.im",
            ],
            stores: &STAGING_STORES,
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
            stores: &[],
            discv5: true,
            is_local: false,
            // On the chain Linea Sepolia.
            rates: Some(Rates {
                chain: 59_141,
                contract: "0xB9cd878C90E49F797B4431fBF4fb333108CB90e6",
                epoch_seconds: 600,
            }),
        },
    }
}

impl Network {
    /// Where the nodes that are known beforehand can be called: directly, and as a page of the web would, which goes through
    /// where all else is blocked.
    pub(crate) fn known(&self) -> Vec<Multiaddr> {
        let addresses = self.stores.iter().flat_map(|(name, peer)| {
            ["tcp/30303", "tcp/443/wss"].map(|way| format!("/dns4/{name}/{way}/p2p/{peer}").parse())
        });
        addresses.filter_map(Result::ok).collect()
    }
}

/// Store nodes of Status users' network.
const PROD_STORES: [(&str, &str); 6] = [
    (
        "store-01.do-ams3.status.prod.status.im",
        "16Uiu2HAmAUdrQ3uwzuE4Gy4D56hX6uLKEeerJAnhKEHZ3DxF1EfT",
    ),
    (
        "store-02.do-ams3.status.prod.status.im",
        "16Uiu2HAm9aDJPkhGxc2SFcEACTFdZ91Q5TJjp76qZEhq9iF59x7R",
    ),
    (
        "store-01.gc-us-central1-a.status.prod.status.im",
        "16Uiu2HAmMELCo218hncCtTvC2Dwbej3rbyHQcR8erXNnKGei7WPZ",
    ),
    (
        "store-02.gc-us-central1-a.status.prod.status.im",
        "16Uiu2HAmJnVR7ZzFaYvciPVafUXuYGLHPzSUigqAmeNw9nJUVGeM",
    ),
    (
        "store-01.ac-cn-hongkong-c.status.prod.status.im",
        "16Uiu2HAm2M7xs7cLPc3jamawkEqbr7cUJX11uvY7LxQ6WFUdUKUT",
    ),
    (
        "store-02.ac-cn-hongkong-c.status.prod.status.im",
        "16Uiu2HAm9CQhsuwPR54q27kNj9iaQVfyRzTGKrhFmr94oD8ujU6P",
    ),
];

/// Store nodes of Status's network for trying things.
const STAGING_STORES: [(&str, &str); 6] = [
    (
        "store-01.do-ams3.status.staging.status.im",
        "16Uiu2HAm3xVDaz6SRJ6kErwC21zBJEZjavVXg7VSkoWzaV1aMA3F",
    ),
    (
        "store-02.do-ams3.status.staging.status.im",
        "16Uiu2HAmCDSnT8oNpMR9HH6uipD71KstYuDCAQGpek9XDAVmqdEr",
    ),
    (
        "store-01.gc-us-central1-a.status.staging.status.im",
        "16Uiu2HAmB7Ur9HQqo3cWDPovRQjo57fxWWDaQx27WxSzDGhN4JKg",
    ),
    (
        "store-02.gc-us-central1-a.status.staging.status.im",
        "16Uiu2HAmKBd6crqQNZ6nKCSCpHCAwUPn3DUDmkcPSWUTyVXpxKsW",
    ),
    (
        "store-01.ac-cn-hongkong-c.status.staging.status.im",
        "16Uiu2HAmMU7Y29oL6DmoJfBFv8J4JhYzYgazPL7nGKJFBV3qcj2E",
    ),
    (
        "store-02.ac-cn-hongkong-c.status.staging.status.im",
        "16Uiu2HAmU7xtcwytXpGpeDrfyhJkiFvTkQbLB9upL5MXPLGceG9K",
    ),
];

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
            assert_eq!(network.known().len(), 2 * network.stores.len());
            for record in network.bootstrap {
                let record: NodeRecord = record.parse().unwrap();
                assert_eq!(record.shards().unwrap().cluster, network.cluster);
                assert!(record.udp().is_some());
            }
        }
    }
}
