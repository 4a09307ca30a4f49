//! The cause stays unclear: somebody senior is called, and options are prepared meanwhile.

use super::super::*;
use super::story::{SEV1, Story};
use crate::agent::AgentTask;
use crate::severity::Severity;
use crate::verdict::Outcome;

fn prepared(s: &Story) -> usize {
    s.i().runs.values().filter(|r| matches!(r.task, AgentTask::Prepare { .. })).count()
}

fn unclear(severity: Severity) -> Story {
    let mut s = Story::opened(SEV1, Some(severity));
    s.outcome = Outcome::InsufficientEvidence;
    s.rivals = true;
    s.plans.push(s.plan("restart", 0));
    for person in ["ada", "grace", "linus"] {
        let _ = s.by(person, &Command::Acknowledge);
    }
    s
}

#[test]
fn an_unclear_cause_is_escalated_and_mitigated_in_parallel() {
    for severity in [Severity::Sev1, Severity::Sev2, Severity::Sev3] {
        let mut s = unclear(severity);
        for _ in 0..29 {
            s.work();
            s.pass(60);
        }
        s.work();
        assert_eq!((prepared(&s), s.i().plans.len()), (0, 0), "{severity}");
        s.pass(60);
        assert_eq!(
            s.said(|e| matches!(e, Event::Escalated { to, .. } if to == "senior_engineer")),
            1,
            "{severity}"
        );
        s.work();
        assert_eq!(prepared(&s), 1, "{severity}");
        let titles: Vec<&str> = s.i().plans.iter().map(|p| p.plan.title.as_str()).collect();
        assert_eq!(titles.len(), 2, "only what can be undone is tried in the dark: {titles:?}");
        assert_eq!(s.i().phase, Phase::Investigate, "the investigation goes on");
        for person in ["ada", "grace"] {
            let _ = s.go(person, 0, true);
        }
        assert_eq!(
            (s.i().phase, s.i().plans[0].status),
            (Phase::Mitigate, PlanStatus::Running),
            "{severity}"
        );
    }
}

#[test]
fn options_that_wait_are_not_replaced_every_round() {
    let mut s = unclear(Severity::Sev3);
    for _ in 0..60 {
        s.work();
        s.pass(60);
    }
    assert!(s.i().round >= 4, "round {}", s.i().round);
    assert_eq!(prepared(&s), 1);
    s.outcome = Outcome::Cause;
    for _ in 0..31 {
        s.work();
        s.pass(60);
    }
    assert!(
        s.i()
            .plans
            .iter()
            .filter(|p| p.round == 1 || p.round < s.i().round)
            .all(|p| p.status != PlanStatus::Proposed)
    );
}

#[test]
fn an_escalation_finds_somebody_where_nobody_has_the_role() {
    for (gone, to, person) in
        [(vec!["edsger"], "team_lead", "barbara"), (vec!["edsger", "barbara"], "incident_commander", "ada")]
    {
        let mut s = unclear(Severity::Sev1);
        s.policy.people.retain(|p| !gone.contains(&p.name.as_str()));
        s.pass(1800);
        let found = |e: &Event| matches!(e, Event::Escalated { to: role, people, .. } if role == to && people == &[person.to_owned()]);
        assert_eq!(s.said(found), 1, "{to}");
    }
}

#[test]
fn running_out_of_options_pages_whoever_leads() {
    let mut s = Story::opened(SEV1, Some(Severity::Sev2));
    s.work();
    s.go("ada", 0, false).expect("counts");
    s.go("ada", 1, false).expect("counts");
    let text = "no mitigation option is left";
    assert_eq!(
        s.said(|e| matches!(e, Event::Paged { person, text: t, .. } if person == "ada" && t.contains(text))),
        1
    );
    s.plans.clear();
    s.pass(120);
    s.work();
    let text = "no mitigation could be prepared";
    assert_eq!(s.said(|e| matches!(e, Event::Paged { text: t, .. } if t.contains(text))), 1);
}
