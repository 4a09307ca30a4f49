//! From a provider's request to the record, through the whole server.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::http::StatusCode;
use firebell_core::ids::IncidentId;
use firebell_core::incident::{Actor, Event, EventRecord};
use firebell_core::policy::Policy;
use firebell_core::ports::BoxFuture;
use firebell_engine::ack::Paged;
use firebell_integrations::backends::{NotifierConfig, build_receiver};
use firebell_integrations::replies::{Answer, Heard, Listener, Reference, Said};
use firebell_oncall::Roster;
use ring::hmac;
use serde_json::{Value, json};

use crate::tests::{Outside, World, sample, world_of};
use crate::{AppState, Channels, Role, Site};

const SECRET: &str = "slack-signing-secret-0123456789";
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// A server that is answered by Slack and Twilio.
pub(super) struct Chats {
    pub(super) w: World,
    pub(super) outside: Arc<Outside>,
}

fn roster() -> Roster {
    let text = r#"
        [[people]]
        name = "ada"
        contacts = [{ kind = "slack", address = "U0ADA" }, { kind = "sms", address = "+49 151 1" }]
        [[people]]
        name = "grace"
        contacts = [{ kind = "slack", address = "U0GRACE" }]
        [[people]]
        name = "dorothy"
        contacts = [{ kind = "slack", address = "U0DOT" }]
        [[people]]
        name = "viewer"
        contacts = [{ kind = "slack", address = "U0VIEW" }]
        [[schedules]]
        name = "payments"
        layers = [{ name = "all", participants = ["ada"] }]
    "#;
    Roster::from_toml(&text.replace("+49 151 1", "+4915112345678")).expect("a roster")
}

fn channels(patience: Duration) -> Channels {
    let configs = [
        json!({"kind": "slack", "name": "ops", "token": "xoxb-1", "to": ["C0"], "signing_secret": SECRET,
            "url": "http://127.0.0.1:9/api"}),
        json!({"kind": "twilio", "name": "sms", "account_sid": format!("AC{}", "0".repeat(32)), "auth_token": SECRET, "mode": "sms",
            "from": "+15551234567", "callback_url": "http://127.0.0.1:7300/hooks/twilio/sms"}),
    ];
    let receivers = configs.into_iter().map(|config| {
        let config: NotifierConfig = serde_json::from_value(config).expect("a configuration");
        build_receiver(&config).expect("builds").expect("is answered")
    });
    Channels { patience, ..Channels::new(receivers) }
}

impl Chats {
    pub(super) fn new() -> Self {
        // Long: on a busy machine nothing is promised that a test waits for.
        Self::with(Duration::from_secs(30))
    }

    fn with(patience: Duration) -> Self {
        Self::under(sample::policy(), patience)
    }

    pub(super) fn under(policy: Policy, patience: Duration) -> Self {
        let policy = Policy { page_channels: vec!["slack/ops".to_owned()], ..policy };
        let mut w = world_of(policy, |_| {});
        let state = AppState {
            channels: channels(patience),
            oncall: Arc::new(crate::oncall::Configured::new(roster())),
            ..w.state.clone()
        };
        let outside = Outside::new(200);
        w.app = Site::with(state.clone(), outside.clone()).router();
        w.state = state;
        Self { w, outside }
    }

    pub(super) async fn slack(&self, body: String) -> (StatusCode, String) {
        let time = self.w.now().as_second().to_string();
        let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
        let tag = hex::encode(hmac::sign(&key, format!("v0:{time}:{body}").as_bytes()).as_ref());
        let signature = format!("v0={tag}");
        let kind = if body.starts_with('{') { ("content-type", "application/json") } else { FORM };
        let headers =
            [kind, ("x-slack-request-timestamp", time.as_str()), ("x-slack-signature", signature.as_str())];
        let answer = self.w.send("POST", "/hooks/slack/ops", &headers, body).await;
        (answer.status, answer.text)
    }

    /// A slash command; what is said to who wrote it. `n` makes it a request of its own.
    async fn says(&self, user: &str, text: &str, n: u32) -> String {
        self.says_in("C1", user, text, n).await
    }

    pub(super) async fn says_in(&self, place: &str, user: &str, text: &str, n: u32) -> String {
        let text = crate::ui::encoded(text);
        let body = format!(
            "command=%2Fincident&user_id={user}&trigger_id=t{n}&channel_id={place}&text={text}\
             &response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2F1"
        );
        let (status, said) = self.slack(body).await;
        assert_eq!(status, StatusCode::OK, "{said}");
        let value: Value = serde_json::from_str(&said).expect("JSON");
        value["text"].as_str().expect("a text").to_owned()
    }

    async fn twilio(&self, path: &str, fields: &[(&str, &str)]) -> (StatusCode, String) {
        let mut sorted = fields.to_vec();
        sorted.sort_unstable();
        let mut signed = format!("http://127.0.0.1:7300{path}");
        sorted.iter().for_each(|(n, v)| signed.push_str(&format!("{n}{v}")));
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, SECRET.as_bytes());
        let tag = {
            use base64::Engine as _;
            base64::engine::general_purpose::STANDARD.encode(hmac::sign(&key, signed.as_bytes()).as_ref())
        };
        let pairs: Vec<String> =
            fields.iter().map(|(n, v)| format!("{n}={}", crate::ui::encoded(v))).collect();
        let headers = [FORM, ("x-twilio-signature", tag.as_str())];
        let answer = self.w.send("POST", path, &headers, pairs.join("&")).await;
        (answer.status, answer.text)
    }

    /// An incident that pages; its id, and the pages of a person.
    async fn paged(&self, title: &str, person: &str) -> (String, Vec<Paged>) {
        let id = self.w.declare(title).await;
        self.w
            .api(
                Role::Commander,
                "POST",
                &format!("/api/v1/incidents/{id}/severity"),
                json!({"severity": "SEV1", "reason": "large"}),
            )
            .await;
        let given = json!({"role": "incident_commander", "person": person});
        self.w.api(Role::Admin, "POST", &format!("/api/v1/incidents/{id}/roles"), given).await;
        let pages = self.pages(&id, person);
        assert!(!pages.is_empty(), "nobody was paged");
        (id, pages)
    }

    fn pages(&self, id: &str, of: &str) -> Vec<Paged> {
        let rows = self.w.reader.outbox(Some(&IncidentId::new(id)), None, 1000).expect("the store");
        rows.into_iter()
            .filter(|row| super::pages::whom(&row.effect) == Some(of))
            .map(|row| Paged { incident: row.incident, person: of.to_owned(), key: row.key })
            .collect()
    }

    pub(super) fn records(&self, id: &str) -> Vec<EventRecord> {
        self.w.reader.events(&id.into()).expect("the store")
    }

    fn acknowledged(&self, id: &str) -> Vec<String> {
        let by = |r: &EventRecord| match &r.event {
            Event::Acknowledged { by, .. } => Some(by.clone()),
            _ => None,
        };
        self.records(id).iter().filter_map(by).collect()
    }

    pub(super) fn notes(&self, id: &str) -> Vec<(Actor, String)> {
        let note = |r: EventRecord| match r.event {
            Event::NoteAdded { text } => Some((r.actor, text)),
            _ => None,
        };
        self.records(id).into_iter().filter_map(note).collect()
    }
}

#[tokio::test]
async fn what_is_not_genuine_is_refused_with_nothing_else() {
    let c = Chats::new();
    let body = "command=%2Fincident&user_id=U0ADA&trigger_id=t&text=list".to_owned();
    for headers in
        [vec![FORM], vec![FORM, ("x-slack-request-timestamp", "1767609000"), ("x-slack-signature", "v0=00")]]
    {
        let answer = c.w.send("POST", "/hooks/slack/ops", &headers, body.clone()).await;
        assert_eq!((answer.status, answer.text.as_str()), (StatusCode::UNAUTHORIZED, ""));
    }
    for path in ["/hooks/slack/other", "/hooks/email/ops", "/hooks/x/y"] {
        assert_eq!(c.w.send("POST", path, &[FORM], body.clone()).await.status, StatusCode::NOT_FOUND);
    }
    for method in ["GET", "PUT", "DELETE"] {
        assert_eq!(
            c.w.send(method, "/hooks/slack/ops", &[], "").await.status,
            StatusCode::METHOD_NOT_ALLOWED
        );
    }
    let large = "x".repeat((1 << 20) + 1);
    assert_eq!(c.slack(large).await.0, StatusCode::PAYLOAD_TOO_LARGE);
    let (status, text) = c.slack("command=%2Fincident&trigger_id=t".to_owned()).await;
    assert!(status == StatusCode::BAD_REQUEST && text.contains("\"field\":\"user_id\""), "{text}");
    let metrics = c.w.api(Role::Admin, "GET", "/metrics", Value::Null).await.text;
    assert!(metrics.contains("firebell_turned_away_total{door=\"hook\"} 2"), "{metrics}");
    let asked = c.slack(json!({"type": "url_verification", "challenge": "abc"}).to_string()).await;
    assert_eq!(asked, (StatusCode::OK, "abc".to_owned()));
}

#[tokio::test]
async fn an_incident_is_run_from_a_chat() {
    let c = Chats::new();
    let said = c.says("U0ADA", "declare SEV2 checkout <is> down", 1).await;
    assert!(said.starts_with("INC-2026-0001 is open: http://127.0.0.1:7300/incidents/"), "{said}");
    // The same request again is the same incident.
    let again = c.says("U0ADA", "declare SEV2 checkout <is> down", 1).await;
    assert!(again.contains("declared already"), "{again}");
    assert_eq!(c.w.incidents(), 1);
    let id = "INC-2026-0001";
    let first = &c.records(id)[0];
    assert_eq!(first.actor, Actor::person("ada"));
    for (n, (user, text, part)) in [
        ("U0ADA", "ack", "It is yours, ada."),
        ("U0ADA", "role tl @grace", "grace is technical lead of INC-2026-0001."),
        ("U0GRACE", "note restarted the proxy", "Noted in INC-2026-0001."),
        ("U0ADA", "severity SEV3 one region", "INC-2026-0001 is SEV3."),
        ("U0ADA", "update we roll back", "Told colleagues about INC-2026-0001."),
        ("U0DOT", "status", "technical lead: grace"),
        ("U0VIEW", "list", "checkout &lt;is&gt; down"),
        ("U0VIEW", "who", "payments: ada"),
        ("U0VIEW", "help", "approve PLAN"),
        ("U0VIEW", "note hello", "takes a responder"),
        ("U0DOT", "severity SEV1 worse", "takes a commander"),
        ("U0ADA", "role tl @nobody", "is not configured; known"),
        ("U0ADA", "note INC-2026-0099 x", "there is no incident INC-2026-0099"),
        ("U0ADA", "frobnicate", "is no command"),
        ("U0NEW", "list", "address = \"U0NEW\""),
        ("U0ADA", "resolve rolled back", "INC-2026-0001 is resolved."),
    ]
    .into_iter()
    .enumerate()
    {
        let said = c.says(user, text, 10 + u32::try_from(n).expect("few")).await;
        assert!(said.contains(part), "{text}: {said}");
    }
    assert_eq!(c.notes(id), [(Actor::person("grace"), "restarted the proxy".to_owned())]);
    assert_eq!(c.acknowledged(id), ["ada"]);
}

#[tokio::test]
async fn what_breaks_a_rule_of_tone_is_not_posted_from_a_chat() {
    let c = Chats::new();
    c.says("U0ADA", "declare SEV2 checkout is down", 1).await;
    let posted = |c: &Chats| {
        c.records("INC-2026-0001").iter().filter(|r| matches!(r.event, Event::UpdatePosted { .. })).count()
    };
    let before = posted(&c);
    let said = c.says("U0ADA", "public grace broke the database on 10.0.3.7", 2).await;
    assert!(said.contains("10.0.3.7") && said.contains("on the incident's page"), "{said}");
    assert_eq!(posted(&c), before);
    let said = c.says("U0ADA", "public Customers may see errors in checkout. We are working on it.", 3).await;
    assert!(said.contains("Told the public"), "{said}");
    assert_eq!(posted(&c), before + 1);
}

#[tokio::test]
async fn a_page_is_acknowledged_by_button_code_and_key_each_as_who_did_it() {
    let c = Chats::new();
    let keys = c.w.state.ack_keys.clone();
    let (id, pages) = c.paged("Checkout is down", "ada").await;
    let page = pages.last().expect("a page");
    // A button under somebody else's page: whoever presses it takes it.
    let payload = json!({
        "type": "block_actions", "user": {"id": "U0GRACE"}, "channel": {"id": "C1"},
        "actions": [{"value": format!("ack:{}", keys.reference(page)), "action_ts": "1.2"}],
        "response_url": "https://hooks.slack.com/actions/1",
    });
    let body = format!("payload={}", crate::ui::encoded(&payload.to_string()));
    assert_eq!(c.slack(body.clone()).await, (StatusCode::OK, String::new()));
    assert_eq!(c.slack(body).await.0, StatusCode::OK);
    assert_eq!(c.acknowledged(&id), ["grace"]);
    // By the code, from a telephone.
    let code = keys.code(page);
    let (_, said) = c
        .twilio(
            "/hooks/twilio/sms",
            &[("MessageSid", "SM1"), ("From", "+4915112345678"), ("Body", &format!("ack {code}"))],
        )
        .await;
    assert!(said.contains("It is yours, ada.") && said.starts_with("<Response><Message>"), "{said}");
    assert_eq!(c.acknowledged(&id), ["grace", "ada"]);
    let (_, said) = c
        .twilio(
            "/hooks/twilio/sms",
            &[("MessageSid", "SM2"), ("From", "+4915112345678"), ("Body", "ack 000001")],
        )
        .await;
    assert!(said.contains("No open page has the code 000001"), "{said}");
    // A key press in a call: the address says which page it was made for, and is signed.
    let path = format!("/hooks/twilio/sms?r={}", keys.reference(page).replace(':', "%3A"));
    let fields =
        [("CallSid", "CA1"), ("Digits", "1"), ("To", "+4915112345678"), ("Direction", "outbound-api")];
    let (_, said) = c.twilio(&path, &fields).await;
    assert!(said.contains("you have it already, ada."), "{said}");
    let other = path.replace("?r=", "?r=x");
    assert_eq!(
        c.w.send("POST", &other, &[FORM, ("x-twilio-signature", "AAAA")], "Digits=1").await.status,
        401
    );
}

#[tokio::test]
async fn of_several_pages_the_person_says_which() {
    let c = Chats::new();
    let (one, first) = c.paged("Checkout is down", "ada").await;
    let said = c.says("U0ADA", "ack", 1).await;
    assert!(said.contains("It is yours"), "{said}");
    let (two, _) = c.paged("Search is down", "ada").await;
    let said = c.says("U0ADA", "ack", 2).await;
    assert!(said.contains(&two) && said.contains("It is yours"), "the other was answered: {said}");
    let (three, _) = c.paged("Login is down", "ada").await;
    let (four, last) = c.paged("Mail is down", "ada").await;
    let said = c.says("U0ADA", "ack", 3).await;
    let code = c.w.state.ack_keys.code(last.last().expect("a page"));
    assert!(said.contains("2 pages wait for you") && said.contains(&format!("ACK {code}: {four}")), "{said}");
    assert!(said.contains(&three) && !said.contains(&one), "{said}");
    assert!(c.acknowledged(&four).is_empty());
    c.says("U0ADA", &format!("ack {code}"), 4).await;
    assert_eq!(c.acknowledged(&four), ["ada"]);
    drop(first);
}

#[tokio::test]
async fn a_restricted_incident_is_no_talk_of_the_room() {
    let c = Chats::new();
    let (id, pages) = c.paged("Accounts of Example Corp are entered", "ada").await;
    let path = format!("/api/v1/incidents/{id}/kind");
    c.w.api(Role::Admin, "POST", &path, json!({"kind": "security", "restricted": true})).await;
    for (n, (user, text)) in [("U0DOT", "list"), ("U0DOT", "status"), ("U0ADA", "ack"), ("U0ADA", "status")]
        .into_iter()
        .enumerate()
    {
        let said = c.says(user, text, u32::try_from(n).expect("few")).await;
        assert!(!said.contains("Example Corp"), "{text}: {said}");
    }
    let code = c.w.state.ack_keys.code(pages.last().expect("a page"));
    let said = c.says("U0DOT", &format!("ack {code}"), 9).await;
    assert!(said.contains("No open page has the code"), "{said}");
    assert_eq!(c.acknowledged(&id), ["ada"]);
}

#[tokio::test]
async fn while_the_store_is_slow_it_is_promised_and_done_once_also_after_a_restart() {
    let c = Chats::with(Duration::from_millis(20));
    let id = c.w.declare("Checkout is down").await;
    let gate = c.w.faults.hold();
    let said = c.says("U0ADA", "note seen", 1).await;
    assert!(said.contains("it will be done in a moment"), "{said}");
    let folder = c.w.state.data_dir.join("answers");
    let waiting = || std::fs::read_dir(&folder).map_or(0, |files| files.count());
    assert_eq!(waiting(), 1);
    assert!(c.notes(&id).is_empty());
    // The process is started again while it waits: both of them do it, and it is done once.
    let second = Site::with(c.w.state.clone(), c.outside.clone());
    let resumed = tokio::spawn(second.resume());
    drop(gate);
    resumed.await.expect("resumes");
    while waiting() > 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(c.notes(&id), [(Actor::person("ada"), "seen".to_owned())]);
    // What came of it was told by the address that came with it.
    let posts = c.outside.take();
    assert!(
        posts.iter().any(|p| p.url == "https://hooks.slack.com/commands/1" && p.text().contains("Noted in"))
    );
}

#[tokio::test]
async fn a_store_that_fails_is_asked_again() {
    let c = Chats::new();
    let id = c.w.declare("Checkout is down").await;
    c.w.faults.next(firebell_store::Fault::BeforeCommit);
    assert!(c.says("U0ADA", "note seen", 1).await.contains("Noted in"));
    // It was written, and nobody was told: it is not written again.
    c.w.faults.next(firebell_store::Fault::AfterCommit);
    assert!(c.says("U0ADA", "note again", 2).await.contains("Noted in"));
    assert_eq!(c.notes(&id).len(), 2);
}

/// A channel that is asked: what it tells, in turn.
struct Asked(Mutex<Vec<Heard>>);

impl Listener for Asked {
    fn name(&self) -> &str {
        "slack/ops"
    }

    fn listen<'a>(&'a self, since: Option<&'a str>, _: u32) -> BoxFuture<'a, Result<Heard, String>> {
        let mut all = self.0.lock().expect("a lock");
        let next = if all.is_empty() { Err("nothing more".to_owned()) } else { Ok(all.remove(0)) };
        if let Ok(heard) = &next {
            let asked = heard.next.trim_start_matches('s').parse::<u32>().expect("a number");
            let expected = (asked > 1).then(|| format!("s{}", asked - 1));
            assert_eq!(since.map(str::to_owned), expected, "it goes on where it was");
        }
        Box::pin(async move { next })
    }
}

#[tokio::test]
async fn what_was_said_before_firebell_came_is_not_done_and_what_comes_again_is_done_once() {
    let c = Chats::new();
    let id = c.w.declare("Checkout is down").await;
    let note = |event: &str, text: &str| Answer {
        account: "U0ADA".to_owned(),
        name: String::new(),
        what: Said::Note(text.to_owned()),
        reference: Reference::None,
        id: event.to_owned(),
        place: "!room".to_owned(),
        later: None,
        trigger: None,
    };
    let heard =
        |next: &str, answers| Heard { next: next.to_owned(), answers, notices: vec!["a gap".to_owned()] };
    let asked = Asked(Mutex::new(vec![
        heard("s1", vec![note("$0", "long ago")]),
        heard("s2", vec![note("$1", "one")]),
        heard("s3", vec![note("$1", "one"), note("$2", "two")]),
    ]));
    let app = Arc::new(crate::state::App::with(c.w.state.clone(), c.outside.clone()));
    for _ in 0..3 {
        super::follow::turn(&app, &asked).await.expect("is heard");
    }
    let notes: Vec<String> = c.notes(&id).into_iter().map(|(_, text)| text).collect();
    assert_eq!(notes, ["one", "two"]);
    assert!(super::follow::turn(&app, &asked).await.is_err());
}

#[tokio::test]
async fn one_answer_takes_all_incidents_that_one_call_named_and_no_other() {
    let c = Chats::new();
    let people = r#"
        [[people]]
        name = "ada"
        contacts = [{ kind = "sms", address = "+4915112345678" }]
        [[escalations]]
        name = "default"
        steps = [{ targets = [{ person = "ada" }] }]
    "#;
    c.w.handle.set_roster(Arc::new(Roster::from_toml(people).expect("a roster"))).await.expect("is set");
    let keys = c.w.state.ack_keys.clone();
    let mut pages = Vec::new();
    for title in ["Checkout is down", "Search is down", "Login is down", "Mail is down"] {
        let id = c.w.declare(title).await;
        c.w.play().await;
        pages.push(c.pages(&id, "ada").pop().expect("a page"));
    }
    // As the call ended that carried the word of the second and named the first three, the third as the gravest.
    let named = async |of: &[&Paged], carrier: &Paged| {
        let with: Vec<String> = of.iter().map(|page| keys.mark(page)).collect();
        let rows = c.w.reader.outbox(Some(&carrier.incident), None, 1000).expect("the store");
        let row = rows.into_iter().find(|row| row.key == carrier.key).expect("the effect");
        let together = json!({"person": "ada", "with": with, "all": 4});
        let data = json!({firebell_core::incident::TOGETHER: together});
        let outcome = firebell_core::effect::Outcome::Done { detail: "sent".to_owned(), data };
        let finish =
            firebell_core::incident::Command::FinishEffect { key: row.key, effect: row.effect, outcome };
        c.w.handle.command(&carrier.incident, finish, Actor::System).await.expect("is taken");
    };
    named(&[&pages[2], &pages[0], &pages[1]], &pages[1]).await;
    let by_ada = |n: usize| c.acknowledged(pages[n].incident.as_str()).len();
    let sms = async |sid: &str, body: &str| {
        let fields = [("MessageSid", sid), ("From", "+4915112345678"), ("Body", body)];
        c.twilio("/hooks/twilio/sms", &fields).await.1
    };
    // The code of one that did not lead the call is that of this one alone.
    let said = sms("SM1", &format!("ack {}", keys.code(&pages[0]))).await;
    assert!(said.contains("Acknowledged: ") && said.contains("It is yours, ada."), "{said}");
    assert_eq!([0, 1, 2, 3].map(by_ada), [1, 0, 0, 0]);
    // That of the call is that of all that it named and that still wait.
    let code = keys.code(&pages[2]);
    for sid in ["SM2", "SM2", "SM3"] {
        let said = sms(sid, &format!("ack {code}")).await;
        let told = said.contains("what you were told together") || sid == "SM3" || said.contains("already");
        assert!(told, "{sid}: {said}");
    }
    assert_eq!([0, 1, 2, 3].map(by_ada), [1, 1, 1, 0], "what was only counted still waits");
    let (one, two) = (c.w.declare("Cart is down").await, c.w.declare("Pay is down").await);
    c.w.play().await;
    let late: Vec<Paged> = [&one, &two].map(|id| c.pages(id, "ada").pop().expect("a page")).into();
    named(&[&late[1], &late[0], &pages[3]], &late[0]).await;
    // By the link of the call, which says what it takes; a look changes nothing.
    let path = format!("/ack/{}", keys.token(&late[1], c.w.now()));
    let shown = c.w.send("GET", &path, &[], "").await.text;
    assert!(shown.contains("all that you were told together") && shown.contains(&one), "{shown}");
    assert!(c.acknowledged(&one).is_empty());
    let done = c.w.send("POST", &path, &[], "").await;
    assert_eq!(done.status, StatusCode::OK);
    assert!(done.text.contains("<h1>Acknowledged</h1>"), "{}", done.text);
    let late = [one.as_str(), two.as_str(), pages[3].incident.as_str()];
    assert_eq!(late.map(|id| c.acknowledged(id)), [["ada"], ["ada"], ["ada"]]);
}

#[tokio::test]
async fn how_a_call_fared_is_told_to_the_incident_once() {
    let c = Chats::new();
    let people = r#"
        [[people]]
        name = "ada"
        contacts = [{ kind = "sms", address = "+4915112345678" }]
        [[escalations]]
        name = "default"
        steps = [{ targets = [{ person = "ada" }] }]
    "#;
    c.w.handle.set_roster(Arc::new(Roster::from_toml(people).expect("a roster"))).await.expect("is set");
    let id = c.w.declare("Checkout is down").await;
    c.w.play().await;
    let page = c.pages(&id, "ada").pop().expect("a page");
    let path = format!("/hooks/twilio/sms?r={}", c.w.state.ack_keys.reference(&page).replace(':', "%3A"));
    for status in ["sent", "undelivered", "undelivered"] {
        let fields = [
            ("MessageSid", "SM1"),
            ("MessageStatus", status),
            ("To", "+4915112345678"),
            ("ErrorCode", "30003"),
        ];
        let (code, said) = c.twilio(&path, &fields).await;
        assert_eq!((code, said.as_str()), (StatusCode::OK, "<Response></Response>"));
    }
    let told: Vec<bool> = c
        .records(&id)
        .iter()
        .filter_map(|r| match &r.event {
            Event::PageReported { arrived, person, .. } if person == "ada" => Some(*arrived),
            _ => None,
        })
        .collect();
    assert_eq!(told, [false]);
}
