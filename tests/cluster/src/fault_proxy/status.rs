//! Errors that somebody answers with: the API server, or what stands in its place.

use bytes::Bytes;
use http::header::{LOCATION, RETRY_AFTER};
use http::{HeaderValue, Response, StatusCode};
use serde_json::{Value, json};

use super::body::{Body, html, respond, whole};
use super::read::{Read, Resource};

/// Somebody answers with an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusFault {
    /// 404 of a server that is no API server.
    NotFoundInText,
    /// The same with a page.
    NotFoundPage,
    /// 404 for an object of another name.
    NotFoundOfAnotherName,
    /// 404 for an object of another kind.
    NotFoundOfAnotherKind,
    /// 404 for nothing in particular.
    NotFoundOfNothing,
    /// 404 for an object, where a list was asked for.
    NotFoundOfList,
    /// 404 for the object in the body, another status in the head.
    NotFoundUnderAnotherStatus,
    /// 404 for the object in the body, 200 in the head.
    NotFoundAsSuccess,
    /// 404 in the head, and a body with another reason.
    NotFoundForAnotherReason,
    /// 401.
    Unauthorized,
    /// 401 of a gateway.
    UnauthorizedPage,
    /// 403.
    Forbidden,
    /// 403 of a gateway.
    ForbiddenPage,
    /// 400 of a gateway.
    BadRequestPage,
    /// 410: the state that the list was begun in is forgotten.
    Expired,
    /// 429.
    TooManyRequests,
    /// 429, and to try again tomorrow.
    TryTomorrow,
    /// 500.
    InternalError,
    /// 500 of a gateway.
    InternalErrorPage,
    /// 502 of a gateway.
    BadGatewayInText,
    /// 503.
    Unavailable,
    /// 503 of a gateway.
    UnavailablePage,
    /// 504.
    GatewayTimeout,
    /// 302 to where users log in.
    Redirect,
    /// 500 in very many words.
    LongInternalError,
    /// 403 in very many words.
    LongForbidden,
    /// 502 of a gateway with a very long page.
    LongPage,
}

/// Very many words, in bytes.
const LONG: usize = 10 << 20;

impl StatusFault {
    pub(super) const ALL: &[Self] = &[
        Self::NotFoundInText,
        Self::NotFoundPage,
        Self::NotFoundOfAnotherName,
        Self::NotFoundOfAnotherKind,
        Self::NotFoundOfNothing,
        Self::NotFoundOfList,
        Self::NotFoundUnderAnotherStatus,
        Self::NotFoundAsSuccess,
        Self::NotFoundForAnotherReason,
        Self::Unauthorized,
        Self::UnauthorizedPage,
        Self::Forbidden,
        Self::ForbiddenPage,
        Self::BadRequestPage,
        Self::Expired,
        Self::TooManyRequests,
        Self::TryTomorrow,
        Self::InternalError,
        Self::InternalErrorPage,
        Self::BadGatewayInText,
        Self::Unavailable,
        Self::UnavailablePage,
        Self::GatewayTimeout,
        Self::Redirect,
        Self::LongInternalError,
        Self::LongForbidden,
        Self::LongPage,
    ];

    /// Whether it can be the answer to a read.
    pub(super) fn befalls(self, read: &Read) -> bool {
        match self {
            Self::NotFoundOfAnotherName
            | Self::NotFoundOfAnotherKind
            | Self::NotFoundUnderAnotherStatus
            | Self::NotFoundAsSuccess
            | Self::NotFoundForAnotherReason => read.is_object(),
            Self::NotFoundOfList => read.is_list(),
            Self::Expired => read.page > 0,
            _ => true,
        }
    }

    /// The error in place of the answer to a read.
    pub(super) fn answer(self, read: &Read) -> Response<Body> {
        let asked = Resource {
            group: "",
            plural: "",
            namespace: None,
            name: None,
        };
        let asked = read.resource().unwrap_or(asked);
        let Resource { plural, name, .. } = asked;
        let name = name.unwrap_or_default();
        match self {
            Self::NotFoundInText => text(404, "404 page not found\n"),
            Self::NotFoundPage => page(404, "404 Not Found"),
            Self::NotFoundOfAnotherName => {
                let other = Resource {
                    name: Some("another"),
                    ..asked
                };
                failure(404, not_found(other))
            }
            Self::NotFoundOfAnotherKind => {
                let other = Resource {
                    plural: "widgets",
                    group: "example.com",
                    ..asked
                };
                failure(404, not_found(other))
            }
            Self::NotFoundOfNothing => {
                let message = "the server could not find the requested resource";
                failure(404, status(404, "NotFound", message, json!({})))
            }
            Self::NotFoundOfList => failure(404, not_found(asked)),
            Self::NotFoundUnderAnotherStatus => failure(502, not_found(asked)),
            Self::NotFoundAsSuccess => failure(200, not_found(asked)),
            Self::NotFoundForAnotherReason => {
                let message = format!("{plural} {name:?} is gone");
                failure(404, status(404, "Gone", &message, details(asked)))
            }
            Self::Unauthorized => {
                failure(401, status(401, "Unauthorized", "Unauthorized", json!({})))
            }
            Self::UnauthorizedPage => page(401, "401 Authorization Required"),
            Self::Forbidden => failure(403, forbidden(asked, "")),
            Self::ForbiddenPage => page(403, "403 Forbidden"),
            Self::BadRequestPage => page(400, "400 Request Header Or Cookie Too Large"),
            Self::Expired => {
                let message = "The provided continue parameter is too old";
                failure(410, status(410, "Expired", message, json!({})))
            }
            Self::TooManyRequests => too_many_requests(1),
            Self::TryTomorrow => too_many_requests(86_400),
            Self::InternalError => {
                let message = "Internal error occurred: etcdserver: leader changed";
                failure(500, status(500, "InternalError", message, json!({})))
            }
            Self::InternalErrorPage => page(500, "500 Internal Server Error"),
            Self::BadGatewayInText => text(502, "Bad Gateway"),
            Self::Unavailable => {
                let message = "the server is currently unable to handle the request";
                failure(503, status(503, "ServiceUnavailable", message, json!({})))
            }
            Self::UnavailablePage => page(503, "503 Service Temporarily Unavailable"),
            Self::GatewayTimeout => {
                let message = "the server was unable to return a response in the time allotted";
                failure(504, status(504, "Timeout", message, json!({})))
            }
            Self::Redirect => {
                let mut answer = page(302, "302 Found");
                let login = HeaderValue::from_static("https://login.example.com/");
                answer.headers_mut().insert(LOCATION, login);
                answer
            }
            Self::LongInternalError => {
                let message = "etcdserver: leader changed ".repeat(LONG / 27);
                failure(500, status(500, "InternalError", &message, json!({})))
            }
            Self::LongForbidden => {
                let why = "because of a policy ".repeat(LONG / 20);
                failure(403, forbidden(asked, &why))
            }
            Self::LongPage => page(502, &"Bad Gateway ".repeat(LONG / 12)),
        }
    }
}

/// The API server's own form of an error: `Status` in `k8s.io/apimachinery/pkg/apis/meta/v1/types.go` 1.36.
fn status(code: u16, reason: &str, message: &str, details: Value) -> Value {
    json!({
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": message,
        "reason": reason,
        "details": details,
        "code": code,
    })
}

fn details(resource: Resource<'_>) -> Value {
    json!({"name": resource.name, "group": resource.group, "kind": resource.plural})
}

fn not_found(resource: Resource<'_>) -> Value {
    let name = resource.name.unwrap_or_default();
    let message = format!("{} {name:?} not found", resource.plural);
    status(404, "NotFound", &message, details(resource))
}

fn forbidden(resource: Resource<'_>, why: &str) -> Value {
    let name = resource.name.unwrap_or_default();
    let message = format!("{} {name:?} is forbidden: {why}", resource.plural);
    status(403, "Forbidden", &message, details(resource))
}

fn too_many_requests(seconds: u32) -> Response<Body> {
    let message = "the server has received too many requests and has asked us to try again later";
    let details = json!({"retryAfterSeconds": seconds});
    let mut answer = failure(429, status(429, "TooManyRequests", message, details));
    answer.headers_mut().insert(RETRY_AFTER, seconds.into());
    answer
}

fn failure(code: u16, status: Value) -> Response<Body> {
    let json = HeaderValue::from_static("application/json");
    answer(code, json, status.to_string())
}

fn page(code: u16, title: &str) -> Response<Body> {
    let page =
        format!("<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>\n");
    answer(code, html(), page)
}

fn text(code: u16, words: &'static str) -> Response<Body> {
    answer(code, HeaderValue::from_static("text/plain"), words)
}

fn answer(code: u16, media_type: HeaderValue, body: impl Into<Bytes>) -> Response<Body> {
    // All codes here are such that there is a status of them.
    let status = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    respond(status, media_type, whole(body))
}
