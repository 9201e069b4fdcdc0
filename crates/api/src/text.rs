//! What a text looks like, so that no user interface has to read markdown.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A part of a text that stands by itself.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TextBlock {
    /// What it is.
    pub kind: TextBlockKind,
    /// The language of code, as its author names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Its text, in pieces that look the same. Line breaks stand in it as they are.
    pub spans: Vec<TextSpan>,
}

/// What a part of a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TextBlockKind {
    /// Lines of text.
    Paragraph,
    /// What somebody else said.
    Quote,
    /// Code, as it stands.
    Code,
}

/// Characters that look the same.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TextSpan {
    /// What they are.
    pub kind: TextSpanKind,
    /// The characters to show, without marks; a person who is mentioned by the name that we know.
    pub text: String,
    /// Heavier.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub bold: bool,
    /// Slanted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub italic: bool,
    /// Struck through.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub struck: bool,
    /// The chat key (`zQ3…`) of the person who is mentioned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// What characters are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TextSpanKind {
    /// Text.
    Text,
    /// Code, as it stands.
    Code,
    /// An address of the web; it leads where it says.
    Link,
    /// A link by which one asks to be let into a private group; what it says is told where links are read.
    Group,
    /// Somebody, or everybody in the chat if there is no key.
    Mention,
    /// The name of a public chat, with the sign `#`.
    Channel,
}

/// A name behind the sign `@` in a text, and who is meant by it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Named {
    /// The name, as it stands in the text.
    pub name: String,
    /// Their chat key.
    pub key: String,
}

/// A text as its author wrote it, with people by their names.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Written {
    /// The text with its marks.
    pub text: String,
    /// Who is meant by the names in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<Named>,
}
