//! Measuring and emitting: metrics, traces, logs, and their push over OTLP. Nothing here invents a value.

mod export;
mod log;
mod metrics;
mod otlp;
mod render;
mod trace;

pub(crate) use export::{Exporter, run_exporter};
pub(crate) use log::{Level, LogFiles};
pub(crate) use metrics::{Registry, exemplar, quantile};
pub(crate) use trace::{Collector, SpanKind, SpanRecord, TraceCx, now_ns};
