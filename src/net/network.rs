//! What connections are made over, and the certificates that TLS servers are checked against.

use std::path::Path;
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::Inside;

/// The machine's network, with the certificates that TLS servers are checked against; or servers within the process.
#[derive(Clone)]
pub struct Network {
    roots: Arc<[CertificateDer<'static>]>,
    source: TrustSource,
    pub(super) inside: Option<Arc<dyn Inside>>,
}

/// Where the trust roots come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrustSource {
    /// The machine's own store; honours `SSL_CERT_FILE` and `SSL_CERT_DIR`.
    System,
    /// Mozilla's list as built into the program, for images that have no store.
    BuiltIn,
}

impl Network {
    /// Reads the machine's certificates, or takes the built-in ones when it has none. Reads files: call it once.
    #[must_use]
    pub fn load() -> Self {
        let system = usable(rustls_native_certs::load_native_certs().certs);
        if system.is_empty() {
            let built_in = webpki_root_certs::TLS_SERVER_ROOT_CERTS.to_vec();
            return Self {
                roots: usable(built_in).into(),
                source: TrustSource::BuiltIn,
                inside: None,
            };
        }
        Self {
            roots: system.into(),
            source: TrustSource::System,
            inside: None,
        }
    }

    /// No network: every connection leads to these servers. Without TLS.
    #[must_use]
    pub fn inside(servers: Arc<dyn Inside>) -> Self {
        Self {
            roots: Arc::default(),
            source: TrustSource::BuiltIn,
            inside: Some(servers),
        }
    }

    /// Trusts nobody, and costs nothing: for tests without TLS.
    #[cfg(test)]
    pub(crate) fn nobody() -> Self {
        Self {
            roots: Arc::default(),
            source: TrustSource::BuiltIn,
            inside: None,
        }
    }

    /// Trusts this certificate alone, DER encoded: for tests with an authority of their own.
    #[cfg(test)]
    pub(crate) fn only(root: &[u8]) -> Self {
        Self {
            roots: [CertificateDer::from(root.to_vec())].into(),
            source: TrustSource::BuiltIn,
            inside: None,
        }
    }

    /// The certificates, DER encoded, for a TLS client that is not built here.
    pub fn der(&self) -> impl Iterator<Item = &[u8]> {
        self.roots.iter().map(AsRef::as_ref)
    }

    /// The servers within the process, if they stand in for the network.
    #[must_use]
    pub const fn servers(&self) -> Option<&Arc<dyn Inside>> {
        self.inside.as_ref()
    }

    /// Where they come from.
    #[must_use]
    pub const fn source(&self) -> TrustSource {
        self.source
    }
}

impl std::fmt::Debug for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Network({} roots, {:?})", self.roots.len(), self.source)
    }
}

/// Why a file gives no certificates to trust.
#[derive(Debug, thiserror::Error)]
pub enum BadCertificates {
    /// It is not there, or may not be read.
    #[error("cannot be read: {0}")]
    Unreadable(std::io::Error),
    /// It can be read, but holds nothing that can be trusted.
    #[error("{0}")]
    Unfit(&'static str),
}

/// Largest file of certificates: the list of a whole machine has a quarter of that.
const LARGEST_FILE: u64 = 1 << 20;

/// The certificates in a file in PEM, DER encoded: at least one, and all of them fit to be trusted.
pub fn certificates_in(path: &Path) -> Result<Vec<Vec<u8>>, BadCertificates> {
    let metadata = std::fs::metadata(path).map_err(BadCertificates::Unreadable)?;
    if !metadata.is_file() {
        // A pipe would never end.
        return Err(BadCertificates::Unfit("is not an ordinary file"));
    }
    if metadata.len() > LARGEST_FILE {
        return Err(BadCertificates::Unfit("is a file of more than a megabyte"));
    }
    let text = std::fs::read(path).map_err(BadCertificates::Unreadable)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    let found = found.map_err(|_| BadCertificates::Unfit("is no file of certificates in PEM"))?;
    let number = found.len();
    let usable = usable(found);
    if number == 0 {
        return Err(BadCertificates::Unfit("has no certificate in it"));
    }
    if usable.len() < number {
        return Err(BadCertificates::Unfit("has a certificate in it that cannot be used"));
    }
    Ok(usable.iter().map(|certificate| certificate.to_vec()).collect())
}

/// Machines carry odd certificates; one that cannot be used must not spoil the others.
pub(super) fn usable(certificates: Vec<CertificateDer<'static>>) -> Vec<CertificateDer<'static>> {
    let mut store = RootCertStore::empty();
    certificates
        .into_iter()
        .filter(|certificate| store.add(certificate.clone()).is_ok())
        .collect()
}
