//! The real `amtool` against the served API, where it is installed.

use std::process::Command;

use serde_json::Value;

use super::world::{AM_KEY, world};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn amtool_works_against_the_server() {
    let program = std::env::var("FIREBELL_AMTOOL").unwrap_or_else(|_| "amtool".to_owned());
    if Command::new(&program).arg("--version").output().is_err() {
        eprintln!(
            "skipped: amtool is not installed (Debian: prometheus-alertmanager), nor named by FIREBELL_AMTOOL"
        );
        return;
    }
    let w = world();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/am/{AM_KEY}", listener.local_addr().expect("an address"));
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = tokio::spawn(crate::serve(listener, w.app.clone(), async {
        let _ = stopped.await;
    }));
    let run = |args: &[&str]| {
        // amtool judges by the machine's clock, so the server must too.
        w.pass(jiff::Timestamp::now().duration_since(w.now()));
        let output = tokio::task::block_in_place(|| {
            Command::new(&program)
                .arg(format!("--alertmanager.url={url}"))
                .args(args)
                .env("HOME", "/nonexistent")
                .output()
                .expect("amtool runs")
        });
        w.pass(jiff::Timestamp::now().duration_since(w.now()));
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.success(), text(&output.stdout), text(&output.stderr))
    };
    let fine = |args: &[&str]| {
        let (ok, out, err) = run(args);
        assert!(ok, "amtool {args:?}: {out}{err}");
        out
    };
    fine(&["alert", "add", "alertname=Errors", "service=checkout", "--annotation=summary=one in five fails"]);
    fine(&["alert", "add", "alertname=Slow", "service=catalog"]);
    w.settle().await;
    let all: Value = serde_json::from_str(&fine(&["alert", "query", "-o", "json"])).expect("JSON");
    assert_eq!(all.as_array().map(Vec::len), Some(2), "{all}");
    assert!(!fine(&["alert", "query", "alertname=~E.*"]).contains("Slow"));
    let id =
        fine(&["silence", "add", "service=checkout", "--comment=known", "--author=ada", "--duration=1h"]);
    let id = id.trim().to_owned();
    assert!(fine(&["silence", "query"]).contains(&id));
    assert!(!fine(&["alert", "query"]).contains("Errors"), "silenced alerts are left out");
    assert!(fine(&["alert", "query", "--silenced"]).contains("Errors"));
    fine(&["silence", "expire", &id]);
    assert!(!fine(&["silence", "query"]).contains(&id));
    assert!(fine(&["alert", "query"]).contains("Errors"));
    assert!(fine(&["config", "show"]).contains("receiver: firebell"));
    let stored = w.reader.silences().expect("the store");
    assert_eq!(
        (stored.len(), stored[0].created_by.as_str(), stored[0].comment.as_str()),
        (1, "ada", "known")
    );
    let (ok, out, err) = run(&["silence", "expire", "00000000-0000-4000-8000-000000000000"]);
    assert!(!ok && !err.is_empty(), "{ok} {out} {err}");
    let _ = stop.send(());
    server.await.expect("joins").expect("serves");
}
