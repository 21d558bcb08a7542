//! Revisions and tags that labels name, and the webhooks that serve them.

crate::check::checks! { revision_unknown, default_missing, pod_revision_unknown, pod_revision_ignored }
