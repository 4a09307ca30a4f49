//! Serves the page with sample incidents from memory, for work on its looks:
//! `cargo run -p firebell-server --example page`, then open the address that it prints.

#[path = "../src/tests/sample.rs"]
mod sample;

use std::sync::Arc;

use firebell_core::incident::{Actor, Command, Opening};
use firebell_server::{AppState, Auth, Role, Sources, router, serve};
use firebell_store::MemoryStore;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let store = MemoryStore::new();
    let reader = Arc::new(store.reader());
    let office = Arc::clone(&reader);
    let clock: firebell_engine::handle::Clock = Arc::new(jiff::Timestamp::now);
    let (_service, handle) =
        firebell_engine::handle::start(Box::new(store), Arc::new(sample::policy()), clock.clone())?;
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
        sample::play(&handle, &jiff::Timestamp::now, &|_| serde_json::Value::Null).await?;
        if end {
            let summary = "Rolled back to 1.7.3".to_owned();
            handle.command(&opened.incident, Command::Resolve { summary }, actor.clone()).await?;
            sample::play(&handle, &jiff::Timestamp::now, &|_| serde_json::Value::Null).await?;
        } else {
            let text = "Check that the warehouse job is not stuck".to_owned();
            let task = Command::AddTask { text, role: "technical_lead".to_owned() };
            handle.command(&opened.incident, task, actor.clone()).await?;
        }
    }
    let mut auth = Auth::new();
    auth.add("ada", Role::Admin, "sample-token-for-the-page");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}/login?token=sample-token-for-the-page", listener.local_addr()?);
    let state = AppState {
        handle,
        reader,
        sources: Arc::new(Sources::new()),
        auth: Arc::new(auth),
        otlp: None,
        agents: Vec::new(),
        clock,
        data_dir: std::env::temp_dir(),
        public_url: "http://127.0.0.1".to_owned(),
        systems: Default::default(),
        status: Default::default(),
        setup_key: "sample-setup-key".to_owned(),
        office,
        post: Default::default(),
    };
    serve(listener, router(state), std::future::pending()).await?;
    Ok(())
}
