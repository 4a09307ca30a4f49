//! Serves the pages with twelve weeks of sample incidents from memory, for work on their looks and their speed:
//! `cargo run -p firebell-server --example pages -- 300`, then open the address that it prints.

#[path = "../src/tests/sample.rs"]
mod sample;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use firebell_core::change::{Change, ChangeKind};
use firebell_core::effect::{Effect, Outcome};
use firebell_core::incident::{Actor, Attachment, Command, Opening, RoomEffect, Said};
use firebell_core::policy::RoomChat;
use firebell_core::severity::Severity;
use firebell_core::signal::{Intake, Signal, SignalState, fingerprint};
use firebell_core::telemetry::Labels;
use firebell_engine::handle::Handle;
use firebell_engine::machine::EffectResult;
use firebell_server::{
    AppState, Auth, HeartbeatConfig, Heartbeats, LimitsConfig, Role, Sources, router, serve,
};
use firebell_store::MemoryStore;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

const TOKEN: &str = "sample-token-for-the-page";
const CHAT: &str = "slack/ops";
const TITLES: [(&str, &str, Severity); 6] = [
    ("High error rate on checkout, customers cannot buy", "checkout", Severity::Sev1),
    ("Payments answers slowly since the release of 4.2.0", "payments", Severity::Sev2),
    ("Search shows yesterday's stock", "search", Severity::Sev3),
    ("Connections to the orders database run out", "checkout", Severity::Sev2),
    ("A typing error in the receipt", "receipts", Severity::Sev4),
    ("Memory of the recommender grows until it is killed", "recommender", Severity::Sev3),
];

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let count: i64 = std::env::args().nth(1).map_or(Ok(120), |n| n.parse())?;
    let store = MemoryStore::new();
    let reader = Arc::new(store.reader());
    let office = Arc::clone(&reader);
    let dir = tempfile::tempdir()?;
    std::fs::write(dir.path().join("p.md"), POSTMORTEM)?;
    // Zero: the clock of this machine. Else a moment of the past, in seconds.
    let set = Arc::new(AtomicI64::new(1));
    let held = Arc::clone(&set);
    let clock: firebell_engine::handle::Clock = Arc::new(move || match held.load(Ordering::SeqCst) {
        0 => Timestamp::now(),
        seconds => Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH),
    });
    let mut policy = sample::policy();
    policy.page_channels = vec!["email/oncall".to_owned()];
    policy.war_room.bridge = "jitsi".to_owned();
    policy.war_room.chats = vec![RoomChat {
        chat: CHAT.to_owned(),
        severities: vec![Severity::Sev1],
        private: false,
        invite: Vec::new(),
        announce: vec!["C0GENERAL".to_owned()],
    }];
    let begin = Timestamp::now().checked_sub(SignedDuration::from_hours(24 * 84))?.as_second();
    set.store(begin, Ordering::SeqCst);
    let (_service, handle) =
        firebell_engine::handle::start(Box::new(store), Arc::new(policy), clock.clone())?;
    let started = std::time::Instant::now();
    for n in 0..count {
        let at = begin + n * 84 * 86_400 / count.max(1);
        past(&handle, &set, at, n).await?;
    }
    let roster = firebell_oncall::Roster::from_toml(include_str!("oncall.toml"))?;
    handle.set_roster(Arc::new(roster.clone())).await?;
    called(&handle, &set).await?;
    set.store(0, Ordering::SeqCst);
    now(&handle).await?;
    println!("{count} incidents in {:.0?}", started.elapsed());
    let mut auth = Auth::new();
    auth.add("ada", Role::Admin, TOKEN);
    auth.add("visitor", Role::Viewer, "sample-token-of-a-viewer");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}/login?token={TOKEN}", listener.local_addr()?);
    let state = AppState {
        handle,
        reader,
        sources: Arc::new(Sources::new()),
        heartbeats: Arc::new(heartbeats()?),
        auth: Arc::new(auth),
        oidc: None,
        otlp: None,
        agents: Vec::new(),
        clock,
        data_dir: dir.path().to_owned(),
        public_url: "http://127.0.0.1".to_owned(),
        systems: Default::default(),
        status: Default::default(),
        link_key: "sample-link-key".to_owned(),
        ack_keys: firebell_engine::ack::AckKeys::new("acknowledgements"),
        channels: Default::default(),
        setup_key: "sample-setup-key".to_owned(),
        office,
        post: Default::default(),
        limits: LimitsConfig { requests_per_minute: 0, failures_per_minute: 0 },
        oncall: Arc::new(firebell_server::Configured::new(roster)),
        templates: Arc::new(firebell_report::Templates::built_in()?),
    };
    let (_stop, stopped) = tokio::sync::watch::channel(false);
    tokio::spawn(firebell_server::watch_heartbeats(state.clone(), stopped));
    serve(listener, router(state), std::future::pending()).await?;
    Ok(())
}

/// What is expected to beat: `curl HOST/heartbeat/backup/sample-key-of-backup`.
fn heartbeats() -> Result<Heartbeats, Box<dyn std::error::Error>> {
    let mut all: Vec<HeartbeatConfig> = Vec::new();
    for (name, about, every_s) in [
        ("backup", "The nightly backup of orders", 86_400),
        ("renewal", "Renewal of certificates", 10),
        ("prometheus", "Prometheus itself", 60),
    ] {
        let key = format!("sample-key-of-{name}");
        let config = json!({"name": name, "about": about, "every_s": every_s, "grace_s": 30, "service": "checkout", "key": key});
        all.push(serde_json::from_value(config)?);
    }
    Heartbeats::new(&all).map_err(|problems| problems.join("; ").into())
}

/// An incident that is over, with its postmortem.
async fn past(handle: &Handle, set: &AtomicI64, at: i64, n: i64) -> Result<(), Box<dyn std::error::Error>> {
    let (title, service, severity) = TITLES[usize::try_from(n * 7 % 6)?];
    let actor = Actor::person(if n % 3 == 0 { "grace" } else { "ada" });
    let opening = Opening {
        title: title.to_owned(),
        services: vec![service.to_owned()],
        severity: Some(severity),
        why: "declared".to_owned(),
        ..Opening::default()
    };
    let gives = |effect: &Effect| match effect {
        Effect::WritePostmortem => json!({"markdown": "p.md", "html": "p.html"}),
        Effect::ArchiveBundle => json!({"path": "bundle"}),
        other => of_room(other),
    };
    let step = async |later: i64| {
        set.store(at + later, Ordering::SeqCst);
        let now = Timestamp::from_second(at + later).unwrap_or(Timestamp::UNIX_EPOCH);
        sample::play(handle, &|| now, &gives).await
    };
    set.store(at, Ordering::SeqCst);
    let id = handle.open(opening, actor.clone()).await?.incident;
    step(1).await?;
    set.store(at + 60 + n % 200, Ordering::SeqCst);
    // What is cosmetic has gone to the backlog by itself.
    if handle.command(&id, Command::Acknowledge, actor.clone()).await.is_err() {
        return Ok(());
    }
    step(300).await?;
    let minutes = 10 + n * 13 % 80;
    set.store(at + minutes * 60, Ordering::SeqCst);
    let end = if n % 17 == 0 {
        Command::Cancel { reason: "the probe was wrong".to_owned() }
    } else {
        Command::Resolve { summary: "Rolled back, and the pool was raised".to_owned() }
    };
    handle.command(&id, end, actor).await?;
    step(minutes * 60 + 1).await?;
    Ok(())
}

/// What chats and bridges answer.
fn of_room(effect: &Effect) -> serde_json::Value {
    match effect {
        Effect::Room(RoomEffect::Open { .. }) => json!({
            "id": "C0WARROOM",
            "name": "inc-customers-cannot-pay",
            "link": "https://example.slack.com/archives/C0WARROOM",
        }),
        Effect::Room(RoomEffect::Invite { people, .. }) => {
            let unknown = [("grace", "no Slack account has this e-mail address")];
            json!({"present": people, "unknown": unknown})
        }
        Effect::Room(RoomEffect::Bridge { .. }) => json!({"link": "https://meet.jit.si/inc-3f9a"}),
        _ => json!(null),
    }
}

/// What somebody says in the chat of the incident.
fn said(id: &str, author: &str, text: &str, when: i64, file: Option<&str>) -> Command {
    let attachment = |name: &str| Attachment {
        name: name.to_owned(),
        media_type: "image/png".to_owned(),
        size: 48_211,
        link: "https://example.slack.com/files/F01".to_owned(),
        ..Attachment::default()
    };
    Command::RecordSaid {
        said: Said {
            chat: CHAT.to_owned(),
            id: format!("C0WARROOM:{id}"),
            author: author.to_owned(),
            account: format!("U0{}", author.to_uppercase()),
            text: text.to_owned(),
            attachments: file.map(attachment).into_iter().collect(),
            when: Timestamp::from_second(when).unwrap_or(Timestamp::UNIX_EPOCH),
        },
    }
}

/// One whose calls go on: a contact fails, one person has acknowledged, the second step is reached. It has a room in a
/// chat, where things are said, and the draft of an update is ready.
async fn called(handle: &Handle, set: &AtomicI64) -> Result<(), Box<dyn std::error::Error>> {
    let begin = Timestamp::now().as_second() - 830;
    set.store(begin, Ordering::SeqCst);
    let opening = Opening {
        title: "Customers cannot pay: every second card is refused".to_owned(),
        services: vec!["payments".to_owned()],
        severity: Some(Severity::Sev1),
        why: "declared".to_owned(),
        ..Opening::default()
    };
    let id = handle.open(opening, Actor::person("monitoring")).await?.incident;
    for second in 0..820 {
        let at = begin + second;
        set.store(at, Ordering::SeqCst);
        for claimed in handle.claim(64, 0).await? {
            let outcome = match &claimed.row.effect {
                Effect::Reach(reach) if reach.contact.contact == "telegram" => {
                    Outcome::Permanent { reason: "Telegram: 403, the bot was blocked by the user".to_owned() }
                }
                _ => Outcome::Done { detail: "sent".to_owned(), data: json!(null) },
            };
            let result = EffectResult { outcome, commands: Vec::new(), held: false };
            handle.finish(&claimed.row.key, claimed.row.fence, result).await?;
        }
        if second == 95 {
            handle.command(&id, Command::Acknowledge, Actor::person("ada")).await?;
        }
        if second % 20 == 1 {
            let now = Timestamp::from_second(at).unwrap_or(Timestamp::UNIX_EPOCH);
            sample::play(handle, &|| now, &of_room).await?;
        }
        let graph = Some("refusals.png");
        let heard = match second {
            240 => Some(said("1", "ada", "The acquirer refuses cards of one bank only", at, None)),
            300 => Some(said("2", "hedy", "Refusals by bank since 14:00", at, graph)),
            _ => None,
        };
        if let Some(heard) = heard {
            handle.command(&id, heard, Actor::System).await?;
        }
        // The writer's clock goes on by itself only when something is asked of it.
        tokio::time::sleep(std::time::Duration::from_millis(7)).await;
    }
    Ok(())
}

/// What goes on now: incidents, alerts with and without one, a silence's worth of noise, changes.
async fn now(handle: &Handle) -> Result<(), Box<dyn std::error::Error>> {
    let ago = |minutes| Timestamp::now().checked_sub(SignedDuration::from_mins(minutes));
    let mut items = Vec::new();
    for (name, service, level, summary) in [
        ("CheckoutErrorsHigh", "checkout", "critical", "34 % of requests to checkout fail"),
        ("CheckoutLatencyHigh", "checkout", "warning", "p95 of checkout is at 4.1 s"),
        ("PaymentsSlow", "payments", "warning", "payments answers after 2.3 s"),
        ("DiskHalfFull", "recommender", "info", "the disk of recommender-3 is half full"),
    ] {
        let labels = [
            ("alertname", name),
            ("service", service),
            ("severity", level),
            ("cluster", "eu-1"),
            ("instance", "10.0.3.7:9100"),
        ];
        let labels: Labels = labels.into_iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
        items.push(Intake::Signal(Signal {
            source: "prometheus".to_owned(),
            fingerprint: fingerprint("prometheus", None, &labels),
            state: SignalState::Firing,
            labels,
            annotations: [("summary".to_owned(), summary.to_owned())].into_iter().collect(),
            starts_at: ago(4)?,
            ends_at: None,
            generator_url: Some("http://prometheus.example/graph".to_owned()),
            dedup_key: None,
            group_key: None,
        }));
    }
    for (n, (component, summary)) in [
        ("service/payments", "payments 4.2.0"),
        ("service/checkout", "pool size raised"),
        ("service/checkout", "checkout 1.8.0"),
    ]
    .into_iter()
    .enumerate()
    {
        items.push(Intake::Change(Change {
            id: format!("change-{n}"),
            at: ago(30 + 400 * i64::try_from(n)?)?,
            kind: if n == 1 { ChangeKind::Config } else { ChangeKind::Deploy },
            component: component.to_owned(),
            from: Some("1.7.3".to_owned()),
            to: Some("1.8.0".to_owned()),
            by: Some("grace".to_owned()),
            source: None,
            commit: Some("4f2a91c".to_owned()),
            summary: summary.to_owned(),
            diff: None,
            files: Vec::new(),
        }));
    }
    handle.accept("prometheus", items).await?;
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    let actor = Actor::person("grace");
    let title = "Suspicious sign-in attempts, possible credential stuffing attack".to_owned();
    handle
        .open(Opening { title, why: "declared by grace".to_owned(), ..Opening::default() }, actor.clone())
        .await?;
    sample::play(handle, &Timestamp::now, &|_| json!(null)).await?;
    let text = "Check that the warehouse job is not stuck".to_owned();
    let opened = Opening {
        title: "Receipts arrive twice".to_owned(),
        services: vec!["receipts".to_owned()],
        why: "declared".to_owned(),
        ..Opening::default()
    };
    let id = handle.open(opened, actor.clone()).await?.incident;
    handle.command(&id, Command::AddTask { text, role: "on_call".to_owned() }, actor).await?;
    Ok(())
}

const POSTMORTEM: &str = "# Postmortem\n\n## Summary\n\nCheckout held each connection while it waited for payments, so \
    its **connection pool** ran empty and requests timed out.\n\n## What we learn\n\nThe zebra queue needs a limit of its own.\n";
