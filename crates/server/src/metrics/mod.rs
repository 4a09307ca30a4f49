//! What the server counts of itself, shown at `/metrics`.

mod counts;
mod latency;
mod render;
mod rss;

pub(crate) use counts::{Door, Limited, Metrics, Reason, SourceCounts};
pub(crate) use latency::{Group, measure};
pub(crate) use render::operation;
