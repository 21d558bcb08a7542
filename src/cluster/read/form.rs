//! How lists are asked for.

use kube::api::ListParams;
use kube::core::Request;

/// A request.
pub(super) type Asked = http::Request<Vec<u8>>;

/// A request, or why there is none.
pub(super) type Built = Result<Asked, kube::core::request::Error>;

/// How a list's items are asked for.
pub(super) struct Form {
    pub(super) request: fn(&Request, &ListParams) -> Built,
    /// Items on one page.
    pub(super) page: u32,
}

/// The objects of a list as they are, in pages of kubectl's size.
pub(super) const OBJECTS: Form = Form {
    request: Request::list,
    page: 500,
};
/// Their metadata alone: more items have room on a page of as many bytes. The fewer pages, the less work is a long list for
/// the API server, which for each page walks all the items that remain (`k8s.io/apiserver` pkg/storage/cacher, v0.36).
pub(super) const METADATA: Form = Form {
    request: Request::list_metadata,
    page: 2_000,
};
