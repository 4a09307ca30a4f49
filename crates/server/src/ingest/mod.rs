//! What senders post. The answer goes out only after the items are stored durably.

mod otlp;
mod pagerduty;
mod receive;
mod source;

pub(crate) use otlp::{logs, metrics, traces};
pub(crate) use pagerduty::{change, enqueue};
pub(crate) use receive::{Taken, denied, receive};
pub(crate) use source::{in_path, in_source};
