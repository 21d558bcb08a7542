//! Every entry of a webhook configuration has its caBundle, and most have the same. A file has each of them once.

use std::collections::{BTreeMap, BTreeSet};

use injdoctor_checks::facts::kinds::{
    MutatingWebhookConfiguration, ValidatingWebhookConfiguration,
};
use injdoctor_checks::facts::{Fact, Object, Objects, Resource, Store};
use injdoctor_checks::rules::certificates::md5_hex;

/// How the text begins that stands in the place of a caBundle; its md5 follows.
const MARK: &str = "md5:";

/// Keeps of equal caBundles the first, and puts its md5 in the place of the others.
pub fn fold(reads: &mut Store) {
    let mut seen = BTreeSet::new();
    for bundle in bundles(reads) {
        let mark = format!("{MARK}{}", md5_hex(bundle)).into_bytes();
        if mark.len() < bundle.len() && !seen.insert(mark.clone()) {
            *bundle = mark;
        }
    }
}

/// Puts the caBundles back. What looks like the md5 of one that is not there stays as it is.
pub fn unfold(reads: &mut Store) {
    let mut folded = Vec::new();
    let mut whole = BTreeMap::new();
    for bundle in bundles(reads) {
        match bundle.starts_with(MARK.as_bytes()) {
            true => folded.push(bundle),
            false => drop(whole.insert(format!("{MARK}{}", md5_hex(bundle)), bundle.clone())),
        }
    }
    for bundle in folded {
        let mark = String::from_utf8_lossy(bundle);
        if let Some(text) = whole.get(mark.as_ref()) {
            bundle.clone_from(text);
        }
    }
}

fn bundles(reads: &mut Store) -> impl Iterator<Item = &mut Vec<u8>> {
    reads.reads_mut().flat_map(|(read, fact)| match fact {
        Fact::Got(objects) => of_configurations(read.resource, objects),
        _ => Vec::new(),
    })
}

/// The caBundles of a list of webhook configurations, in their order.
fn of_configurations(resource: Resource, objects: &mut Objects) -> Vec<&mut Vec<u8>> {
    macro_rules! of {
        ($kind:ty) => {{
            let all = <$kind>::among_mut(objects).into_iter().flatten();
            let entries = all.flat_map(|one| one.webhooks.iter_mut().flatten());
            let bundles = entries.filter_map(|one| one.client_config.ca_bundle.as_mut());
            bundles.map(|bundle| &mut bundle.0).collect()
        }};
    }
    match resource {
        Resource::MutatingWebhookConfiguration => of!(MutatingWebhookConfiguration),
        Resource::ValidatingWebhookConfiguration => of!(ValidatingWebhookConfiguration),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn reads(bundles: [&str; 4]) -> Store {
        let [a, b, c, d] = bundles.map(|text| {
            let bundle = k8s_openapi::ByteString(text.as_bytes().to_vec());
            json!({"name": "x", "clientConfig": {"caBundle": bundle}, "sideEffects": "None", "admissionReviewVersions": []})
        });
        let of = |resource: &str, webhooks: Value| json!({"asked": {"resource": resource}, "got": [{"metadata": {"name": "x"}, "webhooks": webhooks}]});
        serde_json::from_value(json!([
            of("MutatingWebhookConfiguration", json!([a, b, c])),
            of("ValidatingWebhookConfiguration", json!([d])),
        ]))
        .unwrap()
    }

    #[test]
    fn equal_bundles_stand_in_the_file_once() {
        let (one, other) = ("1".repeat(50), "2".repeat(50));
        let of_one = format!("md5:{}", md5_hex(one.as_bytes()));
        let of_none = format!("md5:{}", md5_hex(b"3"));
        for (live, file) in [
            (
                [&*one, &other, &one, &one],
                [&*one, &other, &of_one, &of_one],
            ),
            // The md5 would be longer, or stands there by itself.
            (["1", "1", "", ""], ["1", "1", "", ""]),
            (
                [&of_none, &of_none, &one, ""],
                [&of_none, &of_none, &one, ""],
            ),
        ] {
            let mut folded = reads(live);
            fold(&mut folded);
            assert_eq!(folded, reads(file));
            unfold(&mut folded);
            assert_eq!(folded, reads(live));
        }
    }
}
