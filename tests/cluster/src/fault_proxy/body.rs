//! Faults of the way in which an answer comes.

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use bytes::Bytes;
use flate2::{Compress, Compression, Crc, FlushCompress, Status};
use futures::stream::{self, Stream, StreamExt};
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderValue, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Frame;
use tokio::time::sleep;

use super::fault::Protocol;
use super::upstream::Genuine;

/// The body of an answer, whole or in pieces.
pub(super) type Body = UnsyncBoxBody<Bytes, io::Error>;

/// The answer comes as no answer should come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyFault {
    /// Half of it comes, and nothing more.
    Hangs,
    /// A byte comes now and then.
    Drips,
    /// Half of it comes, and the connection is closed.
    BrokenOff,
    /// HTTP/2: half of it comes, and the stream is reset.
    StreamBrokenOff,
    /// Half of it comes, as if it were all.
    Half,
    /// Nothing comes, as if it were all.
    Empty,
    /// Nothing comes, and the status says so.
    NoContent,
    /// Bytes that are no text.
    Garbage,
    /// The page of a portal where users log in.
    LoginPage,
    /// All of it, as another media type.
    OtherMediaType,
    /// The head promises more than comes.
    LengthTooLong,
    /// The head promises less than there is.
    LengthTooShort,
    /// The head is longer than any client takes.
    EndlessHead,
    /// All of it, after spaces without end.
    EndlessSpaces,
    /// Something that is not gzip, as gzip.
    NotGzip,
    /// Half of a gzip stream.
    HalfGzip,
    /// A small gzip stream of very many spaces.
    GzipBomb,
}

/// Where what has no end ends after all: far above what any answer of a test cluster is.
const ENDLESS: usize = 512 * CHUNK;
const CHUNK: usize = 1 << 20;

/// How long it takes until the next byte drips.
const DRIP: Duration = Duration::from_millis(50);

impl BodyFault {
    pub(super) const ALL: &[Self] = &[
        Self::Hangs,
        Self::Drips,
        Self::BrokenOff,
        Self::StreamBrokenOff,
        Self::Half,
        Self::Empty,
        Self::NoContent,
        Self::Garbage,
        Self::LoginPage,
        Self::OtherMediaType,
        Self::LengthTooLong,
        Self::LengthTooShort,
        Self::EndlessHead,
        Self::EndlessSpaces,
        Self::NotGzip,
        Self::HalfGzip,
        Self::GzipBomb,
    ];

    pub(super) fn protocol(self) -> Protocol {
        match self {
            Self::BrokenOff | Self::LengthTooLong | Self::LengthTooShort | Self::EndlessHead => {
                Protocol::Http1
            }
            _ => Protocol::Http2,
        }
    }

    /// The answer with the fault in it.
    pub(super) fn spoil(self, genuine: Genuine) -> Response<Body> {
        let body = genuine.body.clone();
        let half = body.slice(..body.len() / 2);
        let length = body.len();
        let with = |body: Body| respond(genuine.status, genuine.media_type.clone(), body);
        match self {
            Self::Hangs => with(in_pieces(stream::iter([Ok(half)]).chain(stream::pending()))),
            Self::Drips => with(in_pieces(drops(body))),
            Self::BrokenOff | Self::StreamBrokenOff => {
                let end = io::Error::other("the body is broken off");
                with(in_pieces(stream::iter([Ok(half), Err(end)])))
            }
            Self::Half => with(whole(half)),
            Self::Empty => with(whole("")),
            Self::NoContent => respond(StatusCode::NO_CONTENT, genuine.media_type, whole("")),
            Self::Garbage => with(whole(&[0xff, 0x00, 0xfe, 0x80][..])),
            Self::LoginPage => {
                let page = "<!DOCTYPE html><html><body><form>Please log in</form></body></html>";
                respond(StatusCode::OK, html(), whole(page))
            }
            Self::OtherMediaType => respond(genuine.status, html(), whole(body)),
            Self::LengthTooLong => {
                promising(length + 100, with(in_pieces(stream::iter([Ok(body)]))))
            }
            Self::LengthTooShort => promising(length / 2, with(whole(half))),
            Self::EndlessHead => {
                let mut answer = with(whole(body));
                let long = HeaderValue::try_from("a".repeat(CHUNK)).unwrap_or_else(|_| html());
                answer.headers_mut().insert("x-endless", long);
                answer
            }
            Self::EndlessSpaces => {
                let spaces = Bytes::from(vec![b' '; CHUNK]);
                let spaces = stream::repeat(spaces).take(ENDLESS / CHUNK);
                with(in_pieces(spaces.chain(stream::iter([body])).map(Ok)))
            }
            Self::NotGzip => gzip(with(whole(body))),
            Self::HalfGzip => {
                let short = gzipped_spaces(1).concat();
                let half = short.get(..short.len() / 2).unwrap_or_default();
                gzip(with(whole(Bytes::copy_from_slice(half))))
            }
            Self::GzipBomb => {
                let spaces = gzipped_spaces(ENDLESS / CHUNK).into_iter().map(Bytes::from);
                gzip(with(in_pieces(stream::iter(spaces).map(Ok))))
            }
        }
    }
}

/// An answer of this status and media type.
pub(super) fn respond(status: StatusCode, media_type: HeaderValue, body: Body) -> Response<Body> {
    let mut answer = Response::new(body);
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, media_type);
    answer
}

/// A body that comes as a whole.
pub(super) fn whole(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into())
        .map_err(|never: Infallible| match never {})
        .boxed_unsync()
}

pub(super) fn html() -> HeaderValue {
    HeaderValue::from_static("text/html; charset=utf-8")
}

fn in_pieces(pieces: impl Stream<Item = io::Result<Bytes>> + Send + 'static) -> Body {
    StreamBody::new(pieces.map(|piece| piece.map(Frame::data))).boxed_unsync()
}

fn drops(body: Bytes) -> impl Stream<Item = io::Result<Bytes>> {
    stream::unfold(body, |mut rest| async move {
        if rest.is_empty() {
            return None;
        }
        sleep(DRIP).await;
        let drop = rest.split_to(1);
        Some((Ok(drop), rest))
    })
}

fn promising(length: usize, mut answer: Response<Body>) -> Response<Body> {
    answer.headers_mut().insert(CONTENT_LENGTH, length.into());
    answer
}

fn gzip(mut answer: Response<Body>) -> Response<Body> {
    let encoding = HeaderValue::from_static("gzip");
    answer.headers_mut().insert(CONTENT_ENCODING, encoding);
    answer
}

/// A gzip stream (RFC 1952) of so many chunks of spaces. After a full flush the compressor begins anew, so that each chunk
/// is the same bytes again, and a big stream costs no time.
fn gzipped_spaces(chunks: usize) -> Vec<Vec<u8>> {
    const HEAD: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
    const LAST_BLOCK: [u8; 2] = [3, 0];
    let spaces = vec![b' '; CHUNK];
    let mut chunk = Vec::with_capacity(CHUNK);
    let mut compressor = Compress::new(Compression::best(), false);
    let compressed = compressor.compress_vec(&spaces, &mut chunk, FlushCompress::Full);
    debug_assert!(matches!(compressed, Ok(Status::Ok)), "room for a chunk");
    let (mut one, mut all) = (Crc::new(), Crc::new());
    one.update(&spaces);
    (0..chunks).for_each(|_| all.combine(&one));
    let mut stream = vec![HEAD.to_vec()];
    stream.extend(std::iter::repeat_n(chunk, chunks));
    stream.push(LAST_BLOCK.to_vec());
    stream.push(all.sum().to_le_bytes().to_vec());
    stream.push(all.amount().to_le_bytes().to_vec());
    stream
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;

    #[test]
    fn the_bomb_is_small_and_valid() {
        let bomb = gzipped_spaces(8).concat();
        assert!(bomb.len() < CHUNK / 10, "{} bytes", bomb.len());
        let mut spaces = Vec::new();
        let mut decoder = flate2::read::GzDecoder::new(bomb.as_slice());
        decoder.read_to_end(&mut spaces).unwrap();
        assert_eq!(spaces, vec![b' '; 8 * CHUNK]);
    }
}
