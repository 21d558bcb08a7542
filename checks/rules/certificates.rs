//! The certificates in a caBundle and in istio-ca-root-cert, and whether the one vouches for the other.
//!
//! Sources: Kubernetes 1.36, `k8s.io/client-go/transport/transport.go` (`rootCertPool`); Go 1.26,
//! `crypto/x509` (`CertPool.AppendCertsFromPEM`, `Certificate.Verify`). Go looks for a root by subject
//! and key, checks the validity of every certificate of the chain, the root included, and takes
//! whatever is in the pool for a root, even if it did not sign itself.

mod pem;

use std::fmt::Write;

use jiff::Timestamp;
use md5::{Digest, Md5};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::ParsedExtension;
use x509_parser::prelude::FromDer;
use x509_parser::x509::X509Version;

/// The MD5 of some bytes in lower-case hexadecimal, as `md5sum` prints it.
pub fn md5_hex(bytes: &[u8]) -> String {
    Md5::digest(bytes)
        .iter()
        .fold(String::new(), |mut hex, byte| {
            // Writing to a String cannot fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        })
}

/// One certificate, as far as trust depends on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// The distinguished name of its owner.
    pub subject: String,
    /// The distinguished name of who signed it.
    pub issuer: String,
    /// The serial number in hexadecimal.
    pub serial: String,
    /// When it begins to be valid.
    pub not_before: Timestamp,
    /// When it ceases to be valid.
    pub not_after: Timestamp,
    /// Whether it says that its key signs certificates.
    pub is_ca: bool,
    der: Vec<u8>,
}

/// The certificates of a PEM file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bundle {
    /// Those that Go would take; other blocks and broken ones are passed over as Go does.
    pub certificates: Vec<Certificate>,
    /// What was passed over: the labels of blocks that are no certificates, have headers or are broken.
    pub skipped: Vec<String>,
    /// What the API server says after `unable to load root certificates: ` if there are bytes but no certificate.
    ///
    /// No bytes at all are no problem of this kind: the API server then trusts the roots of its system instead.
    pub problem: Option<&'static str>,
}

/// The certificates in PEM blocks.
///
/// Source: `CertPool.AppendCertsFromPEM` of Go 1.26; for [`Bundle::problem`] `createErrorParsingCAData` of
/// `k8s.io/client-go/transport/transport.go` (1.36). Go's own parser of certificates is a little stricter.
pub fn parse_pem_bundle(bytes: &[u8]) -> Bundle {
    let mut bundle = Bundle::default();
    let (blocks, rest) = pem::blocks(bytes);
    let mut broken = false;
    for block in blocks {
        let is_certificate = block.label == "CERTIFICATE" && !block.has_headers;
        match is_certificate.then(|| Certificate::from_der(block.content)) {
            Some(Some(certificate)) => bundle.certificates.push(certificate),
            unusable => {
                broken |= unusable.is_some();
                bundle.skipped.push(block.label);
            }
        }
    }
    bundle.problem = match (
        bundle.certificates.is_empty() && !bytes.is_empty(),
        broken,
        rest.is_empty(),
    ) {
        (false, ..) => None,
        (true, true, _) => Some("failed to parse certificate"),
        (true, false, true) => Some("no valid certificate authority data seen"),
        (true, false, false) => Some("unable to parse bytes as PEM block"),
    };
    bundle
}

impl Certificate {
    fn from_der(der: Vec<u8>) -> Option<Self> {
        let (rest, parsed) = X509Certificate::from_der(&der).ok()?;
        if !rest.is_empty() {
            return None;
        }
        let time = |seconds| Timestamp::from_second(seconds).ok();
        Some(Self {
            subject: parsed.subject().to_string(),
            issuer: parsed.issuer().to_string(),
            serial: parsed.raw_serial_as_string(),
            not_before: time(parsed.validity().not_before.timestamp())?,
            not_after: time(parsed.validity().not_after.timestamp())?,
            is_ca: parsed.is_ca(),
            der,
        })
    }

    fn parsed(&self) -> Option<X509Certificate<'_>> {
        X509Certificate::from_der(&self.der)
            .ok()
            .map(|(_, parsed)| parsed)
    }

    /// Whether its own key signed it.
    pub fn is_self_signed(&self) -> bool {
        self.is_signed_by(self)
    }

    /// Whether it is the same authority as another: the same name and the same key.
    fn is_same_authority(&self, other: &Self) -> bool {
        match (self.parsed(), other.parsed()) {
            (Some(one), Some(two)) => {
                one.subject().as_raw() == two.subject().as_raw()
                    && one.public_key().raw == two.public_key().raw
            }
            _ => false,
        }
    }

    /// Whether it is signed by another's key.
    fn is_signed_by(&self, other: &Self) -> bool {
        match (self.parsed(), other.parsed()) {
            (Some(one), Some(two)) => one.verify_signature(Some(two.public_key())).is_ok(),
            _ => false,
        }
    }

    /// Why Go would not take it for an authority, though it is trusted (`CheckSignatureFrom` in `crypto/x509`).
    fn not_an_authority(&self) -> Option<String> {
        let parsed = self.parsed()?;
        let usage = parsed.key_usage().ok().flatten();
        let signs = usage.is_none_or(|usage| usage.value.key_cert_sign());
        let is_authority = parsed.is_ca()
            || (parsed.version() != X509Version::V3 && parsed.basic_constraints().ok()?.is_none());
        (!signs || !is_authority)
            .then(|| format!("certificate {} is not one of an authority", self.subject))
    }

    /// What in it may restrict what it vouches for.
    fn restriction(&self) -> Option<String> {
        let parsed = self.parsed()?;
        let restricts = |extension: &ParsedExtension| {
            matches!(
                extension,
                ParsedExtension::NameConstraints(_) | ParsedExtension::ExtendedKeyUsage(_)
            )
        };
        let found = parsed.extensions().iter().any(|extension| {
            let known = !matches!(
                extension.parsed_extension(),
                ParsedExtension::UnsupportedExtension { .. }
            );
            restricts(extension.parsed_extension()) || (extension.critical && !known)
        });
        found.then(|| {
            format!(
                "certificate {} restricts what it is valid for",
                self.subject
            )
        })
    }

    /// Why it is not valid at a time; none where it is.
    pub fn out_of_time(&self, now: Timestamp) -> Option<String> {
        if now < self.not_before {
            Some(format!(
                "certificate {} is not valid before {}",
                self.subject, self.not_before
            ))
        } else if now > self.not_after {
            Some(format!(
                "certificate {} expired at {}",
                self.subject, self.not_after
            ))
        } else {
            None
        }
    }
}

/// Whether an API server with this caBundle accepts what istiod serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trust {
    /// It does.
    Verifies,
    /// It would, if a certificate were not out of its time.
    Expired {
        /// Which, and since when.
        why: String,
    },
    /// It does not.
    Fails {
        /// Which names and keys there are in the place of those that are needed.
        why: String,
    },
    /// It depends on certificates that only Secrets hold.
    CannotTell {
        /// On which.
        why: String,
    },
}

/// Whether an API server that trusts nothing but `ca_bundle` accepts at `now` a serving certificate
/// issued under `root`, the content of istio-ca-root-cert.
///
/// That the serving certificate itself is in its time and names the service is not looked at. An empty `ca_bundle`, which
/// means the roots of the API server's system, and an empty `root` cannot be told.
pub fn trusts(ca_bundle: &Bundle, root: &Bundle, now: Timestamp) -> Trust {
    let same = pairs(ca_bundle, root).filter(|(anchor, root)| anchor.is_same_authority(root));
    let (mut expired, mut restricted, mut unfit) = (None, None, None);
    for (anchor, _) in same {
        match (
            anchor.not_an_authority(),
            anchor.out_of_time(now),
            anchor.restriction(),
        ) {
            (None, None, None) => return Trust::Verifies,
            (Some(why), ..) => unfit = Some(why),
            (None, Some(why), _) => expired = Some(why),
            (None, None, Some(why)) => restricted = Some(why),
        }
    }
    if let Some(why) = restricted {
        return Trust::CannotTell { why };
    }
    if let Some(why) = expired {
        return Trust::Expired { why };
    }
    if let Some(why) = unfit {
        return Trust::Fails { why };
    }
    if let (true, Some(problem)) = (ca_bundle.certificates.is_empty(), ca_bundle.problem) {
        return Trust::Fails {
            why: format!("unable to load root certificates: {problem}"),
        };
    }
    for (bundle, name) in [(ca_bundle, "caBundle"), (root, "istiod's root")] {
        if bundle.certificates.is_empty() {
            return Trust::CannotTell {
                why: format!("{name} holds no certificate"),
            };
        }
    }
    let names = |bundle: &Bundle| {
        let subjects = bundle.certificates.iter().map(|one| one.subject.as_str());
        subjects.collect::<Vec<_>>().join(", ")
    };
    let related = pairs(ca_bundle, root)
        .find(|(anchor, root)| anchor.is_signed_by(root) || root.is_signed_by(anchor));
    match related {
        Some((anchor, root)) => Trust::CannotTell {
            why: format!(
                "caBundle holds {}, related to istiod's root {} by a signature: whether istiod's chain leads through it \
                 stands in a Secret",
                anchor.subject, root.subject
            ),
        },
        None => Trust::Fails {
            why: format!(
                "it holds {}, and istiod's root is {} with another key",
                names(ca_bundle),
                names(root)
            ),
        },
    }
}

fn pairs<'a>(
    one: &'a Bundle,
    two: &'a Bundle,
) -> impl Iterator<Item = (&'a Certificate, &'a Certificate)> {
    one.certificates
        .iter()
        .flat_map(move |first| two.certificates.iter().map(move |second| (first, second)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rcgen::{
        BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
    };

    use super::*;

    fn authority(name: &str, years: std::ops::Range<i32>) -> CertifiedIssuer<'static, KeyPair> {
        let key = KeyPair::generate().unwrap();
        CertifiedIssuer::self_signed(parameters(name, years), key).unwrap()
    }

    fn parameters(name: &str, years: std::ops::Range<i32>) -> CertificateParams {
        let mut parameters = CertificateParams::default();
        parameters
            .distinguished_name
            .push(DnType::OrganizationName, name);
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.not_before = date_time_ymd(years.start, 1, 1);
        parameters.not_after = date_time_ymd(years.end, 1, 1);
        parameters
    }

    fn bundle(authorities: &[&str]) -> Bundle {
        parse_pem_bundle(authorities.concat().as_bytes())
    }

    fn at(year: i32) -> Timestamp {
        format!("{year}-06-01T00:00:00Z").parse().unwrap()
    }

    #[test]
    fn a_bundle_vouches_for_the_same_name_and_key_within_its_time() {
        let (ours, other) = (
            authority("cluster.local", 2020..2030),
            authority("cluster.local", 2020..2030),
        );
        let (root, both) = (bundle(&[&ours.pem()]), bundle(&[&other.pem(), &ours.pem()]));
        assert_eq!(trusts(&root, &root, at(2025)), Trust::Verifies);
        assert_eq!(trusts(&both, &root, at(2025)), Trust::Verifies);
        assert!(matches!(
            trusts(&bundle(&[&other.pem()]), &root, at(2025)),
            Trust::Fails { .. }
        ));
        assert!(matches!(
            trusts(&root, &root, at(2035)),
            Trust::Expired { .. }
        ));
        assert!(matches!(
            trusts(&root, &root, at(2015)),
            Trust::Expired { .. }
        ));
    }

    #[test]
    fn what_does_not_sign_does_not_vouch() {
        let key = KeyPair::generate().unwrap();
        let mut leaf = parameters("cluster.local", 2020..2030);
        leaf.is_ca = IsCa::NoCa;
        let leaf = leaf.self_signed(&key).unwrap();
        let ca = parameters("cluster.local", 2020..2030)
            .self_signed(&key)
            .unwrap();
        let (leaf, ca) = (bundle(&[&leaf.pem()]), bundle(&[&ca.pem()]));
        assert!(matches!(trusts(&leaf, &ca, at(2025)), Trust::Fails { .. }));
        assert_eq!(trusts(&ca, &leaf, at(2025)), Trust::Verifies);
        assert!(
            ca.certificates[0].is_ca
                && ca.certificates[0].is_self_signed()
                && !leaf.certificates[0].is_ca
        );
    }

    #[test]
    fn restricted_and_missing_certificates_leave_it_open() {
        let key = KeyPair::generate().unwrap();
        let mut parameters = parameters("cluster.local", 2020..2030);
        parameters.name_constraints = Some(rcgen::NameConstraints {
            permitted_subtrees: vec![rcgen::GeneralSubtree::DnsName("example.org".to_owned())],
            excluded_subtrees: vec![],
        });
        let restricted = bundle(&[&parameters.self_signed(&key).unwrap().pem()]);
        for (ca_bundle, root) in [
            (&restricted, &restricted),
            (&bundle(&[]), &restricted),
            (&restricted, &bundle(&[])),
        ] {
            let trust = trusts(ca_bundle, root, at(2025));
            assert!(matches!(trust, Trust::CannotTell { .. }), "{trust:?}");
        }
    }

    #[test]
    fn a_bundle_without_certificates_is_refused_with_the_words_of_the_api_server() {
        let key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
        let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        for (text, problem) in [
            ("", None),
            ("garbage", Some("unable to parse bytes as PEM block")),
            (key, Some("no valid certificate authority data seen")),
            (broken, Some("failed to parse certificate")),
        ] {
            assert_eq!(bundle(&[text]).problem, problem, "{text:?}");
        }
        let ours = authority("cluster.local", 2020..2030);
        assert_eq!(bundle(&[key, &ours.pem()]).problem, None);
        assert_eq!(bundle(&[key, &ours.pem()]).skipped, ["PRIVATE KEY"]);
        assert!(matches!(
            trusts(&bundle(&["garbage"]), &bundle(&[&ours.pem()]), at(2025)),
            Trust::Fails { .. }
        ));
    }

    #[test]
    fn equal_md5_proves_nothing_about_time_and_different_md5_may_verify() {
        let ours = authority("cluster.local", 2020..2030);
        let with_comment = format!("# root\n{}", ours.pem());
        assert_ne!(
            md5_hex(ours.pem().as_bytes()),
            md5_hex(with_comment.as_bytes())
        );
        assert_eq!(
            trusts(&bundle(&[&with_comment]), &bundle(&[&ours.pem()]), at(2025)),
            Trust::Verifies
        );
    }

    #[test]
    fn an_intermediate_in_the_bundle_leaves_it_open() {
        let root = authority("root", 2020..2030);
        let key = KeyPair::generate().unwrap();
        let intermediate = parameters("intermediate", 2020..2030)
            .signed_by(&key, &root)
            .unwrap();
        let trust = trusts(
            &bundle(&[&intermediate.pem()]),
            &bundle(&[&root.pem()]),
            at(2025),
        );
        assert!(matches!(trust, Trust::CannotTell { .. }), "{trust:?}");
    }

    #[test]
    fn what_is_no_certificate_is_passed_over() {
        let ours = authority("cluster.local", 2020..2030);
        let key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
        let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert_eq!(bundle(&[key, broken, &ours.pem()]).certificates.len(), 1);
        assert!(bundle(&["not a certificate"]).certificates.is_empty());
        assert_eq!(md5_hex(b""), "d41d8cd98f00b204e9800998ecf8427e");
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = parse_pem_bundle(&bytes);
            let _ = parse_pem_bundle(format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", String::from_utf8_lossy(&bytes)).as_bytes());
        }
    }
}
