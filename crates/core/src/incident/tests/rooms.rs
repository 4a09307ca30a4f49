//! Rooms outside: which stand, what they are told, and that nothing of a restricted incident goes to an open one.

use serde_json::{Value, json};

use super::super::*;
use super::story::{SEV1, Story, policy};
use crate::effect::{Effect, Outcome};
use crate::policy::{Policy, RestrictedRooms, RoomChat};
use crate::severity::{IncidentKind, Severity};

const OPS: &str = "slack/ops";
const WIDE: &str = "matrix/wide";

fn chat(name: &str, severities: &[Severity]) -> RoomChat {
    RoomChat {
        chat: name.to_owned(),
        severities: severities.to_vec(),
        private: false,
        invite: vec!["barbara".to_owned()],
        announce: vec!["C0GENERAL".to_owned()],
    }
}

fn with_rooms() -> Policy {
    let mut policy = policy();
    policy.war_room.chats = vec![chat(OPS, &[Severity::Sev1, Severity::Sev2]), chat(WIDE, &[Severity::Sev1])];
    policy.war_room.bridge = "jitsi".to_owned();
    policy
}

fn rooms_of(story: &Story) -> Vec<(u64, usize, RoomEffect)> {
    let room = |((version, n), effect): (&(u64, usize), &Effect)| match effect {
        Effect::Room(effect) => Some((*version, *n, effect.clone())),
        _ => None,
    };
    story.pending.iter().filter_map(room).collect()
}

/// Ends the pending effects on rooms of one kind, all that there are now.
fn end(story: &mut Story, kind: &str, data: &Value) -> usize {
    let all: Vec<_> = rooms_of(story).into_iter().filter(|(_, _, e)| e.kind() == kind).collect();
    for (version, n, effect) in &all {
        story.pending.remove(&(*version, *n));
        let mut data = data.clone();
        if kind == "open_room" {
            data = json!({"id": format!("C-{}", system(effect)), "name": "inc", "link": "https://chat/x"});
        }
        let outcome = Outcome::Done { detail: "done".to_owned(), data };
        story.finish((*version, *n), &Effect::Room(effect.clone()), outcome);
    }
    all.len()
}

fn system(effect: &RoomEffect) -> &str {
    match effect {
        RoomEffect::Open { chat, .. } => chat,
        _ => "",
    }
}

fn opened(severity: Severity) -> Story {
    Story::opened_under(with_rooms(), SEV1, Some(severity))
}

fn asked(story: &Story) -> Vec<(String, String, bool)> {
    let room = |r: &EventRecord| match &r.event {
        Event::Room(RoomEvent::Asked { chat, name, private, .. }) => {
            Some((chat.clone(), name.clone(), *private))
        }
        _ => None,
    };
    story.records.iter().filter_map(room).collect()
}

#[test]
fn severity_says_which_rooms_stand_at_once() {
    let name = "inc-2027-0001-revenue-has-stopped-customers-cannot".to_owned();
    let story = opened(Severity::Sev2);
    assert_eq!(asked(&story), [(OPS.to_owned(), name.clone(), false)]);
    let mut story = opened(Severity::Sev3);
    assert_eq!((asked(&story), story.i().rooms.bridge.as_ref()), (Vec::new(), None));
    // Raised: what the worse severity wants is asked for then.
    let raise = Command::SetSeverity { severity: Severity::Sev1, reason: "all of them".to_owned() };
    story.by("ada", &raise).expect("is raised");
    assert_eq!(asked(&story), [(OPS.to_owned(), name.clone(), false), (WIDE.to_owned(), name, false)]);
    assert!(story.i().rooms.bridge.is_some());
    // And lowered again: what stands stays.
    let lower = Command::SetSeverity { severity: Severity::Sev3, reason: "not so bad".to_owned() };
    story.by("ada", &lower).expect("is lowered");
    assert_eq!(story.i().rooms.chats.len(), 2);
}

#[test]
fn a_room_that_opens_is_welcomed_to_first_and_people_are_brought_in() {
    let mut story = opened(Severity::Sev2);
    assert_eq!(end(&mut story, "open_room", &Value::Null), 1);
    let kinds: Vec<(&str, RoomEffect)> = rooms_of(&story)
        .into_iter()
        .map(|(_, _, e)| (e.kind(), e))
        .filter(|(k, _)| *k != "open_bridge")
        .collect();
    let names: Vec<&str> = kinds.iter().map(|(k, _)| *k).collect();
    assert_eq!(names, ["room_invite", "room_topic", "room_post", "room_announce"]);
    assert!(
        matches!(&kinds[0].1, RoomEffect::Invite { people, .. }
        if people.contains(&"ada".to_owned()) && people.contains(&"barbara".to_owned())),
        "{kinds:?}"
    );
    assert!(matches!(&kinds[2].1, RoomEffect::Post { welcome: true, .. }), "{kinds:?}");
    // Who takes part later is brought in once.
    story.by("edsger", &Command::AddNote { text: "looking".into() }).expect("is noted");
    story.by("edsger", &Command::AddNote { text: "still".into() }).expect("is noted");
    let late: Vec<RoomEffect> = rooms_of(&story)
        .into_iter()
        .map(|(_, _, e)| e)
        .filter(|e| matches!(e, RoomEffect::Invite { people, .. } if people.contains(&"edsger".to_owned())))
        .collect();
    assert_eq!(late.len(), 1, "{late:?}");
}

#[test]
fn posts_keep_their_order_and_what_waits_goes_out_as_one() {
    let mut story = opened(Severity::Sev2);
    end(&mut story, "open_room", &Value::Null);
    for n in 0..5 {
        story.by("ada", &Command::AddNote { text: format!("note {n}") }).expect("is noted");
    }
    let posts = |story: &Story| -> Vec<RoomEffect> {
        let all = rooms_of(story).into_iter().map(|(_, _, e)| e);
        all.filter(|e| e.kind() == "room_post").collect()
    };
    let first = posts(&story);
    assert_eq!(first.len(), 1, "only the welcome is under way: {first:?}");
    end(&mut story, "room_post", &Value::Null);
    let second = posts(&story);
    let RoomEffect::Post { from, upto, welcome: false, .. } = second[0] else { panic!("{second:?}") };
    assert_eq!(second.len(), 1);
    let told: Vec<String> = story
        .records
        .iter()
        .filter(|r| (from..=upto).contains(&r.version))
        .filter_map(|r| line(r, OPS))
        .filter(|l| l.contains("note"))
        .collect();
    assert_eq!(told, (0..5).map(|n| format!("ada: note {n}")).collect::<Vec<_>>());
    // Not all of it found room: the rest is the next post.
    end(&mut story, "room_post", &json!({"upto": upto - 1}));
    let third = posts(&story);
    assert!(
        matches!(third[..], [RoomEffect::Post { from: f, upto: u, .. }] if (f, u) == (upto, upto)),
        "{third:?}"
    );
    end(&mut story, "room_post", &Value::Null);
    assert_eq!(posts(&story), [], "nothing is left to say");
}

#[test]
fn the_topic_is_set_again_only_where_it_says_something_else() {
    let mut story = opened(Severity::Sev2);
    end(&mut story, "open_room", &Value::Null);
    let said = topic(story.i());
    assert!(said.contains("SEV2") && said.contains("IC ada"), "{said}");
    // While one is under way, changes wait.
    story
        .by("ada", &Command::AssignRole { role: "incident_commander".into(), person: "grace".into() })
        .expect("is given");
    let topics = |story: &Story| rooms_of(story).iter().filter(|(_, _, e)| e.kind() == "room_topic").count();
    assert_eq!(topics(&story), 1);
    // It was set to what was true by then.
    let fresh = topic(story.i());
    end(&mut story, "room_topic", &json!({"topic": fresh}));
    assert_eq!(topics(&story), 0, "it says all that there is to say");
    story.by("ada", &Command::AddNote { text: "x".into() }).expect("is noted");
    assert_eq!(topics(&story), 0);
    story
        .by("ada", &Command::AssignRole { role: "incident_commander".into(), person: "ada".into() })
        .expect("is given");
    assert_eq!(topics(&story), 1);
    // What could not be done says nothing; the same is not asked for again and again.
    end(&mut story, "room_topic", &Value::Null);
    assert_eq!(topics(&story), 0);
}

#[test]
fn nothing_of_a_restricted_incident_goes_to_an_open_room() {
    let mut story = opened(Severity::Sev1);
    end(&mut story, "open_room", &Value::Null);
    let secret = Command::SetKind { kind: IncidentKind::Security, restricted: None };
    story.by("ada", &secret).expect("is said");
    // Both open rooms are left and archived, and private ones with a name that says nothing take their place.
    let private: Vec<_> = asked(&story).into_iter().filter(|(_, _, private)| *private).collect();
    assert_eq!(
        private,
        [
            (OPS.to_owned(), "inc-2027-0001".to_owned(), true),
            (WIDE.to_owned(), "inc-2027-0001".to_owned(), true),
        ]
    );
    assert_eq!(story.said(|e| matches!(e, Event::Room(RoomEvent::Left { .. }))), 2);
    assert_eq!(rooms_of(&story).iter().filter(|(_, _, e)| e.kind() == "archive_room").count(), 2);
    // What was on its way to the open ones finds another asking.
    let open_ask = story.records.iter().find_map(|r| match &r.event {
        Event::Room(RoomEvent::Asked { chat, private: false, .. }) if chat == OPS => Some(r.version),
        _ => None,
    });
    assert!(story.i().rooms.asked(OPS, open_ask.expect("was asked for")).is_none());
    assert!(story.i().rooms.chats.values().all(|r| r.private && r.announce.is_empty()));
}

#[test]
fn a_restricted_incident_has_no_room_where_policy_says_so_and_a_person_may_say_otherwise() {
    let mut policy = with_rooms();
    policy.war_room.restricted = RestrictedRooms::None;
    let mut story = Story::opened_under(policy, SEV1, Some(Severity::Sev1));
    let secret = Command::SetKind { kind: IncidentKind::Security, restricted: None };
    story.by("ada", &secret).expect("is said");
    assert!(story.i().rooms.chats.values().all(|r| r.state == RoomState::Left), "{:?}", story.i().rooms);
    // They were still being opened: nobody is to find them.
    end(&mut story, "open_room", &Value::Null);
    assert_eq!(rooms_of(&story).iter().filter(|(_, _, e)| e.kind() == "archive_room").count(), 2);
    assert!(rooms_of(&story).iter().all(|(_, _, e)| matches!(e.kind(), "archive_room" | "open_bridge")));
    let open = Command::OpenRoom { chat: Some(OPS.to_owned()), private: Some(false) };
    story.by("ada", &open).expect("is asked for");
    end(&mut story, "open_room", &Value::Null);
    let room = &story.i().rooms.chats[OPS];
    assert!(room.is_open() && !room.private && room.open_by_person, "{room:?}");
    assert_eq!(room.name, "inc");
    // The system leaves it alone.
    story.by("ada", &Command::AddNote { text: "x".into() }).expect("is noted");
    assert!(story.i().rooms.chats[OPS].is_open());
}

#[test]
fn rooms_are_archived_a_week_after_the_end_and_asked_for_anew_when_it_comes_back() {
    let mut story = opened(Severity::Sev2);
    end(&mut story, "open_room", &Value::Null);
    story.by("ada", &Command::Resolve { summary: "it is over".into() }).expect("is over");
    let due = timers(story.i(), &story.policy)["rooms:archive"];
    assert_eq!(due.duration_since(story.now).as_hours(), 7 * 24);
    story.now = due;
    assert!(!story.fire("rooms:archive").is_empty());
    assert_eq!(story.fire("rooms:archive"), [], "once");
    end(&mut story, "archive_room", &Value::Null);
    assert_eq!(story.i().rooms.chats[OPS].state, RoomState::Archived);
    let before = asked(&story).len();
    story.by("ada", &Command::Reopen { reason: "it is back".into() }).expect("is open");
    assert_eq!(asked(&story).len(), before + 1);
    assert_eq!(story.i().rooms.chats[OPS].state, RoomState::Asked);
    // 0 is never.
    story.policy.war_room.archive_after_s = 0;
    end(&mut story, "open_room", &Value::Null);
    story.by("ada", &Command::Resolve { summary: "it is over".into() }).expect("is over");
    assert!(!timers(story.i(), &story.policy).contains_key("rooms:archive"));
}

#[test]
fn a_person_archives_rooms_before_their_time_and_may_ask_for_another() {
    let mut story = opened(Severity::Sev1);
    end(&mut story, "open_room", &Value::Null);
    let one = Command::ArchiveRooms { chat: Some(OPS.to_owned()) };
    assert_eq!(story.by("ada", &one).expect("is archived").len(), 1);
    assert_eq!(story.by("ada", &one).expect("once"), []);
    assert_eq!(end(&mut story, "archive_room", &Value::Null), 1);
    assert_eq!(story.i().rooms.chats[OPS].state, RoomState::Archived);
    assert!(story.i().rooms.chats[WIDE].is_open());
    story.by("ada", &Command::AddNote { text: "x".into() }).expect("is noted");
    assert_eq!(asked(&story).len(), 2, "nothing is opened again by itself");
    let wrong = story.by("ada", &Command::ArchiveRooms { chat: Some("slack/nowhere".to_owned()) });
    assert!(matches!(wrong, Err(Rejection::NotNow { .. })), "{wrong:?}");
    story.by("ada", &Command::OpenRoom { chat: Some(OPS.to_owned()), private: None }).expect("is asked for");
    assert_eq!(asked(&story).len(), 3);
}

#[test]
fn what_can_be_pressed_is_about_this_incident_and_what_waits_in_it() {
    let mut story = opened(Severity::Sev2);
    let id = story.i().id.clone();
    let commands = |controls: Vec<crate::ports::chat::Control>| -> Vec<String> {
        use crate::ports::chat::Does;
        let of = |c: crate::ports::chat::Control| match c.does {
            Does::Give(command) | Does::Ask(command) => vec![command],
            Does::Choose(options) => options.into_iter().map(|(_, command)| command).collect(),
        };
        controls.into_iter().flat_map(of).collect()
    };
    let all = commands(controls(story.i()));
    assert!(all.contains(&format!("role incident_commander me {id}")), "{all:?}");
    let severities: Vec<&String> = all.iter().filter(|c| c.starts_with("severity")).collect();
    let expected = ["SEV1", "SEV2", "SEV3"].map(|severity| format!("severity {id} {severity}"));
    assert_eq!(
        severities,
        expected.iter().collect::<Vec<_>>(),
        "no reason is made up, and nothing ends it by a slip"
    );
    assert!(all.iter().all(|c| c.contains(id.as_str()) && c.len() <= 140), "{all:?}");
    let before = story.i().version;
    let give = Command::AssignRole { role: "incident_commander".into(), person: "grace".into() };
    story.by("ada", &give).expect("is given");
    let since: Vec<EventRecord> = story.records.iter().filter(|r| r.version > before).cloned().collect();
    assert_eq!(
        commands(decisions(story.i(), &since)),
        [format!("accept incident_commander {id}"), format!("decline incident_commander {id}")]
    );
    story.by("grace", &Command::Acknowledge).expect("is taken");
    assert_eq!(decisions(story.i(), &since), [], "who has answered is not asked");
    story.by("ada", &Command::Resolve { summary: "it is over".into() }).expect("is over");
    assert_eq!(controls(story.i()), []);
}

#[test]
fn a_room_that_fails_or_is_lost_is_told_once_and_a_person_asks_for_another() {
    let mut story = opened(Severity::Sev2);
    let (version, n, effect) =
        rooms_of(&story).into_iter().find(|(_, _, e)| e.kind() == "open_room").expect("asked");
    story.pending.remove(&(version, n));
    let refused = Outcome::Permanent { reason: "token_revoked: make a new one".to_owned() };
    let events = story.finish((version, n), &Effect::Room(effect.clone()), refused.clone());
    assert!(
        matches!(&events[..], [Event::Room(RoomEvent::Failed { .. }), Event::EffectDied { .. }]),
        "{events:?}"
    );
    assert_eq!(story.finish((version, n), &Effect::Room(effect.clone()), refused), []);
    // The dead letter is put back and it works.
    let data = json!({"id": "C1", "name": "inc", "link": "https://chat/x"});
    let worked = Outcome::Done { detail: "opened".to_owned(), data };
    assert_eq!(story.finish((version, n), &Effect::Room(effect), worked).len(), 1);
    assert!(story.i().rooms.chats[OPS].is_open());
    let lost = RoomNews::Lost { id: "C1".to_owned(), reason: "channel_not_found".to_owned() };
    let news = Command::RecordRoomNews { news: lost };
    assert_eq!(story.say(&Actor::System, &news).expect("is told").len(), 1);
    assert_eq!(story.say(&Actor::System, &news).expect("once"), []);
    assert_eq!(asked(&story).len(), 1, "nothing is opened again by itself");
    let again = Command::OpenRoom { chat: Some(OPS.to_owned()), private: None };
    story.by("ada", &again).expect("is asked for");
    assert_eq!(asked(&story).len(), 2);
    assert_eq!(story.by("ada", &again).expect("stands"), [], "what stands stays");
    let other = Command::OpenRoom { chat: Some("slack/nowhere".to_owned()), private: None };
    assert!(matches!(story.by("ada", &other), Err(Rejection::Unknown { ref field, .. }) if field == "chat"));
}

#[test]
fn a_chat_brings_a_bridge_unless_policy_says_none_and_one_that_fails_is_replaced() {
    let of = |bridge: &str, fallback: &str| {
        let mut policy = with_rooms();
        policy.war_room.bridge = bridge.to_owned();
        policy.war_room.bridge_fallback = fallback.to_owned();
        Story::opened_under(policy, "checkout is down", Some(Severity::Sev1))
    };
    let name = |s: &Story| s.i().rooms.bridge.as_ref().map(|b| b.bridge.clone());
    assert_eq!(name(&of("", "")).as_deref(), Some("jitsi"));
    assert_eq!(name(&of("none", "")), None);
    let fail = |story: &mut Story| {
        let open = |e: &Effect| e.kind() == "open_bridge";
        let at = *story.pending.iter().rfind(|(_, e)| open(e)).expect("is asked for").0;
        let effect = story.pending.remove(&at).expect("is there");
        story.finish(at, &effect, Outcome::Permanent { reason: "the account is locked".to_owned() });
    };
    let mut story = of("zoom/main", "");
    fail(&mut story);
    let failed = |e: &Event| {
        matches!(e, Event::Room(RoomEvent::BridgeFailed { bridge, reason })
            if bridge == "zoom/main" && reason.contains("locked"))
    };
    assert_eq!((story.said(failed), name(&story).as_deref()), (1, Some("jitsi")));
    assert_eq!(story.i().dead_effects.len(), 1, "somebody mends it");
    end(&mut story, "open_bridge", &json!({"link": "https://meet.jit.si/x"}));
    let link = |s: &Story| s.i().rooms.bridge.as_ref().and_then(|b| b.link.clone());
    assert_eq!(link(&story).as_deref(), Some("https://meet.jit.si/x"));
    // A person asks for another, once; one that is on its way is the one.
    let another = Command::OpenRoom { chat: Some("bridge".to_owned()), private: None };
    assert_eq!(story.by("ada", &another).expect("is asked for").len(), 1);
    assert!(story.by("ada", &another).expect("is on its way").is_empty());
    assert_eq!((name(&story).as_deref(), link(&story)), (Some("zoom/main"), None));
    // Without a fallback it stays at that, and nothing is asked for round and round.
    for (bridge, fallback) in [("zoom/main", "none"), ("jitsi", "")] {
        let mut story = of(bridge, fallback);
        fail(&mut story);
        assert!(story.i().rooms.bridge.as_ref().is_some_and(|b| b.reason.is_some()), "{bridge}");
        assert!(!story.pending.values().any(|e| e.kind() == "open_bridge"));
    }
    assert!(of("none", "").by("ada", &another).is_err());
}

#[test]
fn a_rename_is_followed_and_the_bridge_is_told_in_the_room() {
    let mut story = opened(Severity::Sev2);
    end(&mut story, "open_room", &Value::Null);
    end(&mut story, "room_post", &Value::Null);
    let named = RoomNews::Renamed { id: format!("C-{OPS}"), name: "checkout-down".to_owned() };
    story.say(&Actor::System, &Command::RecordRoomNews { news: named }).expect("is told");
    assert_eq!(story.i().rooms.chats[OPS].name, "checkout-down");
    let before = story.i().version;
    end(&mut story, "open_bridge", &json!({"link": "https://meet.example/abc", "detail": "passcode 12"}));
    let bridge = story.i().rooms.bridge.as_ref().expect("is there");
    assert_eq!(bridge.link.as_deref(), Some("https://meet.example/abc"));
    let told: Vec<String> =
        story.records.iter().filter(|r| r.version > before).filter_map(|r| line(r, OPS)).collect();
    assert_eq!(told, ["bridge by jitsi: https://meet.example/abc (passcode 12)"]);
}

#[test]
fn marks_and_reactions_are_known_in_their_usual_forms() {
    let policy = with_rooms().war_room;
    for (text, said) in [
        ("!note pool is full", Some("pool is full")),
        ("  Note:pool is full ", Some("pool is full")),
        ("!notes on the pool", None),
        ("!note", None),
        ("please note: x", None),
    ] {
        assert_eq!(policy.marked(text), said, "{text}");
    }
    for (reaction, marks) in
        [("pushpin", true), (":pushpin:", true), ("📌", true), ("eyes", false), ("", false)]
    {
        assert_eq!(policy.marks(reaction), marks, "{reaction}");
    }
    let mut wrong = policy.clone();
    wrong.name = "inc-{number}".to_owned();
    assert_eq!(wrong.problems()[0].0, "name");
    assert_eq!(policy.problems(), []);
}
