//! Who hears what, by when, and that nobody is forgotten.

use super::super::timers::after;
use super::super::*;
use super::story::{SEV1, Story};
use crate::comms::{Audience, UpdateReason};
use crate::effect::{Effect, Outcome};
use crate::severity::{Facts, Severity};

fn asked(events: &[Event], audience: Audience) -> usize {
    events
        .iter()
        .filter(|e| matches!(e, Event::UpdateRequested { audience: a, .. } if *a == audience))
        .count()
}

fn draft_of(audience: Audience) -> impl Fn(&Effect) -> bool {
    move |e| matches!(e, Effect::DraftUpdate { audience: a, ahead: None, .. } if *a == audience)
}

#[test]
fn the_first_status_page_post_has_a_deadline_that_nags() {
    for (severity, within) in [(Severity::Sev1, 300), (Severity::Sev2, 900)] {
        let mut s = Story::opened(SEV1, Some(severity));
        let key = format!("public_first:{severity}");
        assert_eq!(timers(s.i(), &s.policy).get(&key), Some(&after(s.i().opened_at, within)));
        s.work_where(|e| !draft_of(Audience::Public)(e));
        s.pass(within);
        let late =
            |e: &Event| matches!(e, Event::Paged { text, .. } if text.contains("first status page post"));
        assert_eq!(s.said(late), 1, "{severity}");
        s.work();
        assert!(timers(s.i(), &s.policy).keys().all(|k| !k.starts_with("public_first")));
    }
    let mut s = Story::opened(SEV1, Some(Severity::Sev1));
    s.work();
    assert!(timers(s.i(), &s.policy).keys().all(|k| !k.starts_with("public_first")), "it is out");
}

#[test]
fn the_status_page_follows_the_severity_and_what_customers_feel() {
    for (severity, facing, post) in [
        (Severity::Sev1, false, true),
        (Severity::Sev2, false, true),
        (Severity::Sev3, false, false),
        (Severity::Sev3, true, true),
    ] {
        let mut s = Story::opened("odd", Some(severity));
        s.facts = Some(Facts { customer_facing: Some(facing), ..Facts::default() });
        s.work();
        assert_eq!(s.i().clocks.contains_key(&Audience::Public), post, "{severity} {facing}");
        let before = s.records.len();
        s.pass(3600);
        let events: Vec<Event> = s.records[before..].iter().map(|r| r.event.clone()).collect();
        let each = severity == Severity::Sev1;
        assert_eq!(asked(&events, Audience::Public) > 0, each, "{severity}: with each internal update");
    }
}

#[test]
fn a_persons_internal_update_takes_along_those_who_follow_it() {
    let mut s = Story::opened(SEV1, None);
    s.work();
    s.pass(600);
    let post = Command::PostUpdate {
        audience: Audience::Internal,
        subject: "still at it".to_owned(),
        body: "We are on it.".to_owned(),
    };
    let events = s.by("ada", &post).expect("is posted");
    for (audience, times) in
        [(Audience::Internal, 0), (Audience::Public, 1), (Audience::Executives, 1), (Audience::Support, 0)]
    {
        assert_eq!(asked(&events, audience), times, "{audience:?}");
    }
}

#[test]
fn a_draft_that_dies_does_not_silence_its_audience() {
    let mut s = Story::opened(SEV1, None);
    s.work();
    s.pass(900);
    let public = draft_of(Audience::Public);
    let (at, draft) =
        s.pending.iter().find(|(_, e)| public(e)).map(|(a, e)| (*a, e.clone())).expect("is asked for");
    s.pending.remove(&at);
    let gone = s.finish(at, &draft, Outcome::Permanent { reason: "the template is broken".into() });
    assert!(matches!(gone[0], Event::EffectDied { audience: Some(Audience::Public), .. }), "{gone:?}");
    s.work();
    let events = s.pass(900);
    assert_eq!(asked(&events, Audience::Public), 1, "asked for again with the next");
}

#[test]
fn an_update_that_stays_late_is_said_again_and_again_to_one_after_the_other() {
    let mut s = Story::opened(SEV1, None);
    s.work();
    for person in ["ada", "grace", "linus"] {
        let _ = s.by(person, &Command::Acknowledge);
    }
    s.pass(900);
    s.pending.clear();
    let before = s.records.len();
    s.pass(60 + 3 * 120);
    let called: Vec<&str> = s.records[before..]
        .iter()
        .filter_map(|r| match &r.event {
            Event::Paged { person, text, .. } if text.starts_with("the internal update") => {
                Some(person.as_str())
            }
            _ => None,
        })
        .collect();
    assert_eq!(called.len(), 4, "{called:?}");
    assert_eq!(called[0], s.i().holder("communications_lead").expect("is held"));
    assert!(called[1] != called[0] && called[2] != called[1], "{called:?}");
}

#[test]
fn everybody_who_was_told_hears_of_the_cause_the_remedy_and_another_severity() {
    let mut s = Story::opened(SEV1, Some(Severity::Sev2));
    s.work();
    s.by("ada", &Command::SetSeverity { severity: Severity::Sev1, reason: "all of them".into() })
        .expect("is raised");
    s.work();
    s.go("ada", 0, true).expect("counts");
    s.go("grace", 0, true).expect("counts");
    s.work();
    for reason in [UpdateReason::Identified, UpdateReason::SeverityChanged, UpdateReason::Mitigated] {
        for audience in Audience::ALL {
            let told = s.i().updates.iter().filter(|u| (u.audience, u.reason) == (audience, reason)).count();
            assert_eq!(told, 1, "{audience:?} {reason:?}");
        }
    }
}
