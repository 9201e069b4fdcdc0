//! An envelope: a Waku message and the pubsub topic it travels on.

use crate::message::{MessageHash, WakuMessage};
use crate::topic::PubsubTopic;

/// What is published and what arrives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// The mesh it travels in.
    pub pubsub_topic: PubsubTopic,
    /// The message.
    pub message: WakuMessage,
}

impl Envelope {
    /// Puts a message on a topic.
    pub fn new(pubsub_topic: PubsubTopic, message: WakuMessage) -> Self {
        Self { pubsub_topic, message }
    }

    /// The deterministic message hash; computed anew at every call.
    pub fn hash(&self) -> MessageHash {
        MessageHash::of(&self.pubsub_topic, &self.message)
    }
}
