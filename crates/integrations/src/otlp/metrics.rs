//! Series in memory: names and labels interned, 16 bytes a point, dropped from the old end.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::Arc;

use firebell_core::telemetry::{Labels, MetricKind};

use super::convert::Point;

/// Bytes of a point, with the queue's spare room.
const POINT_BYTES: usize = 24;
/// Bytes of a series besides its texts.
const SERIES_BYTES: usize = 256;
/// Bytes of one label of a series: two pointers, twice.
const LABEL_BYTES: usize = 64;

type Key = (Arc<str>, Vec<(Arc<str>, Arc<str>)>);

/// One series.
pub(super) struct Stored {
    pub(super) name: Arc<str>,
    pub(super) labels: Vec<(Arc<str>, Arc<str>)>,
    pub(super) kind: MetricKind,
    pub(super) unit: &'static str,
    pub(super) points: VecDeque<(i64, f64)>,
    sum: f64,
}

/// All series.
#[derive(Default)]
pub(super) struct Metrics {
    series: HashMap<Key, Stored>,
    texts: HashSet<Arc<str>>,
    points: usize,
    label_count: usize,
    text_bytes: usize,
}

impl Metrics {
    /// Takes a point; false if it would begin a series beyond `max_series`.
    pub(super) fn push(&mut self, point: Point, max_series: usize) -> bool {
        let name = self.intern(&point.name);
        let labels: Vec<_> = point.labels.iter().map(|(k, v)| (self.intern(k), self.intern(v))).collect();
        let key = (name, labels);
        if !self.series.contains_key(&key) {
            if self.series.len() >= max_series {
                return false;
            }
            self.label_count += key.1.len();
            let stored = Stored {
                name: Arc::clone(&key.0),
                labels: key.1.clone(),
                kind: point.kind,
                unit: point.unit,
                points: VecDeque::new(),
                sum: 0.0,
            };
            self.series.insert(key.clone(), stored);
        }
        let Some(stored) = self.series.get_mut(&key) else { return false };
        let value = if point.delta {
            stored.sum += point.value;
            stored.sum
        } else {
            point.value
        };
        match stored.points.back() {
            Some(last) if last.0 == point.at_ms => {
                if let Some(last) = stored.points.back_mut() {
                    last.1 = value;
                }
                return true;
            }
            Some(last) if last.0 > point.at_ms => {
                match stored.points.binary_search_by_key(&point.at_ms, |p| p.0) {
                    Ok(_) => return true,
                    Err(i) => stored.points.insert(i, (point.at_ms, value)),
                }
            }
            _ => stored.points.push_back((point.at_ms, value)),
        }
        self.points += 1;
        true
    }

    fn intern(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.texts.get(text) {
            return Arc::clone(known);
        }
        let new: Arc<str> = text.into();
        self.text_bytes += text.len() + 48;
        self.texts.insert(Arc::clone(&new));
        new
    }

    /// Drops points before `cutoff_ms`, and series that have none left.
    pub(super) fn drop_before(&mut self, cutoff_ms: i64) {
        let (mut points, mut labels) = (0, 0);
        self.series.retain(|_, s| {
            while s.points.front().is_some_and(|p| p.0 < cutoff_ms) {
                s.points.pop_front();
            }
            // A full queue keeps its room; give it back once it is mostly empty.
            if s.points.capacity() > 4 * s.points.len().max(16) {
                s.points.shrink_to_fit();
            }
            points += s.points.len();
            labels += s.labels.len();
            !s.points.is_empty()
        });
        (self.points, self.label_count) = (points, self.series.values().map(|s| s.labels.len()).sum());
        self.texts.retain(|t| Arc::strong_count(t) > 1);
        self.text_bytes = self.texts.iter().map(|t| t.len() + 48).sum();
    }

    /// Oldest and newest time.
    pub(super) fn span_ms(&self) -> Option<(i64, i64)> {
        let oldest = self.series.values().filter_map(|s| s.points.front()).map(|p| p.0).min()?;
        let newest = self.series.values().filter_map(|s| s.points.back()).map(|p| p.0).max()?;
        Some((oldest, newest))
    }

    pub(super) fn bytes(&self) -> usize {
        self.points * POINT_BYTES
            + self.series.len() * SERIES_BYTES
            + self.label_count * LABEL_BYTES
            + self.text_bytes
    }

    pub(super) fn series_count(&self) -> usize {
        self.series.len()
    }

    pub(super) fn point_count(&self) -> usize {
        self.points
    }

    /// Series of a name (of all for ""), whose labels hold all of `labels`, by name and labels.
    pub(super) fn matching(&self, name: &str, labels: &Labels) -> Vec<&Stored> {
        let mut out: Vec<&Stored> = self
            .series
            .values()
            .filter(|s| name.is_empty() || &*s.name == name)
            .filter(|s| {
                labels.iter().all(|(k, v)| s.labels.iter().any(|(sk, sv)| **sk == **k && **sv == **v))
            })
            .collect();
        out.sort_by(|a, b| (&a.name, &a.labels).cmp(&(&b.name, &b.labels)));
        out
    }

    /// Names with kind and unit that have a point in the span.
    pub(super) fn names(&self, from_ms: i64, to_ms: i64) -> BTreeMap<Arc<str>, (MetricKind, &'static str)> {
        self.series
            .values()
            .filter(|s| {
                s.points.front().is_some_and(|p| p.0 <= to_ms)
                    && s.points.back().is_some_and(|p| p.0 >= from_ms)
            })
            .map(|s| (Arc::clone(&s.name), (s.kind, s.unit)))
            .collect()
    }
}
