//! Options about operating the node: the REST interface, metrics, limits, the log.

use std::net::IpAddr;
use std::str::FromStr;

use clap::{Args, ValueEnum};
use waku::{ProtectedShard, RateLimit, RateLimits};

/// How the node is watched and bounded.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct OperateArgs {
    /// Offer nwaku's REST interface [default: false]
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub(crate) rest: Option<bool>,
    /// Where the REST interface listens [default: 127.0.0.1]
    #[arg(long, value_name = "IP")]
    pub(crate) rest_address: Option<IpAddr>,
    /// Port of the REST interface [default: 8645]
    #[arg(long, value_name = "N")]
    pub(crate) rest_port: Option<u16>,
    /// Let the REST interface show and change peers and log; there is no password [default: false]
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub(crate) rest_admin: Option<bool>,
    /// Messages that wait for scripts, for all topics together [default: 50]
    #[arg(long, value_name = "N")]
    pub(crate) rest_relay_cache_capacity: Option<usize>,
    /// Origin of web pages that may use the REST interface, with * and ?; can be repeated
    #[arg(long, value_name = "ORIGIN", value_delimiter = ',')]
    pub(crate) rest_allow_origin: Vec<String>,
    /// Offer metrics for Prometheus [default: false]
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub(crate) metrics_server: Option<bool>,
    /// Where the metrics listen [default: 127.0.0.1]
    #[arg(long, value_name = "IP")]
    pub(crate) metrics_server_address: Option<IpAddr>,
    /// Port of the metrics [default: 8008]
    #[arg(long, value_name = "N")]
    pub(crate) metrics_server_port: Option<u16>,
    /// How often services may be asked: [SERVICE:]NUMBER/TIME, such as store:10/1s; SERVICE is store, lightpush, px or
    /// filter, without one it is meant for all; can be repeated
    #[arg(long, value_name = "LIMIT", value_delimiter = ',')]
    pub(crate) rate_limit: Vec<ServiceLimit>,
    /// Compare the archive with those of other nodes, and hand over what one of them lacks [default: false]
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub(crate) store_sync: Option<bool>,
    /// Seconds between two comparisons [default: 300]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) store_sync_interval: Option<u64>,
    /// Seconds of the past that are compared [default: 3600]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) store_sync_range: Option<u64>,
    /// The last seconds that are not, because gossip still carries their messages [default: 20]
    #[arg(long, value_name = "SECONDS")]
    pub(crate) store_sync_relay_jitter: Option<u64>,
    /// Seconds after which a filter client that is silent is forgotten [default: 300]
    #[arg(long, value_name = "SECONDS")]
    pub(crate) filter_subscription_timeout: Option<u64>,
    /// Filter clients at most [default: 1000]
    #[arg(long, value_name = "N")]
    pub(crate) filter_max_peers_to_serve: Option<usize>,
    /// Topics of one filter client at most [default: 1000]
    #[arg(long, value_name = "N")]
    pub(crate) filter_max_criteria: Option<usize>,
    /// A shard on which every message is signed: SHARD:PUBLICKEY; can be repeated
    #[arg(long, value_name = "SHARD:KEY", value_delimiter = ',')]
    pub(crate) protected_shard: Vec<ProtectedShard>,
    /// How the log is written [default: text]
    #[arg(long, value_name = "FORMAT", ignore_case = true)]
    pub(crate) log_format: Option<LogFormat>,
}

/// How the log is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// Lines for people
    #[default]
    Text,
    /// One object a line
    Json,
}

/// A limit, and the service it is meant for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ServiceLimit {
    service: Option<Service>,
    limit: RateLimit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Service {
    Store,
    Lightpush,
    PeerExchange,
    Filter,
}

impl FromStr for ServiceLimit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (service, limit) = match text.rsplit_once(':') {
            None => (None, text),
            Some((name, limit)) => {
                let service = match name {
                    // nwaku's name for version 3; version 2 of store is not served.
                    "store" | "storev3" => Service::Store,
                    "lightpush" => Service::Lightpush,
                    "px" => Service::PeerExchange,
                    "filter" => Service::Filter,
                    _ => return Err("the services are store, lightpush, px and filter".into()),
                };
                (Some(service), limit)
            }
        };
        let limit = limit.parse().map_err(|error: waku::RateLimitError| error.to_string())?;
        Ok(Self { service, limit })
    }
}

/// All limits together: what is said of a service goes before what is said of all. As in nwaku, filter has its own unless
/// it is named.
pub(crate) fn rate_limits(given: &[ServiceLimit]) -> RateLimits {
    let of = |service| {
        let limit = given.iter().rev().find(|limit| limit.service == service);
        limit.map(|limit| limit.limit)
    };
    let all = of(None);
    RateLimits {
        store: of(Some(Service::Store)).or(all),
        lightpush: of(Some(Service::Lightpush)).or(all),
        peer_exchange: of(Some(Service::PeerExchange)).or(all),
        filter: of(Some(Service::Filter)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_goes_before_all() {
        let given: Vec<ServiceLimit> = ["10/1s", "store:5/1m", "filter:7/1m"]
            .map(|text| text.parse().unwrap())
            .to_vec();
        let limits = rate_limits(&given);
        assert_eq!(limits.store, Some(RateLimit::new(5, 60_000)));
        assert_eq!(limits.lightpush, Some(RateLimit::new(10, 1_000)));
        assert_eq!(limits.filter, Some(RateLimit::new(7, 60_000)));
        assert_eq!(rate_limits(&given[..1]).filter, None);
        for wrong in ["relay:1/1s", "store:", "store:1", ":1/1s"] {
            assert!(wrong.parse::<ServiceLimit>().is_err(), "{wrong}");
        }
    }
}
