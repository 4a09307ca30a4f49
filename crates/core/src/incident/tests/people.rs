//! What people may do, what others may not, and what severity sets.

use super::super::*;
use super::story::{SEV1, Story};
use crate::agent::AgentTask;
use crate::comms::{Audience, Update, UpdateReason};
use crate::effect::Effect;
use crate::severity::{Facts, IncidentKind, Severity};

fn set(severity: Severity) -> Command {
    Command::SetSeverity { severity, reason: "as seen".to_owned() }
}

#[test]
fn neither_agents_nor_sources_nor_the_system_approve() {
    let mut s = Story::opened(SEV1, None);
    s.work();
    let plan = s.i().plans[0].hash.clone();
    for actor in
        [Actor::Agent { name: "database-admin".into() }, Actor::Source { name: "am".into() }, Actor::System]
    {
        let command = Command::Decide { plan: plan.clone(), go: true, reason: String::new() };
        let rejected = s.say(&actor, &command).expect_err("only people decide");
        assert!(rejected.to_string().contains("only a person"), "{rejected}");
    }
    s.go("ada", 0, false).expect("a no-go of one is enough");
    assert_eq!(s.i().plans[0].status, PlanStatus::Rejected);
    s.go("grace", 0, true).expect_err("it was rejected");
    let unknown = Command::Decide { plan: "made up".into(), go: true, reason: String::new() };
    s.by("ada", &unknown).expect_err("there is no such plan");
}

#[test]
fn a_plan_lapses_and_cannot_be_approved_afterwards() {
    let mut s = Story::opened(SEV1, Some(Severity::Sev2));
    s.work();
    s.pass(3600);
    s.go("ada", 0, true).expect_err("it has lapsed");
    assert_eq!(s.i().plans[0].status, PlanStatus::Expired);
    assert_eq!(s.said(|e| matches!(e, Event::StepStarted { .. })), 0);
}

#[test]
fn raising_severity_takes_effect_at_once_and_reaches_plans_that_wait() {
    let mut s = Story::opened("odd", Some(Severity::Sev3));
    s.work();
    assert_eq!(s.i().plans[0].approvals_needed, 1);
    assert!(s.i().holder("scribe").is_none() && !s.i().clocks.contains_key(&Audience::Executives));
    s.go("ada", 0, true).expect("runs");
    s.go("ada", 1, true).expect("waits for its turn");
    s.by("ada", &set(Severity::Sev1)).expect("is raised");
    assert_eq!(s.i().plans[1].approvals_needed, 2);
    assert_eq!(s.i().plans[1].status, PlanStatus::Proposed, "one approval is not enough any more");
    assert!(s.i().holder("scribe").is_some() && s.i().clocks.contains_key(&Audience::Executives));
    assert_eq!(s.i().clocks[&Audience::Internal].every_s, Some(900));
    let told = Event::UpdateRequested { audience: Audience::Internal, reason: UpdateReason::SeverityChanged };
    assert_eq!(s.said(|e| *e == told), 1);
    let left = s.i().resolve_by.expect("a deadline").duration_since(s.i().opened_at).as_secs();
    assert_eq!(left, 3600);
}

#[test]
fn lowering_severity_cancels_what_no_longer_applies() {
    for (to, every) in [(Severity::Sev2, Some(1800)), (Severity::Sev3, Some(3600)), (Severity::Sev4, None)] {
        let mut s = Story::opened(SEV1, None);
        s.work();
        s.by("ada", &set(to)).expect("is lowered");
        assert_eq!(s.i().clocks[&Audience::Internal].every_s, every, "{to}");
        assert_eq!(s.i().clocks[&Audience::Internal].due.is_some(), every.is_some(), "{to}");
        let keys: Vec<String> = timers(s.i(), &s.policy).into_keys().collect();
        assert!(keys.iter().all(|k| !k.ends_with("SEV1")), "{to}: {keys:?}");
    }
}

#[test]
fn cosmetic_is_a_backlog_ticket_and_nothing_else() {
    let mut s = Story::opened("the logo is misaligned", Some(Severity::Sev4));
    s.work();
    assert_eq!(s.i().status, Status::Resolved);
    assert!(s.i().closed_at.is_some() && s.i().updates.is_empty() && s.i().roles.is_empty());
    let tasks: Vec<&AgentTask> = s.i().runs.values().map(|r| &r.task).collect();
    assert!(tasks.iter().all(|t| matches!(t, AgentTask::Assess | AgentTask::Backlog)), "{tasks:?}");
    assert_eq!(s.said(|e| matches!(e, Event::Paged { .. })), 0);
}

#[test]
fn nothing_of_a_security_incident_goes_public_by_itself() {
    let mut s = Story::opened(
        "Suspicious authentication attempts, possible credential stuffing attack",
        Some(Severity::Sev1),
    );
    assert!(s.i().restricted && s.i().kind == IncidentKind::Security, "from the first second");
    s.work();
    s.go("ada", 0, true).expect("counts");
    s.go("grace", 0, true).expect("counts");
    s.work();
    s.pass(4000);
    s.work();
    assert!(s.i().updates.iter().all(|u| u.audience != Audience::Public));
    assert!(s.i().runs.keys().any(|r| r.as_str().ends_with("security-analyzer")));
    let internal = s.i().updates.iter().filter(|u| u.audience == Audience::Internal);
    assert!(internal.flat_map(|u| &u.channels).next().is_none(), "no shared channel");
    let say_so = Command::PostUpdate {
        audience: Audience::Public,
        subject: "sign in again".into(),
        body: "We have reset passwords.".into(),
    };
    s.by("ada", &say_so).expect("a person says so");
    assert!(s.i().updates.iter().any(|u| u.audience == Audience::Public));
}

#[test]
fn a_draft_for_customers_is_dropped_when_the_incident_turns_out_to_be_security() {
    let mut s = Story::opened("odd", Some(Severity::Sev1));
    s.work_where(|e| matches!(e, Effect::RunAgent { task: AgentTask::Assess, .. }));
    let drafts = |s: &Story| -> Vec<(u64, usize)> {
        let public = |e: &Effect| matches!(e, Effect::DraftUpdate { audience: Audience::Public, .. });
        s.pending.iter().filter(|(_, e)| public(e)).map(|(at, _)| *at).collect()
    };
    let [at] = drafts(&s)[..] else { panic!("one draft is on its way") };
    let run = crate::ids::RunId::new("investigate-1/devops-troubleshooter");
    let report = crate::agent::AgentReport {
        facts: Some(Facts { kind: Some(IncidentKind::Security), ..Facts::default() }),
        ..Default::default()
    };
    let agent = Actor::Agent { name: "devops-troubleshooter".into() };
    s.say(&agent, &Command::ReportAgent { run, report }).expect("is taken in");
    assert!(s.i().restricted);
    let draft = s.pending.remove(&at).expect("is there");
    s.carry_out(at, &draft);
    assert!(s.i().updates.iter().all(|u| u.audience != Audience::Public));
}

#[test]
fn a_draft_that_was_overtaken_by_the_end_is_not_posted() {
    let mut s = Story::opened(SEV1, None);
    s.work();
    s.pass(900);
    let draft = |audience, reason| Command::RecordUpdate {
        update: Update {
            audience,
            reason,
            subject: "still looking".into(),
            body: "text".into(),
            at: s.now,
            by: "incident-responder".into(),
            channels: Vec::new(),
            by_person: false,
            delivered: Vec::new(),
        },
    };
    let (late, early) =
        (draft(Audience::Internal, UpdateReason::Cadence), draft(Audience::Internal, UpdateReason::AllClear));
    assert!(s.say(&Actor::System, &early).expect("is dropped").is_empty(), "no all-clear while it is open");
    s.by("ada", &Command::Resolve { summary: "over".into() }).expect("resolves");
    assert!(s.say(&Actor::System, &late).expect("is dropped").is_empty(), "nothing after the end");
}

#[test]
fn an_unheard_page_goes_to_the_next_person_until_somebody_answers() {
    let mut s = Story::opened(SEV1, None);
    let first = s.said(|e| matches!(e, Event::Paged { .. }));
    assert!(first > 0);
    s.pass(240);
    assert!(s.said(|e| matches!(e, Event::Escalated { to, .. } if to == "next responder")) >= 2);
    for person in ["grace", "linus", "ada"] {
        s.by(person, &Command::Acknowledge).expect("is taken");
    }
    assert!(timers(s.i(), &s.policy).keys().all(|k| !k.starts_with("ack:")));
    assert!(s.by("grace", &Command::Acknowledge).expect("is a repeat").is_empty());
}
