//! What is said and pressed in rooms of incidents, through the whole server.

use std::time::Duration;

use axum::http::StatusCode;
use firebell_core::effect::Effect;
use firebell_core::incident::{Actor, Attachment, Command, Event, RoomEffect, RoomEvent};
use firebell_core::policy::{Policy, RoomChat};
use firebell_core::ports::office::{Change, Deed, Expect};
use firebell_core::severity::Severity;
use serde_json::{Value, json};

use super::tests::Chats;
use crate::Role;
use crate::tests::sample;

const OPS: &str = "slack/ops";
const LATER: &str = "https://hooks.slack.com/actions/1";

fn policy() -> Policy {
    let mut policy = sample::policy();
    policy.war_room.bridge = "none".to_owned();
    policy.war_room.chats = vec![RoomChat {
        chat: OPS.to_owned(),
        severities: Severity::ALL.to_vec(),
        private: false,
        invite: Vec::new(),
        announce: Vec::new(),
    }];
    policy
}

fn chats() -> Chats {
    Chats::under(policy(), Duration::from_secs(30))
}

/// An incident whose room in the chat has this id.
async fn with_room(c: &Chats, title: &str, room: &str) -> String {
    let id = c.w.declare(title).await;
    let opens = |effect: &Effect| match effect {
        Effect::Room(RoomEffect::Open { .. }) => {
            json!({"id": room, "name": "inc", "link": "https://example.slack.com/archives/x"})
        }
        _ => Value::Null,
    };
    c.w.play_giving(&opens).await;
    id
}

/// Presses something in a channel; what was said of it afterwards.
async fn presses(c: &Chats, user: &str, place: &str, value: &str, n: u32) -> String {
    let payload = json!({"type": "block_actions", "user": {"id": user}, "channel": {"id": place}, "trigger_id": "t",
        "actions": [{"value": value, "action_ts": format!("{n}.1")}], "response_url": LATER});
    let body = format!("payload={}", crate::ui::encoded(&payload.to_string()));
    assert_eq!(c.slack(body).await, (StatusCode::OK, String::new()));
    loop {
        let said: Vec<String> =
            c.outside.take().into_iter().filter(|p| p.url == LATER).map(|p| p.text()).collect();
        if let Some(said) = said.into_iter().next_back() {
            return said;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_command_in_a_room_is_about_the_rooms_incident() {
    let c = chats();
    let one = with_room(&c, "Checkout is down", "C0ONE").await;
    let two = with_room(&c, "Search is down", "C0TWO").await;
    for (n, (place, text)) in
        [("C0TWO", "note of the second"), ("C0ONE", "note of the first")].into_iter().enumerate()
    {
        let said = c.says_in(place, "U0ADA", text, 10 + u32::try_from(n).expect("few")).await;
        assert!(said.contains("Noted in"), "{said}");
    }
    let text = |id: &str| c.notes(id).into_iter().map(|(_, text)| text).collect::<Vec<_>>();
    assert_eq!((text(&one), text(&two)), (vec!["of the first".to_owned()], vec!["of the second".to_owned()]));
    // Elsewhere it has to be said; an id that is named counts more than the room.
    let said = c.says_in("C0ELSE", "U0ADA", "note whose", 20).await;
    assert!(said.contains("2 incidents are open") && said.contains(&one) && said.contains(&two), "{said}");
    c.says_in("C0ONE", "U0ADA", &format!("note {two} named"), 21).await;
    assert_eq!(text(&two).len(), 2);
    // A room says nothing to who may not see its incident.
    let path = format!("/api/v1/incidents/{two}/kind");
    c.w.api(Role::Admin, "POST", &path, json!({"kind": "security", "restricted": true})).await;
    c.says_in("C0TWO", "U0DOT", "note from a stranger", 22).await;
    assert_eq!(text(&two).len(), 2);
}

#[tokio::test]
async fn a_command_in_the_room_of_an_incident_that_is_over_is_never_about_another() {
    let c = chats();
    let over = with_room(&c, "Checkout is down", "C0OVER").await;
    // As whoever listens to the room keeps it until it is archived.
    let body = json!({"incident": over, "chat": OPS, "room": "C0OVER", "cursor": ""});
    let put = Change::Put { kind: "room", id: format!("{over}:{OPS}"), body, expect: Expect::Any };
    c.w.handle.perform(Deed { act: None, changes: vec![put] }).await.expect("is kept");
    let said = c.says_in("C0OVER", "U0ADA", "resolve the pool is larger", 10).await;
    assert_eq!(said, format!("{over} is resolved."));
    let open = with_room(&c, "Search is down", "C0OPEN").await;
    let before = c.records(&open).len();
    let said = c.says_in("C0OVER", "U0ADA", "note it was the pool", 11).await;
    assert_eq!(said, format!("Noted in {over}."), "what can still be done is done");
    for (n, wish) in [(12, "ack"), (13, "escalate"), (14, "severity SEV1 larger than thought")] {
        let said = c.says_in("C0OVER", "U0ADA", wish, n).await;
        assert!(said.contains(&format!("{over} is over (resolved). `note`")), "{wish}: {said}");
    }
    let said = c.says_in("C0OVER", "U0ADA", "resolve again", 15).await;
    assert!(said.contains(&over) && said.contains("was so already"), "{said}");
    let by_ada = |r: &firebell_core::incident::EventRecord| r.actor == Actor::person("ada");
    let of_ada = c.records(&open).iter().skip(before).filter(|r| by_ada(r)).count();
    assert_eq!(of_ada, 0, "nothing was done to the one that is open");
    assert_eq!(c.notes(&over).len(), 1);
}

#[tokio::test]
async fn a_plan_is_approved_by_its_buttons_of_two_people_who_may() {
    let c = chats();
    let id = with_room(&c, "High error rate on checkout, customers cannot buy", "C0ONE").await;
    let hash = c
        .records(&id)
        .iter()
        .find_map(|r| match &r.event {
            Event::PlansProposed { plans, .. } => plans.first().map(|p| p.hash.clone()),
            _ => None,
        })
        .expect("a plan");
    let go = format!("do:approve {id} {hash}");
    let decided = |c: &Chats| -> Vec<String> {
        let by = |r: firebell_core::incident::EventRecord| match r.event {
            Event::Decided { plan, go: true, by, .. } if plan == hash => Some(by),
            _ => None,
        };
        c.records(&id).into_iter().filter_map(by).collect()
    };
    let said = presses(&c, "U0VIEW", "C0ONE", &go, 1).await;
    assert!(said.contains("Not done"), "{said}");
    let said = presses(&c, "U0ADA", "C0ONE", &format!("do:approve {id} {}", "0".repeat(16)), 2).await;
    assert!(said.contains("Which plan?"), "a plan that nobody proposed: {said}");
    assert_eq!(decided(&c), Vec::<String>::new());
    for (n, user) in [(3, "U0ADA"), (3, "U0ADA"), (4, "U0GRACE")] {
        presses(&c, user, "C0ONE", &go, n).await;
    }
    assert_eq!(decided(&c), ["ada", "grace"]);
    // Where no form can be shown it is said how to write it, and nothing is done.
    let said = presses(&c, "U0ADA", "C0ONE", &format!("ask:update {id}"), 5).await;
    assert!(said.contains(&format!("/incident update {id}")), "{said}");
}

#[tokio::test]
async fn a_command_that_lacks_its_text_asks_for_it_by_a_form() {
    let c = chats();
    // Nothing shows a form here, so it is said how to write it; a form was wanted, and nothing is wrong.
    for word in ["declare", "update "] {
        let said = c.says_in("C0", "U0ADA", word, 30).await;
        let written = format!("Write it: `/incident {}` and then the text.", word.trim());
        assert_eq!(said, written);
    }
    assert_eq!(c.w.incidents(), 0);
    let said = c.says_in("C0", "U0ADA", "severity", 33).await;
    assert!(!said.starts_with("Write it"), "{said}");
}

#[tokio::test]
async fn a_message_that_is_deleted_is_told_once_and_stays_in_the_record() {
    let c = chats();
    let id = with_room(&c, "Checkout is down", "C0ONE").await;
    // As whoever listens to the room keeps it.
    let body = json!({"incident": id, "chat": OPS, "room": "C0ONE", "cursor": ""});
    let put = Change::Put { kind: "room", id: format!("{id}:{OPS}"), body, expect: Expect::Any };
    c.w.handle.perform(Deed { act: None, changes: vec![put] }).await.expect("is kept");
    let said = firebell_core::incident::Said {
        chat: OPS.to_owned(),
        id: "C0ONE:1.2".to_owned(),
        author: "Ada".to_owned(),
        account: "U0ADA".to_owned(),
        text: "the pool is full".to_owned(),
        attachments: Vec::<Attachment>::new(),
        when: c.w.now(),
    };
    let record = Command::RecordSaid { said };
    c.w.handle.command(&id.as_str().into(), record, Actor::person("ada")).await.expect("is heard");
    let delete = |ts: &str, event: &str| {
        json!({"type": "event_callback", "event_id": event, "event": {"type": "message", "subtype": "message_deleted",
            "channel": "C0ONE", "ts": "3.4", "deleted_ts": ts}})
        .to_string()
    };
    for (ts, event) in [("1.2", "Ev1"), ("1.2", "Ev1"), ("1.2", "Ev2"), ("9.9", "Ev3")] {
        assert_eq!(c.slack(delete(ts, event)).await.0, StatusCode::OK);
    }
    let unsaid =
        |r: &firebell_core::incident::EventRecord| matches!(&r.event, Event::Room(RoomEvent::Unsaid { .. }));
    assert_eq!(c.records(&id).iter().filter(|r| unsaid(r)).count(), 1);
}

/// Who is in the roster of the channel and of the incident, and whose account only responds.
fn with_dorothy() -> Chats {
    let mut policy = policy();
    let named = |name: &str| firebell_core::policy::Person { name: name.to_owned(), ..Default::default() };
    policy.people.push(named("dorothy"));
    Chats::under(policy, Duration::from_secs(30))
}

#[tokio::test]
async fn raising_is_one_press_and_lowering_asks_why() {
    let c = chats();
    let id = with_room(&c, "Search is slow", "C0ONE").await;
    let now = |c: &Chats| firebell_core::incident::fold(&c.records(&id)).expect("is there").severity;
    let set = json!({"severity": "SEV3", "reason": "small"});
    c.w.api(Role::Commander, "POST", &format!("/api/v1/incidents/{id}/severity"), set).await;
    let said = presses(&c, "U0ADA", "C0ONE", &format!("do:severity {id} SEV1"), 1).await;
    assert!(said.contains(&format!("{id} is SEV1.")), "{said}");
    assert!(now(&c).because.contains("raised in slack/ops"), "{}", now(&c).because);
    // A slip ends nothing: no form can be shown here, so it is said how to write it.
    for lower in ["SEV2", "SEV4"] {
        let said = presses(&c, "U0ADA", "C0ONE", &format!("do:severity {id} {lower}"), 2).await;
        assert!(said.contains(&format!("/incident severity {id} {lower}")), "{said}");
        assert_eq!(now(&c).severity, Severity::Sev1);
    }
    let said = c.says_in("C0ONE", "U0ADA", &format!("severity {id} SEV2 one region"), 40).await;
    assert!(said.contains(&format!("{id} is SEV2.")), "{said}");
    assert!(now(&c).because.ends_with("one region"), "{}", now(&c).because);
    let said = presses(&c, "U0DOT", "C0ONE", &format!("do:severity {id} SEV1"), 5).await;
    assert!(said.contains("takes a commander"), "{said}");
}

#[tokio::test]
async fn a_role_is_accepted_by_whom_it_was_offered_to_and_by_nobody_else() {
    let c = with_dorothy();
    let id = with_room(&c, "High error rate on checkout, customers cannot buy", "C0ONE").await;
    let accept = format!("do:accept incident_commander {id}");
    let before = c.records(&id).len();
    let said = presses(&c, "U0DOT", "C0ONE", &accept, 1).await;
    assert!(said.contains("offered to ada") && said.contains("role incident_commander me"), "{said}");
    assert_eq!(c.records(&id).len(), before, "nothing was acknowledged by that");
    let said = presses(&c, "U0ADA", "C0ONE", &accept, 2).await;
    assert!(said.contains("ada is incident commander"), "{said}");
    let said = presses(&c, "U0DOT", "C0ONE", &accept, 3).await;
    assert!(said.contains("ada is incident commander of") && said.contains("already"), "{said}");
    let said = presses(&c, "U0DOT", "C0ONE", &format!("do:role incident_commander me {id}"), 4).await;
    assert!(said.contains("ada is incident commander") && said.contains("hand it over"), "{said}");
}

#[tokio::test]
async fn who_is_only_in_the_roster_takes_command_in_the_room_and_commands() {
    let c = with_dorothy();
    let id = with_room(&c, "High error rate on checkout, customers cannot buy", "C0ONE").await;
    let says = async |text: String, n: u32| c.says_in("C0ONE", "U0DOT", &text, n).await;
    assert!(says(format!("resolve {id} over"), 50).await.contains("takes a commander"));
    let said = says(format!("role ic me {id}"), 51).await;
    assert!(said.contains("dorothy is incident commander"), "{said}");
    let said = says(format!("deputy ic @grace {id}"), 52).await;
    assert!(said.contains("grace is deputy incident commander"), "{said}");
    let said = says(format!("severity {id} SEV2 one region"), 53).await;
    assert!(said.contains(&format!("{id} is SEV2.")), "{said}");
    assert!(says(format!("update {id} we roll back"), 54).await.contains("Told colleagues"));
    assert!(says(format!("resolve {id} rolled back"), 55).await.contains("is resolved"));
}
