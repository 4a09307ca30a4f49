//! The embedded store: metrics, spans and logs within one bound of memory and one of age. Conversion happens outside
//! its lock; under the lock things are only moved.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use firebell_core::secrets::Mask;
use firebell_core::telemetry::{Labels, LogLine, Span};
use jiff::Timestamp;

use super::config::Config;
use super::convert::{Point, Rejects};
use super::journal::{self, Journal, Record};
use super::metrics::Metrics;
use super::query::NAME;
use crate::limits::Limiter;
use crate::settings::ConfigError;

/// Queries read at the same time: each copies what it answers, and what comes in waits for none of them long.
const QUERIES: usize = 2;
/// Longest time of one query, its wait for its turn included.
const QUERY_LIMIT: Duration = Duration::from_secs(15);

/// The store. Cheap to share behind an `Arc`.
pub struct OtlpStore {
    pub(super) config: Config,
    pub(super) mask: Mask,
    pub(super) limiter: Limiter,
    pub(super) held: Held,
    journal: Option<Mutex<Journal>>,
}

/// What is held, for the threads that read and write it.
#[derive(Clone, Default)]
pub(super) struct Held(Arc<Mutex<Inner>>);

impl Held {
    pub(super) fn lock(&self) -> MutexGuard<'_, Inner> {
        // What a panic elsewhere left behind is at worst one item short.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Default)]
pub(super) struct Inner {
    pub(super) metrics: Metrics,
    pub(super) spans: Ring<Span>,
    pub(super) logs: Ring<LogLine>,
    rejected: u64,
    swept: Option<Timestamp>,
}

/// How full the store is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fill {
    /// Estimated bytes in use.
    pub bytes: usize,
    /// Bound.
    pub max_bytes: usize,
    /// Metric series.
    pub series: usize,
    /// Metric points.
    pub points: usize,
    /// Spans.
    pub spans: usize,
    /// Log lines.
    pub logs: usize,
    /// Items refused since start.
    pub rejected: u64,
}

/// A queue that knows its bytes.
pub(super) struct Ring<T> {
    pub(super) items: VecDeque<(u32, T)>,
    bytes: usize,
}

impl<T> Default for Ring<T> {
    fn default() -> Self {
        Self { items: VecDeque::new(), bytes: 0 }
    }
}

impl<T> Ring<T> {
    fn push(&mut self, item: T, bytes: usize, max: usize) {
        self.items.push_back((u32::try_from(bytes).unwrap_or(u32::MAX), item));
        self.bytes += bytes;
        while self.bytes > max && self.items.len() > 1 {
            self.pop();
        }
    }

    fn pop(&mut self) {
        if let Some((bytes, _)) = self.items.pop_front() {
            self.bytes = self.bytes.saturating_sub(bytes as usize);
        }
    }

    /// Drops from the old end while `old` says so. Items lie in order of arrival, which is that of age but for little.
    fn drop_while(&mut self, old: impl Fn(&T) -> bool) {
        while self.items.front().is_some_and(|(_, item)| old(item)) {
            self.pop();
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> + Clone {
        self.items.iter().map(|(_, item)| item)
    }
}

impl OtlpStore {
    /// An empty store.
    ///
    /// # Errors
    /// Names the field that cannot be used.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        config.check()?;
        let limiter = Limiter::new(NAME, QUERIES, QUERY_LIMIT);
        Ok(Self { config, mask: Mask::default(), limiter, held: Held::default(), journal: None })
    }

    /// A store that keeps what it takes in below `dir` as well, masked, and begins with what an earlier one left there.
    ///
    /// # Errors
    /// Names the field, or the folder, that cannot be used.
    pub fn open(config: Config, dir: &std::path::Path, mask: &Mask) -> Result<Self, ConfigError> {
        let mut store = Self { mask: mask.clone(), ..Self::new(config)? };
        let failed = |e: std::io::Error| {
            ConfigError::new("otlp", "data", format!("{} cannot be used: {e}", dir.display()))
        };
        let max_body = store.config.max_body_bytes;
        journal::mask_once(dir, |r| super::ingest::masked(r, mask, max_body)).map_err(failed)?;
        let journal = Journal::open(dir, store.max_bytes() as u64).map_err(failed)?;
        journal
            .replay(|r| {
                // It was good when it came; what has become too old since is dropped by the store itself.
                super::ingest::handle(&store, r.signal, &r.content_type, &r.content_encoding, &r.body, r.at);
            })
            .map_err(failed)?;
        store.journal = Some(Mutex::new(journal));
        Ok(store)
    }

    /// Whether what is taken in is kept on disk.
    pub(super) fn keeps(&self) -> bool {
        self.journal.is_some()
    }

    /// Keeps a body that was taken in. A full disk costs the copy, not the telemetry.
    pub(super) fn keep(&self, record: &Record) {
        if let Some(journal) = &self.journal
            && let Err(error) = journal.lock().unwrap_or_else(PoisonError::into_inner).append(record)
        {
            tracing::warn!(%error, "received telemetry could not be kept on disk");
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.held.lock()
    }

    fn max_bytes(&self) -> usize {
        self.config.max_mib << 20
    }

    /// How full it is.
    pub fn fill(&self) -> Fill {
        let inner = self.lock();
        Fill {
            bytes: inner.metrics.bytes() + inner.spans.bytes + inner.logs.bytes,
            max_bytes: self.max_bytes(),
            series: inner.metrics.series_count(),
            points: inner.metrics.point_count(),
            spans: inner.spans.items.len(),
            logs: inner.logs.items.len(),
            rejected: inner.rejected,
        }
    }

    pub(super) fn add_points(&self, points: Vec<Point>, rejects: &mut Rejects, now: Timestamp) {
        // Half of the memory is for metrics.
        let max = self.max_bytes() / 2;
        let oldest = self.oldest(now).as_millisecond();
        let newest = now.as_millisecond() + 10 * 60 * 1000;
        let mut inner = self.lock();
        for point in points {
            if point.at_ms < oldest || point.at_ms > newest {
                let name = point.name;
                rejects
                    .add(1, || format!("metric {name:?}: a point is older than is kept, or from the future"));
            } else if !inner.metrics.push(point, self.config.max_series) {
                let n = self.config.max_series;
                rejects.add(1, || {
                    format!("more than {n} series: drop labels of many values, or raise max_series")
                });
            }
        }
        // Age is looked at once a minute, the bound always.
        if inner.swept.is_none_or(|at| now.duration_since(at).as_secs().abs() >= 60) {
            inner.metrics.drop_before(oldest);
            inner.swept = Some(now);
        }
        if inner.metrics.bytes() > max {
            shrink(&mut inner.metrics, max, oldest);
        }
        inner.rejected += rejects.count.unsigned_abs();
    }

    pub(super) fn add_spans(&self, spans: Vec<Span>, rejects: &Rejects, now: Timestamp) {
        let oldest = self.oldest(now).as_microsecond();
        // Three tenths are for spans.
        let max = self.max_bytes() / 10 * 3;
        let mut inner = self.lock();
        for span in spans {
            let bytes = 240 + span.operation.len() + span.component.len() + labels_bytes(&span.attributes);
            inner.spans.push(span, bytes, max);
        }
        inner.spans.drop_while(|s| s.start_us < oldest);
        inner.rejected += rejects.count.unsigned_abs();
    }

    pub(super) fn add_logs(&self, lines: Vec<LogLine>, now: Timestamp) {
        let oldest = self.oldest(now);
        // Two tenths are for logs.
        let max = self.max_bytes() / 10 * 2;
        let mut inner = self.lock();
        for line in lines {
            let bytes = 200 + line.text.len() + labels_bytes(&line.fields);
            inner.logs.push(line, bytes, max);
        }
        inner.logs.drop_while(|l| l.at.is_some_and(|at| at < oldest));
    }

    fn oldest(&self, now: Timestamp) -> Timestamp {
        let age = jiff::SignedDuration::from_secs(i64::try_from(self.config.max_age_s).unwrap_or(i64::MAX));
        now.checked_sub(age).unwrap_or(Timestamp::MIN)
    }
}

/// Drops the oldest tenth of the time until enough is free, so that the work is spread over many calls.
fn shrink(metrics: &mut Metrics, max: usize, oldest_ms: i64) {
    metrics.drop_before(oldest_ms);
    while metrics.bytes() > max {
        let Some((oldest, newest)) = metrics.span_ms() else { return };
        metrics.drop_before(oldest + ((newest - oldest) / 10).max(1));
    }
}

fn labels_bytes(labels: &Labels) -> usize {
    labels.iter().map(|(k, v)| k.len() + v.len() + 64).sum()
}
