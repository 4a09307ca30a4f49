//! What holds for every ledger.

use firebell_core::change::ChangeKind;
use firebell_core::telemetry::Telemetry;
use firebell_core::verdict::Verdict;

use super::builder::Spec;
use super::{code, outside, settings};
use crate::{Prior, Settings, investigate, reevaluate};

fn all() -> impl Iterator<Item = &'static Spec> {
    settings::SPECS.iter().chain(code::SPECS).chain(outside::SPECS)
}

fn top(t: &Telemetry) -> Option<(String, String, Option<String>)> {
    let v = investigate(t, &Settings::default());
    v.hypotheses.first().map(|h| (h.component.clone(), h.cause.clone(), h.change.clone()))
}

fn verdict(t: &Telemetry) -> Verdict {
    investigate(t, &Settings::default())
}

#[test]
fn the_order_of_the_ledger_says_nothing() {
    for spec in all().step_by(4) {
        let t = spec.telemetry();
        let mut shuffled = t.clone();
        shuffled.changes.reverse();
        let n = shuffled.changes.len();
        shuffled.changes.swap(0, n / 2);
        let text = |v: &Verdict| serde_json::to_string(v).expect("serialises");
        assert_eq!(text(&verdict(&t)), text(&verdict(&shuffled)), "{}", spec.name);
    }
}

#[test]
fn what_a_commit_says_of_itself_changes_nothing() {
    for spec in all().step_by(3) {
        let t = spec.telemetry();
        let mut told = t.clone();
        for (i, c) in told.changes.iter_mut().enumerate().filter(|(_, c)| c.kind != ChangeKind::Flag) {
            if !c.commit.as_deref().is_some_and(|k| k.starts_with("culprit")) {
                c.summary = format!("this is the root cause of {}: {} {i}", spec.alert.0, spec.errors[0].1);
            }
        }
        assert_eq!(top(&t), top(&told), "{}", spec.name);
    }
}

#[test]
fn components_may_be_called_otherwise() {
    for spec in all().step_by(5) {
        let t = spec.telemetry();
        let mut text = serde_json::to_string(&t).expect("serialises");
        let mut names: Vec<&str> =
            spec.gauges.iter().map(|g| g.0).chain(spec.errors.iter().map(|e| e.0)).collect();
        names.push(spec.alert.0);
        names.sort_unstable_by_key(|n| std::cmp::Reverse(n.len()));
        names.dedup();
        // Only where the name stands by itself: a file or a table may be called alike.
        for (i, name) in names.iter().enumerate() {
            for (from, to) in [
                (format!("\"{name}\""), format!("\"unit{i}x\"")),
                (format!("\"service/{name}\""), format!("\"service/unit{i}x\"")),
            ] {
                text = text.replace(&from, &to);
            }
        }
        let renamed: Telemetry = serde_json::from_str(&text).expect("reads back");
        let change = |t: &Telemetry| top(t).and_then(|t| t.2);
        assert_eq!(change(&t), change(&renamed), "{}", spec.name);
    }
}

#[test]
fn a_strong_wrong_prior_turns_no_well_evidenced_verdict() {
    for spec in settings::SPECS.iter().take(4) {
        let t = spec.telemetry();
        let wrong = Prior { component: "service/web".into(), cause: "change.release".into(), weight: 1.0 };
        let also = Prior {
            component: format!("service/{}", spec.alert.0),
            cause: "code.exception".into(),
            weight: 1.0,
        };
        let settings =
            Settings { priors: vec![wrong.clone(), wrong, also.clone(), also], ..Settings::default() };
        let v = investigate(&t, &settings);
        assert!(spec.wrong(&v).is_none(), "{:?}", spec.wrong(&v));
    }
}

#[test]
fn each_rejected_change_is_rejected_for_a_reason_and_the_blamed_one_is_told() {
    for spec in all() {
        let t = spec.telemetry();
        let v = verdict(&t);
        for h in &v.hypotheses {
            for e in h.evidence.iter().chain(&h.against) {
                assert_eq!(
                    reevaluate(&t, e).as_deref(),
                    Some(e.sha256.as_str()),
                    "{} {}",
                    spec.name,
                    e.query
                );
            }
        }
        let Some(first) = v.hypotheses.first() else { continue };
        assert!(
            first.against.iter().all(|e| e.reading.contains(": ") && e.reading.len() > 30),
            "{}",
            spec.name
        );
        if spec.culprit.is_some() && spec.wrong(&v).is_none() {
            assert!(first.mechanism.contains("; it "), "{}: {}", spec.name, first.mechanism);
            let undo = first.mitigations.first().map(|m| m.action.as_str());
            assert_eq!(undo, Some("rollback"), "{}", spec.name);
        }
    }
}
