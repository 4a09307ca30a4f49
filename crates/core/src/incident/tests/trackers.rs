//! Issues of action items: one each, status both ways, and nothing where it may not go.

use serde_json::json;

use super::super::*;
use super::story::{Story, policy};
use crate::effect::{Effect, Outcome};
use crate::policy::{ItemTracker, Policy};
use crate::severity::{IncidentKind, Severity};

const TRACKER: &str = "linear/eng";

fn with_tracker(restricted: bool) -> Policy {
    let mut policy = policy();
    policy.tracker = ItemTracker { name: TRACKER.to_owned(), restricted };
    policy
}

/// One whose backlog ticket is its action item 1.
fn with_item(restricted: bool) -> Story {
    let mut story = Story::opened_under(with_tracker(restricted), "logo is blue", Some(Severity::Sev4));
    story.work_where(|e| !matches!(e, Effect::Issue(_)));
    assert_eq!(story.i().action_items.len(), 1);
    story
}

fn pending(story: &Story) -> Vec<((u64, usize), IssueEffect)> {
    let issue = |(at, effect): (&(u64, usize), &Effect)| match effect {
        Effect::Issue(effect) => Some((*at, effect.clone())),
        _ => None,
    };
    story.pending.iter().filter_map(issue).collect()
}

/// Ends the one effect that is pending in a tracker.
fn end(story: &mut Story, data: serde_json::Value) -> Vec<Event> {
    let [(at, effect)] = &pending(story)[..] else { panic!("{:?}", pending(story)) };
    story.pending.remove(at);
    let outcome = Outcome::Done { detail: "done".to_owned(), data };
    story.finish(*at, &Effect::Issue(effect.clone()), outcome)
}

fn filed() -> serde_json::Value {
    json!({"id": "u-1", "key": "ENG-12", "url": "https://linear.app/x/issue/ENG-12"})
}

fn news(story: &mut Story, issue: &str, news: IssueNews) -> Vec<Event> {
    let actor = Actor::Source { name: TRACKER.to_owned() };
    let command = Command::RecordIssueNews { tracker: TRACKER.to_owned(), issue: issue.to_owned(), news };
    story.say(&actor, &command).expect("news is never rejected")
}

fn tracking(story: &Story) -> &Tracking {
    story.i().action_items[&1].tracking.as_ref().expect("is tracked")
}

#[test]
fn each_action_item_gets_one_issue_and_none_without_a_tracker() {
    let mut story = with_item(false);
    assert_eq!(pending(&story).len(), 1);
    assert!(tracking(&story).is_pending());
    let events = end(&mut story, filed());
    assert!(
        matches!(&events[..], [Event::ActionItemTracked { id: 1, key, .. }] if key == "ENG-12"),
        "{events:?}"
    );
    assert_eq!(tracking(&story).open().map(|i| i.id.as_str()), Some("u-1"));
    // Whatever happens later asks for no second one.
    story.by("ada", &Command::AddNote { text: "seen".into() }).expect("is noted");
    assert!(pending(&story).is_empty());

    let mut without = Story::opened("logo is blue", Some(Severity::Sev4));
    without.work();
    assert_eq!(without.said(|e| matches!(e, Event::Issue(_))), 0);
    let written = serde_json::to_string(without.i()).expect("JSON");
    assert!(!written.contains("tracking") && !written.contains("tracker"), "it is what it was");
}

#[test]
fn what_is_done_here_is_closed_there_and_comes_back_as_nothing_new() {
    let mut story = with_item(false);
    end(&mut story, filed());
    story.by("ada", &Command::CompleteActionItem { id: 1 }).expect("is done");
    let closes = pending(&story);
    assert!(
        matches!(&closes[..], [(_, IssueEffect::Close { id: 1, issue, .. })] if issue == "u-1"),
        "{closes:?}"
    );
    assert_eq!(end(&mut story, json!(null)), [Event::Issue(IssueEvent::Closed { id: 1, cancelled: false })]);
    // The tracker tells us what we did.
    assert!(news(&mut story, "u-1", IssueNews::Closed { cancelled: false }).is_empty());
    assert!(pending(&story).is_empty());
}

#[test]
fn what_is_closed_there_is_done_here_and_is_not_sent_back() {
    let mut story = with_item(false);
    end(&mut story, filed());
    assert!(news(&mut story, "another", IssueNews::Closed { cancelled: false }).is_empty());
    let events = news(&mut story, "u-1", IssueNews::Closed { cancelled: true });
    assert_eq!(
        events,
        [Event::Issue(IssueEvent::Closed { id: 1, cancelled: true }), Event::ActionItemDone { id: 1 }]
    );
    assert!(pending(&story).is_empty(), "no loop");
    assert_eq!(story.records.last().expect("a record").actor.display(), TRACKER);
    assert!(news(&mut story, "u-1", IssueNews::Closed { cancelled: true }).is_empty(), "told twice");
    assert!(story.by("ada", &Command::CompleteActionItem { id: 1 }).expect("a repetition").is_empty());
}

#[test]
fn an_item_that_is_done_before_its_issue_is_there_is_closed_as_soon_as_it_is() {
    let mut story = with_item(false);
    story.by("ada", &Command::CompleteActionItem { id: 1 }).expect("is done");
    assert_eq!(pending(&story).len(), 1, "nothing to close yet");
    end(&mut story, filed());
    assert!(matches!(&pending(&story)[..], [(_, IssueEffect::Close { .. })]));
    // The webhook is faster than the answer.
    let events = news(&mut story, "u-1", IssueNews::Closed { cancelled: false });
    assert_eq!(events, [Event::Issue(IssueEvent::Closed { id: 1, cancelled: false })]);
    assert!(end(&mut story, json!(null)).is_empty());
}

#[test]
fn nothing_of_restricted_incidents_and_drills_is_filed_unless_the_tracker_is_for_it() {
    let restrict = Command::SetKind { kind: IncidentKind::Security, restricted: None };
    for (allowed, expected) in [(false, 0), (true, 1)] {
        let mut story = Story::opened_under(with_tracker(allowed), "logo is blue", Some(Severity::Sev4));
        story.by("ada", &restrict).expect("is restricted");
        story.work_where(|e| !matches!(e, Effect::Issue(_)));
        assert_eq!((story.i().action_items.len(), pending(&story).len()), (1, expected));
        // Once everybody may see it, it is filed.
        let open = Command::SetKind { kind: IncidentKind::Other, restricted: Some(false) };
        story.by("ada", &open).expect("is open");
        assert_eq!(pending(&story).len(), 1);
    }
    let mut drill = with_item(false);
    drill.pending.clear();
    let mut state = drill.state.clone().expect("is open");
    state.drill = true;
    state.action_items.values_mut().for_each(|item| item.tracking = None);
    let policy = drill.policy.clone();
    let cx = crate::cx::Cx::new(drill.now, &policy);
    assert!(super::super::trackers::file(&state, &cx).is_empty());
}

#[test]
fn an_issue_that_is_gone_or_out_of_sight_is_told_once() {
    let mut story = with_item(false);
    end(&mut story, filed());
    let unseen = IssueNews::Unseen { reason: "the key is not valid any more".to_owned() };
    assert_eq!(news(&mut story, "u-1", unseen.clone()).len(), 1);
    assert!(news(&mut story, "u-1", unseen).is_empty());
    assert_eq!(news(&mut story, "u-1", IssueNews::Seen).len(), 1);
    assert!(news(&mut story, "u-1", IssueNews::Seen).is_empty());
    let lost = IssueNews::Lost { reason: "it was deleted".to_owned() };
    assert_eq!(news(&mut story, "u-1", lost.clone()).len(), 1);
    assert!(news(&mut story, "u-1", lost).is_empty());
    assert!(describe(story.records.last().expect("a record")).text.contains("it was deleted"));
    // The work is still there to be done, and nothing is closed where nothing is.
    story.by("ada", &Command::CompleteActionItem { id: 1 }).expect("is done");
    assert!(pending(&story).is_empty());
}

#[test]
fn what_could_not_be_filed_is_a_dead_letter_that_a_person_revives() {
    let mut story = with_item(false);
    let [(at, effect)] = &pending(&story)[..] else { panic!("one") };
    story.pending.remove(at);
    let failed = Outcome::Permanent { reason: "the key is not valid any more".to_owned() };
    let events = story.finish(*at, &Effect::Issue(effect.clone()), failed);
    assert!(
        matches!(&events[..], [Event::EffectDied { effect, .. }] if effect == "file_issue"),
        "{events:?}"
    );
    assert!(tracking(&story).is_pending());
    let key = crate::ids::EffectKey::of(&story.i().id, at.0, at.1);
    story.by("ada", &Command::ReviveEffect { key }).expect("is tried again");
    let outcome = Outcome::Done { detail: "done".to_owned(), data: filed() };
    assert_eq!(story.finish(*at, &Effect::Issue(effect.clone()), outcome).len(), 1);
    assert!(tracking(&story).open().is_some());
}
