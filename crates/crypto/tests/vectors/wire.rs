//! The few protobuf messages of the encryption layer that vectors are wrapped in.

use std::collections::{BTreeMap, HashMap};

use undertone_crypto::{PublicKey, Signature, x3dh};

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct ProtocolMessage {
    #[prost(message, repeated, tag = "3")]
    pub(crate) bundles: Vec<Bundle>,
    #[prost(map = "string, message", tag = "101")]
    pub(crate) encrypted_message: HashMap<String, EncryptedMessage>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct EncryptedMessage {
    #[prost(message, optional, tag = "1")]
    pub(crate) x3dh_header: Option<X3dhHeader>,
    #[prost(message, optional, tag = "2")]
    pub(crate) dr_header: Option<DrHeader>,
    #[prost(bytes = "vec", tag = "3")]
    pub(crate) payload: Vec<u8>,
    #[prost(message, optional, tag = "101")]
    pub(crate) dh_header: Option<DhHeader>,
    #[prost(message, optional, tag = "102")]
    pub(crate) hr_header: Option<HrHeader>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct X3dhHeader {
    #[prost(bytes = "vec", tag = "1")]
    pub(crate) key: Vec<u8>,
    #[prost(bytes = "vec", tag = "4")]
    pub(crate) id: Vec<u8>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct DrHeader {
    #[prost(bytes = "vec", tag = "1")]
    pub(crate) key: Vec<u8>,
    #[prost(uint32, tag = "2")]
    pub(crate) n: u32,
    #[prost(uint32, tag = "3")]
    pub(crate) pn: u32,
    #[prost(bytes = "vec", tag = "4")]
    pub(crate) id: Vec<u8>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct DhHeader {
    #[prost(bytes = "vec", tag = "1")]
    pub(crate) key: Vec<u8>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct HrHeader {
    #[prost(uint32, tag = "1")]
    pub(crate) deprecated_key_id: u32,
    #[prost(uint32, tag = "2")]
    pub(crate) seq_no: u32,
    #[prost(bytes = "vec", tag = "3")]
    pub(crate) group_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "4")]
    pub(crate) key_id: Vec<u8>,
    #[prost(message, optional, tag = "5")]
    pub(crate) keys: Option<HrKeys>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct HrKeys {
    #[prost(message, optional, tag = "2")]
    pub(crate) rekey_group: Option<RekeyGroup>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct RekeyGroup {
    #[prost(uint64, tag = "2")]
    pub(crate) timestamp: u64,
    #[prost(map = "uint32, bytes", tag = "4")]
    pub(crate) keys: HashMap<u32, Vec<u8>>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Bundle {
    #[prost(bytes = "vec", tag = "1")]
    pub(crate) identity: Vec<u8>,
    #[prost(map = "string, message", tag = "2")]
    pub(crate) signed_pre_keys: HashMap<String, SignedPreKey>,
    #[prost(bytes = "vec", tag = "4")]
    pub(crate) signature: Vec<u8>,
    #[prost(int64, tag = "5")]
    pub(crate) timestamp: i64,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct SignedPreKey {
    #[prost(bytes = "vec", tag = "1")]
    pub(crate) signed_pre_key: Vec<u8>,
    #[prost(uint32, tag = "2")]
    pub(crate) version: u32,
    #[prost(uint32, tag = "3")]
    pub(crate) protocol_version: u32,
}

impl Bundle {
    pub(crate) fn pre_keys(&self) -> BTreeMap<String, x3dh::PreKey> {
        let pre_key = |wire: &SignedPreKey| x3dh::PreKey {
            key: PublicKey::from_slice(&wire.signed_pre_key).unwrap(),
            version: wire.version,
            protocol_version: wire.protocol_version,
        };
        self.signed_pre_keys
            .iter()
            .map(|(installation, wire)| (installation.clone(), pre_key(wire)))
            .collect()
    }

    pub(crate) fn identity(&self) -> PublicKey {
        PublicKey::from_slice(&self.identity).unwrap()
    }

    /// Verifies the signature, and that it covers the timestamp and every pre-key.
    pub(crate) fn check(&self) {
        let signature = Signature::from_slice(&self.signature).unwrap();
        let pre_keys = self.pre_keys();
        let verify = |pre_keys: &_, timestamp| x3dh::verify_bundle(&self.identity(), pre_keys, timestamp, &signature);
        verify(&pre_keys, self.timestamp).unwrap();
        verify(&pre_keys, self.timestamp + 1).unwrap_err();
        for installation in pre_keys.keys() {
            let mut fewer = pre_keys.clone();
            fewer.remove(installation);
            verify(&fewer, self.timestamp).unwrap_err();
            let mut newer = pre_keys.clone();
            newer.get_mut(installation).unwrap().version += 1;
            verify(&newer, self.timestamp).unwrap_err();
        }
    }
}
