//! Previews of web pages in messages.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a message says of a page that its text links to.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LinkPreview {
    /// The page's address, as it stands in the text.
    pub url: String,
    /// Whose page it is: the host of the address, in letters that tell look-alikes apart.
    pub site: String,
    /// Its title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// A few sentences.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Where a small picture is, below the API's address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_path: Option<String>,
}

/// Makes a preview: asks the page, from this computer's address.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MakePreview {
    /// The page's address: `http` or `https`.
    pub url: String,
}

/// A preview that was made. It waits for some minutes to be sent, in memory only.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MadePreview {
    /// Names it in the request that sends it.
    pub id: String,
    /// What will be shown.
    #[serde(flatten)]
    pub preview: LinkPreview,
}
