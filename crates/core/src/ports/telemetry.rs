//! Metrics, logs, traces, changes and cluster state: everything that an investigation reads.

use serde::{Deserialize, Serialize};

use super::{BoxFuture, Health};
use crate::telemetry::{Labels, MetricKind, TelemetryPart, Window};

/// Why a query gave nothing. The message says what happened, to what, and what to do next; it becomes a gap of the
/// investigation, which goes on with what is there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum QueryError {
    /// The system did not answer in time or at all.
    #[error("{source_name} cannot be reached: {detail}")]
    Unreachable {
        /// Which system.
        source_name: String,
        /// What happened.
        detail: String,
    },
    /// It refused: permission, bad query, too much.
    #[error("{source_name} refused the query: {detail}")]
    Refused {
        /// Which system.
        source_name: String,
        /// What it said.
        detail: String,
    },
    /// It has too much to do and asks to be left alone for a while.
    #[error("{source_name} is too busy to answer: {detail}")]
    Busy {
        /// Which system.
        source_name: String,
        /// What it said.
        detail: String,
        /// For how many seconds, if it says so.
        after_s: Option<u32>,
    },
    /// It answered something that is not its contract.
    #[error("{source_name} answered in a form that is not understood: {detail}")]
    Malformed {
        /// Which system.
        source_name: String,
        /// Where.
        detail: String,
    },
}

/// One metric name that a source holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetricInfo {
    /// Name.
    pub name: String,
    /// What its values mean, if the source says.
    pub kind: MetricKind,
    /// `seconds`, `bytes`, …, may be empty.
    pub unit: String,
}

/// Which series, over which time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetricQuery {
    /// Metric name; empty asks for every name (bounded by `max_series`).
    pub name: String,
    /// Labels that must be equal.
    pub labels: Labels,
    /// Over which time.
    pub window: Window,
    /// Distance of points in seconds; the adapter may widen it to keep the answer small.
    pub step_s: u32,
    /// No more than so many series.
    pub max_series: usize,
}

/// Which log lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogQuery {
    /// Component name, or none for all.
    pub component: Option<String>,
    /// Over which time.
    pub window: Window,
    /// No more than so many; where there are more, an even share of the time is taken and the answer says so.
    pub limit: usize,
}

/// Which traces.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceQuery {
    /// Service name, or none for all.
    pub service: Option<String>,
    /// Over which time.
    pub window: Window,
    /// No more than so many traces: an even share of them, failed and slow ones in the rest of the room. The answer's
    /// note says with which shares they were kept.
    pub limit: usize,
}

/// A query's answer with the text of the query as it was sent, for the evidence record.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Name of the source: `prometheus/main`.
    pub source: String,
    /// As sent.
    pub query: String,
    /// Typed result.
    pub part: TelemetryPart,
    /// What is missing from the answer (truncated, sampled), if anything.
    pub note: Option<String>,
}

/// A query's result.
pub type QueryResult = Result<Answer, QueryError>;

/// Anything that can be asked. A source implements what it has; the rest answers `None`, "not mine".
///
/// Adapters keep a time limit on every call and a concurrency limit on the queried system.
pub trait TelemetrySource: Send + Sync {
    /// `prometheus/main`: kind and configured name.
    fn name(&self) -> &str;

    /// One cheap call.
    fn health(&self) -> BoxFuture<'_, Health>;

    /// Metric names that exist in the window.
    fn metric_names(&self, _window: Window) -> Option<BoxFuture<'_, Result<Vec<MetricInfo>, QueryError>>> {
        None
    }

    /// Series of one name (or of all), as [`TelemetryPart::Series`].
    fn metrics<'a>(&'a self, _query: &'a MetricQuery) -> Option<BoxFuture<'a, QueryResult>> {
        None
    }

    /// Log lines, as [`TelemetryPart::Logs`].
    fn logs<'a>(&'a self, _query: &'a LogQuery) -> Option<BoxFuture<'a, QueryResult>> {
        None
    }

    /// Spans, as [`TelemetryPart::Spans`].
    fn traces<'a>(&'a self, _query: &'a TraceQuery) -> Option<BoxFuture<'a, QueryResult>> {
        None
    }

    /// Changes in the window, as [`TelemetryPart::Changes`].
    fn changes(&self, _window: Window) -> Option<BoxFuture<'_, QueryResult>> {
        None
    }

    /// Cluster or platform state now, as [`TelemetryPart::Objects`].
    fn cluster_state(&self) -> Option<BoxFuture<'_, QueryResult>> {
        None
    }

    /// Cluster events in the window, as [`TelemetryPart::Events`].
    fn cluster_events(&self, _window: Window) -> Option<BoxFuture<'_, QueryResult>> {
        None
    }

    /// Known call relations, as [`TelemetryPart::Topology`].
    fn topology(&self, _window: Window) -> Option<BoxFuture<'_, QueryResult>> {
        None
    }
}
