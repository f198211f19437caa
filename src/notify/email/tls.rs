//! Encryption of the conversation: the certificates that are trusted, and TLS over a bare stream.

use std::io;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use tokio_rustls::TlsConnector;

use super::{Security, Server};
use crate::net::Stream;

/// TLS with one server.
pub(super) struct Tls {
    connector: TlsConnector,
    name: ServerName<'static>,
}

impl Tls {
    /// Reads every root, so that it is made once.
    ///
    /// # Errors
    /// What is wrong with the host's name or a root.
    pub(super) fn new<'r>(server: &Server, roots: impl IntoIterator<Item = &'r [u8]>) -> Result<Self, String> {
        let name = ServerName::try_from(server.host.clone()).map_err(|error| error.to_string())?;
        let provider = Arc::new(ring::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider));
        let builder = builder
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?;
        let config = if server.security == Security::Loopback {
            // Whoever can listen on this machine's loopback could read the mails anyway.
            let verifier = Arc::new(Anybody(provider));
            builder
                .dangerous()
                .with_custom_certificate_verifier(verifier)
                .with_no_client_auth()
        } else {
            let mut store = RootCertStore::empty();
            for root in roots {
                let root = CertificateDer::from(root.to_vec());
                store.add(root).map_err(|error| error.to_string())?;
            }
            builder.with_root_certificates(store).with_no_client_auth()
        };
        Ok(Self {
            connector: TlsConnector::from(Arc::new(config)),
            name,
        })
    }

    /// Encrypts a stream.
    ///
    /// # Errors
    /// When TLS does; why is inside of the error.
    pub(super) async fn over(&self, stream: Stream) -> io::Result<Stream> {
        let encrypted = self.connector.connect(self.name.clone(), stream).await?;
        Ok(Box::new(encrypted))
    }
}

/// Takes any certificate. Signatures are checked all the same, because the protocol asks for it.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
