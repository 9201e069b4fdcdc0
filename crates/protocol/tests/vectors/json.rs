//! Compares messages with the JSON that their authors' own library made of them, through the `.proto` files.

use std::path::Path;
use std::sync::OnceLock;

use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor, SerializeOptions};
use serde_json::Value;
use undertone_protocol::content::Kind;

/// The message that the kind's body is, as JSON in the deployed clients' manner.
pub(crate) fn of_kind(kind: Kind, body: &[u8]) -> Value {
    of(&message_name(kind), body)
}

/// A message by its short name, as JSON in the deployed clients' manner.
pub(crate) fn of(name: &str, body: &[u8]) -> Value {
    with_unknown(name, body, 0)
}

/// As [`of_kind`], for a body with our field, which is the only one that the deployed definition skips.
pub(crate) fn of_extended(kind: Kind, body: &[u8]) -> Value {
    with_unknown(&message_name(kind), body, 1)
}

fn with_unknown(name: &str, body: &[u8], unknown: usize) -> Value {
    let message = DynamicMessage::decode(descriptor(name), body).unwrap();
    assert_eq!(
        message.unknown_fields().count(),
        unknown,
        "{name} has fields that the .proto file does not know"
    );
    let options = SerializeOptions::new()
        .use_proto_field_name(true)
        .stringify_64_bit_integers(true);
    message
        .serialize_with_options(serde_json::value::Serializer, &options)
        .unwrap()
}

/// The recorded JSON with the names that some fields have had since.
pub(crate) fn recorded(value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| (present_name(name).to_owned(), recorded(value)))
            .collect(),
        Value::Array(values) => values.iter().map(recorded).collect(),
        other => other.clone(),
    }
}

fn present_name(name: &str) -> &str {
    match name {
        "archive_magnetlink_clock" => "archive_link_clock",
        "magnet_uri" => "archive_link",
        other => other,
    }
}

fn message_name(kind: Kind) -> String {
    if kind == Kind::CommunityMessageArchiveMagnetlink {
        return "CommunityMessageArchiveLink".to_owned();
    }
    let words = kind.as_str_name().split('_');
    words
        .map(|word| word[..1].to_owned() + &word[1..].to_ascii_lowercase())
        .collect()
}

fn descriptor(name: &str) -> MessageDescriptor {
    static POOL: OnceLock<DescriptorPool> = OnceLock::new();
    let pool = POOL.get_or_init(|| {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("proto");
        let mut files: Vec<_> = std::fs::read_dir(&source)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        files.sort();
        DescriptorPool::from_file_descriptor_set(protox::compile(&files, [&source]).unwrap()).unwrap()
    });
    pool.all_messages()
        .find(|message| message.name() == name)
        .unwrap_or_else(|| panic!("no message {name}"))
}
