//! How much to read: of one answer, and of all of them.

use injdoctor_checks::rules::annotations::amount;

/// A number of bytes, written as kubectl writes quantities.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size(pub u64);

/// How many bytes answers may have after they are unpacked. No real cluster comes near to these: they
/// are there for servers and proxies that never stop sending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// One object. The API server takes at most 3 MiB for one, and etcd 1.5 MiB (`--max-request-bytes`)
    /// of protobuf; as JSON that is six times as much where each character has to be escaped.
    pub object: Size,
    /// A page of a list. Of 500 objects each may have 128 KiB, and a pod has 5 to 20; of the metadata of 2,000 each may
    /// have 32 KiB, and the pods' of the bench have 3 on average.
    pub page: Size,
    /// All answers of a run: the 150,000 pods of the largest cluster that Kubernetes supports have 3 GiB.
    pub run: Size,
}

/// How many pages as large as can be make up a run.
const PAGES: u64 = 64;

impl Sizes {
    /// The sizes that follow from `--max-read-size`, which is for one answer of any kind.
    pub fn new(max_read_size: Option<Size>) -> Self {
        let page = max_read_size.unwrap_or(Size(64 << 20));
        Self {
            object: max_read_size.unwrap_or(Size(16 << 20)),
            page,
            run: Size(page.0.saturating_mul(PAGES)),
        }
    }
}

impl std::fmt::Display for Size {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let units = [(40, "Ti"), (30, "Gi"), (20, "Mi"), (10, "Ki")];
        let exact = |(shift, _): &(u32, &str)| self.0.trailing_zeros() >= *shift && self.0 > 0;
        match units.into_iter().find(exact) {
            Some((shift, unit)) => write!(f, "{}{unit}", self.0 >> shift),
            None => write!(f, "{}", self.0),
        }
    }
}

/// A `--max-read-size` that is no size.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a size; write it like 256Mi or 1Gi")]
pub struct SizeError(String);

/// Reads a size as Kubernetes writes quantities: bytes, with a suffix such as `Mi` or `G`.
///
/// # Errors
/// [`SizeError`] for what is no quantity, and for less than a byte or more than a machine can have.
pub fn parse_size(text: &str) -> Result<Size, SizeError> {
    // Above 2^53 a float no longer tells each byte; no machine has that much memory.
    const MOST: f64 = 9_007_199_254_740_992.0;
    match amount(text) {
        Some(bytes) if (1.0..=MOST).contains(&bytes) => Ok(Size(bytes as u64)),
        _ => Err(SizeError(text.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_quantities() {
        let table = [
            ("64Mi", Some(64 << 20), "64Mi"),
            ("1.5Gi", Some(1536 << 20), "1536Mi"),
            ("1k", Some(1000), "1000"),
            ("1024", Some(1024), "1Ki"),
            ("2Ti", Some(2 << 40), "2Ti"),
            ("0", None, ""),
            ("100m", None, ""),
            ("-1Gi", None, ""),
            ("1e40", None, ""),
            ("much", None, ""),
            ("", None, ""),
        ];
        for (text, bytes, shown) in table {
            let size = parse_size(text).ok();
            assert_eq!(size.map(|size| size.0), bytes, "{text}");
            if let Some(size) = size {
                assert_eq!(size.to_string(), shown, "{text}");
            }
        }
    }

    #[test]
    fn the_flag_is_for_answers_of_any_kind() {
        let sizes = Sizes::new(None);
        assert_eq!(
            (sizes.object, sizes.page, sizes.run),
            (Size(16 << 20), Size(64 << 20), Size(4 << 30))
        );
        let sizes = Sizes::new(Some(Size(1 << 30)));
        assert_eq!((sizes.object, sizes.page), (Size(1 << 30), Size(1 << 30)));
    }
}
