//! From a plan that waits to the button that decides on it, through the whole server.

use std::sync::{Arc, Mutex};

use axum::http::StatusCode;
use firebell_core::effect::Outcome;
use firebell_core::incident::Event;
use firebell_core::policy::Policy;
use firebell_core::ports::chat::Does;
use firebell_core::ports::notifier::{Message, Notifier};
use firebell_core::ports::{BoxFuture, Health};
use firebell_integrations::backends::{NotifierConfig, build_receiver};
use firebell_oncall::Roster;
use firebell_oncall::model::ContactKind;
use serde_json::{Value, json};

use crate::tests::{Outside, World, sample, world_of};
use crate::{AppState, Channels, PostOffice, Role, Site};

const SECRET: &str = "telegram-secret-token-0123456789";

/// A channel that keeps what it is given.
struct Kept {
    name: &'static str,
    seen: Arc<Mutex<Vec<(&'static str, Message)>>>,
}

impl Notifier for Kept {
    fn name(&self) -> &str {
        self.name
    }

    fn health(&self) -> BoxFuture<'_, Health> {
        Box::pin(async { Health { name: self.name.to_owned(), ok: true, detail: String::new() } })
    }

    fn send<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Outcome> {
        if message.to == ["1002"] {
            let reason = "the bot was blocked by the user; ask them to start it".to_owned();
            return Box::pin(async { Outcome::Permanent { reason } });
        }
        self.seen.lock().expect("a lock").push((self.name, message.clone()));
        Box::pin(async { Outcome::Done { detail: "taken".to_owned(), data: Value::Null } })
    }
}

struct Town {
    w: World,
    office: PostOffice,
    seen: Arc<Mutex<Vec<(&'static str, Message)>>>,
}

impl Town {
    async fn new() -> Self {
        let roster = r#"
            [[people]]
            name = "ada"
            contacts = [{ kind = "telegram", address = "1001" }, { kind = "sms", address = "+4915112345678" }]
            [[people]]
            name = "grace"
            contacts = [{ kind = "telegram", address = "1002" }]
            [[people]]
            name = "dorothy"
            contacts = [{ kind = "telegram", address = "1003" }]
        "#;
        let page_channels = vec!["discord/ops".to_owned(), "slack/ops".to_owned()];
        let mut w = world_of(Policy { page_channels, ..sample::policy() }, |_| {});
        let seen: Arc<Mutex<Vec<(&'static str, Message)>>> = Arc::default();
        let kept = |name| Arc::new(Kept { name, seen: Arc::clone(&seen) }) as Arc<dyn Notifier>;
        let config = json!({"kind": "telegram", "name": "bot", "token": "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw",
            "secret_token": SECRET});
        let config: NotifierConfig = serde_json::from_value(config).expect("a configuration");
        let receiver = build_receiver(&config).expect("builds").expect("is answered");
        let mut state = AppState {
            channels: Channels::new([receiver]),
            oncall: Arc::new(crate::oncall::Configured::new(Roster::from_toml(roster).expect("a roster"))),
            ..w.state.clone()
        };
        state.systems.notifiers = ["telegram/bot", "discord/ops", "slack/ops"].map(kept).into();
        state.systems.by_contact = [(ContactKind::Telegram, "telegram/bot".to_owned())].into();
        let outside = Outside::new(200);
        w.app = Site::with(state.clone(), outside.clone()).router();
        w.state = state;
        let mut office = PostOffice::with(&w.state, outside);
        office.settle().await;
        Self { w, office, seen }
    }

    /// An incident in which these take part, with a plan that waits.
    async fn planned(&self, people: &[&str]) -> String {
        let id = self.w.declare("High error rate on checkout, customers cannot buy").await;
        for name in people {
            let token = format!("Bearer token-of-{name}-0123456789");
            let headers = [("authorization", token.as_str())];
            let answer = self.w.send("POST", &format!("/api/v1/incidents/{id}/ack"), &headers, "{}").await;
            assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        }
        self.w.play().await;
        id
    }

    async fn told(&mut self) -> Vec<(&'static str, Message)> {
        self.office.settle().await;
        std::mem::take(&mut *self.seen.lock().expect("a lock"))
    }

    fn decided(&self, id: &str) -> Vec<(String, bool)> {
        let records = self.w.reader.events(&id.into()).expect("the record");
        let by = |event| match event {
            Event::Decided { go, by, .. } => Some((by, go)),
            _ => None,
        };
        records.into_iter().filter_map(|r| by(r.event)).collect()
    }

    /// Presses a button of Telegram; what it says then.
    async fn presses(&self, user: u32, data: &str, n: u32) -> String {
        let update = json!({"update_id": n, "callback_query": {"id": format!("q{n}"), "from": {"id": user},
            "message": {"chat": {"id": user}}, "data": data}});
        let headers = [("content-type", "application/json"), ("x-telegram-bot-api-secret-token", SECRET)];
        let answer = self.w.send("POST", "/hooks/telegram/bot", &headers, update.to_string()).await;
        answer.json()["text"].as_str().unwrap_or_default().to_owned()
    }
}

#[tokio::test]
async fn a_plan_that_waits_is_told_to_who_may_decide_and_decided_by_a_press() {
    let mut town = Town::new().await;
    let id = town.planned(&["ada", "grace"]).await;
    let told = town.told().await;
    let mut whom: Vec<(&str, String)> =
        told.iter().map(|(name, m)| (*name, m.to.first().cloned().unwrap_or_default())).collect();
    whom.sort();
    // Dorothy takes no part; Slack has people, and none of them here.
    let expected = [("discord/ops", ""), ("telegram/bot", "1001")];
    assert_eq!(whom, expected.map(|(a, b)| (a, b.to_owned())));
    // Grace has blocked the bot: who takes part reads that she does not know of it, once.
    let notes: Vec<String> = town
        .w
        .reader
        .events(&id.as_str().into())
        .expect("the record")
        .into_iter()
        .filter_map(|r| match r.event {
            Event::NoteAdded { text } => Some(text),
            _ => None,
        })
        .collect();
    assert_eq!(notes.len(), 1, "{notes:?}");
    assert!(notes[0].contains("told to grace by telegram/bot: the bot was blocked"), "{notes:?}");
    let message = &told.iter().find(|(name, _)| *name == "telegram/bot").expect("told").1;
    assert!(message.subject.contains("waits for your go") && message.link.ends_with(&id), "{message:?}");
    let go = match &message.controls[0].does {
        Does::Give(command) if message.controls[0].confirm.is_some() => format!("ok:{command}"),
        other => panic!("{other:?}"),
    };
    assert!(go.starts_with(&format!("ok:approve {id} ")) && go.len() <= 64, "{go}");
    assert!(town.told().await.is_empty(), "once");
    // One slip on the telephone decides nothing: neither a press that comes twice nor one of each of two people.
    for (who, n) in [(1001, 1), (1001, 1), (1002, 2)] {
        let said = town.presses(who, &go, n).await;
        assert!(said.starts_with("Not done yet"), "{said}");
    }
    assert_eq!(town.decided(&id), []);
    let said = town.presses(1001, &go, 4).await;
    assert!(said.starts_with("Go to plan"), "{said}");
    town.presses(1001, &go, 4).await;
    town.presses(1002, &go, 5).await;
    assert_eq!(town.decided(&id), [("ada".to_owned(), true), ("grace".to_owned(), true)]);
    // A stranger decides nothing.
    let said = town.presses(4711, &go, 3).await;
    assert!(said.contains("do not know this account"), "{said}");
    assert_eq!(town.decided(&id).len(), 2);
}

#[tokio::test]
async fn what_is_decided_or_restricted_is_not_told_to_who_must_not_hear_of_it() {
    let mut town = Town::new().await;
    let id = town.planned(&["ada"]).await;
    let records = town.w.reader.events(&id.as_str().into()).expect("the record");
    let hashes = records.iter().find_map(|r| match &r.event {
        Event::PlansProposed { plans, .. } => Some(plans.iter().map(|p| p.hash.clone()).collect::<Vec<_>>()),
        _ => None,
    });
    for plan in hashes.expect("plans") {
        let body = json!({"plan": plan, "go": false, "reason": "not now"});
        town.w.api(Role::Commander, "POST", &format!("/api/v1/incidents/{id}/decisions"), body).await;
    }
    assert_eq!(town.told().await, []);

    let id = town.planned(&["ada"]).await;
    let body = json!({"kind": "security", "restricted": true});
    town.w.api(Role::Admin, "POST", &format!("/api/v1/incidents/{id}/kind"), body).await;
    let told = town.told().await;
    assert!(!told.is_empty());
    assert!(told.iter().all(|(name, m)| *name == "telegram/bot" && m.link.ends_with(&id)), "{told:?}");
    for (_, message) in &told {
        let text = format!("{} {}", message.subject, message.body);
        assert!(!text.contains("checkout") && message.controls.is_empty(), "{text}");
    }
}
