//! Ends, and goings-on after all.

use super::super::*;
use super::story::{SEV1, Story, alert};
use crate::agent::AgentTask;
use crate::comms::UpdateReason;
use crate::effect::{Effect, Outcome};
use crate::ids::{EffectKey, IncidentId};
use crate::severity::Severity;

fn watching() -> Story {
    let mut s = Story::opened(SEV1, Some(Severity::Sev2));
    s.work();
    s.go("ada", 0, true).expect("runs");
    s.work_where(|e| matches!(e, Effect::Act { .. }));
    assert_eq!(s.i().plans[0].status, PlanStatus::Watching);
    s
}

#[test]
fn an_action_under_way_is_waited_for() {
    let mut s = Story::opened(SEV1, Some(Severity::Sev2));
    s.work();
    s.go("ada", 0, true).expect("runs");
    for command in [
        Command::Resolve { summary: "over".into() },
        Command::Cancel { reason: "no".into() },
        Command::Merge { into: IncidentId::new("INC-2027-0002") },
    ] {
        let rejected = s.by("ada", &command).expect_err("an action is under way");
        assert!(rejected.to_string().contains("under way"), "{rejected}");
    }
}

#[test]
fn a_watch_that_ends_after_a_person_resolved_opens_nothing() {
    let mut s = watching();
    s.by("ada", &Command::Resolve { summary: "it is fine again".into() }).expect("resolves");
    s.work();
    assert_eq!((s.i().status, s.i().verified), (Status::Resolved, false));
    assert_eq!(s.said(|e| matches!(e, Event::RecoveryWatched { .. })), 0);
    assert!(s.i().closed_at.is_some());
}

#[test]
fn reopening_pages_tells_and_investigates_anew() {
    let mut s = watching();
    s.by("ada", &Command::Acknowledge).expect("is taken");
    s.by("ada", &Command::Resolve { summary: "over".into() }).expect("resolves");
    s.work();
    let postmortems = |s: &Story| s.said(|e| matches!(e, Event::PostmortemWritten { .. }));
    assert_eq!(postmortems(&s), 1);
    let events = s.by("grace", &Command::Reopen { reason: "errors are back".into() }).expect("reopens");
    assert!(events.iter().any(|e| matches!(e, Event::Paged { .. })), "{events:?}");
    let told = |e: &Event| matches!(e, Event::UpdateRequested { reason: UpdateReason::Reopened, .. });
    assert!(events.iter().any(told), "{events:?}");
    assert_eq!((s.i().status, s.i().phase, s.i().round), (Status::Investigating, Phase::Investigate, 2));
    assert!(
        timers(s.i(), &s.policy).keys().any(|key| key.starts_with("ack:incident_commander:")),
        "somebody must hear of it again"
    );
    assert!(s.by("grace", &Command::Reopen { reason: "again".into() }).expect("is a repeat").is_empty());
    s.by("grace", &Command::Resolve { summary: "now it is over".into() }).expect("resolves");
    s.work();
    assert_eq!(postmortems(&s), 2, "what was learnt the second time belongs in it");
    assert!(s.i().closed_at.is_some());
}

#[test]
fn a_postmortem_from_before_a_reopening_is_not_the_one_after_it() {
    let mut s = watching();
    s.by("ada", &Command::Resolve { summary: "over".into() }).expect("resolves");
    s.work_where(|e| !matches!(e, Effect::WritePostmortem));
    let (at, write) = s
        .pending
        .iter()
        .find(|(_, e)| matches!(e, Effect::WritePostmortem))
        .map(|(at, e)| (*at, e.clone()))
        .expect("is asked for");
    s.by("ada", &Command::Reopen { reason: "back".into() }).expect("reopens");
    s.pending.remove(&at);
    s.carry_out(at, &write);
    assert!(s.i().postmortem.is_none());
}

#[test]
fn a_false_alarm_is_called_off_and_said_so() {
    let mut s = Story::opened(SEV1, None);
    s.work();
    s.by("ada", &Command::Cancel { reason: "a load test".into() }).expect("cancels");
    assert!(s.by("ada", &Command::Cancel { reason: "a load test".into() }).expect("is a repeat").is_empty());
    s.work();
    assert_eq!(s.i().status, Status::Cancelled);
    assert!(s.i().updates.iter().any(|u| u.reason == UpdateReason::FalseAlarm));
    assert!(s.i().runs.values().all(|r| r.task != AgentTask::Learn), "nothing to learn from");
    assert!(s.i().closed_at.is_some());
}

#[test]
fn what_is_merged_is_closed_and_its_alerts_go_on() {
    let mut s = Story::opened(SEV1, Some(Severity::Sev2));
    let into = IncidentId::new("INC-2027-0002");
    s.by("ada", &Command::Merge { into: s.i().id.clone() }).expect_err("not into itself");
    s.work();
    s.by("ada", &Command::Merge { into: into.clone() }).expect("merges");
    s.work();
    for audience in crate::comms::Audience::ALL {
        let told =
            s.i().updates.iter().filter(|u| (u.audience, u.reason) == (audience, UpdateReason::Merged));
        assert_eq!(told.count(), 1, "{audience:?} hears that it goes on elsewhere");
    }
    assert_eq!((s.i().status, s.i().merged_into.as_ref()), (Status::Merged, Some(&into)));
    assert!(s.i().closed_at.is_some());
    s.by("ada", &Command::Reopen { reason: "no".into() }).expect_err("it goes on elsewhere");
    let mut other = Story::opened("odd", Some(Severity::Sev3));
    let absorb = Command::Absorb {
        from: s.i().id.clone(),
        title: s.i().title.clone(),
        alerts: vec![alert("Errors", true, s.now)],
        carried: Box::new(Carried {
            facts: crate::severity::Facts { error_ratio: Some(0.7), ..Default::default() },
            severity: Some(s.i().severity.clone()),
            services: ["payments".to_owned()].into(),
            reports: vec![("cannot pay".to_owned(), "at all".to_owned())],
            first_report_at: Some(super::super::timers::after(s.now, -60)),
            impact_started_at: Some(super::super::timers::after(s.now, -90)),
            responders: vec!["linus".to_owned()],
        }),
    };
    other.by("ada", &absorb).expect("takes over");
    let i = other.i();
    assert!(i.any_alert_firing() && i.services.contains("payments") && i.reports.len() == 1);
    assert_eq!((i.facts.error_ratio, i.facts.workaround), (Some(0.7), None));
    assert_eq!(i.first_report_at, Some(super::super::timers::after(s.now, -60)));
    assert_eq!(i.impact_started_at, Some(super::super::timers::after(s.now, -90)));
    assert!(i.responders.contains(&"linus".to_owned()));
    assert_eq!(i.severity.severity, Severity::Sev3, "a person set it");
    let mut third = Story::opened("odd", None);
    assert_eq!(third.i().severity.severity, Severity::Sev3);
    third.by("ada", &absorb).expect("takes over");
    assert_eq!(third.i().severity.severity, Severity::Sev1, "the worse of the two, or what its facts say");
}

#[test]
fn a_dead_letter_is_seen_and_revived() {
    let mut s = Story::opened(SEV1, None);
    let (at, page) = s
        .pending
        .iter()
        .find(|(_, e)| matches!(e, Effect::Page { .. }))
        .map(|(at, e)| (*at, e.clone()))
        .expect("somebody is paged");
    let gone = Outcome::Permanent { reason: "the number is wrong".into() };
    assert_eq!(s.finish(at, &page, gone.clone()).len(), 1);
    assert!(s.finish(at, &page, gone).is_empty(), "once is enough");
    let key = EffectKey::of(&s.i().id, at.0, at.1);
    assert!(s.i().dead_effects.contains_key(&key));
    s.by("ada", &Command::ReviveEffect { key: key.clone() }).expect("is tried again");
    assert!(s.i().dead_effects.is_empty());
    s.by("ada", &Command::ReviveEffect { key }).expect_err("it is not dead any more");
}

#[test]
fn stale_and_made_up_timers_change_nothing() {
    let mut s = Story::opened(SEV1, None);
    for key in
        ["soak", "look_again", "ack:on_call:0:7", "plan:none", "agent:none", "", ":::", "update:nobody"]
    {
        assert!(s.fire(key).is_empty(), "{key}");
    }
    let ahead: Vec<String> = timers(s.i(), &s.policy).into_keys().collect();
    for key in ahead {
        assert!(s.fire(&key).is_empty(), "{key} is not due yet");
    }
    s.by("ada", &Command::Resolve { summary: "over".into() }).expect("resolves");
    s.now = s.now.checked_add(jiff::SignedDuration::from_hours(5)).expect("in range");
    for key in ["phase:1:1", "resolve_by:SEV1", "ack:on_call:0:0", "update:internal", "unclear:SEV1"] {
        assert!(s.fire(key).is_empty(), "{key} belongs to what is over");
    }
}
