//! Downloads: what was archived, and nothing else of the machine.

use std::fs;
use std::io::Read as _;

use axum::http::StatusCode;
use firebell_core::effect::Effect;
use firebell_core::ids::IncidentId;
use firebell_core::incident::{Actor, Command};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::world::{World, bearer, token, world};
use crate::Role;

/// Resolves an incident and lets its archive be made in `dir`.
async fn archived(w: &World, bundle: &str, markdown: &str) -> String {
    let id = w.declare("Catalog is slow, p95 went from 200 ms to 2 s").await;
    let key = IncidentId::new(&id);
    w.handle
        .command(&key, Command::Resolve { summary: "over".to_owned() }, Actor::person("ada"))
        .await
        .expect("resolved");
    w.play_giving(&|effect| match effect {
        Effect::ArchiveBundle => json!({"path": bundle}),
        Effect::WritePostmortem => json!({"markdown": markdown, "html": markdown.replace(".md", ".html")}),
        _ => Value::Null,
    })
    .await;
    id
}

fn fill(w: &World) -> (String, String) {
    let dir = w.dir.path().join("incidents").join("INC-2026-0001");
    fs::create_dir_all(dir.join("bundle/metrics")).expect("a folder");
    fs::write(dir.join("bundle/bundle.json"), "{\"format\":\"firebell-bundle/1\"}").expect("a file");
    fs::write(dir.join("bundle/metrics/a.csv"), "time,a\n1,2\n").expect("a file");
    fs::write(dir.join("postmortem.md"), "# Postmortem").expect("a file");
    fs::write(dir.join("postmortem.html"), "<!doctype html><title>Postmortem</title>").expect("a file");
    (dir.join("bundle").display().to_string(), dir.join("postmortem.md").display().to_string())
}

#[tokio::test]
async fn postmortem_and_bundle_are_served() {
    let w = world();
    let (bundle, markdown) = fill(&w);
    let id = archived(&w, &bundle, &markdown).await;
    let get = async |path: &str| {
        w.api(Role::Viewer, "GET", &format!("/api/v1/incidents/{id}/{path}"), Value::Null).await
    };
    assert_eq!(get("postmortem.md").await.text, "# Postmortem");
    let html = get("postmortem.html").await;
    assert!(html.header("content-security-policy").starts_with("default-src 'none'"));
    let calendar = get("postmortem.ics").await;
    assert!(calendar.header("content-type").starts_with("text/calendar"), "{}", calendar.text);
    assert!(
        calendar.text.contains("BEGIN:VEVENT") && calendar.text.contains("DTSTART:2026"),
        "{}",
        calendar.text
    );
    let file = get("bundle/metrics/a.csv").await;
    assert_eq!((file.text.as_str(), file.header("content-disposition")), ("time,a\n1,2\n", "attachment"));
    let request = axum::http::Request::get(format!("/api/v1/incidents/{id}/bundle.tar.gz"))
        .header("authorization", bearer(&token(Role::Viewer)))
        .body(axum::body::Body::empty())
        .expect("a request");
    let packed =
        w.app.clone().oneshot(request).await.expect("an answer").into_body().collect().await.expect("a body");
    let packed = packed.to_bytes();
    let mut tar = tar::Archive::new(flate2::read::GzDecoder::new(packed.as_ref()));
    let mut names = Vec::new();
    for entry in tar.entries().expect("a tar") {
        let mut entry = entry.expect("an entry");
        let mut text = String::new();
        entry.read_to_string(&mut text).expect("text");
        names.push(entry.path().expect("a path").display().to_string());
    }
    names.retain(|n| n.contains('.'));
    names.sort();
    assert_eq!(names, [format!("{id}-bundle/bundle.json"), format!("{id}-bundle/metrics/a.csv")]);
}

#[tokio::test]
async fn nothing_outside_the_data_folder_is_served() {
    let w = world();
    let (bundle, _) = fill(&w);
    let outside = tempfile::tempdir().expect("a folder");
    fs::write(outside.path().join("secret.md"), "secret").expect("a file");
    fs::write(w.dir.path().join("admin.token"), "secret").expect("a file");
    std::os::unix::fs::symlink(outside.path().join("secret.md"), format!("{bundle}/link.md"))
        .expect("a link");
    let id = archived(&w, &bundle, &outside.path().join("secret.md").display().to_string()).await;
    assert_eq!(
        w.api(Role::Admin, "GET", &format!("/api/v1/incidents/{id}/postmortem.md"), Value::Null).await.status,
        404
    );
    for path in [
        "..%2f..%2f..%2fadmin.token",
        "../../../admin.token",
        "%2e%2e/%2e%2e/%2e%2e/admin.token",
        "metrics/../../postmortem.md",
        "%2fetc%2fpasswd",
        "/etc/passwd",
        "link.md",
        "metrics",
        "..\\..\\admin.token",
        "a%00b",
    ] {
        let answer =
            w.api(Role::Admin, "GET", &format!("/api/v1/incidents/{id}/bundle/{path}"), Value::Null).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}: {}", answer.text);
        assert!(!answer.text.contains("secret"), "{path}");
    }
}
