//! The command line of searching.

use clap::Args;

use super::{Output, Who};

/// What to look for.
#[derive(Args, Clone, Debug)]
pub(crate) struct SearchArgs {
    /// The words; all must occur, the last may be a beginning
    #[arg(default_value = "", required_unless_present_any = ["chat", "from", "since", "until", "kind"])]
    pub(crate) text: String,
    /// Only in this chat: @name, #name of a public chat, chat key, link, or chat id
    #[arg(long = "in", visible_alias = "chat", value_name = "CHAT")]
    pub(crate) chat: Option<String>,
    /// Only by this person: @name, chat key or link
    #[arg(long, value_name = "PERSON")]
    pub(crate) from: Option<String>,
    /// Only from this time on: 2026-05-01, 2026-05-01T18:30 (UTC), or so long ago: 3h, 7d
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<String>,
    /// Only before this time
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<String>,
    /// Only this kind (text, image, audio, file, sticker, contact-request, system, …); can be repeated
    #[arg(long, value_name = "KIND")]
    pub(crate) kind: Vec<String>,
    /// At most so many, 1 to 200
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub(crate) limit: u32,
    /// Only those before this place (`next` of an earlier --json answer)
    #[arg(long, value_name = "CURSOR")]
    pub(crate) before: Option<String>,
    #[command(flatten)]
    pub(crate) who: Who,
    #[command(flatten)]
    pub(crate) output: Output,
}
