//! Stack traces in logs: one exception at one place is one finding, whatever its messages say.

use firebell_core::telemetry::{Labels, LogLine, Telemetry};
use jiff::Timestamp;

use super::noise::told;
use crate::{Settings, investigate, reevaluate};

/// 2026-01-05T10:00:00Z.
const START: i64 = 1_767_607_200;

fn line(second: i64, level: &str, text: String) -> LogLine {
    LogLine {
        source: "logs/pay.log".into(),
        line: second as u64 + 1,
        component: Some("pay".into()),
        at: Timestamp::from_second(START + second).ok(),
        level: Some(level.to_owned()),
        text,
        fields: Labels::new(),
        trace_id: None,
    }
}

fn thrown(second: i64, message: &str, exception: &str, place: &str) -> LogLine {
    let text = format!(
        "{message}\n{exception}: state {second}\n\tat java.util.List.get(List.java:3)\n\tat {place}(P.java:4)"
    );
    line(second, "error", text)
}

#[test]
fn one_exception_at_one_place_is_one_finding_and_two_are_two() {
    let mut t = Telemetry { report: "paying fails".into(), ..Telemetry::default() };
    t.logs = (0..1800).map(|s| line(s, "info", format!("handled request {s}"))).collect();
    let messages = [
        "could not settle basket",
        "payment went wrong for user",
        "unable to finish the order now",
        "retry has failed",
    ];
    t.logs.extend(messages.iter().cycle().take(40).zip(0..).map(|(m, n)| {
        thrown(1200 + n * 15, m, "java.lang.IllegalStateException", "com.acme.pay.Settle.run")
    }));
    t.logs.extend((0..24).map(|n| {
        let (exception, place) =
            [("com.acme.LateException", "com.acme.Foo.go"), ("com.acme.NoneException", "com.acme.Bar.go")]
                [n as usize % 2];
        thrown(1203 + n * 20, "request failed", exception, place)
    }));
    t.logs.sort_by_key(|l| l.at);
    let v = investigate(&t, &Settings::default());
    let first = v.hypotheses.first().unwrap_or_else(|| panic!("{}", told(&v)));
    let queries: Vec<&str> =
        first.evidence.iter().filter_map(|e| e.query.strip_prefix("logs pay ~ ")).collect();
    assert_eq!(
        queries,
        [
            "java.lang.IllegalStateException at com.acme.pay.Settle.run",
            "com.acme.LateException at com.acme.Foo.go",
            "com.acme.NoneException at com.acme.Bar.go",
        ],
        "{}",
        told(&v)
    );
    assert!(first.evidence[0].reading.contains("40 times"), "{}", first.evidence[0].reading);
    for e in &first.evidence {
        assert_eq!(reevaluate(&t, e).as_ref(), Some(&e.sha256), "{}", e.query);
    }
}
