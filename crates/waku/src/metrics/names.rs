//! Every metric: its name, its kind, and what it counts.

use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::MetricType::{Counter, Gauge};

/// Name, kind, and what it counts. Counters get `_total` at their end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Name(pub(super) &'static str, pub(super) MetricType, pub(super) &'static str);

pub(super) const LIBP2P_GOSSIPSUB_PEERS_PER_TOPIC_GOSSIPSUB: Name =
    Name("libp2p_gossipsub_peers_per_topic_gossipsub", Gauge, "gossiping peers");
pub(super) const LIBP2P_GOSSIPSUB_PEERS_PER_TOPIC_MESH: Name =
    Name("libp2p_gossipsub_peers_per_topic_mesh", Gauge, "peers in the mesh");
pub(super) const LIBP2P_NETWORK_BYTES: Name = Name(
    "libp2p_network_bytes",
    Counter,
    "bytes inside the encrypted connections",
);
pub(super) const LIBP2P_PEERS: Name = Name("libp2p_peers", Gauge, "connected peers");
pub(super) const LIBP2P_PUBSUB_TOPICS: Name = Name("libp2p_pubsub_topics", Gauge, "topics that are relayed");
pub(super) const PROCESS_CPU_SECONDS: Name = Name("process_cpu_seconds", Counter, "time on a processor");
pub(super) const PROCESS_OPEN_FDS: Name = Name("process_open_fds", Gauge, "open files and sockets");
pub(super) const PROCESS_RESIDENT_MEMORY_BYTES: Name =
    Name("process_resident_memory_bytes", Gauge, "memory that is really there");
pub(super) const PROCESS_VIRTUAL_MEMORY_BYTES: Name =
    Name("process_virtual_memory_bytes", Gauge, "memory that was asked for");
pub(super) const TOTAL_TRANSFER_MESSAGES_EXCHANGED: Name = Name(
    "total_transfer_messages_exchanged",
    Counter,
    "messages that store sync handed over or took",
);
pub(super) const UNDERTONE_ARCHIVE_BYTES: Name = Name("undertone_archive_bytes", Gauge, "size of the archive");
pub(super) const UNDERTONE_MESSAGES_NOT_PASSED_ON: Name = Name(
    "undertone_messages_not_passed_on",
    Counter,
    "messages not passed on, since their proofs could not be judged in time",
);
pub(super) const UNDERTONE_MESSAGES_NOT_KEPT: Name = Name(
    "undertone_messages_not_kept",
    Counter,
    "good messages passed on and not kept for peers that ask again, for want of memory",
);
pub(super) const UNDERTONE_MESSAGES_PUBLISHED: Name = Name(
    "undertone_messages_published",
    Counter,
    "messages published for ourselves and for clients",
);
pub(super) const UNDERTONE_PEERS_BY_SOURCE: Name = Name(
    "undertone_peers_by_source",
    Gauge,
    "peers in the book by how they were found",
);
pub(super) const UNDERTONE_RELAY_PEERS: Name = Name("undertone_relay_peers", Gauge, "gossiping peers by shard");
pub(super) const UNDERTONE_RLN_UNDECIDED_MESSAGES: Name = Name(
    "undertone_rln_undecided_messages",
    Counter,
    "messages whose proofs could not be judged",
);
pub(super) const WAKU_ARCHIVE_ERRORS: Name =
    Name("waku_archive_errors", Counter, "messages the archive could not take");
pub(super) const WAKU_ARCHIVE_MESSAGES: Name = Name("waku_archive_messages", Gauge, "messages in the archive");
pub(super) const WAKU_CONNECTED_PEERS: Name = Name("waku_connected_peers", Gauge, "connected peers by protocol");
pub(super) const WAKU_CONNECTED_PEERS_PER_AGENT: Name =
    Name("waku_connected_peers_per_agent", Gauge, "connected peers by program");
pub(super) const WAKU_CONNECTED_PEERS_PER_SHARD: Name =
    Name("waku_connected_peers_per_shard", Gauge, "connected peers by shard");
pub(super) const WAKU_FILTER_REQUESTS: Name = Name("waku_filter_requests", Counter, "filter requests answered");
pub(super) const WAKU_FILTER_SUBSCRIPTIONS: Name = Name("waku_filter_subscriptions", Gauge, "clients of filter");
pub(super) const WAKU_LIGHTPUSH_V3_MESSAGES: Name = Name("waku_lightpush_v3_messages", Counter, "light pushes taken");
pub(super) const WAKU_NODE_ERRORS: Name = Name("waku_node_errors", Counter, "messages turned away");
pub(super) const WAKU_NODE_MESSAGES: Name = Name("waku_node_messages", Counter, "messages that came in");
pub(super) const WAKU_PEER_STORE_SIZE: Name = Name("waku_peer_store_size", Gauge, "peers in the book");
pub(super) const WAKU_RELAY_NETWORK_BYTES: Name = Name("waku_relay_network_bytes", Counter, "bytes of gossip");
pub(super) const WAKU_RLN_INSTANCE_CREATION_DURATION_SECONDS: Name = Name(
    "waku_rln_instance_creation_duration_seconds",
    Gauge,
    "time to load the circuit",
);
pub(super) const WAKU_RLN_INVALID_MESSAGES: Name = Name(
    "waku_rln_invalid_messages",
    Counter,
    "messages whose proofs do not hold",
);
pub(super) const WAKU_RLN_MESSAGES: Name = Name("waku_rln_messages", Counter, "messages whose proofs were looked at");
pub(super) const WAKU_RLN_NUMBER_REGISTERED_MEMBERSHIPS: Name = Name(
    "waku_rln_number_registered_memberships",
    Gauge,
    "members of the network",
);
pub(super) const WAKU_RLN_PROOF_GENERATION_DURATION_SECONDS: Name = Name(
    "waku_rln_proof_generation_duration_seconds",
    Gauge,
    "time that the last proof took to make",
);
pub(super) const WAKU_RLN_PROOF_VERIFICATION: Name =
    Name("waku_rln_proof_verification", Counter, "proofs that were verified");
pub(super) const WAKU_RLN_PROOF_VERIFICATION_DURATION_SECONDS: Name = Name(
    "waku_rln_proof_verification_duration_seconds",
    Gauge,
    "time that the last proof took to verify",
);
pub(super) const WAKU_RLN_REMAINING_PROOFS_PER_EPOCH: Name = Name(
    "waku_rln_remaining_proofs_per_epoch",
    Gauge,
    "messages that may still be sent in this epoch",
);
pub(super) const WAKU_RLN_SPAM_MESSAGES: Name = Name(
    "waku_rln_spam_messages",
    Counter,
    "messages of members that exceed their rate",
);
pub(super) const WAKU_RLN_TOTAL_GENERATED_PROOFS: Name = Name("waku_rln_total_generated_proofs", Gauge, "proofs made");
pub(super) const WAKU_RLN_VALID_MESSAGES: Name = Name("waku_rln_valid_messages", Counter, "messages whose proofs hold");
pub(super) const WAKU_SERVICE_NETWORK_BYTES: Name =
    Name("waku_service_network_bytes", Counter, "bytes of our services");
pub(super) const WAKU_SERVICE_REQUESTS: Name = Name("waku_service_requests", Counter, "requests to our services");
pub(super) const WAKU_STORE_QUERIES: Name = Name("waku_store_queries", Counter, "store queries answered");
pub(super) const WAKU_VERSION: Name = Name("waku_version", Gauge, "the node's version");
pub(super) const UNDERTONE_REACHABLE: Name = Name(
    "undertone_reachable",
    Gauge,
    "1 if peers say that they can reach the node, else 0",
);
