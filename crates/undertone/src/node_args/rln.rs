//! Options about rate limiting proofs. They exist in every build, so that a file of settings fits all of them.

use std::path::PathBuf;

use clap::Args;

use super::Hidden;

/// Who may send how much on a network that limits rates by proofs, and as whom this node sends.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct RlnArgs {
    /// Take only messages with rate limiting proofs, and make them [default: as the preset says, else false]
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub(crate) rln_relay: Option<bool>,
    /// Members are those of a contract [default: true, unless a list is given]
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub(crate) rln_relay_dynamic: Option<bool>,
    /// A list of the members of a network without a contract; all its nodes need the same
    #[arg(long, value_name = "FILE")]
    pub(crate) rln_relay_members: Option<PathBuf>,
    /// A node of the contract's chain, by JSON-RPC; can be repeated [default: http://localhost:8540/]
    #[arg(
        long,
        value_name = "URL",
        value_delimiter = ',',
        hide_env_values = true,
        hide_default_value = true
    )]
    pub(crate) rln_relay_eth_client_address: Vec<Hidden>,
    /// The contract that keeps the members [default: as the preset says]
    #[arg(long, value_name = "0xADDRESS")]
    pub(crate) rln_relay_eth_contract_address: Option<String>,
    /// The chain that the contract is on; 0 for whatever chain answers [default: as the preset says, else 0]
    #[arg(long, value_name = "N")]
    pub(crate) rln_relay_chain_id: Option<u64>,
    /// The file with the membership that messages are sent with; without one nothing can be sent from here
    #[arg(long, value_name = "FILE")]
    pub(crate) rln_relay_cred_path: Option<PathBuf>,
    /// Its password; better in the environment or the file of settings
    #[arg(long, value_name = "TEXT", hide_env_values = true, hide_default_value = true)]
    pub(crate) rln_relay_cred_password: Option<Hidden>,
    /// Which membership, if the file has several: its place in the group
    #[arg(long, value_name = "N")]
    pub(crate) rln_relay_membership_index: Option<u32>,
    /// How long an epoch is; all nodes of a network need the same [default: as the preset says, else 1]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub(crate) rln_relay_epoch_sec: Option<u64>,
    /// Messages that this node sends in an epoch at most [default: as many as the membership allows]
    #[arg(long, value_name = "N")]
    pub(crate) rln_relay_user_message_limit: Option<u64>,
}
