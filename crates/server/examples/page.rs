//! Serves the page with sample incidents from memory, for work on its looks:
//! `cargo run -p firebell-server --example page`, then open the address that it prints. With a folder as argument it
//! serves the incidents that a server kept there; nothing is carried out. Work on a copy.

#[path = "../src/tests/sample.rs"]
mod sample;

use std::sync::Arc;

use firebell_core::incident::{Actor, Command, Opening};
use firebell_core::ports::office::OfficeReader;
use firebell_core::ports::store::{Reader, Store};
use firebell_engine::handle::Handle;
use firebell_integrations::webpush::Vapid;
use firebell_server::{AppState, Auth, LimitsConfig, PostSettings, Role, Sources, post, router, serve};
use firebell_store::{Durability, MemoryStore, SqliteStore};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let kept = std::env::args().nth(1);
    let (store, reader, office): (Box<dyn Store>, Arc<dyn Reader>, Arc<dyn OfficeReader>) = match &kept {
        Some(dir) => {
            let (store, reader) = SqliteStore::open(dir.as_ref(), Durability::Process)?;
            (Box::new(store), Arc::new(reader.clone()), Arc::new(reader))
        }
        None => {
            let store = MemoryStore::new();
            let reader = store.reader();
            (Box::new(store), Arc::new(reader.clone()), Arc::new(reader))
        }
    };
    let clock: firebell_engine::handle::Clock = Arc::new(jiff::Timestamp::now);
    let (_service, handle) =
        firebell_engine::handle::start(store, Arc::new(sample::policy()), clock.clone())?;
    if kept.is_none() {
        fill(&handle).await?;
    }
    let mut auth = Auth::new();
    auth.add("ada", Role::Admin, "sample-token-for-the-page");
    let address = std::env::args().nth(2).unwrap_or_else(|| "127.0.0.1:0".to_owned());
    let listener = tokio::net::TcpListener::bind(address).await?;
    println!("http://{}/login?token=sample-token-for-the-page", listener.local_addr()?);
    let state = AppState {
        handle,
        reader,
        sources: Arc::new(Sources::new()),
        heartbeats: Default::default(),
        auth: Arc::new(auth),
        oidc: None,
        otlp: None,
        agents: Vec::new(),
        clock,
        data_dir: std::env::temp_dir(),
        public_url: "http://127.0.0.1".to_owned(),
        status: Default::default(),
        systems: Default::default(),
        link_key: "sample-link-key".to_owned(),
        ack_keys: firebell_engine::ack::AckKeys::new("acknowledgements"),
        channels: Default::default(),
        setup_key: "sample-setup-key".to_owned(),
        office,
        post: PostSettings {
            allow_private: true,
            vapid: Some(Arc::new(Vapid::read(&Vapid::generate()?, "mailto:sample@example.com")?)),
        },
        limits: LimitsConfig { requests_per_minute: 0, failures_per_minute: 0 },
        oncall: Default::default(),
        templates: Arc::new(firebell_report::Templates::built_in()?),
    };
    let (_stop, stopped) = tokio::sync::watch::channel(false);
    tokio::spawn(post(state.clone(), stopped));
    serve(listener, router(state), std::future::pending()).await?;
    Ok(())
}

async fn fill(handle: &Handle) -> Result<(), Box<dyn std::error::Error>> {
    let actor = Actor::person("ada");
    for (title, report, end) in [
        ("Catalog is slow after the release of 1.8.0", "p95 went from 200 ms to 2 s", true),
        ("Suspicious sign-in attempts, possible credential stuffing attack", "", false),
        (
            "High error rate on the checkout API, customers cannot complete purchases",
            "Seen by support: 40 tickets in ten minutes.",
            false,
        ),
    ] {
        let opening = Opening {
            title: title.to_owned(),
            report: report.to_owned(),
            why: "declared by ada".to_owned(),
            ..Opening::default()
        };
        let opened = handle.open(opening, actor.clone()).await?;
        sample::play(handle, &jiff::Timestamp::now, &|_| serde_json::Value::Null).await?;
        if end {
            let summary = "Rolled back to 1.7.3".to_owned();
            handle.command(&opened.incident, Command::Resolve { summary }, actor.clone()).await?;
            sample::play(handle, &jiff::Timestamp::now, &|_| serde_json::Value::Null).await?;
        } else {
            let text = "Check that the warehouse job is not stuck".to_owned();
            let task = Command::AddTask { text, role: "technical_lead".to_owned() };
            handle.command(&opened.incident, task, actor.clone()).await?;
        }
    }
    Ok(())
}
