//! What the times of calls tell: deadlines, queues, repeated calls, and whose time was lost.

use firebell_core::telemetry::{Labels, Span, SpanKind, Telemetry, Window};
use firebell_core::verdict::Verdict;
use jiff::Timestamp;

use super::told;
use crate::{Settings, investigate, reevaluate};

const START: i64 = 1_767_600_000_000_000;
/// Microseconds from the normal part to the onset.
const ONSET: i64 = 300_000_000;
const END: i64 = 600_000_000;
const MS: i64 = 1_000;

struct Spans {
    t: Telemetry,
    next: u64,
    drawn: u64,
}

impl Spans {
    fn new(seed: u64) -> Self {
        Self { t: Telemetry::default(), next: 0, drawn: seed }
    }

    /// From 0 to `below`.
    fn draw(&mut self, below: i64) -> i64 {
        self.drawn =
            self.drawn.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.drawn >> 33) as i64 % below
    }

    /// A span from `from` on, both in microseconds after the start; its id.
    fn add(
        &mut self,
        parent: Option<&str>,
        at: (&str, &str, SpanKind),
        from: i64,
        took: i64,
        error: bool,
    ) -> String {
        self.next += 1;
        let id = format!("{:x}", self.next);
        let trace = parent.map_or_else(
            || format!("t{id}"),
            |p| self.t.spans.iter().find(|s| s.span_id == p).map(|s| s.trace_id.clone()).unwrap_or_default(),
        );
        self.t.spans.push(Span {
            source: "traces/spans.csv".into(),
            trace_id: trace,
            span_id: id.clone(),
            parent_id: parent.map(str::to_owned),
            component: format!("service/{}", at.0),
            operation: at.1.into(),
            kind: at.2,
            start_us: START + from,
            duration_us: took,
            error,
            attributes: Labels::new(),
        });
        id
    }

    fn verdict(&mut self) -> Verdict {
        let time = |us: i64| Timestamp::from_microsecond(START + us).expect("in range");
        self.t.window = Some(Window { start: time(0), end: time(END) });
        self.t.impact_started_at = Some(time(ONSET));
        self.t.report = "requests are slow or failing".into();
        let v = investigate(&self.t, &Settings::default());
        for h in &v.hypotheses {
            assert!(
                h.evidence.iter().all(|e| reevaluate(&self.t, e).as_ref() == Some(&e.sha256)),
                "{}",
                told(&v)
            );
        }
        v
    }
}

/// Whether it is faulty time.
fn ill(at: i64) -> bool {
    at >= ONSET
}

fn first(v: &Verdict, component: &str, cause: &str) {
    let h = v.hypotheses.first().unwrap_or_else(|| panic!("nothing is said"));
    assert_eq!((h.component.as_str(), h.cause.as_str()), (component, cause), "{}", told(v));
}

/// One request of `shop` that calls `stock`: the client's side takes as long as the called side, or `limit` at most.
fn limited(s: &mut Spans, at: i64, work: i64, limit: i64) {
    let waited = (work + 2 * MS).min(limit);
    let failed = waited == limit;
    let root = s.add(None, ("shop", "GET /items", SpanKind::Server), at, waited + 3 * MS, failed);
    let call = s.add(Some(&root), ("shop", "call stock", SpanKind::Client), at + MS, waited, failed);
    s.add(Some(&call), ("stock", "GET /stock", SpanKind::Server), at + 2 * MS, work, false);
}

#[test]
fn a_caller_that_no_longer_waits_as_long_is_told_from_a_called_side_that_is_slow() {
    let mut shortened = Spans::new(1);
    let mut slow = Spans::new(2);
    for n in 0..200 {
        let at = n * 3_000 * MS;
        let work = (80 + shortened.draw(140)) * MS;
        limited(&mut shortened, at, work, if ill(at) { 100 * MS } else { 2_000 * MS });
        let work = if ill(at) { 10 * work } else { work };
        limited(&mut slow, at, work, 1_000 * MS);
    }
    first(&shortened.verdict(), "service/shop", "change.config");
    let v = slow.verdict();
    assert_eq!(v.hypotheses[0].component, "service/stock", "{}", told(&v));
}

/// Bursts of calls at a component that answers `at_once` of them at a time; what it does takes as long as ever.
fn queue(s: &mut Spans, at: i64, burst: i64, at_once: i64) {
    for n in 0..burst {
        let wait = (n / at_once) * 20 * MS;
        let work = (18 + s.draw(4)) * MS;
        let from = at + s.draw(900);
        let root = s.add(None, ("shop", "GET /items", SpanKind::Server), from, wait + work + 4 * MS, false);
        let call = s.add(
            Some(&root),
            ("shop", "call stock", SpanKind::Client),
            from + MS,
            wait + work + 2 * MS,
            false,
        );
        s.add(Some(&call), ("stock", "GET /stock", SpanKind::Server), from + 2 * MS + wait, work, false);
    }
}

#[test]
fn waiting_that_grows_with_the_calls_is_a_queue_and_waiting_that_does_not_is_the_way() {
    let mut queued = Spans::new(3);
    let mut delayed = Spans::new(4);
    for n in 0..100 {
        let at = n * 6_000 * MS;
        let burst = 1 + n % 12;
        queue(&mut queued, at, burst, if ill(at) { 1 } else { 16 });
        // The way takes longer whatever else is on it.
        let way = if ill(at) { 60 * MS } else { MS };
        for _ in 0..burst {
            let work = (18 + delayed.draw(4)) * MS;
            let root = delayed.add(
                None,
                ("shop", "GET /items", SpanKind::Server),
                at,
                work + 2 * way + 2 * MS,
                false,
            );
            let call = delayed.add(
                Some(&root),
                ("shop", "call stock", SpanKind::Client),
                at + MS,
                work + 2 * way,
                false,
            );
            delayed.add(Some(&call), ("stock", "GET /stock", SpanKind::Server), at + MS + way, work, false);
        }
    }
    first(&queued.verdict(), "service/stock", "saturation.queue");
    first(&delayed.verdict(), "service/stock", "network.delay");
}

#[test]
fn waiting_for_a_connection_is_a_pool_that_is_too_small() {
    let mut s = Spans::new(5);
    for n in 0..100 {
        let at = n * 6_000 * MS;
        for k in 0..=(n % 10) {
            let wait = if ill(at) { k * 25 * MS } else { 0 } + MS;
            let from = at + s.draw(900);
            let query = (8 + s.draw(3)) * MS;
            let root = s.add(None, ("shop", "GET /items", SpanKind::Server), from, wait + query + MS, false);
            s.add(Some(&root), ("shop", "SELECT items", SpanKind::Client), from + wait, query, false);
        }
    }
    first(&s.verdict(), "service/shop", "saturation.connection_pool");
}

#[test]
fn one_call_for_each_row_is_found_at_who_makes_them() {
    let mut s = Spans::new(6);
    for n in 0..120 {
        let at = n * 5_000 * MS;
        let rows = if ill(at) { 12 } else { 1 };
        let root = s.add(None, ("shop", "GET /items", SpanKind::Server), at, rows * 12 * MS + 3 * MS, false);
        for row in 0..rows {
            let from = at + MS + row * 12 * MS;
            let call = s.add(Some(&root), ("shop", "call stock", SpanKind::Client), from, 11 * MS, false);
            s.add(Some(&call), ("stock", "GET /stock", SpanKind::Server), from + MS, 9 * MS, false);
        }
    }
    first(&s.verdict(), "service/shop", "code.n_plus_one");
}

#[test]
fn who_begins_to_repeat_what_always_failed_now_and_then_is_told() {
    let mut s = Spans::new(7);
    for n in 0..200 {
        let at = n * 3_000 * MS;
        let fails = s.draw(5) == 0;
        let tries = if fails && ill(at) { 6 } else { 1 };
        let root = s.add(None, ("shop", "GET /items", SpanKind::Server), at, tries * 30 * MS + 2 * MS, fails);
        for k in 0..tries {
            let from = at + MS + k * 30 * MS;
            let call = s.add(Some(&root), ("shop", "call stock", SpanKind::Client), from, 25 * MS, fails);
            s.add(Some(&call), ("stock", "GET /stock", SpanKind::Server), from + MS, 23 * MS, fails);
        }
    }
    let v = s.verdict();
    let told_of = v.hypotheses.iter().any(|h| h.component == "service/shop" && h.cause == "code.retry_storm");
    assert!(told_of, "{}", told(&v));
}

/// A chain of three; `slow` takes longer itself.
fn chain(s: &mut Spans, at: i64, slow: &str) {
    let mut of = |name: &str| (10 + s.draw(5)) * MS + if ill(at) && name == slow { 90 * MS } else { 0 };
    let (a, b, c) = (of("front"), of("orders"), of("stock"));
    let root = s.add(None, ("front", "GET /", SpanKind::Server), at, a + b + c + 4 * MS, false);
    let one = s.add(Some(&root), ("front", "call orders", SpanKind::Client), at + a, b + c + 3 * MS, false);
    let orders =
        s.add(Some(&one), ("orders", "POST /orders", SpanKind::Server), at + a + MS, b + c + 2 * MS, false);
    let two =
        s.add(Some(&orders), ("orders", "call stock", SpanKind::Client), at + a + b + MS, c + MS, false);
    s.add(Some(&two), ("stock", "GET /stock", SpanKind::Server), at + a + b + MS, c, false);
}

#[test]
fn lost_time_is_laid_to_who_lost_it() {
    for slow in ["front", "orders", "stock"] {
        let mut s = Spans::new(8);
        for n in 0..100 {
            chain(&mut s, n * 6_000 * MS, slow);
        }
        let v = s.verdict();
        assert_eq!(v.hypotheses[0].component, format!("service/{slow}"), "{}", told(&v));
    }
}

#[test]
fn another_handler_of_the_same_route_is_another_sort_of_request() {
    let handled = |write: &dyn Fn(i64, i64) -> bool| {
        let mut s = Spans::new(9);
        for n in 0..200 {
            let at = n * 3_000 * MS;
            let root = s.add(None, ("front", "GET /", SpanKind::Server), at, 14 * MS, false);
            let call =
                s.add(Some(&root), ("front", "call orders", SpanKind::Client), at + MS, 12 * MS, false);
            let entry =
                s.add(Some(&call), ("orders", "/orders", SpanKind::Server), at + 2 * MS, 10 * MS, false);
            let (handler, query) = if write(at, n) {
                ("Orders.save", "UPDATE orders")
            } else {
                ("Orders.list", "SELECT orders")
            };
            let inner =
                s.add(Some(&entry), ("orders", handler, SpanKind::Internal), at + 3 * MS, 8 * MS, false);
            // The fault: the list is given back without a look at the database.
            if !ill(at) || write(at, n) || n % 2 == 0 || write(0, -1) {
                s.add(Some(&inner), ("orders", query, SpanKind::Internal), at + 4 * MS, 5 * MS, false);
            }
        }
        s.verdict()
    };
    // Writes begin after the onset, and all goes well.
    let mixed = handled(&|at, n| n < 0 || (ill(at) && n % 5 == 0));
    assert!(mixed.hypotheses.iter().all(|h| h.confidence < 0.3), "{}", told(&mixed));
    // The same with a fault in one of two known handlers.
    let faulty = handled(&|_, n| n > 0 && n % 5 == 0);
    assert_eq!(faulty.hypotheses[0].component, "service/orders", "{}", told(&faulty));
}
