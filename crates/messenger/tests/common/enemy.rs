//! Somebody with tools instead of a client.

use std::collections::BTreeMap;

use crypto::x3dh::SignedPreKey;
use crypto::{PublicKey, SecretKey};
use messenger::Timestamp;
use protocol::address;
use protocol::content::chat_message::Body;
use protocol::content::{ChatMessage, Content, Kind, MessageType};
use protocol::id::{ChatId, InstallationId};
use protocol::layers::application;
use protocol::layers::datasync::{Message, Payload, group_id};
use protocol::layers::encryption::{SignedBundle, seal_dh};
use protocol::layers::transport::{self, Lifetime, Route, RouteKey};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use waku_proto::Envelope;

use super::START;

/// Somebody with tools instead of a client.
pub struct Enemy {
    pub key: SecretKey,
    pub installation: InstallationId,
    pub pre_key: SignedPreKey,
    pub rng: ChaCha20Rng,
}

impl Enemy {
    pub fn new() -> Enemy {
        let mut rng = ChaCha20Rng::from_seed([66; 32]);
        Enemy {
            key: SecretKey::generate(&mut rng),
            installation: InstallationId::generate(&mut rng),
            pre_key: SignedPreKey::generate(1, &mut rng),
            rng,
        }
    }

    /// Our bundle.
    pub fn bundle(&self, now: Timestamp) -> SignedBundle {
        let pre_keys = BTreeMap::from([(self.installation.clone(), self.pre_key.public())]);
        SignedBundle::sign(&self.key, &pre_keys, now)
    }

    pub fn request(&self, to: &PublicKey, clock: u64, text: &str) -> ChatMessage {
        ChatMessage {
            clock,
            timestamp: Timestamp(clock),
            chat_id: Some(ChatId::one_to_one(to)),
            message_type: MessageType::OneToOne,
            text: text.into(),
            body: Body::ContactRequest,
            response_to: None,
            ens_name: String::new(),
            display_name: "Mallory".into(),
            customization_color: 0,
            contact_request: None,
            links: vec![],
            status_links: vec![],
            payment_requests: vec![],
            thread_id: None,
            file: None,
        }
    }

    pub fn wrap(&self, message: ChatMessage) -> Vec<u8> {
        let (_, body) = Content::ChatMessage(Box::new(message)).encode();
        application::sign(Kind::ChatMessage, body, &self.key).bytes
    }

    pub fn sync(&self, to: &PublicKey, bodies: Vec<Vec<u8>>) -> Vec<u8> {
        let group = group_id(&self.key.public_key(), to);
        let messages = bodies
            .into_iter()
            .map(|body| Message::new(group, START, body))
            .collect();
        Payload {
            messages,
            ..Payload::default()
        }
        .encode()
    }

    pub fn encrypt(&mut self, to: &PublicKey, plaintext: &[u8]) -> Vec<u8> {
        seal_dh(plaintext, to, &self.installation, None, &mut self.rng)
    }

    pub fn envelope(&mut self, to: &PublicKey, data: &[u8], now: Timestamp) -> Envelope {
        let place = address::partitioned(to);
        let route = Route {
            pubsub_topic: place.pubsub_topic,
            content_topic: place.content_topic,
            key: RouteKey::Asymmetric(*to),
        };
        transport::seal(&route, data, &self.key, now, Lifetime::Stored, &mut self.rng).unwrap()
    }

    /// Everything right.
    pub fn request_envelope(&mut self, to: &PublicKey, now: Timestamp, text: &str) -> Envelope {
        let wrapped = self.wrap(self.request(to, now.0, text));
        let data = self.encrypt(to, &self.sync(to, vec![wrapped]));
        self.envelope(to, &data, now)
    }
}
