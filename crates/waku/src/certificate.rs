//! The certificate with which secure WebSocket listeners (`/wss`) show who they are to browsers: PEM files as
//! certificate authorities give them. They are read once, at the start; a renewed certificate needs a restart.

use std::fmt;

use libp2p::websocket::tls;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

/// A chain of certificates, and the key of the first of them.
#[derive(Clone)]
pub struct Certificate(pub(crate) tls::Config);

impl Certificate {
    /// Reads a chain (`CERTIFICATE` sections, the server's own first) and a key (PKCS #8, PKCS #1 or SEC 1).
    pub fn from_pem(chain: &[u8], key: &[u8]) -> Result<Self, CertificateError> {
        let chain: Vec<_> = CertificateDer::pem_slice_iter(chain)
            .map(|certificate| certificate.map(|der| tls::Certificate::new(der.to_vec())))
            .collect::<Result<_, _>>()
            .map_err(|_| CertificateError::Chain)?;
        if chain.is_empty() {
            return Err(CertificateError::Chain);
        }
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| CertificateError::Key)?;
        let key = tls::PrivateKey::new(key.secret_der().to_vec());
        let config = tls::Config::new(key, chain).map_err(|_| CertificateError::Apart)?;
        Ok(Self(config))
    }
}

impl fmt::Debug for Certificate {
    /// Not the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Certificate")
    }
}

/// Why PEM files are no certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// There is no readable certificate in the chain.
    #[error("holds no certificate in PEM form")]
    Chain,
    /// There is no readable private key.
    #[error("holds no private key in PEM form")]
    Key,
    /// The key is that of another certificate, or one of the two cannot be used.
    #[error("does not fit the certificate")]
    Apart,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_and_its_key_are_read_and_nothing_else_is() {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let other = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let (chain, key) = (made.cert.pem(), made.key_pair.serialize_pem());
        let read = |chain: &str, key: &str| Certificate::from_pem(chain.as_bytes(), key.as_bytes()).map(drop);
        assert_eq!(read(&chain, &key), Ok(()));
        assert_eq!(read(&key, &key), Err(CertificateError::Chain));
        assert_eq!(read("", &key), Err(CertificateError::Chain));
        assert_eq!(read(&chain, &chain), Err(CertificateError::Key));
        assert_eq!(
            read(&chain, &other.key_pair.serialize_pem()),
            Err(CertificateError::Apart)
        );
        let certificate = Certificate::from_pem(chain.as_bytes(), key.as_bytes()).unwrap();
        assert_eq!(format!("{certificate:?}"), "Certificate");
    }
}
