//! Links by which people, communities, channels and groups are handed on.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Asks where a link leads. Nothing is fetched.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReadLink {
    /// The link (`https://status.app/…`), or a text with a link to a group in it (`undertone:group:…`).
    pub link: String,
}

/// A link, and where it leads. What it says beside the key is the claim of whoever made it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Link {
    /// What it leads to.
    pub kind: LinkKind,
    /// The link with everything it says.
    pub link: String,
    /// The shortest form, with the key alone.
    pub plain: String,
    /// The person's chat key, or the community's; of a group, that of the member who is to be asked.
    pub key: String,
    /// The chat it leads to; absent for communities.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chat: Option<String>,
    /// The name it gives; anybody may claim any name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it says about the person, community or channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// `#RRGGBB`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub colour: Option<String>,
    /// The emoji of a channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emoji: Option<String>,
    /// How many members the community had when the link was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub members: Option<u32>,
    /// The name of the channel's community.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub community: Option<String>,
}

/// What a link leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LinkKind {
    /// A person.
    Person,
    /// A community.
    Community,
    /// A channel of a community.
    Channel,
    /// A private group, through a member.
    Group,
}

/// Whose link to make.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LinkQuery {
    /// A chat key, the id of a chat, or a link; absent: our own. A link to a group says that we are to be asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
}

/// Which picture of a link to draw.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct QrQuery {
    /// A chat key, the id of a chat, or a link; absent: our own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    /// Draw the shortest form, which cameras read most easily. Default: true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plain: Option<bool>,
}
