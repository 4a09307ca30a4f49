//! Faults of each sort at each component of a small system: the component is found wherever the fault is.

mod timing;

use std::collections::BTreeMap;

use firebell_core::telemetry::{Labels, LogLine, Span, SpanKind, Telemetry, Window};
use firebell_core::verdict::Verdict;
use jiff::Timestamp;

use crate::{Settings, investigate, reevaluate};

/// Who calls whom.
const CALLS: [(&str, &[&str]); 7] = [
    ("front", &["orders", "search"]),
    ("orders", &["stock", "pay", "mail"]),
    ("search", &["stock", "rank"]),
    ("pay", &["bank"]),
    ("stock", &[]),
    ("rank", &[]),
    ("bank", &[]),
];

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Fault {
    /// Half of its answers are of no use; it says so, and who called gives up.
    Returns,
    /// It stops in the middle without a word: its last log statement is missing, and its answer of no use.
    Silent,
    /// It no longer makes its last call.
    Skips,
    /// The way to it takes longer.
    Way,
    /// It takes longer itself.
    Busy,
}

struct World {
    t: Telemetry,
    now: i64,
    drawn: u64,
    spans: u64,
}

impl World {
    fn draw(&mut self, below: u64) -> u64 {
        self.drawn =
            self.drawn.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.drawn >> 33) % below
    }

    fn log(&mut self, at: (&str, &str, &str), level: &str, line: u32, text: &str) {
        let (trace, span, service) = at;
        self.t.logs.push(LogLine {
            source: format!("logs/{service}.jsonl"),
            line: self.t.logs.len() as u64 + 1,
            component: Some(format!("service/{service}")),
            at: Timestamp::from_microsecond(self.now).ok(),
            level: Some(level.into()),
            text: format!("com.example.{service}.Handler#{line} {text}"),
            fields: [("span_id".to_owned(), span.to_owned())].into_iter().collect::<Labels>(),
            trace_id: Some(trace.to_owned()),
        });
    }

    fn span(&mut self, trace: &str, id: &str, parent: Option<&str>, at: (&str, &str), start: i64) -> usize {
        self.t.spans.push(Span {
            source: "traces/spans.csv".into(),
            trace_id: trace.into(),
            span_id: id.into(),
            parent_id: parent.map(str::to_owned),
            component: format!("service/{}", at.0),
            operation: at.1.into(),
            kind: SpanKind::Internal,
            start_us: start,
            duration_us: 0,
            error: false,
            attributes: Labels::new(),
        });
        self.t.spans.len() - 1
    }

    /// One call at a service; whether its answer is of use.
    fn call(
        &mut self,
        service: &str,
        trace: &str,
        parent: Option<&str>,
        fault: Option<(&str, Fault)>,
    ) -> bool {
        let fault_here = fault.filter(|(at, _)| *at == service).map(|(_, f)| f);
        let hit = self.draw(10) < 6;
        self.spans += 1;
        let id = format!("{:x}", self.spans);
        let entry = self.span(trace, &id, parent, (service, "handle"), self.now);
        let here = (trace, id.as_str(), service);
        let begin = self.now;
        self.log(here, "info", 10, "handling");
        self.now += 2_000 + self.draw(800) as i64;
        if fault_here == Some(Fault::Busy) {
            self.now += 60_000 + self.draw(20_000) as i64;
        }
        let mut good = true;
        let callees = CALLS.iter().find(|c| c.0 == service).map_or(&[][..], |c| c.1);
        for (n, callee) in callees.iter().enumerate() {
            if hit && fault_here == Some(Fault::Skips) && n + 1 == callees.len() {
                continue;
            }
            self.spans += 1;
            let out = format!("{:x}", self.spans);
            let client = self.span(trace, &out, Some(&id), (service, "HTTP GET"), self.now);
            let began = self.now;
            let way =
                if fault.is_some_and(|(at, f)| at == *callee && f == Fault::Way) { 100_000 } else { 1_000 };
            self.now += way + self.draw(400) as i64;
            let fine = self.call(callee, trace, Some(&out), fault);
            self.now += way + self.draw(400) as i64;
            self.t.spans[client].duration_us = self.now - began;
            self.log(here, "info", 20 + n as u32, "got an answer");
            if !fine {
                self.log(here, "error", 40, "the answer is of no use");
                good = false;
                break;
            }
        }
        if hit && fault_here == Some(Fault::Returns) {
            self.log(here, "error", 50, "no value");
            good = false;
        }
        if hit && fault_here == Some(Fault::Silent) {
            good = false;
        } else if good {
            self.log(here, "info", 60, "handled");
        }
        self.now += 500;
        self.t.spans[entry].duration_us = self.now - begin;
        good
    }

    /// A minute of requests from `at` on, one of each front operation a second or so.
    fn minute(&mut self, at: i64, requests: usize, fault: Option<(&str, Fault)>) {
        for r in 0..requests {
            self.now = at + r as i64 * 1_200_000;
            let trace = format!("{at:x}{r:04x}");
            self.call("front", &trace, None, fault);
        }
    }
}

const START: i64 = 1_767_600_000_000_000;

/// A normal minute recorded apart, then three minutes with a fault.
fn system(seed: u64, fault: Option<(&str, Fault)>) -> Telemetry {
    let mut w = World { t: Telemetry::default(), now: 0, drawn: seed, spans: 0 };
    w.minute(START, 40, None);
    let onset = START + 3_600_000_000;
    w.minute(onset, 100, fault);
    let time = |us: i64| Timestamp::from_microsecond(us).expect("in range");
    w.t.window = Some(Window { start: time(onset), end: time(onset + 180_000_000) });
    w.t.impact_started_at = Some(time(onset));
    w.t.report = "requests are slow or failing".into();
    w.t
}

fn told(v: &Verdict) -> String {
    v.hypotheses
        .iter()
        .map(|h| format!("{} {} {}: {}\n", h.confidence, h.component, h.cause, h.mechanism))
        .collect()
}

#[test]
fn a_fault_is_found_wherever_it_is() {
    let mut wrong: BTreeMap<u8, Vec<String>> = BTreeMap::new();
    for (service, callees) in CALLS {
        for fault in [Fault::Returns, Fault::Silent, Fault::Skips, Fault::Way, Fault::Busy] {
            // Nothing to skip, and nobody on the way.
            if (fault == Fault::Skips && callees.is_empty()) || (fault == Fault::Way && service == "front") {
                continue;
            }
            let t = system(service.len() as u64 * 31 + fault as u64, Some((service, fault)));
            let v = investigate(&t, &Settings::default());
            let right = v.hypotheses.first().is_some_and(|h| {
                h.component == format!("service/{service}")
                    && (fault != Fault::Way || h.cause == "network.delay")
            });
            if !right {
                wrong.entry(fault as u8).or_default().push(format!("{service} {fault:?}:\n{}", told(&v)));
            }
            for h in &v.hypotheses {
                assert!(
                    h.evidence.iter().all(|e| reevaluate(&t, e).as_ref() == Some(&e.sha256)),
                    "{fault:?}"
                );
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.values().flatten().cloned().collect::<Vec<_>>().join("\n"));
}

#[test]
fn where_nothing_is_wrong_nothing_deviates() {
    let v = investigate(&system(5, None), &Settings::default());
    assert!(v.hypotheses.iter().all(|h| h.confidence < 0.3), "{}", told(&v));
}

#[test]
fn a_normal_period_may_have_been_recorded_afterwards() {
    let mut w = World { t: Telemetry::default(), now: 0, drawn: 3, spans: 0 };
    let fault = Some(("stock", Fault::Silent));
    w.minute(START, 100, fault);
    w.minute(START + 3_600_000_000, 40, None);
    let time = |us: i64| Timestamp::from_microsecond(us).expect("in range");
    w.t.window = Some(Window { start: time(START), end: time(START + 180_000_000) });
    w.t.report = "requests fail".into();
    let v = investigate(&w.t, &Settings::default());
    assert_eq!(v.hypotheses.first().map(|h| h.component.as_str()), Some("service/stock"), "{}", told(&v));
}

#[test]
fn places_in_the_code_are_known_in_many_forms() {
    let check = |text: &str, want: Option<&str>| {
        let line = LogLine {
            source: "s".into(),
            line: 1,
            component: None,
            at: None,
            level: None,
            text: text.into(),
            fields: Labels::new(),
            trace_id: None,
        };
        assert_eq!(super::visits::code_place(&line).as_deref(), want, "{text}");
    };
    check("16:43:08.511 INFO  f.m.s.BasicService#119 TraceID: 5d0b [query]", Some("f.m.s.BasicService#119"));
    check("I0105 10:00:00.000000 1 checkout.go:77] paid", Some("checkout.go:77"));
    check("ERROR [Checkout.java:12]: no", Some("Checkout.java:12"));
    check("connected to db.example.com:5432", None);
    check("2026-01-05T10:00:00Z order #77 paid", None);
}
