//! Rooms against a chat that fails as chats do: what reaches people there is whole, in order, and there once.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use firebell_core::ids::IncidentId;
use firebell_core::incident::{
    Actor, Attachment, Command, Event, EventRecord, Incident, Opening, RoomEvent, RoomState, Said, fold,
    topic,
};
use firebell_core::policy::{Policy, RoomChat};
use firebell_core::ports::BoxFuture;
use firebell_core::ports::agent::BlobStore;
use firebell_core::ports::chat::ChatRooms;
use firebell_core::ports::notifier::Notifier;
use firebell_core::ports::store::Reader;
use firebell_core::severity::{IncidentKind, Severity};
use firebell_engine::effects::{Accounts, Executor, RoomSystems};
use firebell_engine::handle::{self, Clock, Handle};
use firebell_engine::listen::Listener;
use firebell_report::Templates;
use firebell_store::{MemoryReader, MemoryStore};
use firebell_testkit::chat::{FakeChat, FakeRoom, Fault};
use firebell_testkit::samples;
use firebell_testkit::vendor::{FakeAgents, FakeArchive, FakeNotifier, Vendor};
use jiff::Timestamp;

const OPS: &str = "slack/ops";

/// One node with a chat; time moves where the test says so.
struct Node {
    handle: Handle,
    _service: handle::Service,
    reader: MemoryReader,
    executor: Executor,
    listener: Listener,
    clock: Arc<AtomicI64>,
    chat: FakeChat,
    id: IncidentId,
}

struct Ada;

impl Accounts for Ada {
    fn account(&self, person: &str, _: &str) -> Option<String> {
        (person == "ada").then(|| "U-ADA".to_owned())
    }

    fn email(&self, _: &str) -> Option<String> {
        None
    }

    fn person(&self, _: &str, account: &str, _: &str) -> Option<String> {
        (account == "U-ADA").then(|| "ada".to_owned())
    }
}

struct Blobs;

impl BlobStore for Blobs {
    fn put<'a>(&'a self, bytes: Vec<u8>) -> BoxFuture<'a, Result<String, String>> {
        Box::pin(async move { Ok(format!("{} bytes", bytes.len())) })
    }

    fn get<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Option<Vec<u8>>, String>> {
        Box::pin(async { Ok(None) })
    }
}

fn policy(chats: &[FakeChat]) -> Policy {
    let mut policy = samples::policy();
    policy.war_room.bridge = "none".to_owned();
    let rule = |chat: &FakeChat| RoomChat {
        chat: chat.name().to_owned(),
        severities: vec![Severity::Sev1, Severity::Sev2],
        private: false,
        invite: Vec::new(),
        announce: Vec::new(),
    };
    policy.war_room.chats = chats.iter().map(rule).collect();
    policy
}

impl Node {
    async fn start(chat: FakeChat) -> Self {
        Self::start_in(&[chat]).await
    }

    async fn start_in(chats: &[FakeChat]) -> Self {
        let store = MemoryStore::new();
        let reader = store.reader();
        let clock = Arc::new(AtomicI64::new(samples::START_S));
        let read = Arc::clone(&clock);
        let now: Clock =
            Arc::new(move || Timestamp::from_second(read.load(Ordering::Relaxed)).expect("in range"));
        let policy = Arc::new(policy(chats));
        let (service, handle) =
            handle::start(Box::new(store), Arc::clone(&policy), Arc::clone(&now)).expect("a thread");
        let rooms = RoomSystems {
            chats: chats
                .iter()
                .map(|chat| (chat.name().to_owned(), Arc::new(chat.clone()) as Arc<dyn ChatRooms>))
                .collect(),
            accounts: Some(Arc::new(Ada)),
            blobs: Some(Arc::new(Blobs)),
            ..RoomSystems::default()
        };
        let vendor = Vendor::default();
        let names = policy.channels.values().flatten().chain(&policy.page_channels);
        let notifier = |name: &String| {
            let fake = FakeNotifier { name: name.clone(), vendor: vendor.clone() };
            (name.clone(), Arc::new(fake) as Arc<dyn Notifier>)
        };
        let notifiers = names.map(notifier).collect();
        let executor = Executor {
            agents: Arc::new(FakeAgents { vendor: vendor.clone() }),
            notifiers,
            platforms: Vec::new(),
            rooms: rooms.clone(),
            trackers: BTreeMap::new(),
            archive: Arc::new(FakeArchive { vendor }),
            reader: Arc::new(reader.clone()),
            templates: Arc::new(Templates::built_in().expect("parses")),
            policy,
            clock: Arc::clone(&now),
            by_contact: BTreeMap::new(),
            devices: Arc::new(firebell_engine::effects::NoDevices),
            throttle: firebell_engine::effects::Throttle::default(),
            ack_keys: firebell_engine::ack::AckKeys::new("acknowledgements"),
        };
        let listener = listener(&handle, &reader, &rooms, &now);
        let opening = Opening {
            title: "checkout is down".to_owned(),
            services: vec!["checkout".to_owned()],
            severity: Some(Severity::Sev2),
            ..Opening::default()
        };
        let opened = handle.open(opening, Actor::person("ada")).await.expect("opens");
        let (id, chat) = (opened.incident, chats[0].clone());
        Self { handle, _service: service, reader, executor, listener, clock, chat, id }
    }

    /// Carries out all that is due now.
    async fn work(&self) {
        loop {
            let claimed = self.handle.claim(16, 16).await.expect("readable");
            if claimed.is_empty() {
                return;
            }
            for claimed in claimed {
                let (key, fence) = (claimed.row.key.clone(), claimed.row.fence);
                let result = self.executor.run(claimed).await;
                self.handle.finish(&key, fence, result).await.expect("recorded");
            }
        }
    }

    /// Time passes in steps, with work at each.
    async fn pass(&self, seconds: i64, step: i64) {
        for _ in 0..seconds / step {
            self.clock.fetch_add(step, Ordering::Relaxed);
            self.work().await;
        }
    }

    fn records(&self) -> Vec<EventRecord> {
        self.reader.events(&self.id).expect("readable")
    }

    fn incident(&self) -> Incident {
        fold(&self.records()).expect("is there")
    }

    fn told(&self, of: impl Fn(&RoomEvent) -> bool) -> usize {
        self.records().iter().filter(|r| matches!(&r.event, Event::Room(e) if of(e))).count()
    }

    async fn by(&self, person: &str, command: Command) {
        self.handle.command(&self.id, command, Actor::person(person)).await.expect("is allowed");
    }

    async fn note(&self, text: &str) {
        self.by("ada", Command::AddNote { text: text.to_owned() }).await;
    }

    fn room(&self) -> FakeRoom {
        let rooms = self.chat.rooms();
        assert_eq!(rooms.len(), 1, "{rooms:?}");
        rooms.into_values().next().expect("a room")
    }

    async fn listen(&mut self) {
        self.clock.fetch_add(60, Ordering::Relaxed);
        self.listener.turn().await.expect("readable");
    }

    fn said(&self, id: &str, text: &str) -> Said {
        Said {
            chat: OPS.to_owned(),
            id: format!("C1:{id}"),
            author: "Ada".to_owned(),
            account: "U-ADA".to_owned(),
            text: text.to_owned(),
            attachments: Vec::new(),
            when: samples::start(),
        }
    }
}

fn listener(handle: &Handle, reader: &MemoryReader, rooms: &RoomSystems, clock: &Clock) -> Listener {
    Listener::new(
        handle.clone(),
        Arc::new(reader.clone()),
        Arc::new(reader.clone()),
        rooms.clone(),
        Arc::clone(clock),
        Duration::from_secs(60),
    )
}

/// Notes as they stand in the room's posts, in order.
fn notes(room: &FakeRoom) -> Vec<String> {
    let text: Vec<&str> = room.posts.iter().map(|(_, text)| text.as_str()).collect();
    let all = text.join("\n");
    let words = all.split_whitespace().filter(|w| w.starts_with("note-"));
    words.map(str::to_owned).collect()
}

#[tokio::test]
async fn a_room_stands_with_its_topic_its_people_and_a_pinned_word_of_welcome() {
    let node = Node::start(FakeChat::new(OPS)).await;
    node.work().await;
    let room = node.room();
    assert!(room.name.starts_with("inc-") && room.name.ends_with("-checkout-is-down"), "{}", room.name);
    assert!(room.people.contains("ada"), "{:?}", room.people);
    assert!(room.posts[0].1.contains("checkout is down"), "{:?}", room.posts);
    assert!(room.pinned.contains("0"), "{:?}", room.pinned);
    assert_eq!(room.topics.last(), Some(&topic(&node.incident())), "it says what is true");
    let spoken = room.topics.len();
    node.note("note-1").await;
    node.work().await;
    assert_eq!(node.room().topics.len(), spoken, "the same is not set again");
    assert_eq!(notes(&node.room()), ["note-1"]);
}

#[tokio::test]
async fn a_chat_that_is_down_for_hours_gets_all_of_it_in_order_when_it_is_back() {
    let node = Node::start(FakeChat::new(OPS)).await;
    node.work().await;
    node.chat.set_down(true);
    for n in 0..30 {
        node.note(&format!("note-{n}")).await;
        node.pass(240, 60).await;
    }
    assert_eq!(notes(&node.room()), Vec::<String>::new());
    assert!(
        node.incident().dead_effects.is_empty(),
        "nothing was given up: {:?}",
        node.incident().dead_effects
    );
    let before = node.room().posts.len();
    node.chat.set_down(false);
    node.pass(600, 60).await;
    let room = node.room();
    assert_eq!(notes(&room), (0..30).map(|n| format!("note-{n}")).collect::<Vec<_>>());
    assert!(room.posts.len() <= before + 15, "many entries are few posts: {}", room.posts.len() - before);
    assert_eq!(room.topics.last(), Some(&topic(&node.incident())));
}

#[tokio::test]
async fn an_answer_that_was_lost_opens_no_second_room_and_says_nothing_twice() {
    let chat = FakeChat::new(OPS);
    chat.fail([Fault::LostAnswer]);
    let node = Node::start(chat).await;
    node.work().await;
    node.pass(60, 5).await;
    assert_eq!(node.chat.rooms().len(), 1);
    // Every first attempt at anything is lost from now on.
    for n in 0..5 {
        node.chat.fail([Fault::LostAnswer, Fault::Error500]);
        node.note(&format!("note-{n}")).await;
        node.work().await;
        node.pass(60, 5).await;
    }
    let room = node.room();
    let mut keys: Vec<&String> = room.posts.iter().map(|(key, _)| key).collect();
    let posts = keys.len();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), posts, "{:?}", room.posts);
    assert_eq!(notes(&room), (0..5).map(|n| format!("note-{n}")).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_limit_is_obeyed() {
    let chat = FakeChat::new(OPS);
    chat.fail([Fault::Limited(90)]);
    let node = Node::start(chat).await;
    node.work().await;
    node.pass(84, 7).await;
    assert_eq!((node.chat.calls(), node.chat.rooms().len()), (1, 0));
    node.pass(14, 7).await;
    assert_eq!(node.chat.rooms().len(), 1);
}

#[tokio::test]
async fn a_revoked_token_is_a_dead_letter_and_a_person_puts_it_back() {
    let chat = FakeChat::new(OPS);
    chat.fail([Fault::Revoked]);
    let node = Node::start(chat).await;
    node.work().await;
    let incident = node.incident();
    assert_eq!(incident.rooms.chats[OPS].state, RoomState::Failed);
    let (key, reason) = incident.dead_effects.first_key_value().expect("a dead letter");
    assert!(reason.contains("token_revoked"), "{reason}");
    node.by("ada", Command::ReviveEffect { key: key.clone() }).await;
    node.work().await;
    assert!(node.incident().rooms.chats[OPS].is_open() && node.incident().dead_effects.is_empty());
}

#[tokio::test]
async fn a_post_that_is_never_taken_is_told_and_what_follows_goes_on() {
    let node = Node::start(FakeChat::new(OPS)).await;
    node.work().await;
    node.chat.fail([Fault::Refused]);
    node.note("note-0").await;
    node.note("note-1").await;
    node.work().await;
    assert_eq!(notes(&node.room()), ["note-1"]);
    let refused = |e: &RoomEvent| matches!(e, RoomEvent::Posted { refused: Some(_), .. });
    assert_eq!(node.told(refused), 1);
    let incident = node.incident();
    let (key, reason) = incident.dead_effects.first_key_value().expect("a dead letter");
    assert!(reason.contains("msg_too_long") && incident.dead_effects.len() == 1, "{reason}");
    // A person who has mended it has it told after all.
    node.by("ada", Command::ReviveEffect { key: key.clone() }).await;
    node.work().await;
    node.note("note-2").await;
    node.work().await;
    assert_eq!(notes(&node.room()), ["note-1", "note-0", "note-2"]);
}

#[tokio::test]
async fn a_room_that_cannot_be_read_is_told_once_and_that_it_is_heard_again() {
    let mut node = Node::start(FakeChat::new(OPS)).await;
    node.work().await;
    node.listen().await;
    let told = |node: &Node, heard: bool| {
        node.told(|e| matches!(e, RoomEvent::Unheard { reason, .. } if reason.is_none() == heard))
    };
    for _ in 0..2 {
        node.clock.fetch_add(400, Ordering::Relaxed);
        node.chat.fail([Fault::Revoked]);
        node.listen().await;
    }
    assert_eq!((told(&node, false), told(&node, true)), (1, 0));
    for _ in 0..2 {
        node.clock.fetch_add(400, Ordering::Relaxed);
        node.listen().await;
    }
    assert_eq!((told(&node, false), told(&node, true)), (1, 1));
    assert_eq!(node.incident().rooms.chats[OPS].unheard, None);
}

#[tokio::test]
async fn a_room_that_was_deleted_is_told_once_and_a_person_gets_another() {
    let node = Node::start(FakeChat::new(OPS)).await;
    node.work().await;
    node.chat.delete("C1");
    node.note("note-1").await;
    node.by("ada", Command::AssignRole { role: "incident_commander".into(), person: "grace".into() }).await;
    node.work().await;
    let lost = |e: &RoomEvent| matches!(e, RoomEvent::Lost { .. });
    assert_eq!((node.told(lost), node.incident().dead_effects.len()), (1, 0));
    node.note("note-2").await;
    node.pass(120, 30).await;
    assert!(node.chat.rooms().is_empty(), "none is opened by itself");
    node.by("ada", Command::OpenRoom { chat: Some(OPS.to_owned()), private: None }).await;
    node.work().await;
    assert!(node.room().people.contains("grace"));
}

#[tokio::test]
async fn a_restricted_incident_goes_on_in_a_private_room_and_the_open_one_is_archived() {
    let node = Node::start(FakeChat::new(OPS)).await;
    node.work().await;
    node.note("note-1").await;
    node.by("ada", Command::SetKind { kind: IncidentKind::Security, restricted: None }).await;
    node.work().await;
    node.note("note-2").await;
    node.work().await;
    let rooms = node.chat.rooms();
    let (open, private): (Vec<&FakeRoom>, Vec<&FakeRoom>) = rooms.values().partition(|r| !r.private);
    assert_eq!((open.len(), private.len()), (1, 1));
    assert!(open[0].archived && notes(open[0]).is_empty(), "{:?}", open[0]);
    assert_eq!(notes(private[0]), ["note-2"]);
    let shown = format!("{} {}", private[0].name, private[0].purpose);
    assert!(!shown.contains("checkout"), "{shown}");
}

#[tokio::test]
async fn what_was_marked_comes_in_once_though_chat_and_firebell_were_away() {
    let mut node = Node::start(FakeChat::new(OPS)).await;
    node.work().await;
    node.listen().await;
    node.chat.say("C1", node.said("1", "good morning"), &[]);
    node.chat.say("C1", node.said("2", "!note the pool is full"), &[]);
    node.chat.say("C1", node.said("3", "it was the deploy"), &["eyes", "pushpin"]);
    node.chat.set_down(true);
    node.listen().await;
    let said = |node: &Node| -> Vec<(String, String)> {
        let all = node.records().into_iter().filter_map(|r| match r.event {
            Event::Room(RoomEvent::Said(said)) => Some((r.actor.display().to_owned(), said.text)),
            _ => None,
        });
        all.collect()
    };
    assert!(said(&node).is_empty());
    node.chat.set_down(false);
    node.listen().await;
    let both = [("ada", "the pool is full"), ("ada", "it was the deploy")]
        .map(|(a, b)| (a.to_owned(), b.to_owned()));
    assert_eq!(said(&node), both);
    // It comes by a webhook as well, and another process reads on from where this one was.
    let again = Said { text: "the pool is full".to_owned(), ..node.said("2", "") };
    let actor = Actor::Source { name: OPS.to_owned() };
    node.handle.command(&node.id, Command::RecordSaid { said: again }, actor).await.expect("is known");
    let clock: Clock = Arc::clone(&node.executor.clock);
    node.listener = listener(&node.handle, &node.reader, &node.executor.rooms, &clock);
    let stranger =
        Said { account: "U-X".to_owned(), author: "Bo".to_owned(), ..node.said("4", "note: back to normal") };
    node.chat.say("C1", stranger, &[]);
    node.chat.change("C1", |room| room.name = "checkout-is-down-again".to_owned());
    node.listen().await;
    assert_eq!(said(&node)[2..], [(OPS.to_owned(), "back to normal".to_owned())]);
    assert_eq!(node.incident().rooms.chats[OPS].name, "checkout-is-down-again");
    // A webhook says that something was said: the room is read at once, before its time.
    node.chat.say("C1", node.said("5", "!note really"), &[]);
    node.listener.turn().await.expect("readable");
    assert_eq!(said(&node).len(), 3, "not yet");
    node.handle.stir().room("C1");
    node.listener.turn().await.expect("readable");
    assert_eq!(said(&node).len(), 4);
    // Archived by somebody there: told, and not listened to any more.
    node.chat.change("C1", |room| room.archived = true);
    node.listen().await;
    assert_eq!(node.incident().rooms.chats[OPS].state, RoomState::Lost);
    let calls = node.chat.calls();
    node.listen().await;
    assert_eq!(node.chat.calls(), calls);
}

#[tokio::test]
async fn what_is_deleted_while_firebell_or_the_chat_is_away_is_told_once() {
    let mut node = Node::start(FakeChat::new(OPS)).await;
    node.work().await;
    for n in 0..50 {
        node.chat.say("C1", node.said(&n.to_string(), &format!("!note {n}")), &[]);
    }
    node.chat.say("C1", node.said("talk", "hello"), &[]);
    node.listen().await;
    let delete = |node: &Node, id: &str| {
        node.chat.change("C1", |room| {
            room.deleted.insert(format!("C1:{id}"));
        })
    };
    let gone = |node: &Node| -> Vec<String> {
        let all = node.records().into_iter().filter_map(|r| match r.event {
            Event::Room(RoomEvent::Unsaid { id, .. }) => Some(id),
            _ => None,
        });
        all.collect()
    };
    // While both are there, the chat tells of it by its webhook: nobody looks.
    delete(&node, "3");
    let calls = node.chat.calls();
    node.listen().await;
    assert_eq!((gone(&node).len(), node.chat.calls()), (0, calls + 1));
    // Another process looks at the latest first, a few at a time.
    delete(&node, "talk");
    delete(&node, "49");
    let clock: Clock = Arc::clone(&node.executor.clock);
    node.listener = listener(&node.handle, &node.reader, &node.executor.rooms, &clock);
    node.listen().await;
    assert_eq!(gone(&node), ["C1:49"]);
    // What could not be looked for is looked for again.
    node.chat.set_down(true);
    node.listen().await;
    node.chat.set_down(false);
    for _ in 0..4 {
        node.listen().await;
    }
    assert_eq!(gone(&node), ["C1:49", "C1:3"]);
    let calls = node.chat.calls();
    node.listen().await;
    assert_eq!(node.chat.calls(), calls + 1, "all were looked for");
    // The chat is away for long.
    node.chat.set_down(true);
    for _ in 0..12 {
        node.listen().await;
    }
    delete(&node, "7");
    node.chat.set_down(false);
    for _ in 0..4 {
        node.listen().await;
    }
    assert_eq!(gone(&node), ["C1:49", "C1:3", "C1:7"]);
}

#[tokio::test]
async fn each_room_that_cannot_be_read_is_told_and_holds_up_no_other() {
    let mut node = Node::start(FakeChat::new(OPS)).await;
    let opening =
        Opening { title: "search is down".to_owned(), severity: Some(Severity::Sev2), ..Opening::default() };
    let other = node.handle.open(opening, Actor::person("ada")).await.expect("opens").incident;
    node.work().await;
    node.listen().await;
    let count = |node: &Node, id: &IncidentId, of: fn(&RoomEvent) -> bool| {
        let records = node.reader.events(id).expect("readable");
        records.iter().filter(|r| matches!(&r.event, Event::Room(e) if of(e))).count()
    };
    let unheard = |e: &RoomEvent| matches!(e, RoomEvent::Unheard { reason: Some(_), .. });
    let said = |e: &RoomEvent| matches!(e, RoomEvent::Said(_));
    // The first of both alone lacks a scope.
    node.chat.fail([Fault::Revoked]);
    node.chat.say("C2", Said { id: "C2:1".to_owned(), ..node.said("1", "!note the index is gone") }, &[]);
    node.listen().await;
    assert_eq!((count(&node, &node.id, unheard), count(&node, &other, unheard)), (1, 0));
    assert_eq!(count(&node, &other, said), 1);
    node.clock.fetch_add(400, Ordering::Relaxed);
    node.chat.fail([Fault::Revoked, Fault::Revoked]);
    node.listen().await;
    assert_eq!((count(&node, &node.id, unheard), count(&node, &other, unheard)), (1, 1));
    let calls = node.chat.calls();
    node.listen().await;
    assert_eq!(node.chat.calls(), calls, "they are left alone for a while");
    node.clock.fetch_add(400, Ordering::Relaxed);
    node.listen().await;
    let heard = |e: &RoomEvent| matches!(e, RoomEvent::Unheard { reason: None, .. });
    assert_eq!((count(&node, &node.id, heard), count(&node, &other, heard)), (1, 1));
}

#[tokio::test]
async fn files_of_a_message_are_kept_with_the_evidence() {
    let node = Node::start(FakeChat::new(OPS)).await;
    node.work().await;
    node.chat.put_file("f1", b"12345");
    node.chat.put_file("f2", &[0; 6 << 20]);
    let file = |name: &str, source: &str, size: u64| Attachment {
        name: name.to_owned(),
        source: source.to_owned(),
        size,
        ..Attachment::default()
    };
    let attachments = vec![file("a.png", "f1", 5), file("large.bin", "f2", 6 << 20), file("gone", "f3", 1)];
    let said = Said { attachments, ..node.said("9", "see") };
    let actor = Actor::Source { name: OPS.to_owned() };
    node.handle.command(&node.id, Command::RecordSaid { said }, actor).await.expect("comes in");
    node.work().await;
    let kept = node.records().into_iter().find_map(|r| match r.event {
        Event::Room(RoomEvent::Kept { files, problems, .. }) => Some((files, problems)),
        _ => None,
    });
    let (files, problems) = kept.expect("told");
    assert_eq!(files, [(0, "5 bytes".to_owned())]);
    assert_eq!(problems.len(), 2, "{problems:?}");
}

#[tokio::test]
async fn the_room_is_archived_a_week_after_the_end() {
    let node = Node::start(FakeChat::new(OPS)).await;
    node.work().await;
    node.by("ada", Command::Resolve { summary: "the pool is larger".into() }).await;
    node.pass(3600, 600).await;
    assert!(!node.room().archived);
    node.pass(7 * 86_400, 43_200).await;
    // Timers are fired by the writer thread, which looks at the clock when something wakes it.
    for _ in 0..200 {
        node.note("is it over?").await;
        node.work().await;
        if node.room().archived {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(node.room().archived);
    assert_eq!(node.incident().rooms.chats[OPS].state, RoomState::Archived);
}

#[tokio::test]
async fn what_is_said_in_one_chat_or_on_the_page_is_told_in_all_others_once_with_who_said_it() {
    let (ops, wide) = (FakeChat::new(OPS), FakeChat::new("matrix/wide"));
    let mut node = Node::start_in(&[ops.clone(), wide.clone()]).await;
    node.work().await;
    assert!(ops.rooms().len() == 1 && wide.rooms().len() == 1);
    node.listen().await;
    // The posts of a room, the opening message aside, and how many of them hold this.
    let posts = |chat: &FakeChat, part: &str| -> Vec<String> {
        let rooms = chat.rooms();
        let room = rooms.values().next().expect("a room");
        let all = room.posts.iter().skip(1).map(|(_, text)| text.clone());
        all.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>())
            .filter(|line| line.contains(part))
            .collect()
    };
    let by_matrix = Said {
        chat: wide.name().to_owned(),
        account: "@bo:example.org".to_owned(),
        author: "Bo".to_owned(),
        ..node.said("2", "!note said-in-matrix")
    };
    ops.say("C1", node.said("1", "!note said-in-slack"), &[]);
    wide.say("C1", by_matrix.clone(), &[]);
    node.listen().await;
    node.work().await;
    node.note("said-on-the-page").await;
    node.pass(60, 30).await;
    // Said again by a webhook, read again by another process: still once.
    let again = Command::RecordSaid { said: Said { text: "said-in-matrix".to_owned(), ..by_matrix } };
    let source = Actor::Source { name: wide.name().to_owned() };
    node.handle.command(&node.id, again, source).await.expect("is known");
    node.listen().await;
    node.pass(60, 30).await;
    let lines = |part: &str| (posts(&ops, part), posts(&wide, part));
    let (slack, matrix) = lines("said-in-slack");
    assert_eq!(
        (slack.len(), matrix.len()),
        (0, 1),
        "where it was said it is read already: {slack:?} {matrix:?}"
    );
    assert!(matrix[0].contains("ada") || matrix[0].contains("Ada"), "{matrix:?}");
    let (slack, matrix) = lines("said-in-matrix");
    assert_eq!((slack.len(), matrix.len()), (1, 0), "{slack:?} {matrix:?}");
    assert!(slack[0].contains("Bo"), "{slack:?}");
    let (slack, matrix) = lines("said-on-the-page");
    assert_eq!((slack.len(), matrix.len()), (1, 1));
    assert!(slack[0].contains("ada") && matrix[0].contains("ada"), "{slack:?} {matrix:?}");
    // The page has all of it, each once, with who said it.
    let mut said: Vec<String> = node
        .records()
        .into_iter()
        .filter_map(|r| match r.event {
            Event::Room(RoomEvent::Said(said)) => Some(said.text),
            Event::NoteAdded { text } => Some(text),
            _ => None,
        })
        .collect();
    // Whichever chat answered first.
    said.sort();
    assert_eq!(said, ["said-in-matrix", "said-in-slack", "said-on-the-page"]);
    // One of them is down: the others and the page go on, and it is told all of it when it is back.
    wide.set_down(true);
    ops.say("C1", node.said("3", "!note while-matrix-is-down"), &[]);
    node.listen().await;
    node.pass(600, 60).await;
    assert_eq!(lines("while-matrix-is-down").1.len(), 0);
    wide.set_down(false);
    node.pass(900, 60).await;
    assert_eq!(lines("while-matrix-is-down").1.len(), 1);
}
