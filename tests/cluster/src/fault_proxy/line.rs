//! Faults of the connection.

use h2::Reason;

use super::fault::Protocol;

/// The connection breaks, or no answer comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineFault {
    /// TCP is reset before an answer.
    Reset,
    /// The same, which takes all requests of an HTTP/2 connection with it.
    ResetOfAll,
    /// The connection is closed before an answer.
    Closed,
    /// The same, which takes all requests of an HTTP/2 connection with it.
    ClosedToAll,
    /// The connection is reset, and further ones are refused.
    Refused,
    /// No answer comes.
    Silence,
    /// What comes is not HTTP.
    NotHttp,
    /// HTTP/2: the server goes away without an answer.
    GoAway,
    /// HTTP/2: the server goes away, but answers what was asked before.
    GoAwayLater,
    /// HTTP/2: the stream is reset, and the client is told that nothing was done for it.
    RefusedStream,
    /// HTTP/2: the stream is reset because of an error.
    ResetStream,
}

/// What to do to the connection of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Strike {
    /// Ends it without another word.
    End,
    /// Writes this instead of an answer, and ends it.
    Say(&'static [u8]),
    /// Ends it and all others, and lets no more in.
    EndAll,
    /// Says that it goes, and goes.
    GoAway,
    /// Says that it goes; then the answer.
    GoAwayLater,
    /// Resets the stream.
    ResetStream(Reason),
    /// Nothing, for ever.
    Silence,
}

impl LineFault {
    pub(super) const ALL: &[Self] = &[
        Self::Reset,
        Self::ResetOfAll,
        Self::Closed,
        Self::ClosedToAll,
        Self::Refused,
        Self::Silence,
        Self::NotHttp,
        Self::GoAway,
        Self::GoAwayLater,
        Self::RefusedStream,
        Self::ResetStream,
    ];

    pub(super) fn protocol(self) -> Protocol {
        match self {
            Self::Reset | Self::Closed | Self::Refused | Self::NotHttp => Protocol::Http1,
            _ => Protocol::Http2,
        }
    }

    /// Whether its connections end with a TCP reset instead of a farewell.
    pub(super) fn resets(self) -> bool {
        matches!(self, Self::Reset | Self::ResetOfAll | Self::Refused)
    }

    pub(super) fn strike(self) -> Strike {
        match self {
            Self::Reset | Self::ResetOfAll | Self::Closed | Self::ClosedToAll => Strike::End,
            Self::Refused => Strike::EndAll,
            Self::Silence => Strike::Silence,
            Self::NotHttp => Strike::Say(b"220 mail.example.com ESMTP\r\n"),
            Self::GoAway => Strike::GoAway,
            Self::GoAwayLater => Strike::GoAwayLater,
            Self::RefusedStream => Strike::ResetStream(Reason::REFUSED_STREAM),
            Self::ResetStream => Strike::ResetStream(Reason::INTERNAL_ERROR),
        }
    }
}
