//! One request and its answer, as text within limits.

use std::sync::atomic::{AtomicU64, Ordering};

use http::Request;
use http_body_util::BodyExt;
use kube::Client;
use kube::client::Body;
use kube::core::Status;
use kube::core::response::StatusSummary;
use serde::Deserialize;

use super::cut;
use super::trouble::{Trouble, WORDS};
use crate::cluster::connect::{Size, Sizes};
use crate::log::Came;

/// How much of an error to read. The API server's own are short; a gateway's page is not needed.
const ERROR: Size = Size(1 << 20);

/// How much all answers together may still have.
#[derive(Debug)]
pub struct Budget {
    left: AtomicU64,
    whole: Size,
}

impl Budget {
    /// The budget of a run.
    pub fn new(sizes: &Sizes) -> Self {
        Self {
            left: AtomicU64::new(sizes.run.0),
            whole: sizes.run,
        }
    }

    fn take(&self, bytes: u64) -> Result<(), Trouble> {
        let less = |left: u64| left.checked_sub(bytes);
        match (self.left).fetch_update(Ordering::Relaxed, Ordering::Relaxed, less) {
            Ok(_) => Ok(()),
            Err(_) => Err(Trouble::TooLarge {
                what: "all answers together are",
                limit: self.whole,
            }),
        }
    }
}

/// Sends a request and gives the answer, which has at most so many bytes after it is unpacked. `peek` sees as much of it
/// as is there, whenever more of it comes in.
pub async fn receive(
    client: &Client,
    request: Request<Vec<u8>>,
    limit: Size,
    budget: &Budget,
    came: &mut Came,
    peek: impl Fn(&[u8]),
) -> Result<Vec<u8>, Trouble> {
    let answer = client.send(request.map(Body::from)).await?;
    let code = answer.status().as_u16();
    came.code = Some(code);
    let mut bytes = Vec::new();
    // A read that succeeds is answered with 200 and nothing else.
    let limit = if code == 200 { limit } else { ERROR };
    let peek = |bytes: &[u8]| {
        if code == 200 {
            peek(bytes);
        }
    };
    let collected = collect(answer.into_body(), limit, budget, &mut bytes, peek).await;
    came.bytes = Some(bytes.len());
    match (code, collected) {
        (200, Ok(())) => Ok(bytes),
        (200, Err(trouble)) => Err(trouble),
        // What came of it tells enough.
        (_, Ok(()) | Err(Trouble::TooLarge { .. })) => Err(refusal(code, &bytes)),
        (_, Err(trouble)) => Err(trouble),
    }
}

async fn collect(
    mut body: Body,
    limit: Size,
    budget: &Budget,
    bytes: &mut Vec<u8>,
    peek: impl Fn(&[u8]),
) -> Result<(), Trouble> {
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else {
            continue;
        };
        let room = limit.0.saturating_sub(bytes.len() as u64);
        let room = usize::try_from(room).unwrap_or(usize::MAX);
        budget.take(data.len().min(room) as u64)?;
        match data.split_at_checked(room) {
            Some((start, rest)) if !rest.is_empty() => {
                bytes.extend_from_slice(start);
                return Err(Trouble::TooLarge {
                    what: "the answer is",
                    limit,
                });
            }
            _ => bytes.extend_from_slice(&data),
        }
        peek(bytes);
    }
    Ok(())
}

/// An error as the API server writes it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Refusal {
    kind: String,
    api_version: String,
    #[serde(flatten)]
    status: Status,
}

/// What an answer other than 200 says. Only a `Status` whose code is that of the answer comes from an
/// API server.
fn refusal(code: u16, body: &[u8]) -> Trouble {
    match serde_json::from_slice(body) {
        Ok(Refusal {
            kind,
            api_version,
            mut status,
        }) if (&*kind, &*api_version, status.code) == ("Status", "v1", code)
            && status.status == Some(StatusSummary::Failure) =>
        {
            status.message = cut(&status.message, WORDS).into_owned();
            status.reason = cut(&status.reason, WORDS).into_owned();
            if let Some(details) = &mut status.details {
                details.causes.clear();
            }
            Trouble::Api(status.boxed())
        }
        _ => Trouble::foreign(code, &String::from_utf8_lossy(body)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::fake::status;
    use serde_json::{Value, json};

    #[test]
    fn only_a_status_with_the_code_of_the_answer_is_an_api_servers() {
        let with = |change: fn(&mut Value)| {
            let mut body = status(404, "gone");
            change(&mut body);
            body.to_string()
        };
        let table = [
            (404, with(|_| ()), true),
            (403, with(|_| ()), false),
            (404, with(|body| body["kind"] = json!("Pod")), false),
            (404, with(|body| body["apiVersion"] = json!("v2")), false),
            (404, with(|body| body["status"] = json!("Success")), false),
            (404, with(|body| drop(body["code"].take())), false),
            (404, "{}".to_owned(), false),
            (404, "404 page not found\n".to_owned(), false),
            (404, String::new(), false),
        ];
        for (code, body, expected) in table {
            let trouble = refusal(code, body.as_bytes());
            let is_api = matches!(trouble, Trouble::Api(_));
            assert_eq!(is_api, expected, "{code} {body}: {trouble:?}");
        }
    }

    #[test]
    fn texts_of_others_are_cut_where_they_come_in() {
        let long = "ä".repeat(1 << 20);
        let Trouble::Api(status) = refusal(500, status(500, &long).to_string().as_bytes()) else {
            panic!("an API server's error is one");
        };
        assert!(status.message.len() <= WORDS + '…'.len_utf8());
        assert!(status.message.ends_with("ä…"));
        assert!(refusal(502, long.as_bytes()).to_string().len() < 1_000);
    }
}
