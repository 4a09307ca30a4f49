//! What is said in a chat comes in once, whatever the chat tells how often.

use super::super::*;
use super::story::{SEV1, Story};

fn said(id: &str, text: &str, story: &Story) -> Said {
    Said {
        chat: "slack/ops".to_owned(),
        id: id.to_owned(),
        author: "Ada".to_owned(),
        account: "U1".to_owned(),
        text: text.to_owned(),
        attachments: Vec::new(),
        when: story.now,
    }
}

#[test]
fn a_message_is_taken_in_once_and_edits_and_deletions_are_told() {
    let mut story = Story::opened(SEV1, None);
    let say = |story: &mut Story, id: &str, text: &str| {
        let said = said(id, text, story);
        story.say(&Actor::Source { name: "slack/ops".into() }, &Command::RecordSaid { said })
    };
    let words = |events: Vec<Event>| -> Vec<String> {
        let at = jiff::Timestamp::UNIX_EPOCH;
        let record = |event| EventRecord {
            incident: crate::ids::IncidentId::new("INC-1"),
            version: 1,
            at,
            actor: Actor::System,
            event,
        };
        events.into_iter().map(|e| describe(&record(e)).text).collect()
    };
    let first = say(&mut story, "C1:1", " pool is full ").expect("comes in");
    assert_eq!(words(first), ["Ada in slack/ops: pool is full"]);
    assert_eq!(say(&mut story, "C1:1", "pool is full").expect("is the same"), []);
    let edited = say(&mut story, "C1:1", "pool was full").expect("was edited");
    assert_eq!(words(edited), ["edited in slack/ops: pool was full"]);
    let unsay = Command::RecordUnsaid { chat: "slack/ops".into(), id: "C1:1".into(), when: story.now };
    assert_eq!(story.say(&Actor::System, &unsay).expect("is told").len(), 1);
    assert_eq!(story.say(&Actor::System, &unsay).expect("once"), []);
    // Marked again.
    assert_eq!(say(&mut story, "C1:1", "pool was full").expect("is back").len(), 1);
    let other = Command::RecordUnsaid { chat: "slack/ops".into(), id: "C1:2".into(), when: story.now };
    assert_eq!(story.say(&Actor::System, &other).expect("was never in"), []);
}

#[test]
fn what_is_empty_or_too_long_is_refused_or_cut() {
    let mut story = Story::opened(SEV1, None);
    let empty = said("C1:1", "  ", &story);
    let refused = story.say(&Actor::System, &Command::RecordSaid { said: empty.clone() });
    assert!(matches!(refused, Err(Rejection::Invalid { ref field, .. }) if field == "text"), "{refused:?}");
    let nameless = Said { chat: String::new(), ..said("C1:1", "x", &story) };
    let refused = story.say(&Actor::System, &Command::RecordSaid { said: nameless });
    assert!(matches!(refused, Err(Rejection::Invalid { ref field, .. }) if field == "chat"), "{refused:?}");
    let file = Attachment { name: "graph.png".into(), size: 9, ..Attachment::default() };
    let with_file = Said { attachments: vec![file; 30], ..empty };
    let events =
        story.say(&Actor::System, &Command::RecordSaid { said: with_file }).expect("a file is enough");
    assert!(matches!(&events[0], Event::Room(RoomEvent::Said(s)) if s.attachments.len() == 20), "{events:?}");
    let long = said("C1:2", &"ö".repeat(20_000), &story);
    let events = story.say(&Actor::System, &Command::RecordSaid { said: long }).expect("is cut");
    assert!(matches!(&events[0], Event::Room(RoomEvent::Said(s)) if s.text.len() == 16_000), "{events:?}");
}
