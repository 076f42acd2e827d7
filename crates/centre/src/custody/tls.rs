//! TLS between a custodian and those who may ask it, by raw public keys (RFC 7250): each side is told the other's
//! Ed25519 key ahead and talks to nobody else. TLS 1.3 alone (RFC 8446), so every byte is authenticated and fresh: no
//! early data is taken, hence nothing that was recorded can be said again.

use std::sync::Arc;

use rustls::client::AlwaysResolvesClientRawPublicKeys;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, ring, verify_tls13_signature_with_raw_key};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName, SubjectPublicKeyInfoDer, UnixTime};
use rustls::server::AlwaysResolvesServerRawPublicKeys;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::sign::CertifiedKey;
use rustls::version::TLS13;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, DistinguishedName, Error, PeerIncompatible,
    ServerConfig, SignatureScheme,
};
use sekong_log::{DeviceId, DeviceKey};

/// What stands before the 32 bytes of an Ed25519 public key in a SubjectPublicKeyInfo (RFC 8410, section 4).
const SPKI_PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// What stands before the 32 bytes of an Ed25519 private key in PKCS #8 (RFC 8410, section 7).
const PKCS8_PREFIX: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

/// The key by which one side of a line is known to the other.
#[derive(Clone)]
pub struct LineKey {
    seed: [u8; 32],
}

impl LineKey {
    /// The key of an RFC 8032 seed.
    pub fn from_seed(seed: [u8; 32]) -> LineKey {
        LineKey { seed }
    }

    /// The public half, which the other side is told.
    pub fn id(&self) -> DeviceId {
        DeviceKey::from_seed(&self.seed).id()
    }

    fn certified(&self) -> Arc<CertifiedKey> {
        let pkcs8 = PrivatePkcs8KeyDer::from([&PKCS8_PREFIX[..], &self.seed].concat());
        let key = ring::sign::any_eddsa_type(&pkcs8)
            .expect("32 bytes are an Ed25519 seed, and the prefix is RFC 8410's");
        Arc::new(CertifiedKey::new(vec![CertificateDer::from(spki(&self.id()))], key))
    }

    /// For whoever listens: only `peers` may connect.
    pub(crate) fn listening(&self, peers: &[DeviceId]) -> Arc<ServerConfig> {
        let config = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&TLS13])
            .expect("the provider has the suites of TLS 1.3");
        let mut config = config
            .with_client_cert_verifier(Arc::new(Pinned::to(peers)))
            .with_cert_resolver(Arc::new(AlwaysResolvesServerRawPublicKeys::new(self.certified())));
        // A resumed session would skip the proof that the peer still holds its key.
        config.send_tls13_tickets = 0;
        Arc::new(config)
    }

    /// For whoever connects to `peer`.
    pub(crate) fn connecting_to(&self, peer: DeviceId) -> Arc<ClientConfig> {
        let config = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&TLS13])
            .expect("the provider has the suites of TLS 1.3");
        let mut config = config
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Pinned::to(&[peer])))
            .with_client_cert_resolver(Arc::new(AlwaysResolvesClientRawPublicKeys::new(self.certified())));
        config.resumption = rustls::client::Resumption::disabled();
        config.enable_sni = false;
        Arc::new(config)
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn spki(key: &DeviceId) -> Vec<u8> {
    [&SPKI_PREFIX[..], key.public_bytes()].concat()
}

/// The peer that a handshake ended with.
pub(crate) fn peer_of(presented: Option<&[CertificateDer<'_>]>, peers: &[DeviceId]) -> Option<DeviceId> {
    let presented = presented?.first()?;
    peers.iter().find(|peer| spki(peer) == presented.as_ref()).copied()
}

/// Accepts these keys and no others.
#[derive(Debug)]
struct Pinned {
    keys: Vec<Vec<u8>>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Pinned {
    fn to(peers: &[DeviceId]) -> Pinned {
        let algorithms = ring::default_provider().signature_verification_algorithms;
        Pinned { keys: peers.iter().map(spki).collect(), algorithms }
    }

    fn check(&self, presented: &CertificateDer<'_>) -> Result<(), Error> {
        if self.keys.iter().any(|key| key == presented.as_ref()) {
            return Ok(());
        }
        Err(Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure))
    }

    fn check_signature(
        &self,
        message: &[u8],
        presented: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let key = SubjectPublicKeyInfoDer::from(presented.as_ref());
        verify_tls13_signature_with_raw_key(message, &key, signature, &self.algorithms)
    }
}

/// What both verifiers answer about TLS 1.2, which is not spoken.
fn no_tls12() -> Error {
    Error::PeerIncompatible(PeerIncompatible::Tls12NotOffered)
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        presented: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.check(presented).map(|()| ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(no_tls12())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        presented: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.check_signature(message, presented, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }

    fn requires_raw_public_keys(&self) -> bool {
        true
    }
}

impl ClientCertVerifier for Pinned {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        presented: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.check(presented).map(|()| ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(no_tls12())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        presented: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.check_signature(message, presented, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }

    fn requires_raw_public_keys(&self) -> bool {
        true
    }
}
