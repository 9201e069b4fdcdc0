//! Somebody whom nobody knows, with tools instead of a client: speaks in public, and writes to people who have not asked.

use std::collections::BTreeMap;

use crypto::x3dh::SignedPreKey;
use crypto::{SecretKey, SymmetricKey};
use protocol::address;
use protocol::content::chat_message::Body;
use protocol::content::{ChatMessage, Content, Kind, MessageType};
use protocol::id::{ChatId, InstallationId, MessageId};
use protocol::layers::application::{self, Signed};
use protocol::layers::datasync::{Message, Payload, group_id};
use protocol::layers::encryption::{SignedBundle, seal_dh, seal_public};
use protocol::layers::transport::{self, Lifetime, Route, RouteKey};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use crate::oracle::Verdict;
use crate::people;
use crate::sim::{Sim, Who};

/// A stranger, and what they wrote to people.
pub(crate) struct Stranger {
    key: SecretKey,
    installation: InstallationId,
    pre_key: SignedPreKey,
    rng: ChaCha20Rng,
    written: usize,
}

impl Stranger {
    pub(crate) fn new() -> Stranger {
        let mut rng = ChaCha20Rng::from_seed([99; 32]);
        Stranger {
            key: SecretKey::generate(&mut rng),
            installation: InstallationId::generate(&mut rng),
            pre_key: SignedPreKey::generate(1, &mut rng),
            rng,
            written: 0,
        }
    }

    /// Says something in a public chat, as a deployed client would.
    pub(crate) fn speak(&mut self, sim: &mut Sim, chat: &str, words: &str) -> MessageId {
        let named = ChatId::new(chat).expect("the names are chosen well");
        let signed = self.sign(sim, named, MessageType::PublicGroup, words);
        let id = signed.id;
        let pre_keys = BTreeMap::from([(self.installation.clone(), self.pre_key.public())]);
        let bundle = SignedBundle::sign(&self.key, &pre_keys, sim.now());
        let data = seal_public(signed.bytes, &self.installation, bundle);
        let address = address::public_chat(chat);
        let key = people::public_key_of(chat).unwrap_or_else(|| SymmetricKey::from_password(chat));
        let route = Route {
            pubsub_topic: address.pubsub_topic,
            content_topic: address.content_topic,
            key: RouteKey::Symmetric(key),
        };
        self.send(sim, &route, &data);
        id
    }

    /// Writes a text to somebody as if they were contacts.
    pub(crate) fn write_to(&mut self, sim: &mut Sim, who: Who) {
        let to = sim.key(who);
        let words = format!("{WORDS} {}", self.written);
        self.written += 1;
        let signed = self.sign(sim, ChatId::one_to_one(&to), MessageType::OneToOne, &words);
        let payload = Payload {
            messages: vec![Message::new(
                group_id(&self.key.public_key(), &to),
                sim.now(),
                signed.bytes,
            )],
            ..Payload::default()
        };
        let data = seal_dh(&payload.encode(), &to, &self.installation, None, &mut self.rng);
        let address = address::partitioned(&to);
        let route = Route {
            pubsub_topic: address.pubsub_topic,
            content_topic: address.content_topic,
            key: RouteKey::Asymmetric(to),
        };
        self.send(sim, &route, &data);
    }

    /// Nothing that a stranger wrote to anybody stands anywhere, and no chat with them is shown.
    pub(crate) fn judge_into(&self, sim: &Sim, verdict: &mut Verdict) {
        let chat = ChatId::one_to_one(&self.key.public_key());
        for who in (0..sim.people()).map(Who) {
            let seen = sim.look(who, |view| {
                let shown = view.chats().load(&chat)?.is_some_and(|chat| chat.active);
                Ok((shown, view.messages().page(&chat, None, 10)?))
            });
            let (shown, rows) = seen.expect("the database of a simulation works");
            if shown || !rows.is_empty() {
                verdict.diverge(format!("{} reads what a stranger wrote", people::name(who.0)));
            }
        }
    }

    fn sign(&self, sim: &Sim, chat: ChatId, message_type: MessageType, words: &str) -> Signed {
        let message = ChatMessage {
            clock: sim.now().0,
            timestamp: sim.now(),
            chat_id: Some(chat),
            message_type,
            text: words.into(),
            body: Body::Text,
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
        };
        let (_, body) = Content::ChatMessage(Box::new(message)).encode();
        application::sign(Kind::ChatMessage, body, &self.key)
    }

    fn send(&mut self, sim: &mut Sim, route: &Route, data: &[u8]) {
        let now = sim.now();
        let sealed = transport::seal(route, data, &self.key, now, Lifetime::Stored, &mut self.rng);
        sim.broadcast(sealed.expect("it is small"));
    }
}

impl std::fmt::Debug for Stranger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Stranger({} texts)", self.written)
    }
}

const WORDS: &str = "you have won";
