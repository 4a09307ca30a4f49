//! Every kind of effect fails at every place where it occurs, and every outcome comes twice.

use std::collections::BTreeSet;

use super::super::*;
use super::story::{SEV1, Story, done};
use crate::effect::{Effect, Outcome};
use crate::ids::EffectKey;
use crate::severity::Severity;

/// Runs a story to its end. The `fail`-th effect is given up at first; with `twice` every outcome comes twice. Answers
/// how many effects there were, and of which kinds.
fn run(fail: Option<usize>, twice: bool) -> (usize, BTreeSet<&'static str>, Story) {
    let mut s = Story::opened(SEV1, Some(Severity::Sev1));
    s.recovers = vec![false];
    let (mut count, mut kinds) = (0, BTreeSet::new());
    for _ in 0..600 {
        if s.i().closed_at.is_some() && s.pending.is_empty() && s.i().dead_effects.is_empty() {
            return (count, kinds, s);
        }
        if let Some((at, effect)) = s.pending.pop_first() {
            count += 1;
            kinds.insert(effect.kind());
            if fail == Some(count) {
                s.finish(at, &effect, Outcome::Permanent { reason: "no".to_owned() });
            } else {
                s.carry_out(at, &effect);
            }
            if twice && fail != Some(count) {
                let before = s.records.len();
                if let Some((actor, report)) =
                    s.answers(&effect).filter(|_| matches!(effect, Effect::RunAgent { .. }))
                {
                    assert!(s.say(&actor, &report).expect("is dropped").is_empty(), "{effect:?}");
                }
                s.finish(at, &effect, done(&effect, at));
                assert_eq!(s.records.len(), before, "{effect:?} counted twice");
            }
            continue;
        }
        if let Some(key) = s.i().dead_effects.keys().next().cloned() {
            s.by("ada", &Command::ReviveEffect { key: key.clone() }).expect("is dead");
            let (version, ordinal) = place(&key);
            let record = s.records[version as usize - 1].clone();
            let state = fold(&s.records[..version as usize]).expect("is open");
            let effect = effects(&state, &record)[ordinal].clone();
            s.pending.insert((version, ordinal), effect);
            continue;
        }
        let proposed = s.i().plans.iter().position(|p| p.status == PlanStatus::Proposed);
        if let Some(plan) = proposed {
            for person in ["ada", "grace"] {
                // The second comes too late where one was enough.
                let _ = s.go(person, plan, true);
            }
        }
        if s.pending.is_empty() {
            s.pass(60);
        }
    }
    panic!("effect {fail:?} is never got over: {:?} {:?}", s.i().status, s.i().phase);
}

fn place(key: &EffectKey) -> (u64, usize) {
    let mut parts = key.as_str().rsplit(':');
    let ordinal = parts.next().and_then(|p| p.parse().ok()).expect("an ordinal");
    (parts.next().and_then(|p| p.parse().ok()).expect("a version"), ordinal)
}

#[test]
fn every_effect_may_fail_once_and_the_incident_still_ends() {
    let (count, kinds, _) = run(None, false);
    let all = ["act", "archive_bundle", "draft_update", "page", "run_agent", "send", "write_postmortem"];
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), all, "the story has every kind of effect");
    for fail in 1..=count {
        let (_, _, story) = run(Some(fail), false);
        assert_eq!(story.i().status, Status::Resolved, "effect {fail}");
    }
}

#[test]
fn every_outcome_may_come_twice() {
    let (_, _, story) = run(None, true);
    let acts = story.said(|e| matches!(e, Event::StepStarted { inverse: false, .. }));
    let ends = story.said(|e| matches!(e, Event::StepFinished { inverse: false, .. }));
    assert_eq!(acts, ends);
}

#[test]
fn every_event_comes_back_from_json_as_it_was() {
    let (_, _, story) = run(None, false);
    for record in &story.records {
        let text = serde_json::to_string(record).expect("is JSON");
        let back: EventRecord = serde_json::from_str(&text).expect("is read back");
        assert_eq!(back, *record);
    }
    // A field that a later version adds does not stop an older reader.
    let newer = r#"{"incident":"INC-1","version":1,"at":"2027-01-01T00:00:00Z","actor":{"kind":"system"},
        "event":{"type":"note_added","text":"hello","colour":"red"},"node":"n1"}"#;
    let record: EventRecord = serde_json::from_str(newer).expect("is read");
    assert_eq!(record.event, Event::NoteAdded { text: "hello".to_owned() });
    let unknown = newer.replace("note_added", "something_new");
    serde_json::from_str::<EventRecord>(&unknown).expect_err("an unknown event stops the reader loudly");
}
