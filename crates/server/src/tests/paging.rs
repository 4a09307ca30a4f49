//! Lists page by page: every row once, whatever comes meanwhile.

use firebell_core::ids::IncidentId;
use serde_json::{Value, json};

use super::world::{AM_KEY, World, bearer, world};
use crate::Role;

/// All pages of a list, by `Link`; each row's name.
async fn all(w: &World, role: Role, path: &str, field: &str, name: &str) -> Vec<String> {
    let (mut path, mut out) = (path.to_owned(), Vec::new());
    for _ in 0..100 {
        let answer = w.api(role, "GET", &path, Value::Null).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        let body = answer.json();
        out.extend(
            body[field].as_array().expect("rows").iter().map(|row| row[name].to_string().replace('"', "")),
        );
        let link = answer.header("link");
        let Some(cursor) = body["next_cursor"].as_str() else {
            assert_eq!(link, "");
            return out;
        };
        path = link
            .strip_prefix('<')
            .and_then(|l| l.strip_suffix(">; rel=\"next\""))
            .expect("a link")
            .to_owned();
        assert!(path.ends_with(&format!("cursor={cursor}")), "{path}");
    }
    panic!("{path} has no end");
}

#[tokio::test]
async fn incidents_come_page_by_page_in_each_order() {
    let w = world();
    let mut ids = Vec::new();
    // All at the same moment: only the id tells them apart.
    for n in 0..7 {
        ids.push(w.declare(&format!("Catalog is slow, {n}")).await);
    }
    w.declare("Suspicious sign-in attempts, possible credential stuffing attack").await;
    w.api(
        Role::Admin,
        "POST",
        &format!("/api/v1/incidents/{}/severity", ids[2]),
        json!({"severity": "SEV1", "reason": "x"}),
    )
    .await;
    let list = async |query: &str| {
        all(&w, Role::Viewer, &format!("/api/v1/incidents?{query}"), "incidents", "id").await
    };
    assert_eq!(list("limit=2&sort=opened_at").await, ids);
    let newest: Vec<String> = ids.iter().rev().cloned().collect();
    assert_eq!(list("limit=3").await, newest, "what is restricted is left out on every page");
    assert_eq!(list("limit=7").await, newest, "a page that is just full is the last");
    let worst = list("limit=2&sort=severity").await;
    assert_eq!((worst.len(), &worst[0]), (7, &ids[2]));
    assert_eq!(list("limit=2&q=slow&severity=SEV1").await, [ids[2].clone()]);
    // What comes meanwhile shifts nothing.
    let first = w.api(Role::Viewer, "GET", "/api/v1/incidents?limit=3", Value::Null).await;
    w.declare("Catalog is slow, later").await;
    let cursor = first.json()["next_cursor"].as_str().expect("more").to_owned();
    assert_eq!(list(&format!("limit=3&cursor={cursor}")).await, newest[3..]);
    // It belongs to its list and order.
    for wrong in [format!("sort=opened_at&cursor={cursor}"), "cursor=x".to_owned(), "cursor=%00".to_owned()] {
        let refused = w.api(Role::Viewer, "GET", &format!("/api/v1/incidents?{wrong}"), Value::Null).await;
        assert_eq!((refused.status.as_u16(), &refused.json()["field"]), (400, &json!("cursor")), "{wrong}");
    }
    let refused = w.api(Role::Viewer, "GET", &format!("/api/v1/alerts?cursor={cursor}"), Value::Null).await;
    assert_eq!(refused.json()["field"], "cursor");
    let refused = w.api(Role::Viewer, "GET", "/api/v1/incidents?sort=title", Value::Null).await;
    assert_eq!((refused.status.as_u16(), &refused.json()["field"]), (400, &json!("sort")));
    // The position that the list tells is where the stream goes on.
    let position: u64 = first.header("firebell-position").parse().expect("a position");
    let next = w.reader.events_after(position, 1).expect("the store");
    assert!(next.first().is_some_and(|(_, r)| r.version == 1 && r.incident != IncidentId::new(&ids[6])));
}

#[tokio::test]
async fn a_timeline_comes_page_by_page() {
    let w = world();
    let id = w.declare("Catalog is slow").await;
    for n in 0..5 {
        w.api(Role::Admin, "POST", &format!("/api/v1/incidents/{id}/notes"), json!({"text": n.to_string()}))
            .await;
    }
    let shown = w.api(Role::Viewer, "GET", &format!("/api/v1/incidents/{id}"), Value::Null).await.json();
    let versions: Vec<String> =
        shown["timeline"].as_array().expect("entries").iter().map(|e| e["version"].to_string()).collect();
    let list = async |query: &str| {
        let path = format!("/api/v1/incidents/{id}/timeline?{query}");
        all(&w, Role::Viewer, &path, "timeline", "version").await
    };
    assert_eq!(list("limit=2").await, versions);
    assert_eq!(list("limit=3&sort=-version").await, versions.iter().rev().cloned().collect::<Vec<_>>());
    assert_eq!(list("limit=2&kind=note").await.len(), 5);
    let wrong =
        w.api(Role::Viewer, "GET", &format!("/api/v1/incidents/{id}/timeline?kind=x"), Value::Null).await;
    assert_eq!((wrong.status.as_u16(), &wrong.json()["field"]), (400, &json!("kind")));
}

#[tokio::test]
async fn alerts_silences_and_changes_come_page_by_page() {
    let w = world();
    let key = bearer(AM_KEY);
    let alerts: Vec<Value> = (0..9)
        .map(|n| json!({"labels": {"alertname": format!("A{n}"), "service": if n < 4 { "auth" } else { "catalog" }}}))
        .collect();
    w.send("POST", "/api/v2/alerts", &[("authorization", &key)], json!(alerts).to_string()).await;
    w.settle().await;
    for sort in ["-last_seen", "fingerprint"] {
        for limit in [1, 4, 9, 10] {
            for role in [Role::Viewer, Role::Responder] {
                let path = format!("/api/v1/alerts?sort={sort}&limit={limit}");
                let mut seen = all(&w, role, &path, "alerts", "fingerprint").await;
                seen.sort();
                seen.dedup();
                assert_eq!(seen.len(), 9, "{path}");
            }
        }
    }
    for minutes in [30, 20, 30, 10, 40] {
        let body = json!({"matchers": [{"name": "service", "value": "x"}], "minutes": minutes});
        assert_eq!(w.api(Role::Responder, "POST", "/api/v1/silences", body).await.status, 201);
    }
    let ends = async |sort: &str| {
        all(&w, Role::Viewer, &format!("/api/v1/silences?limit=2&sort={sort}"), "silences", "endsAt").await
    };
    let up = ends("endsAt").await;
    assert!(up.len() == 5 && up.is_sorted(), "{up:?}");
    assert_eq!(ends("-endsAt").await, up.iter().rev().cloned().collect::<Vec<_>>());
    assert_eq!(ends("state").await, up);
    for n in 0..5 {
        let body = json!({"routing_key": super::world::PD_KEY, "payload": {"summary": format!("release {n}"), "timestamp": "2026-01-05T10:00:00Z"}});
        let sent = w.send("POST", "/v2/change/enqueue", &[], body.to_string()).await;
        assert_eq!(sent.status, 202, "{}", sent.text);
    }
    w.settle().await;
    let changes = async |sort: &str, limit: usize| {
        all(&w, Role::Viewer, &format!("/api/v1/changes?limit={limit}&sort={sort}"), "changes", "id").await
    };
    let up = changes("at", 2).await;
    assert_eq!(up.len(), 5);
    for limit in [1, 2, 3, 5] {
        assert_eq!(changes("-at", limit).await, up.iter().rev().cloned().collect::<Vec<_>>());
    }
}
