//! Verdicts hold, or come with less confidence, when telemetry is disturbed; they are never wrong with confidence.

use firebell_core::telemetry::Telemetry;
use firebell_core::verdict::Outcome;

use super::faults::run;
use crate::perturb::{Disturbance, disturb};
use crate::{Settings, investigate};

/// From here on people act.
const CONFIDENT: f64 = 0.7;

fn incidents() -> Vec<(&'static str, Telemetry)> {
    let pool = run(3, "checkout fails", |_| {}, |_, m, _| m.pool = (300.0, 0.5, 1.0)).0;
    let broken = run(
        5,
        "errors everywhere",
        |_| {},
        |_, m, _| {
            m.fail.insert("inventory", 0.9);
        },
    )
    .0;
    vec![("pool", pool), ("broken", broken)]
}

#[test]
fn disturbed_telemetry_gives_the_same_answer_or_a_less_confident_one() {
    let mut wrong = Vec::new();
    for (name, t) in incidents() {
        let original = investigate(&t, &Settings::default());
        assert_eq!(original.verdict, Outcome::Cause, "{name}");
        let lead = &original.hypotheses[0];
        for how in Disturbance::ALL {
            for seed in 0..8 {
                let (copy, renaming) = disturb(&t, how, seed);
                let verdict = investigate(&copy, &Settings::default());
                let Some(first) = verdict.hypotheses.first().filter(|_| verdict.verdict == Outcome::Cause)
                else {
                    continue;
                };
                let holds = first.component == renaming.name(&lead.component);
                if !holds && first.confidence >= CONFIDENT {
                    let text =
                        format!("{name} {} {seed}: {} {}", how.as_str(), first.component, first.confidence);
                    wrong.push(text);
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn order_and_clocks_change_nothing() {
    for (name, t) in incidents() {
        let original = investigate(&t, &Settings::default());
        for how in [Disturbance::Shuffle, Disturbance::ShiftClocks] {
            let copy = disturb(&t, how, 7).0;
            let verdict = investigate(&copy, &Settings::default());
            let of = |v: &firebell_core::verdict::Verdict| {
                v.hypotheses.iter().map(|h| (h.component.clone(), h.cause.clone())).collect::<Vec<_>>()
            };
            assert_eq!(of(&original), of(&verdict), "{name} {}", how.as_str());
        }
    }
}

#[test]
fn torn_traces_are_told_and_make_nobody_sure() {
    let (_, mut t) = incidents().remove(0);
    let whole = investigate(&t, &Settings::default());
    let torn = |gaps: &[String]| gaps.iter().any(|g| g.contains("spans are missing"));
    assert!(!torn(&whole.gaps), "{:?}", whole.gaps);
    let mut n = 0;
    t.spans.retain(|_| {
        n += 1;
        n % 3 != 0
    });
    let v = investigate(&t, &Settings::default());
    assert_eq!(v.verdict, Outcome::Cause);
    assert!(torn(&v.gaps), "{:?}", v.gaps);
    assert!(v.hypotheses[0].confidence <= 0.68, "{}", v.hypotheses[0].confidence);
}
