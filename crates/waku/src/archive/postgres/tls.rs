//! TLS to PostgreSQL over rustls with `ring`: whose certificate counts, and SCRAM's binding to it (RFC 5929,
//! `tls-server-end-point`).
//!
//! tokio-postgres asks the server whether it encrypts, and calls for the handshake. No certificate of ours is shown, and
//! revocation is not asked for.

use std::convert::Infallible;
use std::error::Error as _;
use std::future::Future;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use rustls_pki_types::pem::{self, PemObject};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use sha2::{Digest, Sha256, Sha384, Sha512};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream};
use tokio_postgres::{Client, Config, Connection, Socket};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use tokio_rustls::rustls::crypto::{self, CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use tokio_rustls::rustls::server::ParsedCertificate;
use tokio_rustls::rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme, version,
};
use x509_parser::oid_registry as oid;
use x509_parser::prelude::{ASN1Time, FromDer, X509Certificate};

use super::ArchiveError;
use crate::archive::TlsFault;
use crate::archive::place::Encryption;

/// What every connection to a server has in common.
pub(super) struct Tls(Arc<ClientConfig>);

impl Tls {
    /// Reads the certificates that are trusted. `None`: nothing is encrypted.
    pub(super) fn new(encryption: &Encryption) -> Result<Option<Tls>, TlsFault> {
        let check = match encryption {
            Encryption::Off => return Ok(None),
            Encryption::IfOffered | Encryption::Unchecked => Check::Nothing,
            Encryption::Chain(file) => Check::Chain(Trusted::in_file(file)?),
            Encryption::Host(Some(file)) => Check::Host(Trusted::in_file(file)?),
            Encryption::Host(None) => Check::Host(Trusted::public()),
        };
        let provider = Arc::new(crypto::ring::default_provider());
        let verifier = Verifier {
            check,
            provider: Arc::clone(&provider),
        };
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&version::TLS13, &version::TLS12])
            .expect("the provider has suites for both versions")
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        config.alpn_protocols = vec![ALPN.to_vec()];
        Ok(Some(Tls(Arc::new(config))))
    }

    /// Connects to the first of the hosts that can be talked to.
    pub(super) async fn connect(
        &self,
        config: &Config,
    ) -> Result<(Client, Connection<Socket, Encrypted>), ArchiveError> {
        let attempt = Attempt {
            config: Arc::clone(&self.0),
            fault: Arc::default(),
        };
        let connected = config.connect(attempt.clone()).await;
        connected.map_err(|error| {
            let is_not_offered = error.source().is_some_and(|cause| cause.to_string() == NOT_OFFERED);
            match ArchiveError::from(error) {
                ArchiveError::Away if is_not_offered => TlsFault::NotOffered.into(),
                // A host with a wrong certificate says more than the next one, which is not there.
                ArchiveError::Away => attempt.fault.get().map_or(ArchiveError::Away, |fault| (*fault).into()),
                other => other,
            }
        })
    }
}

/// Makes the handshakes of one attempt to connect, and remembers what was wrong with the first that failed.
#[derive(Clone)]
pub(super) struct Attempt {
    config: Arc<ClientConfig>,
    fault: Arc<OnceLock<TlsFault>>,
}

impl MakeTlsConnect<Socket> for Attempt {
    type Stream = Encrypted;
    type TlsConnect = Handshake;
    type Error = Infallible;

    fn make_tls_connect(&mut self, host: &str) -> Result<Handshake, Infallible> {
        Ok(Handshake {
            host: host.to_owned(),
            attempt: self.clone(),
        })
    }
}

/// One handshake.
pub(super) struct Handshake {
    host: String,
    attempt: Attempt,
}

impl TlsConnect<Socket> for Handshake {
    type Stream = Encrypted;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Encrypted>> + Send>>;

    fn connect(self, stream: Socket) -> Self::Future {
        let Handshake { host, attempt } = self;
        Box::pin(async move {
            let host = ServerName::try_from(host).map_err(io::Error::other)?;
            let encrypted = TlsConnector::from(attempt.config).connect(host, stream).await;
            encrypted.map(Encrypted).inspect_err(|error| {
                if let Some(fault) = fault(error) {
                    let _ = attempt.fault.set(fault); // an earlier one stays
                }
            })
        })
    }
}

/// What is wrong, unless it is the connection.
fn fault(error: &io::Error) -> Option<TlsFault> {
    use CertificateError as Why;
    Some(match error.get_ref()?.downcast_ref::<Error>()? {
        Error::InvalidCertificate(Why::UnknownIssuer) => TlsFault::NotTrusted,
        Error::InvalidCertificate(Why::NotValidForName | Why::NotValidForNameContext { .. }) => TlsFault::OtherHost,
        Error::InvalidCertificate(
            Why::Expired | Why::ExpiredContext { .. } | Why::NotValidYet | Why::NotValidYetContext { .. },
        ) => TlsFault::OutOfDate,
        Error::InvalidCertificate(_) => TlsFault::BadCertificate,
        _ => TlsFault::NothingInCommon,
    })
}

/// An encrypted connection.
pub(super) struct Encrypted(tokio_rustls::client::TlsStream<Socket>);

impl TlsStream for Encrypted {
    fn channel_binding(&self) -> ChannelBinding {
        let certificates = self.0.get_ref().1.peer_certificates().unwrap_or_default();
        let binding = certificates.first().and_then(|certificate| end_point(certificate));
        binding.map_or_else(ChannelBinding::none, ChannelBinding::tls_server_end_point)
    }
}

impl AsyncRead for Encrypted {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for Encrypted {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

/// RFC 5929, section 4.1: the certificate's hash, by the hash function of its signature, or SHA-256 where that is weaker.
/// `None` where the signature names no hash function of its own; SCRAM then does without.
fn end_point(certificate: &[u8]) -> Option<Vec<u8>> {
    let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
    let signed_with = &parsed.signature_algorithm.algorithm;
    let is_one_of = |known: &[oid::Oid<'static>]| known.contains(signed_with);
    if is_one_of(&[
        oid::OID_PKCS1_MD5WITHRSAENC,
        oid::OID_PKCS1_SHA1WITHRSA,
        oid::OID_PKCS1_SHA256WITHRSA,
        oid::OID_SIG_ECDSA_WITH_SHA256,
    ]) {
        Some(Sha256::digest(certificate).to_vec())
    } else if is_one_of(&[oid::OID_PKCS1_SHA384WITHRSA, oid::OID_SIG_ECDSA_WITH_SHA384]) {
        Some(Sha384::digest(certificate).to_vec())
    } else if is_one_of(&[oid::OID_PKCS1_SHA512WITHRSA, oid::OID_SIG_ECDSA_WITH_SHA512]) {
        Some(Sha512::digest(certificate).to_vec())
    } else {
        None
    }
}

/// Looks at the certificate of a server. That the server has its key is made sure in any case.
#[derive(Debug)]
struct Verifier {
    check: Check,
    provider: Arc<CryptoProvider>,
}

#[derive(Debug)]
enum Check {
    Nothing,
    Chain(Trusted),
    Host(Trusted),
}

/// Certificates that are trusted, as authorities and, where an operator named them, for themselves: servers often show
/// one that they signed themselves.
#[derive(Debug)]
struct Trusted {
    roots: RootCertStore,
    themselves: Vec<CertificateDer<'static>>,
}

impl Trusted {
    /// The authorities that browsers know.
    fn public() -> Trusted {
        Trusted {
            roots: RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
            themselves: Vec::new(),
        }
    }

    /// Those in a PEM file. Others' bundles hold certificates that cannot be read: they are left out.
    fn in_file(path: &Path) -> Result<Trusted, TlsFault> {
        let certificates = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let themselves = certificates.map_err(|error| match error {
            pem::Error::Io(_) => TlsFault::NoRootsFile,
            _ => TlsFault::NoRoots,
        })?;
        let mut roots = RootCertStore::empty();
        let (added, _) = roots.add_parsable_certificates(themselves.iter().cloned());
        if added == 0 {
            return Err(TlsFault::NoRoots);
        }
        Ok(Trusted { roots, themselves })
    }

    fn check(
        &self,
        shown: &CertificateDer<'_>,
        parsed: &ParsedCertificate<'_>,
        between: &[CertificateDer<'_>],
        now: UnixTime,
        provider: &CryptoProvider,
    ) -> Result<(), Error> {
        if self.themselves.contains(shown) {
            return is_of_today(shown, now);
        }
        let algorithms = provider.signature_verification_algorithms.all;
        verify_server_cert_signed_by_trust_anchor(parsed, &self.roots, between, now, algorithms)
    }
}

fn is_of_today(certificate: &[u8], now: UnixTime) -> Result<(), Error> {
    let (_, parsed) = X509Certificate::from_der(certificate).map_err(|_| CertificateError::BadEncoding)?;
    let now = i64::try_from(now.as_secs()).ok();
    let now = now.and_then(|seconds| ASN1Time::from_timestamp(seconds).ok());
    match now {
        Some(now) if now < parsed.validity().not_before => Err(CertificateError::NotValidYet.into()),
        Some(now) if now <= parsed.validity().not_after => Ok(()),
        _ => Err(CertificateError::Expired.into()),
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        shown: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        host: &ServerName<'_>,
        _ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let (trusted, host) = match &self.check {
            Check::Nothing => return Ok(ServerCertVerified::assertion()),
            Check::Chain(trusted) => (trusted, None),
            Check::Host(trusted) => (trusted, Some(host)),
        };
        let parsed = ParsedCertificate::try_from(shown)?;
        trusted.check(shown, &parsed, between, now, &self.provider)?;
        if let Some(host) = host {
            verify_server_name(&parsed, host)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// As registered for PostgreSQL.
const ALPN: &[u8] = b"postgresql";
/// tokio-postgres has no other sign of it.
const NOT_OFFERED: &str = "server does not support TLS";

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ED25519};

    use super::*;

    fn made(key: &KeyPair) -> rcgen::Certificate {
        let params = CertificateParams::new(["db.example".to_owned()]).unwrap();
        params.self_signed(key).unwrap()
    }

    #[test]
    fn scram_is_bound_by_the_hash_that_the_signature_uses() {
        let bound = |algorithm| end_point(made(&KeyPair::generate_for(algorithm).unwrap()).der());
        let length = |bound: Option<Vec<u8>>| bound.map(|hash| hash.len());
        assert_eq!(length(bound(&PKCS_ECDSA_P256_SHA256)), Some(32));
        assert_eq!(length(bound(&PKCS_ECDSA_P384_SHA384)), Some(48));
        assert_eq!(bound(&PKCS_ED25519), None, "it has none");
        assert_eq!(end_point(b"no certificate"), None);
    }

    #[test]
    fn a_file_of_roots_is_there_and_has_some() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("root.pem");
        let opened = || Tls::new(&Encryption::Chain(path.clone())).map(|tls| tls.is_some());
        assert_eq!(opened(), Err(TlsFault::NoRootsFile));
        let key = KeyPair::generate().unwrap();
        let certificate = made(&key).pem();
        for (text, outcome) in [
            ("", Err(TlsFault::NoRoots)),
            (key.serialize_pem().as_str(), Err(TlsFault::NoRoots)),
            (&certificate[..certificate.len() / 2], Err(TlsFault::NoRoots)),
            (
                "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
                Err(TlsFault::NoRoots),
            ),
            (&certificate, Ok(true)),
        ] {
            std::fs::write(&path, text).unwrap();
            assert_eq!(opened(), outcome, "{text}");
        }
        assert!(matches!(Tls::new(&Encryption::Off), Ok(None)));
    }

    #[test]
    fn a_certificate_that_is_trusted_for_itself_is_so_while_it_is_valid() {
        let mut params = CertificateParams::new(["db.example".to_owned()]).unwrap();
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
        params.not_after = rcgen::date_time_ymd(2021, 1, 1);
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained); // as `openssl req -x509` makes them
        let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("root.pem");
        std::fs::write(&path, certificate.pem()).unwrap();
        let verifier = Verifier {
            check: Check::Host(Trusted::in_file(&path).unwrap()),
            provider: Arc::new(crypto::ring::default_provider()),
        };
        let check = |host: &str, seconds| {
            let now = UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds));
            let verified = verifier.verify_server_cert(certificate.der(), &[], &host.try_into().unwrap(), &[], now);
            verified.err().and_then(|error| fault(&io::Error::other(error)))
        };
        assert_eq!(check("db.example", 1_590_000_000), None);
        assert_eq!(check("other.example", 1_590_000_000), Some(TlsFault::OtherHost));
        assert_eq!(check("db.example", 1_570_000_000), Some(TlsFault::OutOfDate));
        assert_eq!(check("db.example", 1_610_000_000), Some(TlsFault::OutOfDate));
    }
}
