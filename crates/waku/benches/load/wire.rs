//! Frames of gossip, as peers write them.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Instant, SystemTime};

use waku_proto::codec::frame;
use waku_proto::{ContentTopic, Envelope, Shard, WakuMessage};

/// Subscribes to the shard and joins its mesh.
pub(crate) fn join(shard: Shard) -> Vec<u8> {
    let topic = shard.to_string();
    let subscription = [&[0x08, 1][..], &field(2, topic.as_bytes())].concat();
    let graft = field(3, &field(3, &field(1, topic.as_bytes())));
    frame(&[field(1, &subscription), graft].concat())
}

/// Brings one message.
pub(crate) fn publish(envelope: &Envelope) -> Vec<u8> {
    let topic = envelope.pubsub_topic.as_str();
    let body = [field(2, &envelope.message.encode()), field(4, topic.as_bytes())].concat();
    frame(&field(2, &body))
}

/// A message of `size` bytes of payload, at least eight, which begin with the time at which it was made.
pub(crate) fn message(shard: Shard, content_topic: &str, size: usize, is_kept: bool) -> Envelope {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let mut payload = elapsed().to_be_bytes().to_vec();
    payload.resize(size.max(payload.len()), 0x5a);
    let message = WakuMessage {
        payload,
        content_topic: ContentTopic::from(content_topic),
        version: 1,
        timestamp: i64::try_from(now.as_nanos()).ok(),
        ephemeral: !is_kept,
        ..WakuMessage::default()
    };
    Envelope::new(shard.topic(), message)
}

/// Milliseconds since a message was made, by the beginning of its payload.
pub(crate) fn age(payload: &[u8]) -> Option<f64> {
    let made = u64::from_be_bytes(*payload.first_chunk()?);
    Some(elapsed().saturating_sub(made) as f64 / 1e6)
}

/// The ages of the messages that a frame of gossip brings.
pub(crate) fn ages(frame: &[u8]) -> Vec<f64> {
    let messages = fields(frame).filter(|(number, _)| *number == 2);
    let data = messages.filter_map(|(_, message)| fields(message).find(|(number, _)| *number == 2));
    let payloads = data.filter_map(|(_, data)| fields(data).find(|(number, _)| *number == 1));
    payloads.filter_map(|(_, payload)| age(payload)).collect()
}

/// The fields of bytes that a protobuf message has, without its numbers; ends where it is broken.
fn fields(mut rest: &[u8]) -> impl Iterator<Item = (u64, &[u8])> {
    std::iter::from_fn(move || {
        loop {
            let tag = varint(&mut rest)?;
            let length = varint(&mut rest)?;
            if tag & 7 == 2 {
                let (body, after) = rest.split_at_checked(usize::try_from(length).ok()?)?;
                rest = after;
                return Some((tag >> 3, body));
            }
        }
    })
}

fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (byte, after) = rest.split_first()?;
        *rest = after;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

/// Nanoseconds since the first call: no two are the same.
fn elapsed() -> u64 {
    static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);
    static LAST: AtomicU64 = AtomicU64::new(0);
    let now = u64::try_from(BEGAN.elapsed().as_nanos()).unwrap_or(u64::MAX);
    now.max(LAST.fetch_max(now, Ordering::Relaxed) + 1)
}

fn field(number: u8, body: &[u8]) -> Vec<u8> {
    [&[number << 3 | 2][..], &frame(body)].concat()
}
