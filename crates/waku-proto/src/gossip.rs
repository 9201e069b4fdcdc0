//! 11/WAKU2-RELAY: the parameters of the gossip mesh (gossipsub 1.1) as the deployed network has them.
//!
//! Values only. The node gives them to its gossip library, and the propagation model gives them to itself, so that a
//! parameter that breaks the mesh is found by the model before a network finds it.

use core::time::Duration;

/// Degrees, gossip and times of a mesh.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mesh {
    /// Peers that a full message goes to (D).
    pub degree: usize,
    /// Fewer are made up for at the next heartbeat (D_low).
    pub degree_low: usize,
    /// More are pruned at the next heartbeat (D_high).
    pub degree_high: usize,
    /// So many of them we dialled ourselves (D_out).
    pub outbound_min: usize,
    /// Peers outside the mesh that are told message ids at each heartbeat, at least (D_lazy).
    pub lazy: usize,
    /// And at least this share of those outside the mesh.
    pub gossip_factor: f64,
    /// Heartbeats for which whole messages are remembered.
    pub history_length: usize,
    /// Heartbeats for which their ids are told.
    pub history_gossip: usize,
    /// Time between two heartbeats.
    pub heartbeat: Duration,
    /// For so long an id is known as seen.
    pub seen: Duration,
    /// For so long a pruned peer is not grafted again.
    pub prune_backoff: Duration,
    /// Whether our own messages go to everybody who is subscribed, not to the mesh alone.
    pub flood_publish: bool,
}

/// What the deployed nodes use.
pub const DEPLOYED: Mesh = Mesh {
    degree: 6,
    degree_low: 4,
    degree_high: 8,
    outbound_min: 3,
    lazy: 6,
    gossip_factor: 0.25,
    history_length: 6,
    history_gossip: 3,
    heartbeat: Duration::from_secs(1),
    seen: Duration::from_secs(120),
    prune_backoff: Duration::from_secs(60),
    flood_publish: true,
};
