//! What the learning phase records: whose work it is, in which order, when people meet; and the facts it is told from.

use serde_json::json;

use super::super::*;
use super::story::{SEV1, Story};
use crate::agent::{ActionItemDraft, AgentReport, AgentTask};
use crate::effect::Effect;
use crate::policy::Service;
use crate::severity::{Facts, Severity, facts_from_text};

fn item(title: &str, impact: u8, effort: u8) -> ActionItemDraft {
    let (title, kind) = (title.to_owned(), "prevent".to_owned());
    ActionItemDraft { title, detail: String::new(), kind, impact, effort, due_days: 14 }
}

/// Resolved, with the learners still to report.
fn resolved() -> Story {
    let mut s = Story::opened(SEV1, Some(Severity::Sev2));
    let before = Service { name: "accounts".into(), owner: "zoe".into(), ..Service::default() };
    s.policy.services.insert(0, before);
    s.facts = Some(Facts { services: vec!["accounts".into()], ..Facts::default() });
    s.work();
    s.by("ada", &Command::Resolve { summary: "over".into() }).expect("resolves");
    s.work_where(|e| !matches!(e, Effect::RunAgent { task: AgentTask::Learn, .. }));
    s
}

#[test]
fn follow_up_work_is_the_causes_owners_and_what_pays_comes_first() {
    let mut s = resolved();
    assert!(s.i().services.first().is_some_and(|first| first == "accounts"), "{:?}", s.i().services);
    let run = s.i().runs_where(|t| *t == AgentTask::Learn).next().map(|r| r.0.clone()).expect("asked");
    let action_items = vec![item("costly", 1, 3), item("even", 2, 2), item("cheap", 3, 1)];
    let report = AgentReport { action_items, ..AgentReport::default() };
    s.say(&Actor::System, &Command::ReportAgent { run, report }).expect("is taken in");
    let order: Vec<(u8, &str, &str)> = s
        .i()
        .action_items_in_order()
        .into_iter()
        .map(|(_, a)| (a.priority, a.item.title.as_str(), a.owner.as_str()))
        .collect();
    assert_eq!(order, [(1, "cheap", "ada"), (2, "even", "ada"), (3, "costly", "ada")]);
    assert!(s.i().action_items.values().all(|a| a.created_at == s.now));
}

#[test]
fn the_meeting_is_recorded_and_a_reopening_calls_it_off() {
    let mut s = resolved();
    let meeting = s.i().meeting.expect("it is scheduled");
    let due = s.i().postmortem_due.expect("it is required");
    assert!(s.now < meeting && meeting < due);
    assert_eq!(s.i().postmortem_meeting(), Some(meeting));
    s.by("ada", &Command::Reopen { reason: "it is back".into() }).expect("reopens");
    assert_eq!((s.i().meeting, s.i().postmortem_meeting()), (None, None));
}

#[test]
fn records_from_before_priorities_and_meetings_are_read() {
    let added = json!({"type": "action_item_added", "id": 1, "owner": "ada", "due": "2027-02-01T00:00:00Z",
        "item": {"title": "t", "detail": "", "kind": "prevent", "impact": 3, "effort": 1, "due_days": 7}});
    let asked = json!({"type": "postmortem_requested", "due": "2027-02-01T00:00:00Z", "facilitator": null});
    let mut s = resolved();
    for event in [added, asked] {
        let event: Event = serde_json::from_value(event).expect("it is read");
        let mut record = s.records.last().expect("there are some").clone();
        (record.version, record.event) = (record.version + 1, event);
        apply(&mut s.state, &record);
        s.records.push(record);
    }
    assert_eq!(s.i().action_items[&1].priority, 1, "it is known from impact and effort");
    assert!(s.i().meeting.is_none() && s.i().postmortem_meeting().is_some(), "it follows from the end");
}

#[test]
fn the_reason_of_a_severity_is_what_was_measured_at_last() {
    let words = "Slow API response times, p95 latency increased from 200ms to 2s";
    let mut s = Story::opened(words, None);
    assert!(s.i().severity.because.contains("taken to be affected"), "{}", s.i().severity.because);
    let mut facts = facts_from_text(words);
    facts.absorb(&Facts { users_affected_ratio: Some(0.35), ..Facts::default() });
    s.facts = Some(facts);
    s.work_where(|e| matches!(e, Effect::RunAgent { task: AgentTask::Assess, .. }));
    assert_eq!(s.i().severity.severity, Severity::Sev2);
    assert!(s.i().severity.because.contains("35 % of users are affected"), "{}", s.i().severity.because);
}

#[test]
fn what_is_measured_after_the_remedy_leaves_the_worst_as_it_was() {
    let mut s = Story::opened(SEV1, Some(Severity::Sev2));
    for (ratio, at) in [(0.4, "height"), (0.01, "after")] {
        let mut record = s.records.last().expect("there are some").clone();
        let provenance = [("error_ratio".to_owned(), at.to_owned())].into();
        let facts = Facts { error_ratio: Some(ratio), provenance, ..Facts::default() };
        (record.version, record.event) = (record.version + 1, Event::FactsMeasured { facts });
        apply(&mut s.state, &record);
        s.records.push(record);
    }
    assert_eq!((s.i().facts.error_ratio, s.i().worst.error_ratio), (Some(0.01), Some(0.4)));
    assert_eq!(s.i().worst.provenance["error_ratio"], "height");
}

#[test]
fn a_postmortem_is_written_anew_by_one_person_after_the_other() {
    let mut s = resolved();
    let edit = |text: &str, base| Command::EditPostmortem { text: text.to_owned(), base };
    let early = s.by("ada", &edit("too early", 0)).expect_err("is not written yet");
    assert!(early.to_string().contains("not written yet"), "{early}");
    s.work();
    assert!(s.i().postmortem.is_some(), "it is written");
    s.by("ada", &edit("What we learnt", 0)).expect("the first edit");
    let first = s.i().postmortem_edits.last().cloned().expect("an edit");
    assert_eq!((first.by.as_str(), first.version), ("ada", s.i().version));
    // Sent twice, it is one edit; made from an older one, it would undo the newer.
    s.by("ada", &edit("What we learnt", 0)).expect("the same again");
    assert_eq!(s.i().postmortem_edits.len(), 1);
    let lost = s.by("grace", &edit("What I learnt", 0)).expect_err("ada was first");
    assert!(lost.to_string().contains("ada has edited it meanwhile"), "{lost}");
    s.by("grace", &edit("What all learnt", first.version)).expect("made from ada's");
    assert_eq!(s.i().postmortem_edits.len(), 2);
    s.by("ada", &edit("  ", s.i().version)).expect_err("is empty");
}
