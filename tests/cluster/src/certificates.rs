//! The certificates of the control plane: one authority that signs the API server's certificate and every client's.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, SanType,
};

/// The files of a certificate and its key.
#[derive(Clone, Debug)]
pub(crate) struct Certificate {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

/// A certificate authority that lives in a folder.
pub(crate) struct Authority {
    folder: PathBuf,
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    /// Makes a new authority; its certificate is `ca.crt` in the folder.
    pub(crate) fn create(folder: &Path) -> Result<Self> {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        params
            .distinguished_name
            .push(DnType::CommonName, "kubernetes");
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
        let authority = Self {
            folder: folder.to_owned(),
            issuer,
        };
        write(&authority.certificate(), &authority.issuer.pem())?;
        Ok(authority)
    }

    /// The authority's own certificate.
    pub(crate) fn certificate(&self) -> PathBuf {
        self.folder.join("ca.crt")
    }

    /// A certificate for a server of these names and addresses.
    pub(crate) fn server(&self, file: &str, names: &[&str]) -> Result<Certificate> {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let mut params = CertificateParams::new(names)?;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.distinguished_name.push(DnType::CommonName, file);
        self.sign(file, &params)
    }

    /// A certificate of the mesh for a workload of this identity: it has no DNS name.
    pub(crate) fn workload(&self, file: &str, identity: &str) -> Result<Certificate> {
        let mut params = CertificateParams::default();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.subject_alt_names = vec![SanType::URI(identity.try_into()?)];
        self.sign(file, &params)
    }

    /// A certificate that the API server takes for this user of this group.
    pub(crate) fn client(&self, user: &str, group: &str) -> Result<Certificate> {
        let mut params = CertificateParams::default();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        params.distinguished_name.push(DnType::CommonName, user);
        params
            .distinguished_name
            .push(DnType::OrganizationName, group);
        self.sign(&user.replace([':', '/'], "-"), &params)
    }

    fn sign(&self, file: &str, params: &CertificateParams) -> Result<Certificate> {
        let key_pair = KeyPair::generate()?;
        let signed = params.signed_by(&key_pair, &self.issuer)?;
        let files = Certificate {
            certificate: self.folder.join(format!("{file}.crt")),
            key: self.folder.join(format!("{file}.key")),
        };
        write(&files.certificate, &signed.pem())?;
        write(&files.key, &key_pair.serialize_pem())?;
        Ok(files)
    }
}

/// The key that signs service account tokens; in place of a certificate stands its public half.
pub(crate) fn service_account_key(folder: &Path) -> Result<Certificate> {
    let key_pair = KeyPair::generate()?;
    let files = Certificate {
        certificate: folder.join("service-accounts.pub"),
        key: folder.join("service-accounts.key"),
    };
    write(&files.certificate, &key_pair.public_key_pem())?;
    write(&files.key, &key_pair.serialize_pem())?;
    Ok(files)
}

fn write(path: &Path, pem: &str) -> Result<()> {
    fs::write(path, pem).with_context(|| format!("cannot write {}", path.display()))
}
