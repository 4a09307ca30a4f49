//! How fast the engine is, as histograms that whoever serves metrics reads: how long a sender waits until its items are
//! durable, how long effects take from being asked for to being done, and how long it takes from a signal to the first
//! page that it causes. Durations of this process, never part of the record.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use firebell_core::effect::Effect;

/// Upper bounds of buckets where people wait for a machine, in seconds.
pub const SHORT: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];
/// Upper bounds of buckets of what goes outside, in seconds.
pub const LONG: [f64; 12] = [0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 900.0];
/// Kinds of effects, as [`Effect::kind`] names them.
pub const KINDS: [&str; 19] = [
    "run_agent",
    "draft_update",
    "send",
    "page",
    "reach",
    "announce",
    "act",
    "archive_bundle",
    "write_postmortem",
    "open_room",
    "room_topic",
    "room_invite",
    "room_post",
    "room_announce",
    "archive_room",
    "open_bridge",
    "keep_files",
    "file_issue",
    "close_issue",
];

/// A histogram of durations.
#[derive(Debug)]
pub struct Histogram {
    bounds: &'static [f64; 12],
    buckets: [AtomicU64; 13],
    micros: AtomicU64,
}

impl Histogram {
    /// An empty one with these upper bounds, in seconds.
    pub fn new(bounds: &'static [f64; 12]) -> Self {
        Self { bounds, buckets: Default::default(), micros: AtomicU64::new(0) }
    }

    /// Counts one.
    pub fn observe(&self, took: Duration) {
        let seconds = took.as_secs_f64();
        let at = self.bounds.iter().position(|bound| seconds <= *bound).unwrap_or(self.bounds.len());
        self.buckets[at].fetch_add(1, Ordering::Relaxed);
        self.micros.fetch_add(u64::try_from(took.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// The upper bounds, in seconds.
    pub fn bounds(&self) -> &'static [f64; 12] {
        self.bounds
    }

    /// Cumulative counts, one a bound and one for all; and the sum in seconds.
    pub fn snapshot(&self) -> ([u64; 13], f64) {
        let mut counts = [0; 13];
        let mut sum = 0;
        for (out, bucket) in counts.iter_mut().zip(&self.buckets) {
            sum += bucket.load(Ordering::Relaxed);
            *out = sum;
        }
        (counts, self.micros.load(Ordering::Relaxed) as f64 / 1e6)
    }
}

/// The engine's own figures.
#[derive(Debug)]
pub struct Pulse {
    accept: Histogram,
    intake_to_page: Histogram,
    effects: [Histogram; KINDS.len()],
    begun: Instant,
    /// Milliseconds after `begun` at which the dispatcher last looked for work, and one more; 0 before the first time.
    dispatched: AtomicU64,
}

impl Default for Pulse {
    fn default() -> Self {
        Self {
            accept: Histogram::new(&SHORT),
            intake_to_page: Histogram::new(&LONG),
            effects: std::array::from_fn(|_| Histogram::new(&LONG)),
            begun: Instant::now(),
            dispatched: AtomicU64::new(0),
        }
    }
}

/// How long an effect took that was just done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delivered {
    /// Its kind, as [`Effect::kind`] names it.
    pub kind: &'static str,
    /// Since it was asked for.
    pub asked: Duration,
    /// Since the signal that opened the incident, where it is part of the incident's first page.
    pub heard: Option<Duration>,
}

impl Pulse {
    /// From a sender's request to its flush.
    pub fn accept(&self) -> &Histogram {
        &self.accept
    }

    /// From the signal that opened an incident, as it was received, to its first page as it was handed over.
    pub fn intake_to_page(&self) -> &Histogram {
        &self.intake_to_page
    }

    /// From being asked for to being done, by kind.
    pub fn effects(&self) -> impl Iterator<Item = (&'static str, &Histogram)> {
        KINDS.into_iter().zip(&self.effects)
    }

    /// How long ago the dispatcher last looked for work and was answered; `None` if it never did.
    pub fn dispatched_ago(&self) -> Option<Duration> {
        let at = self.dispatched.load(Ordering::Relaxed).checked_sub(1)?;
        Some(self.begun.elapsed().saturating_sub(Duration::from_millis(at)))
    }

    /// The dispatcher looked for work and was answered.
    pub fn dispatched(&self) {
        let at = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX - 1);
        self.dispatched.store(at + 1, Ordering::Relaxed);
    }

    pub(crate) fn delivered(&self, delivered: Delivered) {
        if let Some(at) = KINDS.iter().position(|kind| *kind == delivered.kind) {
            self.effects[at].observe(delivered.asked);
        }
        if let Some(heard) = delivered.heard {
            self.intake_to_page.observe(heard);
        }
    }
}

/// Whether an effect calls a person.
pub(crate) fn is_page(effect: &Effect) -> bool {
    effect.calls_people()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rooms_and_issues_are_counted_too() {
        assert_eq!(KINDS[9..17], firebell_core::incident::RoomEffect::KINDS);
        assert_eq!(KINDS[17..], firebell_core::incident::IssueEffect::KINDS);
    }

    #[test]
    fn durations_fall_into_their_buckets_and_are_summed() {
        let histogram = Histogram::new(&LONG);
        for ms in [50, 100, 101, 3_600_000] {
            histogram.observe(Duration::from_millis(ms));
        }
        let (counts, sum) = histogram.snapshot();
        assert_eq!((counts[0], counts[1], counts[11], counts[12]), (2, 3, 3, 4));
        assert!((sum - 3600.251).abs() < 1e-6, "{sum}");
    }
}
