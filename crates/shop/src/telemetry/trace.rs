//! Spans, the W3C trace context, and a collector that samples whole traces after they ended.

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// Traces kept while they are undecided, and spans while they wait to be sent.
const MAX_PENDING: usize = 4_000;
const MAX_READY: usize = 60_000;
/// How long stragglers may come after a trace's first span ended.
const GRACE: Duration = Duration::from_millis(400);
/// When a trace without an end is decided anyway.
const GIVE_UP: Duration = Duration::from_secs(12);
/// Of the traces without error, one in so many is kept.
const KEEP_ONE_IN: u8 = 8;

/// Wall-clock time in nanoseconds since 1970.
pub(crate) fn now_ns() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |d| u64::try_from(d.as_nanos()).unwrap_or(u64::MAX))
}

/// The trace and the span that work belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TraceCx {
    pub(crate) trace_id: [u8; 16],
    pub(crate) span_id: [u8; 8],
}

impl TraceCx {
    /// Reads a `traceparent` header, version 00 as well as later ones.
    pub(crate) fn parse(header: &str) -> Option<Self> {
        let mut parts = header.split('-');
        let version = parts.next()?;
        let (trace, span) = (parts.next()?, parts.next()?);
        if version.len() != 2 || version == "ff" {
            return None;
        }
        let (mut trace_id, mut span_id) = ([0; 16], [0; 8]);
        hex::decode_to_slice(trace, &mut trace_id).ok()?;
        hex::decode_to_slice(span, &mut span_id).ok()?;
        (trace_id != [0; 16] && span_id != [0; 8]).then_some(Self { trace_id, span_id })
    }

    /// The `traceparent` header for calls made from here.
    pub(crate) fn header(&self) -> String {
        format!("00-{}-{}-01", hex::encode(self.trace_id), hex::encode(self.span_id))
    }

    /// The trace id as text.
    pub(crate) fn trace_hex(&self) -> String {
        hex::encode(self.trace_id)
    }
}

/// Which side of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SpanKind {
    Server,
    Client,
}

/// A span that ended.
#[derive(Debug, Clone)]
pub(crate) struct SpanRecord {
    pub(crate) service: &'static str,
    pub(crate) name: String,
    pub(crate) kind: SpanKind,
    pub(crate) cx: TraceCx,
    pub(crate) parent: Option<[u8; 8]>,
    pub(crate) start_ns: u64,
    pub(crate) end_ns: u64,
    pub(crate) attributes: Vec<(&'static str, String)>,
    pub(crate) error: Option<String>,
}

struct Pending {
    since: Instant,
    ended: Option<Instant>,
    spans: Vec<SpanRecord>,
}

/// Gathers spans by trace and keeps the traces with an error and a share of the others.
pub(crate) struct Collector {
    enabled: bool,
    ids: AtomicU64,
    pending: Mutex<HashMap<[u8; 16], Pending>>,
    ready: Mutex<VecDeque<SpanRecord>>,
}

impl Collector {
    /// A collector; one that is not enabled keeps nothing.
    pub(crate) fn new(enabled: bool, seed: u64) -> Self {
        // The time goes in so that a resumed shop does not repeat trace ids.
        let ids = AtomicU64::new(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ now_ns());
        Self { enabled, ids, pending: Mutex::default(), ready: Mutex::default() }
    }

    fn id(&self) -> u64 {
        // splitmix64: distinct, and spread evenly for sampling.
        let mut z = self.ids.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)).max(1)
    }

    /// A new span, in the parent's trace or a trace of its own.
    pub(crate) fn start(&self, parent: Option<TraceCx>) -> TraceCx {
        let span_id = self.id().to_be_bytes();
        let trace_id = parent.map_or_else(
            || (u128::from(self.id()) << 64 | u128::from(self.id())).to_be_bytes(),
            |p| p.trace_id,
        );
        TraceCx { trace_id, span_id }
    }

    /// Takes a span that ended.
    pub(crate) fn record(&self, span: SpanRecord) {
        if !self.enabled {
            return;
        }
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        if pending.len() >= MAX_PENDING && !pending.contains_key(&span.cx.trace_id) {
            return;
        }
        let root = span.parent.is_none();
        let entry = pending.entry(span.cx.trace_id).or_insert_with(|| Pending {
            since: Instant::now(),
            ended: None,
            spans: Vec::new(),
        });
        if root {
            entry.ended = Some(Instant::now());
        }
        entry.spans.push(span);
    }

    /// Decides the traces that ended.
    pub(crate) fn decide(&self, now: Instant) {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        let mut ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        pending.retain(|trace_id, trace| {
            let over = trace.ended.is_some_and(|e| now.duration_since(e) > GRACE);
            if !over && now.duration_since(trace.since) < GIVE_UP {
                return true;
            }
            if trace_id[15] % KEEP_ONE_IN == 0 || trace.spans.iter().any(|s| s.error.is_some()) {
                ready.extend(trace.spans.drain(..));
            }
            false
        });
        while ready.len() > MAX_READY {
            ready.pop_front();
        }
    }

    /// Takes out what is to be sent, at most `max` spans.
    pub(crate) fn take(&self, max: usize) -> Vec<SpanRecord> {
        let mut ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        let count = ready.len().min(max);
        ready.drain(..count).collect()
    }
}

#[cfg(test)]
mod tests {
    //! Trace context and sampling.

    use super::*;

    #[test]
    fn reads_and_writes_the_trace_context() {
        let header = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        assert_eq!(TraceCx::parse(header).map(|cx| cx.header()), Some(header.to_owned()));
        for bad in [
            "",
            "00-zz-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "ff-a-b",
        ] {
            assert_eq!(TraceCx::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn keeps_every_trace_with_an_error_and_a_share_of_the_others() {
        let collector = Collector::new(true, 7);
        for n in 0..800 {
            let cx = collector.start(None);
            let error = (n % 10 == 0).then(|| "boom".to_owned());
            collector.record(SpanRecord {
                service: "gateway",
                name: "GET /".into(),
                kind: SpanKind::Server,
                cx,
                parent: None,
                start_ns: 0,
                end_ns: 1,
                attributes: vec![],
                error,
            });
        }
        collector.decide(Instant::now() + GIVE_UP);
        let kept = collector.take(10_000);
        assert_eq!(kept.iter().filter(|s| s.error.is_some()).count(), 80);
        assert!((120..260).contains(&kept.len()), "kept {}", kept.len());
    }
}
