//! How others get in: what peers and the router say about our addresses.

use libp2p::autonat::v1 as autonat;
use libp2p::upnp;

use super::Task;

/// Whether we can be reached.
#[derive(Debug, Default)]
pub(super) struct Reach {
    /// Not known until peers have said so.
    pub(super) is_public: Option<bool>,
}

impl Task {
    pub(super) fn reached(&mut self, event: &autonat::Event) {
        if let autonat::Event::StatusChanged { new, .. } = event {
            self.reach.is_public = match new {
                autonat::NatStatus::Public(_) => Some(true),
                autonat::NatStatus::Private => Some(false),
                autonat::NatStatus::Unknown => None,
            };
            let reachable = self.reach.is_public;
            tracing::info!(?reachable, "peers say whether they can reach this node");
        }
    }
}

pub(super) fn asked_router(event: &upnp::Event) {
    match event {
        upnp::Event::NewExternalAddr { .. } => tracing::info!("the router lets peers in"),
        upnp::Event::ExpiredExternalAddr { .. } => tracing::warn!("the router no longer lets peers in"),
        upnp::Event::GatewayNotFound => tracing::info!("there is no router that can be asked to let peers in"),
        upnp::Event::NonRoutableGateway => tracing::info!("the router is itself behind another"),
    }
}
