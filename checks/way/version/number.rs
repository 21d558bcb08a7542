//! Versions of Istio in tags, labels and the like.

use std::ops::RangeInclusive;

/// N of the versions 1.N that it may be where nothing tells: revisions came with 1.6, and the rules are those of 1.32.
pub(super) const POSSIBLE: RangeInclusive<u32> = 6..=32;

/// A version of Istio.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Number {
    /// N of 1.N.
    pub minor: u32,
    /// P of 1.N.P, where it is told.
    pub patch: Option<u32>,
    /// As it is written, without the image's variant: `1.26.4`.
    pub text: String,
}

impl Number {
    pub(super) fn of_minor(minor: u32) -> Self {
        Self {
            minor,
            patch: None,
            text: format!("1.{minor}"),
        }
    }

    /// The version in a tag, a label or the like; none where the text is no version of Istio's.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let plain = ["-distroless", "-debug"]
            .iter()
            .find_map(|variant| text.strip_suffix(variant));
        let plain = plain.unwrap_or(text);
        let number = plain.strip_prefix('v').unwrap_or(plain);
        let mut segments = number.strip_prefix("1.")?.split(['.', '-', '+']);
        let minor = segments.next()?.parse().ok()?;
        let patch = segments.next().and_then(|patch| patch.parse().ok());
        (minor >= *POSSIBLE.start()).then(|| Self {
            minor,
            patch,
            text: number.to_owned(),
        })
    }
}

/// The tag of an image, with or without a digest. A colon before the last slash belongs to the registry's port.
pub(super) fn tag(image: &str) -> Option<&str> {
    let (name, _) = image.split_once('@').unwrap_or((image, ""));
    let (_, tag) = name.rsplit_once(':')?;
    (!tag.contains('/')).then_some(tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_a_version_or_a_name_of_somebodys_own() {
        for (image, expected) in [
            ("docker.io/istio/pilot:1.31.0", Some("1.31.0")),
            ("istio/pilot:1.31.0-distroless", Some("1.31.0")),
            ("istio/pilot:v1.31.0-debug", Some("1.31.0")),
            ("pilot:1.20.3-asm.4", Some("1.20.3-asm.4")),
            ("pilot:1.32-alpha.8c8ee1", Some("1.32-alpha.8c8ee1")),
            ("pilot:1.28", Some("1.28")),
            ("registry:5000/pilot:1.30.1@sha256:0123", Some("1.30.1")),
            ("pilot@sha256:0123", None),
            ("registry:5000/pilot", None),
            ("registry:5000/1.31.0", None),
            ("pilot:latest", None),
            ("pilot:1.0.0", None),
            ("pilot:1.26x", None),
            ("pilot:2.1.0", None),
            ("pilot:prod-2026-11", None),
            ("pilot", None),
        ] {
            let number = tag(image).and_then(Number::parse);
            let text = number.as_ref().map(|number| number.text.as_str());
            assert_eq!(text, expected, "{image}");
        }
        let number = Number::parse("1.27.9-distroless").unwrap();
        assert_eq!((number.minor, number.patch), (27, Some(9)));
    }
}
