//! Event streams: from the beginning, resumed, live, and only of what may be seen.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::world::{World, bearer, token, world};
use crate::Role;

struct Stream {
    body: Body,
    text: String,
}

impl Stream {
    async fn open(w: &World, role: Role, path: &str, last: Option<u64>) -> Self {
        let mut request = Request::get(path).header("authorization", bearer(&token(role)));
        if let Some(last) = last {
            request = request.header("last-event-id", last.to_string());
        }
        let response =
            w.app.clone().oneshot(request.body(Body::empty()).expect("a request")).await.expect("an answer");
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { body: response.into_body(), text: String::new() }
    }

    /// The next event: its id and data.
    async fn next(&mut self) -> (u64, Value) {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.text = rest;
                let field = |name: &str| block.lines().find_map(|l| l.strip_prefix(name)).map(str::trim);
                let (Some(id), Some(data)) = (field("id:"), field("data:")) else { continue };
                assert_eq!(field("event:"), Some("timeline"));
                return (id.parse().expect("a position"), serde_json::from_str(data).expect("JSON"));
            }
            let frame = tokio::time::timeout(Duration::from_secs(20), self.body.frame()).await;
            let frame = frame.expect("an event in time").expect("no end").expect("a frame");
            if let Ok(data) = frame.into_data() {
                self.text.push_str(&String::from_utf8_lossy(&data));
            }
        }
    }
}

#[tokio::test]
async fn a_stream_of_an_incident_tells_all_and_can_be_resumed_anywhere() {
    let w = world();
    w.declare("Something else").await;
    let id = w.declare("Catalog is slow").await;
    w.api(Role::Admin, "POST", &format!("/api/v1/incidents/{id}/notes"), json!({"text": "first"})).await;
    let path = format!("/api/v1/incidents/{id}/events");
    let record =
        w.api(Role::Viewer, "GET", &format!("/api/v1/incidents/{id}/record"), Value::Null).await.json();
    let stored = record["records"].as_array().expect("records").len();
    let mut stream = Stream::open(&w, Role::Viewer, &path, None).await;
    let mut seen = Vec::new();
    for version in 1..=stored as u64 {
        let (position, data) = stream.next().await;
        assert_eq!(
            (data["entry"]["version"].as_u64(), data["position"].as_u64()),
            (Some(version), Some(position))
        );
        assert_eq!(data["incident"], json!(id));
        seen.push((position, data));
    }
    assert_eq!(seen[0].1["type"], "opened");
    // What comes later comes live.
    w.declare("A third").await;
    w.api(Role::Admin, "POST", &format!("/api/v1/incidents/{id}/notes"), json!({"text": "second"})).await;
    let (last, live) = stream.next().await;
    assert!(live["entry"]["text"].as_str().is_some_and(|t| t.contains("second")), "{live}");
    seen.push((last, live));
    // Resumed after each event it goes on with the next.
    for at in 0..seen.len() - 1 {
        let mut resumed = Stream::open(&w, Role::Viewer, &path, Some(seen[at].0)).await;
        assert_eq!(resumed.next().await, seen[at + 1]);
    }
    let mut asked = Stream::open(&w, Role::Viewer, &format!("{path}?after={}", seen[0].0), None).await;
    assert_eq!(asked.next().await, seen[1]);
    let bad = w.api(Role::Viewer, "GET", &format!("{path}?after=x"), Value::Null).await;
    assert_eq!((bad.status.as_u16(), bad.json()["field"].as_str()), (400, Some("after")));
}

#[tokio::test]
async fn the_stream_of_all_begins_now_and_shows_restricted_incidents_to_members_only() {
    let w = world();
    w.declare("Before").await;
    let viewer = Stream::open(&w, Role::Viewer, "/api/v1/events", None).await;
    let outsider = Stream::open(&w, Role::Responder, "/api/v1/events", None).await;
    let member = Stream::open(&w, Role::Commander, "/api/v1/events", None).await;
    let admin = Stream::open(&w, Role::Admin, "/api/v1/events", None).await;
    let secret = w.declare("Suspicious sign-in attempts, possible credential stuffing attack").await;
    let open = w.declare("Catalog is slow").await;
    for mut insider in [member, admin] {
        assert_eq!(insider.next().await.1["incident"], json!(secret));
    }
    for mut outsider in [viewer, outsider] {
        assert_eq!(outsider.next().await.1["incident"], json!(open));
    }
}

#[tokio::test]
async fn followers_are_counted_in_and_out() {
    let w = world();
    let count = async || {
        let text = w.api(Role::Admin, "GET", "/metrics", Value::Null).await.text;
        text.lines().find_map(|l| l.strip_prefix("firebell_followers ")).map(str::to_owned)
    };
    let stream = Stream::open(&w, Role::Viewer, "/api/v1/events", None).await;
    assert_eq!(count().await.as_deref(), Some("1"));
    drop(stream);
    assert_eq!(count().await.as_deref(), Some("0"));
}

/// Whole events of what a connection gave before it broke: position and version.
fn whole(text: &str) -> Vec<(u64, u64)> {
    let Some(end) = text.rfind("\n\n") else { return Vec::new() };
    let field = |block: &str, name: &str| {
        block.lines().find_map(|l| l.strip_prefix(name)).map(|t| t.trim().to_owned())
    };
    text[..end]
        .split("\n\n")
        .filter_map(|block| {
            let (id, data) = (field(block, "id:")?, field(block, "data:")?);
            let data: Value = serde_json::from_str(&data).ok()?;
            Some((id.parse().ok()?, data["entry"]["version"].as_u64()?))
        })
        .collect()
}

#[tokio::test]
async fn a_stream_that_breaks_again_and_again_loses_nothing_and_tells_nothing_twice() {
    let w = world();
    let id = w.declare("Catalog is slow").await;
    // From here on, as the list says.
    let list = w.api(Role::Viewer, "GET", "/api/v1/incidents", Value::Null).await;
    let mut last: u64 = list.header("firebell-position").parse().expect("a position");
    let before = w.reader.events(&id.as_str().into()).expect("the store").len();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let base = format!("http://{}", listener.local_addr().expect("an address"));
    let server = tokio::spawn(crate::serve(listener, w.app.clone(), std::future::pending()));
    firebell_integrations::http::install_tls();
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let mut seen = Vec::new();
    for round in 0..12 {
        // Written while nobody listens, and to another incident as well.
        for n in 0..3 {
            let body = json!({"text": format!("note {round}.{n}")});
            w.api(Role::Admin, "POST", &format!("/api/v1/incidents/{id}/notes"), body).await;
        }
        w.declare("Something else").await;
        let mut answer = client
            .get(format!("{base}/api/v1/events?incident={id}&after=0"))
            .bearer_auth(token(Role::Viewer))
            .header("last-event-id", last.to_string())
            .send()
            .await
            .expect("a stream");
        assert_eq!(answer.status(), 200);
        let mut text = String::new();
        while whole(&text).is_empty() {
            let next = tokio::time::timeout(Duration::from_secs(20), answer.chunk()).await;
            let piece = next.expect("in time").expect("a piece").expect("no end");
            text.push_str(&String::from_utf8_lossy(&piece));
        }
        // Cut off at some byte, in the midst of an event as a rule.
        text.truncate(
            (0..=text.len() - round * 37 % (text.len() / 2))
                .rev()
                .find(|at| text.is_char_boundary(*at))
                .unwrap_or(0),
        );
        drop(answer);
        let got = whole(&text);
        last = got.last().map_or(last, |(position, _)| *position);
        seen.extend(got.into_iter().map(|(_, version)| version as usize));
    }
    let all = w.reader.events(&id.as_str().into()).expect("the store").len();
    let mut rest = Stream::open(&w, Role::Viewer, &format!("/api/v1/events?incident={id}"), Some(last)).await;
    while seen.last() != Some(&all) {
        seen.push(rest.next().await.1["entry"]["version"].as_u64().expect("a version") as usize);
    }
    assert_eq!(seen, (before + 1..=all).collect::<Vec<_>>());
    server.abort();
}

#[tokio::test]
async fn a_stream_of_what_may_not_be_seen_is_not_there() {
    let w = world();
    let secret = w.declare("Suspicious sign-in attempts, possible credential stuffing attack").await;
    let hidden = w.api(Role::Viewer, "GET", &format!("/api/v1/events?incident={secret}"), Value::Null).await;
    assert_eq!((hidden.status.as_u16(), &hidden.json()["field"]), (404, &json!("incident")));
    for position in ["-1", "x", "18446744073709551616"] {
        let bad = w.api(Role::Viewer, "GET", &format!("/api/v1/events?after={position}"), Value::Null).await;
        assert_eq!((bad.status.as_u16(), &bad.json()["field"]), (400, &json!("after")), "{position}");
    }
}
