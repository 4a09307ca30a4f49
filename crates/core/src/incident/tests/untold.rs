//! An update that is posted and that no channel takes: somebody hears which audience was not told, and by what.

use super::super::*;
use super::story::{SEV1, Story};
use crate::comms::Audience;
use crate::effect::{Effect, Outcome};
use crate::severity::Severity;

/// Told to everybody but the public, whose channel does not answer.
fn silent() -> Story {
    let mut s = Story::opened(SEV1, Some(Severity::Sev1));
    s.outcome = crate::verdict::Outcome::InsufficientEvidence;
    s.work_where(|e| !is_public(e));
    for person in ["ada", "grace", "linus"] {
        s.by(person, &Command::Acknowledge).expect("is taken");
    }
    s
}

fn is_public(effect: &Effect) -> bool {
    matches!(effect, Effect::Send { channel, .. } if channel == "mail/public")
}

/// Who was called with words that hold this.
fn called(s: &Story, words: &str) -> Vec<String> {
    let paged = |r: &EventRecord| match &r.event {
        Event::Paged { person, text, .. } if text.contains(words) => Some(person.clone()),
        _ => None,
    };
    s.records.iter().filter_map(paged).collect()
}

fn refuse(s: &mut Story, reason: &str) {
    let at = *s.pending.iter().find(|(_, e)| is_public(e)).expect("a send waits").0;
    let effect = s.pending.remove(&at).expect("is there");
    s.finish(at, &effect, Outcome::Permanent { reason: reason.to_owned() });
}

#[test]
fn who_speaks_for_it_is_called_when_a_channel_refuses_an_update_for_good() {
    let mut s = silent();
    refuse(&mut s, "401: the token was revoked");
    let words = "the public was not told by mail/public: 401: the token was revoked";
    assert_eq!(called(&s, words), ["grace"], "the communications lead");
    let escalated = |e: &Event| matches!(e, Event::Escalated { why, .. } if why == words);
    assert_eq!((s.said(escalated), s.i().dead_effects.len()), (1, 1));
}

#[test]
fn who_speaks_for_it_is_called_when_a_channel_has_not_taken_an_update_for_long_and_then_the_next() {
    let mut s = silent();
    let words = "the public was not told by mail/public for";
    s.pass(14 * 60);
    assert_eq!(called(&s, words), Vec::<String>::new());
    s.pass(60 * 60);
    let people = called(&s, words);
    assert_eq!(people.len(), 3, "{people:?}");
    assert_eq!(people[0], "grace");
    assert!(people[1] != people[0] && people[2] != people[1], "{people:?}");
    // The channel is back: what still holds is taken, and nobody is called any more.
    s.work();
    assert!(!timers(s.i(), &s.policy).keys().any(|key| key.starts_with("untold:public")));
}

#[test]
fn nobody_is_called_for_an_update_that_a_later_one_overtook() {
    let mut s = silent();
    let post =
        Command::PostUpdate { audience: Audience::Public, subject: "now".into(), body: "at once".into() };
    s.by("grace", &post).expect("is posted");
    refuse(&mut s, "too long");
    assert_eq!(called(&s, "was not told"), Vec::<String>::new());
    refuse(&mut s, "too long");
    assert_eq!(called(&s, "the public was not told"), ["grace"]);
    // One that was not sent because of it is no delivery.
    let channels = |n: usize| s.i().updates.iter().filter(|u| u.audience == Audience::Public).nth(n);
    assert_eq!(channels(0).map(|u| u.delivered.len()), Some(0));
}

#[test]
fn who_speaks_for_it_is_called_when_an_update_cannot_be_drafted() {
    let mut s = Story::opened(SEV1, Some(Severity::Sev1));
    let draft = |e: &Effect| matches!(e, Effect::DraftUpdate { audience: Audience::Executives, .. });
    s.work_where(|e| !draft(e));
    let at = *s.pending.iter().find(|(_, e)| draft(e)).expect("is asked for").0;
    let effect = s.pending.remove(&at).expect("is there");
    s.finish(at, &effect, Outcome::Permanent { reason: "the template is broken".to_owned() });
    let words = "the executives were not told, the update could not be drafted: the template is broken";
    assert_eq!(called(&s, words).len(), 1);
}

#[test]
fn an_all_clear_that_cannot_be_told_is_worth_a_call() {
    let mut s = silent();
    s.work();
    s.by("ada", &Command::Resolve { summary: "mended".into() }).expect("is over");
    s.work_where(|e| !is_public(e));
    assert!(!s.i().may_be_paged_about());
    refuse(&mut s, "403");
    assert_eq!(called(&s, "the public was not told by mail/public: 403"), ["grace"]);
    assert!(s.i().may_be_paged_about(), "the call goes out though it is over");
}

#[test]
fn an_all_clear_that_cannot_be_drafted_is_worth_a_call_and_what_an_end_overtook_is_not() {
    let mut s = Story::opened(SEV1, Some(Severity::Sev1));
    s.outcome = crate::verdict::Outcome::InsufficientEvidence;
    s.work();
    for person in ["ada", "grace", "linus"] {
        s.by(person, &Command::Acknowledge).expect("is taken");
    }
    let draft = |e: &Effect| matches!(e, Effect::DraftUpdate { audience: Audience::Public, ahead: None, .. });
    s.pass(15 * 60);
    s.work_where(|e| !draft(e));
    s.by("ada", &Command::Resolve { summary: "mended".into() }).expect("is over");
    s.work_where(|e| !draft(e));
    let waiting: Vec<_> = s.pending.iter().filter(|(_, e)| draft(e)).map(|(at, _)| *at).collect();
    assert_eq!(waiting.len(), 2, "the cadence's, and the all-clear's");
    let words = "the public was not told, the update could not be drafted";
    for (n, at) in waiting.into_iter().enumerate() {
        let effect = s.pending.remove(&at).expect("is there");
        s.finish(at, &effect, Outcome::Permanent { reason: "the template is broken".to_owned() });
        assert_eq!(called(&s, words).len(), n, "{effect:?}");
    }
    assert!(s.i().may_be_paged_about(), "the call goes out though it is over");
}
