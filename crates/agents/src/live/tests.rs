//! A live look: equal answers give equal verdicts, what fails is a gap, the budget holds, doubt is followed up.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use firebell_core::policy::Policy;
use firebell_core::ports::telemetry::{
    Answer, LogQuery, MetricQuery, QueryError, QueryResult, TelemetrySource, TraceQuery,
};
use firebell_core::ports::{BoxFuture, Health};
use firebell_core::telemetry::{LogLine, MetricKind, Series, Span, SpanKind, TelemetryPart, Window};
use firebell_core::verdict::Outcome;
use firebell_rca::Prior;
use jiff::Timestamp;

use super::{Limits, Subject, look};

/// What a source does when it is asked.
#[derive(Clone, Copy, PartialEq)]
enum Manner {
    Answers,
    Fails,
    Hangs,
    Busy,
}

struct Source {
    name: &'static str,
    manner: Manner,
    series: Vec<Series>,
    logs: Vec<LogLine>,
    spans: Vec<Span>,
    /// Logs and spans come only where one component is asked for.
    shy: bool,
    asked: AtomicUsize,
}

fn source(name: &'static str, manner: Manner) -> Source {
    Source {
        name,
        manner,
        series: vec![],
        logs: vec![],
        spans: vec![],
        shy: false,
        asked: AtomicUsize::new(0),
    }
}

impl Source {
    fn answer(&self, query: String, part: TelemetryPart) -> BoxFuture<'_, QueryResult> {
        Box::pin(async move {
            self.asked.fetch_add(1, Ordering::Relaxed);
            let source_name = self.name.to_owned();
            match self.manner {
                Manner::Answers => Ok(Answer { source: source_name, query, part, note: None }),
                Manner::Fails => {
                    Err(QueryError::Unreachable { source_name, detail: "connection refused".into() })
                }
                Manner::Busy => {
                    Err(QueryError::Busy { source_name, detail: "status 429".into(), after_s: Some(60) })
                }
                Manner::Hangs => std::future::pending().await,
            }
        })
    }
}

impl TelemetrySource for Source {
    fn name(&self) -> &str {
        self.name
    }

    fn health(&self) -> BoxFuture<'_, Health> {
        Box::pin(async { Health { name: self.name.into(), ok: true, detail: String::new() } })
    }

    fn metrics<'a>(&'a self, q: &'a MetricQuery) -> Option<BoxFuture<'a, QueryResult>> {
        let found = self.series.iter().filter(|s| q.name.is_empty() || s.name == q.name).take(q.max_series);
        Some(self.answer(format!("metrics {}", q.name), TelemetryPart::Series(found.cloned().collect())))
    }

    fn logs<'a>(&'a self, q: &'a LogQuery) -> Option<BoxFuture<'a, QueryResult>> {
        let fits = |l: &&LogLine| match &q.component {
            Some(c) => l.component.as_deref() == Some(c),
            None => !self.shy,
        };
        let found = self.logs.iter().filter(fits).take(q.limit).cloned().collect();
        Some(self.answer(format!("logs {:?}", q.component), TelemetryPart::Logs(found)))
    }

    fn traces<'a>(&'a self, q: &'a TraceQuery) -> Option<BoxFuture<'a, QueryResult>> {
        let fits = |s: &&Span| match &q.service {
            Some(c) => s.component == *c,
            None => !self.shy,
        };
        Some(self.answer(
            format!("traces {:?}", q.service),
            TelemetryPart::Spans(self.spans.iter().filter(fits).cloned().collect()),
        ))
    }
}

const START: i64 = 1_767_600_000;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(START + seconds).expect("a time")
}

/// Orders gets slow and fails from the 300th second on; edge waits for it.
fn company(shy: bool) -> Source {
    let ill = |s: i64| s >= 300;
    let series = |name: &str, service: &str, value: &dyn Fn(i64) -> f64| Series {
        source: "fake/main".into(),
        name: name.into(),
        labels: [("service".to_owned(), service.to_owned())].into(),
        component: None,
        kind: MetricKind::Gauge,
        points: (0..120)
            .map(|n| (at(n * 5).as_millisecond(), value(n * 5) * (1.0 + 0.02 * (n % 5) as f64)))
            .collect(),
    };
    let slow = |s: i64| if ill(s) { 1.9 } else { 0.05 };
    let errors = |s: i64| if ill(s) { 14.0 } else { 0.1 };
    let mut out = source("fake/main", Manner::Answers);
    out.shy = shy;
    for service in ["orders", "edge"] {
        out.series.push(series("request_latency_p95", service, &slow));
        out.series.push(series("errors_per_second", service, &errors));
    }
    out.series.push(series("request_latency_p95", "mail", &|_| 0.03));
    out.logs = (0..60)
        .map(|n| LogLine {
            source: "fake/main".into(),
            line: 0,
            component: Some("orders".into()),
            at: Some(at(305 + n * 4)),
            level: Some("error".into()),
            text: format!("timed out waiting for connection from pool after {} ms", 3000 + n),
            fields: Default::default(),
            trace_id: None,
        })
        .collect();
    out.spans = (0..120)
        .flat_map(|n| {
            let (trace, start) = (format!("{n:032x}"), at(n * 5).as_microsecond());
            let span = |id: i64, parent: Option<i64>, component: &str, us: i64| Span {
                source: "fake/main".into(),
                trace_id: trace.clone(),
                span_id: format!("{id:016x}"),
                parent_id: parent.map(|p| format!("{p:016x}")),
                component: component.into(),
                operation: "POST /orders".into(),
                kind: SpanKind::Server,
                start_us: start,
                duration_us: us,
                error: ill(n * 5),
                attributes: Default::default(),
            };
            let us = if ill(n * 5) { 1_900_000 } else { 40_000 };
            [span(n * 2 + 1, None, "edge", us + 5_000), span(n * 2 + 2, Some(n * 2 + 1), "orders", us)]
        })
        .collect();
    out
}

fn subject() -> Subject {
    Subject {
        window: Window { start: at(0), end: at(600) },
        service: None,
        report: "orders fail".into(),
        impact_started_at: None,
        components: vec![],
        topology: vec![],
        policy: Policy::default(),
        priors: Vec::new(),
    }
}

#[test]
fn what_services_promise_and_the_archive_says_is_told_to_the_analysis() {
    let mut subject = subject();
    let text = r#"{"name": "orders", "slo_availability": 0.95}"#;
    subject.policy.services = vec![serde_json::from_str(text).expect("a service")];
    subject.priors =
        vec![Prior { component: "service/orders".into(), cause: "code.exception".into(), weight: 0.5 }];
    let settings = subject.settings();
    assert_eq!(settings.slos.get("service/orders"), Some(&0.95));
    assert_eq!(settings.priors, subject.priors);
}

fn all(sources: Vec<Source>) -> Vec<Arc<dyn TelemetrySource>> {
    sources.into_iter().map(|s| Arc::new(s) as Arc<dyn TelemetrySource>).collect()
}

#[tokio::test]
async fn what_fails_or_is_busy_is_a_gap_and_the_rest_is_used() {
    let sources =
        all(vec![source("dead/main", Manner::Fails), source("busy/main", Manner::Busy), company(false)]);
    let looked = look(&sources, &subject(), &Limits::default()).await;
    assert_eq!(looked.verdict.verdict, Outcome::Cause);
    assert!(looked.verdict.hypotheses[0].component.ends_with("orders"), "{:?}", looked.verdict.hypotheses[0]);
    for gap in ["dead/main cannot be reached", "busy/main is too busy"] {
        assert!(looked.verdict.gaps.iter().any(|g| g.contains(gap)), "{:?}", looked.verdict.gaps);
    }
}

#[tokio::test(start_paused = true)]
async fn a_source_that_hangs_costs_its_time_and_nothing_else() {
    let limits = Limits { seconds: 3, ..Limits::default() };
    let sources = all(vec![source("stuck/main", Manner::Hangs), company(false)]);
    let looked = tokio::time::timeout(Duration::from_secs(60), look(&sources, &subject(), &limits)).await;
    let looked = looked.expect("ends");
    assert_eq!(looked.verdict.verdict, Outcome::Cause);
    assert!(looked.verdict.gaps.iter().any(|g| g.contains("stuck/main")), "{:?}", looked.verdict.gaps);
}

#[tokio::test]
async fn in_doubt_the_best_question_is_asked_and_its_answer_counts() {
    let sources = all(vec![company(true)]);
    let blind = look(&sources, &subject(), &Limits { rounds: 0, ..Limits::default() }).await;
    assert_eq!((blind.telemetry.logs.len(), blind.telemetry.spans.len()), (0, 0));
    assert!(!blind.next.is_empty() && blind.asked.is_empty());
    let looked = look(&sources, &subject(), &Limits::default()).await;
    assert!(!looked.asked.is_empty(), "{:?}", blind.next);
    assert!(!looked.telemetry.logs.is_empty() || !looked.telemetry.spans.is_empty());
    let cited = looked.verdict.hypotheses.iter().flat_map(|h| &h.evidence);
    assert!(cited.into_iter().any(|e| e.query.starts_with("logs") || e.query.starts_with("spans")));
}

#[tokio::test]
async fn equal_answers_give_equal_bytes_and_the_budget_holds() {
    let one = look(&all(vec![company(true)]), &subject(), &Limits::default()).await;
    let two = look(&all(vec![company(true)]), &subject(), &Limits::default()).await;
    let bytes = |v| serde_json::to_string(v).expect("JSON");
    assert_eq!(bytes(&one.verdict), bytes(&two.verdict));
    assert_eq!(one.next, two.next);
    let poor = Arc::new(company(true));
    let sources: Vec<Arc<dyn TelemetrySource>> = vec![Arc::clone(&poor) as Arc<dyn TelemetrySource>];
    let looked = look(&sources, &subject(), &Limits { queries: 2, ..Limits::default() }).await;
    assert_eq!(poor.asked.load(Ordering::Relaxed), 2);
    assert!(looked.verdict.gaps.iter().any(|g| g.contains("--max-queries")), "{:?}", looked.verdict.gaps);
    let small =
        look(&all(vec![company(false)]), &subject(), &Limits { bytes: 100, ..Limits::default() }).await;
    assert!(small.verdict.gaps.iter().any(|g| g.contains("--max-bytes")), "{:?}", small.verdict.gaps);
}
