//! All faults.

use std::fmt;

use super::body::BodyFault;
use super::document::DocumentFault;
use super::line::LineFault;
use super::read::{Exchange, Read};
use super::status::StatusFault;

/// What goes wrong with the answer to a read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The connection breaks, or no answer comes.
    Line(LineFault),
    /// The answer comes as no answer should come.
    Body(BodyFault),
    /// Somebody answers with an error.
    Status(StatusFault),
    /// The answer is a JSON document, but not the one that was asked for.
    Document(DocumentFault),
}

/// How often a fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Times {
    /// The first time that the read is asked, and not when it is tried again.
    Once,
    /// Whenever the read is asked.
    Always,
}

/// One read with the fault that is put into its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disturbance {
    /// The read.
    pub read: Read,
    /// What goes wrong with it.
    pub fault: Fault,
    /// How often.
    pub times: Times,
}

/// What the connections of a proxy speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    Http1,
    /// What the API server itself prefers.
    Http2,
}

impl Fault {
    /// Every fault there is.
    pub fn all() -> impl Iterator<Item = Self> {
        let lines = LineFault::ALL.iter().copied().map(Self::Line);
        let bodies = BodyFault::ALL.iter().copied().map(Self::Body);
        let statuses = StatusFault::ALL.iter().copied().map(Self::Status);
        let documents = DocumentFault::ALL.iter().copied().map(Self::Document);
        lines.chain(bodies).chain(statuses).chain(documents)
    }

    /// Whether it can befall what was answered so.
    pub fn befalls(self, exchange: &Exchange) -> bool {
        match self {
            Self::Line(_) | Self::Body(_) => true,
            Self::Status(fault) => fault.befalls(&exchange.read),
            Self::Document(fault) => fault.befalls(exchange),
        }
    }

    /// Whether it keeps the client waiting, so that only a time limit ends it.
    pub fn hangs(self) -> bool {
        match self {
            Self::Line(fault) => fault == LineFault::Silence,
            Self::Body(fault) => matches!(fault, BodyFault::Hangs | BodyFault::Drips),
            Self::Status(_) => false,
            Self::Document(fault) => fault == DocumentFault::EndlessPages,
        }
    }

    /// How often it is worth to be tried: a client asks again after some of them.
    pub fn times(self) -> &'static [Times] {
        match self {
            _ if self.hangs() => &[Times::Always],
            Self::Line(_) | Self::Status(_) => &[Times::Once, Times::Always],
            Self::Body(_) | Self::Document(_) => &[Times::Always],
        }
    }

    pub(super) fn protocol(self) -> Protocol {
        match self {
            Self::Line(fault) => fault.protocol(),
            Self::Body(fault) => fault.protocol(),
            Self::Status(_) | Self::Document(_) => Protocol::Http2,
        }
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(fault) => write!(f, "Line::{fault:?}"),
            Self::Body(fault) => write!(f, "Body::{fault:?}"),
            Self::Status(fault) => write!(f, "Status::{fault:?}"),
            Self::Document(fault) => write!(f, "Document::{fault:?}"),
        }
    }
}

impl fmt::Display for Disturbance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { read, fault, times } = self;
        write!(f, "{fault:?} {times:?} at {read}")
    }
}

impl Disturbance {
    /// Whether a read is the one that is disturbed.
    pub(super) fn strikes(&self, read: &Read) -> bool {
        match self.fault {
            // The pages after it are its own invention.
            Fault::Document(DocumentFault::EndlessPages) => {
                read.is_of_list(&self.read) && read.page >= self.read.page
            }
            _ => *read == self.read,
        }
    }
}
