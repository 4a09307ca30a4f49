//! The report on a synthetic incident, on hostile texts, on nothing; at several widths; and that it loads nothing.

use firebell_core::change::{Change, ChangeKind};
use firebell_core::next_query::{Ask, Expected, NextQuery};
use firebell_core::telemetry::{
    AlertFact, LogLine, MetricKind, Series, Span, SpanKind, Telemetry, TopologyEdge, Window,
};
use firebell_core::verdict::{
    Challenge, EvidenceRef, FORMAT, Hypothesis, MitigationHint, Outcome, PathStep, Stats, Verdict,
};
use jiff::{SignedDuration, Timestamp};

use super::{Investigation, Tone, page, policy, terminal};
use crate::tests::neutral::HOSTILE;

fn at(seconds: i64) -> Timestamp {
    let start: Timestamp = "2026-01-05T14:00:00Z".parse().expect("a constant");
    start.checked_add(SignedDuration::from_secs(seconds)).expect("in range")
}

fn window() -> Window {
    Window { start: at(0), end: at(600) }
}

fn series(name: &str, component: &str, kind: MetricKind, value: impl Fn(i64) -> f64) -> Series {
    Series {
        source: "metrics/main.csv".into(),
        name: name.into(),
        labels: [("service".to_owned(), component.to_owned())].into(),
        component: None,
        kind,
        points: (0..=60).map(|n| (at(n * 10).as_millisecond(), value(n * 10))).collect(),
    }
}

fn cited(id: &str, source: &str, query: &str, reading: &str) -> EvidenceRef {
    EvidenceRef {
        id: id.into(),
        source: source.into(),
        query: query.into(),
        window: Some(window()),
        sha256: "5f".repeat(32),
        reading: reading.into(),
    }
}

fn change(id: &str, seconds: i64, kind: ChangeKind, component: &str, summary: &str) -> Change {
    Change {
        id: id.into(),
        at: at(seconds),
        kind,
        component: component.into(),
        from: Some("5.8.0".into()),
        to: Some("5.9.0".into()),
        by: None,
        source: None,
        commit: None,
        summary: summary.into(),
        diff: None,
        files: Vec::new(),
    }
}

fn telemetry(note: &str) -> Telemetry {
    let ill = |s: i64| s >= 310;
    let span = |n: i64| Span {
        source: "jaeger/main".into(),
        trace_id: format!("{n:032x}"),
        span_id: format!("{n:016x}"),
        parent_id: None,
        component: "gateway".into(),
        operation: format!("POST /orders {note}"),
        kind: SpanKind::Server,
        start_us: at(n * 10).as_microsecond(),
        duration_us: if ill(n * 10) { 2_400_000 } else { 45_000 },
        error: ill(n * 10),
        attributes: [("peer.service".to_owned(), "checkout".to_owned())].into(),
    };
    Telemetry {
        window: Some(window()),
        series: vec![
            series("pg_pool_waiting", "checkout", MetricKind::Gauge, |s| if ill(s) { 14.0 } else { 0.2 }),
            series("http_requests_total", "checkout", MetricKind::Counter, |s| s as f64 * 20.0),
        ],
        logs: (0..30)
            .map(|n| LogLine {
                source: "logs/checkout.log".into(),
                line: n,
                component: Some("checkout".into()),
                at: Some(at(320 + n as i64 * 9)),
                level: Some("error".into()),
                text: format!("timed out waiting for connection {note}"),
                fields: Default::default(),
                trace_id: None,
            })
            .collect(),
        spans: (0..60).map(span).collect(),
        alerts: vec![AlertFact {
            source: "alerts".into(),
            name: format!("CheckoutErrors {note}"),
            firing: true,
            labels: [("service".to_owned(), "checkout".to_owned())].into(),
            annotations: Default::default(),
            starts_at: Some(at(365)),
            ends_at: None,
        }],
        changes: vec![
            change("mail-2", 120, ChangeKind::Deploy, "service/mail", &format!("footer wording {note}")),
            change("pool-7", 290, ChangeKind::Config, "service/checkout", "pool size 20 to 2"),
            change("late-1", 400, ChangeKind::Flag, "service/checkout", "new basket"),
        ],
        topology: vec![
            TopologyEdge {
                caller: "gateway/edge".into(),
                callee: "service/checkout".into(),
                kind: "http".into(),
            },
            TopologyEdge {
                caller: "service/checkout".into(),
                callee: "database/orders".into(),
                kind: "sql".into(),
            },
            TopologyEdge {
                caller: "gateway/edge".into(),
                callee: "service/catalog".into(),
                kind: "http".into(),
            },
        ],
        ..Telemetry::default()
    }
}

fn verdict(note: &str) -> Verdict {
    let leader = Hypothesis {
        rank: 1,
        component: "service/checkout".into(),
        cause: "saturation.connection_pool".into(),
        indicator: Some("pg_pool_waiting".into()),
        change: Some("pool-7".into()),
        mechanism: format!("Connection pool exhausted at service/checkout: 14 wait for a connection {note}"),
        confidence: 0.87,
        path: vec![
            PathStep {
                from: "service/checkout".into(),
                to: "gateway/edge".into(),
                at: Some(at(330)),
                why: format!("gateway/edge calls service/checkout {note}"),
                evidence: Vec::new(),
            },
            PathStep {
                from: "gateway/edge".into(),
                to: "third_party/cdn".into(),
                at: None,
                why: "guessed".into(),
                evidence: Vec::new(),
            },
        ],
        evidence: vec![
            cited(
                "e1",
                "metrics/main.csv",
                "metric pg_pool_waiting{service=\"checkout\"}",
                "14 wait for a connection, 0.2 before",
            ),
            cited(
                "e2",
                "logs/checkout.log",
                "logs checkout ~ timed out waiting for connection",
                &format!("30 new errors {note}"),
            ),
            cited("e3", "changes", "change pool-7", "the pool was made smaller 20 s before the onset"),
            cited(
                "e4",
                "jaeger/main",
                &format!("spans gateway ~ POST /orders {note}"),
                "answers take 2.4 s, 45 ms before",
            ),
        ],
        against: vec![cited("e5", "changes", "change mail-2", "service/mail does not call what is ill")],
        expected_but_absent: vec![format!("cpu of service/checkout did not move {note}").as_str().into()],
        mitigations: vec![
            MitigationHint {
                action: "set_config".into(),
                target: "service/checkout".into(),
                reversible: true,
                inverse: Some("set_config".into()),
            },
            MitigationHint {
                action: "restart".into(),
                target: "service/checkout".into(),
                reversible: false,
                inverse: None,
            },
        ],
    };
    let rival = Hypothesis {
        rank: 2,
        component: "gateway/edge".into(),
        cause: "dependency.errors".into(),
        change: None,
        confidence: 0.31,
        path: Vec::new(),
        evidence: vec![cited("e6", "jaeger/main", "spans gateway ~ *", "12 % of requests fail")],
        against: Vec::new(),
        expected_but_absent: Vec::new(),
        mitigations: Vec::new(),
        ..leader.clone()
    };
    Verdict {
        format: FORMAT.to_owned(),
        verdict: Outcome::Cause,
        onset: Some(at(310)),
        hypotheses: vec![leader, rival],
        gaps: vec![format!("no traces of database/orders: send OTLP {note}")],
        challenge: None,
        stats: Stats { wall_ms: 12, series: 2, log_lines: 30, spans: 60, peak_rss_bytes: 42_000_000 },
    }
}

fn queries(note: &str) -> Vec<NextQuery> {
    vec![NextQuery {
        ask: Ask::Metric {
            component: "service/checkout".into(),
            metric: "cpu".into(),
            name: String::new(),
            labels: Default::default(),
        },
        window: window(),
        question: format!("Did cpu of service/checkout move after 14:05:10 UTC? {note}"),
        command: "sum(rate(container_cpu_usage_seconds_total{pod=~\"checkout-.*\"}[1m]))".into(),
        gain_bits: 0.312,
        cost: 1.0,
        value: 0.307,
        expects: vec![
            Expected { rank: 1, outcome: "it did not move".into(), probability: 0.88 },
            Expected { rank: 2, outcome: "cpu moved".into(), probability: 0.1 },
        ],
    }]
}

fn with<R>(note: &str, of: impl FnOnce(&Investigation<'_>) -> R) -> R {
    let (v, t, q) = (verdict(note), telemetry(note), queries(note));
    let asked = [format!("logs of service/checkout: 30 lines {note}")];
    of(&Investigation { of: "case/7", verdict: &v, telemetry: &t, next: &q, asked: &asked, beside: &[] })
}

fn text(i: &Investigation<'_>, width: usize) -> String {
    let lines = terminal(i, width);
    lines
        .iter()
        .map(|l| l.iter().map(|p| p.text.as_str()).collect::<String>().trim_end().to_owned() + "\n")
        .collect()
}

#[test]
fn the_terminal_report_reads_at_a_hundred_columns() {
    insta::assert_snapshot!(with("", |i| text(i, 100)));
}

#[test]
fn the_terminal_report_reads_at_sixty_columns() {
    insta::assert_snapshot!(with("", |i| text(i, 60)));
}

#[test]
fn the_page_says_the_same() {
    let html = with("", page);
    let body = html.split_once("</style>").map_or("", |p| p.1);
    insta::assert_snapshot!(body.replace("><", ">\n<"));
}

#[test]
fn no_line_is_wider_than_it_may_be_whatever_it_says() {
    let wide = "漢字".repeat(60) + &"x".repeat(300);
    for note in HOSTILE.iter().copied().chain(["", wide.as_str()]) {
        for width in [50, 60, 100, 120] {
            with(note, |i| {
                for line in terminal(i, width) {
                    let all: String = line.iter().map(|p| p.text.as_str()).collect();
                    let columns = super::terminal::columns(all.trim_end());
                    let command = line.iter().any(|p| p.tone == Tone::Link && p.text.len() > 20);
                    assert!(columns <= width || command, "{columns} > {width}: {all}");
                    assert!(!all.chars().any(|c| c.is_control() || c == '\u{202e}'), "{all:?}");
                }
            });
        }
    }
}

#[test]
fn hostile_text_is_text_and_the_page_loads_nothing() {
    let tags = |html: &str| {
        let mut names: Vec<String> = html
            .split('<')
            .skip(1)
            .map(|t| t.chars().take_while(|c| c.is_ascii_alphanumeric() || "!/".contains(*c)).collect())
            .collect();
        names.sort();
        names.dedup();
        names
    };
    let honest = tags(&with("", page));
    for note in HOSTILE {
        let html = with(note, page);
        assert_eq!(tags(&html), honest, "{note:?} brought an element");
        let body = html.split_once("</style>").map_or("", |p| p.1);
        let inside: String = body.split('<').skip(1).filter_map(|t| t.split('>').next()).collect();
        for bad in [
            "script",
            " onerror=",
            " onload=",
            "src",
            "url(",
            "href=\"http",
            "javascript",
            "style=",
            "\u{202e}",
            "\u{1b}",
        ] {
            assert!(!inside.contains(bad), "{bad} by {note:?}");
        }
        assert!(!body.contains(['\u{202e}', '\u{1b}']));
        assert!(html.contains(policy()));
    }
    assert!(policy().starts_with("default-src 'none'") && !policy().contains("unsafe"));
}

#[test]
fn every_verdict_can_be_told() {
    for outcome in [Outcome::Cause, Outcome::Healthy, Outcome::Recovered, Outcome::InsufficientEvidence] {
        for empty in [false, true] {
            let mut v = verdict("");
            v.verdict = outcome;
            if empty {
                v.hypotheses.clear();
                v.onset = None;
            }
            let t = if empty { Telemetry::default() } else { telemetry("") };
            let i = Investigation { of: "x", verdict: &v, telemetry: &t, next: &[], asked: &[], beside: &[] };
            assert!(text(&i, 80).lines().count() >= 3);
            assert!(page(&i).contains("</html>"));
        }
    }
}

#[test]
fn a_claim_about_the_cause_names_its_evidence() {
    with("", |i| {
        let claims: Vec<_> = super::facts::ruled_out(i.verdict).into_iter().flat_map(|r| r.why).collect();
        assert!(!claims.is_empty() && claims.iter().all(|c| !c.ids.is_empty()), "{claims:?}");
        let why = super::facts::explanation(i);
        assert_eq!(why[0].ids, ["e1"]);
    });
}

#[test]
fn the_challenge_is_told_with_the_evidence_of_both() {
    let mut v = verdict("");
    let claim = "challenged one with its best rival, another: the leader stands".to_owned();
    v.challenge = Some(Challenge { claim, why: Vec::new() });
    let t = telemetry("");
    let i = Investigation { of: "x", verdict: &v, telemetry: &t, next: &[], asked: &[], beside: &[] };
    let told = super::facts::explanation(&i).pop().expect("a claim");
    assert!(told.text.contains("the leader stands") && told.ids.len() == 2, "{told:?}");
    assert!(page(&i).contains("the leader stands"));
}

#[test]
fn equal_input_gives_equal_bytes() {
    assert_eq!(with("", page), with("", page));
    assert_eq!(with("", |i| text(i, 100)), with("", |i| text(i, 100)));
}
