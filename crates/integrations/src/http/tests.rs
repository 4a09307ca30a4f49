//! The client against servers that answer well and badly.

use std::time::Instant;

use axum::Router;
use axum::http::HeaderMap;
use axum::routing::{get, post};

use super::*;
use crate::doubles::{FAULTS, Fault, faulty, serve};

fn connection(url: &str) -> Connection {
    Connection { url: url.to_owned(), timeout_s: 1.0, max_body: 1 << 20, ..Connection::default() }
}

fn client(url: &str) -> Http {
    Http::new("test/x", &connection(url), Redirects::SameOrigin).expect("builds")
}

#[tokio::test]
async fn sends_query_headers_and_authorisation_below_a_path_prefix() {
    let router = Router::new().route(
        "/prefix/api/v1/query",
        get(|headers: HeaderMap, uri: axum::http::Uri| async move {
            let h = |n: &str| headers.get(n).map(|v| v.to_str().unwrap_or("").to_owned()).unwrap_or_default();
            format!("{}|{}|{}", uri.query().unwrap_or(""), h("authorization"), h("x-scope-orgid"))
        }),
    );
    let server = serve(router).await;
    let mut c = connection(&format!("{}/prefix", server.url));
    c.username = Some("u".into());
    c.password = Some("p".into());
    c.headers.insert("X-Scope-OrgID".into(), "tenant".into());
    let http = Http::new("test/x", &c, Redirects::SameOrigin).expect("builds");
    let reply = http.get("api/v1/query", &[("a", "b c&d")]).await.expect("answers");
    assert_eq!(String::from_utf8_lossy(&reply.body), "a=b+c%26d|Basic dTpw|tenant");
    assert!(!format!("{http:?}").contains("dTpw"), "credentials do not print");
}

#[tokio::test]
async fn every_fault_ends_within_the_time_limit() {
    for fault in FAULTS {
        let server = faulty(fault).await;
        let started = Instant::now();
        let result = client(&server.url).get("x", &[]).await;
        assert!(started.elapsed().as_secs() < 20, "{fault:?} hung");
        match fault {
            Fault::Silent | Fault::Drip => {
                assert!(matches!(result, Err(HttpError::Timeout(_))), "{fault:?}: {result:?}")
            }
            Fault::Huge => assert!(matches!(result, Err(HttpError::TooLarge(_))), "{fault:?}: {result:?}"),
            Fault::Hangup | Fault::Garbage | Fault::Truncated => {
                assert!(result.is_err(), "{fault:?}: {result:?}")
            }
            Fault::NotJson => assert!(result.is_ok_and(|r| r.ok())),
            Fault::Error500 => assert!(result.is_ok_and(|r| r.status == 500)),
            Fault::Redirect => assert!(result.is_ok_and(|r| r.status == 302), "not followed to another host"),
        }
    }
}

#[tokio::test]
async fn follows_a_redirect_on_the_same_host_only_for_reads() {
    let router = Router::new()
        .route("/old", get(|| async { axum::response::Redirect::temporary("/new") }))
        .route("/write", post(|| async { axum::response::Redirect::to("/new") }))
        .route("/new", get(|| async { "here" }));
    let server = serve(router).await;
    assert_eq!(client(&server.url).get("old", &[]).await.expect("answers").body, b"here");
    let writer = Http::new("test/x", &connection(&server.url), Redirects::None).expect("builds");
    assert_eq!(writer.post("write", Vec::new(), &[]).await.expect("answers").status, 303);
}

#[tokio::test]
async fn a_closed_port_is_a_connect_error_without_the_address_of_secrets() {
    let port = crate::doubles::free_port();
    let error = client(&format!("http://127.0.0.1:{port}"))
        .get("x", &[("token", "hunter2")])
        .await
        .expect_err("closed");
    assert!(matches!(error, HttpError::Connect(_)), "{error:?}");
    assert!(!error.to_string().contains("hunter2"), "{error}");
}

#[test]
fn bad_addresses_name_the_field() {
    for bad in ["", "localhost:9090", "ftp://x/", "http://u:p@x/", "http://x/?q=1", "http://x/#f", "http://"]
    {
        let error = Http::new("prometheus/main", &connection(bad), Redirects::None).expect_err(bad);
        assert_eq!((error.adapter.as_str(), error.field.as_str()), ("prometheus/main", "url"), "{bad}");
        assert!(!error.to_string().contains("u:p"));
    }
    let mut c = connection("http://x/");
    c.headers.insert("a b".into(), "x".into());
    assert_eq!(Http::new("p/m", &c, Redirects::None).expect_err("header").field, "headers.a b");
    let mut c = connection("http://x/");
    c.timeout_s = 0.0;
    assert_eq!(Http::new("p/m", &c, Redirects::None).expect_err("timeout").field, "timeout_s");
}

#[test]
fn reads_retry_after_in_both_forms() {
    let now: jiff::Timestamp = "2026-01-05T10:00:00Z".parse().expect("a time");
    assert_eq!(retry_after("120", now), Some(120));
    assert_eq!(retry_after("Mon, 05 Jan 2026 10:01:00 GMT", now), Some(60));
    assert_eq!(retry_after("Mon, 05 Jan 2026 09:01:00 GMT", now), Some(0));
    assert_eq!(retry_after("soon", now), None);
    assert_eq!(retry_after("99999999", now), Some(86_400));
}

#[test]
fn excerpts_are_one_short_line_without_secrets() {
    let text = excerpt(&format!("line one\n\x1b[31mred\x07 password=hunter2 {}", "word ".repeat(200)));
    assert!(!text.contains('\n') && !text.contains('\x1b') && !text.contains("hunter2"), "{text}");
    assert!(text.chars().count() <= EXCERPT + 2);
    assert_eq!(excerpt("  \n"), "(empty)");
}
