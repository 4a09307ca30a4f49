//! The first error in time rather than the loudest, where nothing but logs speaks.

use firebell_core::telemetry::{Labels, LogLine, Telemetry, TopologyEdge};
use firebell_core::verdict::{Outcome, Verdict};
use jiff::Timestamp;

use super::company::Rng;
use super::noise::told;
use crate::{Settings, investigate};

/// 2026-01-05T10:00:00Z.
const START: i64 = 1_767_607_200_000;
/// Milliseconds of which the last third is ill.
const ALL: i64 = 1_800_000;
const ILL: i64 = 1_200_000;
/// Confidence below which nobody acts on an answer.
const UNSURE: f64 = 0.68;

/// New errors of one component: from when, how many, and their words.
struct Errors {
    component: &'static str,
    after_s: i64,
    lines: i64,
    text: &'static str,
}

const ROOT: &str = "ledger row {} could not be written: page is off";
const VICTIM: &str = "order {} failed: bad answer of a partner";

fn company(seed: u64, errors: &[Errors]) -> Telemetry {
    let mut rng = Rng::new(seed);
    let mut t = Telemetry { report: "something is wrong".into(), ..Telemetry::default() };
    for component in ["alpha", "beta", "gamma"] {
        let mut lines: Vec<(i64, &str, String)> = (0..ALL / 1000)
            .map(|s| (s * 1000 + rng.below(1000) as i64, "info", format!("handled request {s} of 7 items")))
            .collect();
        for e in errors.iter().filter(|e| e.component == component) {
            let from = ILL + e.after_s * 1000;
            lines.extend((0..e.lines).map(|n| {
                let text = e.text.replace("{}", &(n * 7919 % 10_000).to_string());
                (from + n * (ALL - from) / e.lines, "error", text)
            }));
        }
        lines.sort();
        t.logs.extend(lines.into_iter().zip(1..).map(|((ms, level, text), number)| LogLine {
            source: format!("logs/{component}.log"),
            line: number,
            component: Some(component.to_owned()),
            at: Timestamp::from_millisecond(START + ms).ok(),
            level: Some(level.to_owned()),
            text,
            fields: Labels::new(),
            trace_id: None,
        }));
    }
    t
}

fn few(after_s: i64) -> Errors {
    Errors { component: "alpha", after_s, lines: 12, text: ROOT }
}

fn many(after_s: i64) -> Errors {
    Errors { component: "beta", after_s, lines: 3000, text: VICTIM }
}

fn leader(v: &Verdict) -> (&str, f64) {
    assert_eq!(v.verdict, Outcome::Cause, "{}", told(v));
    v.hypotheses.first().map_or(("", 0.0), |h| (h.component.as_str(), h.confidence))
}

fn of(t: &Telemetry) -> Verdict {
    investigate(t, &Settings::default())
}

#[test]
fn who_erred_first_goes_before_who_errs_loudest_and_unsurely() {
    for seed in 1..=3 {
        for gap in [45, 60, 200] {
            let v = of(&company(seed, &[few(0), many(gap)]));
            let (component, sure) = leader(&v);
            assert_eq!(component, "service/alpha", "{gap} s: {}", told(&v));
            assert!(sure <= UNSURE, "{}", told(&v));
            assert!(v.gaps.iter().any(|g| g.contains("brought the louder ones")), "{:?}", v.gaps);
        }
    }
}

#[test]
fn clocks_that_are_seconds_off_do_not_make_a_wrong_answer_a_sure_one() {
    for shift in [-12, -5, 0, 5, 12] {
        for gap in [2, 8, 20] {
            let v = of(&company(1, &[few(shift.max(-10)), many(gap)]));
            let (component, sure) = leader(&v);
            assert!(sure <= UNSURE, "{shift} s, {gap} s, {component}: {}", told(&v));
        }
        let v = of(&company(1, &[few(shift), many(60)]));
        assert_eq!(leader(&v).0, "service/alpha", "{shift} s: {}", told(&v));
    }
}

#[test]
fn where_order_and_volume_agree_nothing_is_taken_off() {
    let agreeing = [
        Errors { component: "beta", after_s: 0, lines: 3000, text: ROOT },
        Errors { component: "alpha", after_s: 60, lines: 12, text: VICTIM },
    ];
    let v = of(&company(1, &agreeing));
    let (component, sure) = leader(&v);
    assert_eq!(component, "service/beta");
    assert!(sure > UNSURE && !v.gaps.iter().any(|g| g.contains("new errors")), "{}", told(&v));
}

#[test]
fn who_says_what_ails_itself_need_not_be_first() {
    let full = "write of segment {} failed: no space left on device";
    let errors = [few(0), Errors { component: "beta", after_s: 60, lines: 3000, text: full }];
    let v = of(&company(1, &errors));
    let first = v.hypotheses.first().map(|h| (h.component.as_str(), h.cause.as_str()));
    assert_eq!(first, Some(("service/beta", "saturation.disk")), "{}", told(&v));
}

#[test]
fn known_calls_say_who_has_it_from_whom() {
    let mut t = company(1, &[few(0), many(60)]);
    let edge = |caller: &str, callee: &str| TopologyEdge {
        caller: caller.into(),
        callee: callee.into(),
        kind: String::new(),
    };
    // Neither calls the other: what alpha logs cannot be why beta fails.
    t.topology = vec![edge("gamma", "alpha"), edge("gamma", "beta")];
    let v = of(&t);
    assert!(!v.gaps.iter().any(|g| g.contains("only traces or their calls tell")), "{:?}", v.gaps);
    // Beta calls alpha: its errors come from there.
    t.topology = vec![edge("gamma", "beta"), edge("beta", "alpha")];
    let v = of(&t);
    assert_eq!(leader(&v).0, "service/alpha", "{}", told(&v));
}
