//! The page of an incident where people work on it: evidence as pictures, the graph, the timeline's filters, drafts.

use axum::http::StatusCode;
use firebell_core::agent::AgentReport;
use firebell_core::comms::Audience;
use firebell_core::effect::Effect;
use firebell_core::evidence::{EvidenceRecord, encode_part, evidence_id};
use firebell_core::incident::{Actor, Command, Event, EventRecord, RoomEffect, RoomEvent};
use firebell_core::policy::RoomChat;
use firebell_core::ports::agent::BlobStore;
use firebell_core::telemetry::{LogLine, Series, Span, TelemetryPart, TopologyEdge, Window};
use firebell_core::verdict::{EvidenceRef, FORMAT, Hypothesis, Outcome, PathStep, Stats, Verdict};

use serde_json::{Value, json};

use super::page::Browser;
use super::world::{World, token, world};
use crate::Role;

/// A chat.
const OPS: &str = "slack/ops";
const EVIL: &str = "<script>alert(1)</script>";

/// An incident whose evidence is in the store; answers its id and the addresses of what is cited.
async fn investigated(w: &World) -> (String, Vec<String>) {
    let id = w.declare("High error rate on checkout, customers cannot buy").await;
    let now = w.now();
    let begin = now.as_millisecond() - 120_000;
    let labels = |code: &str| {
        [("service", "checkout"), ("code", code)].map(|(k, v)| (k.to_owned(), v.to_owned())).into()
    };
    let series = |code: &str, rate: i64| Series {
        source: "prometheus/main".to_owned(),
        name: "requests_total".to_owned(),
        labels: labels(code),
        component: None,
        kind: Default::default(),
        points: (0..24).map(|n| (begin + n * 5000, (n * rate) as f64)).collect(),
    };
    let line = |n: i64| LogLine {
        source: "logs/checkout.log".to_owned(),
        line: 0,
        component: Some("checkout".to_owned()),
        at: jiff::Timestamp::from_millisecond(begin + n * 900).ok(),
        level: Some("error".to_owned()),
        text: format!("timed out after {n} ms {EVIL}"),
        fields: Default::default(),
        trace_id: None,
    };
    let span = |n: i64, parent: Option<&str>, component: &str| Span {
        source: "tempo/main".to_owned(),
        trace_id: "ab12".to_owned(),
        span_id: format!("{n:04x}"),
        parent_id: parent.map(str::to_owned),
        component: component.to_owned(),
        operation: "POST /orders".to_owned(),
        kind: Default::default(),
        start_us: begin * 1000 + n * 200,
        duration_us: 90_000 - n * 1000,
        error: n == 1,
        attributes: Default::default(),
    };
    let edge = |caller: &str, callee: &str| TopologyEdge {
        caller: caller.to_owned(),
        callee: callee.to_owned(),
        kind: String::new(),
    };
    let parts = [
        (
            "prometheus/main",
            "requests_total{}",
            TelemetryPart::Series(vec![series("500", 9), series("200", 2)]),
        ),
        ("logs", "logs of all", TelemetryPart::Logs((0..60).map(line).collect())),
        (
            "tempo/main",
            "traces of all services",
            TelemetryPart::Spans(vec![span(0, None, "gateway"), span(1, Some("0000"), "checkout")]),
        ),
        (
            "tempo/main",
            "call relations of the spans",
            TelemetryPart::Topology(vec![edge("gateway", "checkout"), edge("checkout", "database/orders")]),
        ),
    ];
    let mut evidence = Vec::new();
    for (source, query, part) in parts {
        let (bytes, sha256) = encode_part(&part).expect("a part");
        w.blobs.put(bytes).await.expect("stored");
        evidence.push(EvidenceRecord {
            id: evidence_id(source, query, None, &sha256),
            source: source.to_owned(),
            query: query.to_owned(),
            window: None,
            sha256,
            items: part.len() as u64,
            reading: format!("{query} {EVIL}"),
            fetched_at: now,
        });
    }
    let cite = |source: &str, query: &str| EvidenceRef {
        id: "e1".to_owned(),
        source: source.to_owned(),
        query: query.to_owned(),
        window: Some(Window { start: now - jiff::SignedDuration::from_secs(60), end: now }),
        sha256: "00".repeat(32),
        reading: format!("{query} shows it {EVIL}"),
    };
    let template = firebell_rca::logs::template_of(&format!("timed out after 7 ms {EVIL}"));
    let mut cited = vec![
        cite("prometheus/main", "metric requests_total{code=\"500\",service=\"checkout\"}"),
        cite("logs/checkout.log", &format!("logs checkout ~ {template}")),
        cite("tempo/main", "spans checkout ~ POST /orders"),
        cite("changes", "change chg-unknown"),
    ];
    // Spans began before the minute that the others are about.
    cited[2].window = None;
    let addresses = cited
        .iter()
        .map(|e| {
            format!("/incidents/{id}/evidence/{}", evidence_id(&e.source, &e.query, e.window, &e.sha256))
        })
        .chain(evidence.iter().map(|e| format!("/incidents/{id}/evidence/{}", e.id)))
        .collect();
    let hypothesis = |rank, confidence, evidence: Vec<EvidenceRef>, against: Vec<EvidenceRef>| Hypothesis {
        rank,
        component: "service/checkout".to_owned(),
        cause: "saturation.connection_pool".to_owned(),
        indicator: None,
        change: None,
        mechanism: "its pool runs empty".to_owned(),
        confidence,
        path: vec![PathStep {
            from: "service/checkout".to_owned(),
            to: "service/gateway".to_owned(),
            at: None,
            why: "gateway waits for checkout".to_owned(),
            evidence: Vec::new(),
        }],
        evidence,
        against,
        expected_but_absent: vec!["slow queries".into()],
        mitigations: Vec::new(),
    };
    let verdict = Verdict {
        format: FORMAT.to_owned(),
        verdict: Outcome::Cause,
        onset: Some(now),
        hypotheses: vec![
            hypothesis(1, 0.87, cited.clone(), Vec::new()),
            hypothesis(2, 0.2, Vec::new(), vec![cited[0].clone()]),
        ],
        gaps: vec!["no access to pg_stat_activity".to_owned()],
        challenge: None,
        stats: Stats::default(),
    };
    w.play_reporting(&|task, report: &mut AgentReport| {
        if let firebell_core::agent::AgentTask::Synthesise { .. } = task {
            report.verdict = Some(verdict.clone());
        }
        report.evidence.extend(evidence.iter().cloned());
    })
    .await;
    (id, addresses)
}

#[tokio::test]
async fn evidence_is_shown_as_charts_tables_and_waterfalls() {
    let w = world();
    let (id, cited) = investigated(&w).await;
    let b = Browser::sign_in(&w, &token(Role::Viewer)).await;
    let page = b.get(&format!("/incidents/{id}")).await.text;
    for address in &cited[..4] {
        assert!(page.contains(&format!("href=\"{address}\"")), "{address}: {page}");
    }
    assert_eq!(page.matches("loading=\"lazy\"").count(), 3, "a picture of each that can be drawn");
    assert!(
        page.contains("Expected, not seen") && page.contains("Against") && page.contains("pg_stat_activity")
    );
    for (n, shown) in [(0, "code=500"), (1, "timed out after &lt;*&gt;"), (2, "POST &#x2f;orders")] {
        let answer = b.get(&cited[n]).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert!(answer.text.contains(shown), "{}: {}", cited[n], answer.text);
        assert!(!answer.text.contains("<script>alert"), "{}", answer.text);
        for size in ["", "?size=narrow"] {
            let picture = b.get(&format!("{}.svg{size}", cited[n])).await;
            assert_eq!((picture.status, picture.header("content-type")), (StatusCode::OK, "image/svg+xml"));
            let policy = picture.header("content-security-policy");
            assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
            assert!(
                picture.text.contains("<desc>") && !picture.text.contains("<script>"),
                "{}",
                picture.text
            );
        }
    }
    let trace = b.get(&format!("{}.svg", cited[2])).await.text;
    assert!(trace.contains("failed, 89.0 ms"), "{trace}");
    // What the record does not hold is said, and not drawn.
    assert!(b.get(&cited[3]).await.text.contains("does not hold the data"));
    assert_eq!(b.get(&format!("{}.svg", cited[3])).await.status, StatusCode::NOT_FOUND);
    // Whole recorded queries have a page too.
    assert_eq!(b.get(&cited[4]).await.status, StatusCode::OK);
    assert!(b.get(&cited[7]).await.text.contains("database&#x2f;orders"));
}

#[tokio::test]
async fn evidence_is_for_those_who_may_see_its_incident() {
    let w = world();
    let (id, cited) = investigated(&w).await;
    let other = w.declare("Catalog is slow").await;
    let b = Browser::sign_in(&w, &token(Role::Viewer)).await;
    for address in [cited[0].clone(), format!("{}.svg", cited[0])] {
        let stranger = w.send("GET", &address, &[], "").await;
        assert!(stranger.header("location").starts_with("/login"), "{address}: {}", stranger.text);
        assert_eq!(b.get(&address).await.status, StatusCode::OK);
        let elsewhere = address.replace(&id, &other);
        assert_eq!(b.get(&elsewhere).await.status, StatusCode::NOT_FOUND, "it is no evidence of {other}");
    }
    for unknown in ["ev-000000000000", "..%2f..%2fetc", "x.svg"] {
        assert_eq!(b.get(&format!("/incidents/{id}/evidence/{unknown}")).await.status, StatusCode::NOT_FOUND);
    }
    let commander = Browser::sign_in(&w, &token(Role::Commander)).await;
    let csrf = commander.csrf().await;
    commander
        .post(&format!("/incidents/{id}/do/kind"), &format!("kind=security&restricted=yes&csrf={csrf}"))
        .await;
    for address in [cited[0].clone(), format!("{}.svg", cited[0]), cited[4].clone()] {
        assert_eq!(
            b.get(&address).await.status,
            StatusCode::NOT_FOUND,
            "{address} does not exist for a viewer"
        );
        assert_eq!(commander.get(&address).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn the_way_of_the_harm_is_drawn_on_the_services() {
    let w = world();
    let (id, _) = investigated(&w).await;
    let b = Browser::sign_in(&w, &token(Role::Viewer)).await;
    let page = b.get(&format!("/incidents/{id}")).await.text;
    let svg = page.split("id=\"graph\"").nth(1).and_then(|t| t.split("</svg>").next()).expect("a graph");
    assert!(
        svg.contains("service checkout, the cause") && svg.contains("service gateway, affected"),
        "{svg}"
    );
    assert!(svg.contains("database orders") && svg.contains("class=\"harm\""), "{svg}");
    assert!(page.contains("gateway calls checkout") && page.contains("gateway waits for checkout"), "{page}");
}

#[tokio::test]
async fn the_timeline_is_filtered_and_paged() {
    let w = world();
    let id = w.declare("Catalog is slow").await;
    let incident = firebell_core::ids::IncidentId::new(&id);
    for n in 0..120 {
        let text = format!("**note** number {n}");
        w.handle.command(&incident, Command::AddNote { text }, Actor::person("ada")).await.expect("noted");
    }
    let b = Browser::sign_in(&w, &token(Role::Viewer)).await;
    let path = format!("/incidents/{id}");
    let lines = |page: &str| page.matches("id=\"v").count();
    let page = b.get(&path).await.text;
    assert_eq!(lines(&page), 40);
    assert!(page.contains("<strong>note</strong> number 119"), "notes are rendered: {page}");
    let second = page.split("before=").last().and_then(|t| t.split('#').next()).expect("older").to_owned();
    let older = b.get(&format!("{path}?before={second}")).await.text;
    assert!(lines(&older) == 40 && !older.contains("number 119<") && older.contains("Back to the newest"));
    let found = b.get(&format!("{path}?q=NUMBER+117")).await.text;
    assert_eq!(lines(&found), 1, "{found}");
    let people = b.get(&format!("{path}?kind=people&q=number+11&before=100000")).await.text;
    assert_eq!(lines(&people), 11, "11 and 110 to 119");
    assert!(b.get(&format!("{path}/fragment?kind=alerts")).await.text.contains("Nothing here fits"));
    // A link to one entry shows that entry first.
    let one = b.get(&format!("{path}?before=31")).await.text;
    assert!(one.split("id=\"v").nth(1).is_some_and(|t| t.starts_with("30\"")), "{one}");
    let wrong = b.get(&format!("{path}/fragment?kind=nonsense")).await;
    assert!(wrong.status == StatusCode::BAD_REQUEST && wrong.text.contains("kind"), "{}", wrong.text);
}

#[tokio::test]
async fn each_audience_has_a_draft_to_edit_and_send() {
    let w = world();
    let (id, _) = investigated(&w).await;
    let b = Browser::sign_in(&w, &token(Role::Commander)).await;
    let path = format!("/incidents/{id}");
    let page = b.get(&path).await.text;
    for audience in Audience::ALL {
        let section = page.split(&format!("id=\"to-{}\"", audience.as_str())).nth(1).expect("a section");
        let section = section.split("</form>").next().unwrap_or_default();
        let body = section.split("30000\">").nth(1).and_then(|t| t.split("</textarea>").next());
        assert!(body.is_some_and(|b| b.len() > 40), "{}: {section}", audience.as_str());
    }
    let csrf = b.csrf().await;
    let form = format!("audience=support&subject=Told+by+hand&body=Say+**sorry**.&csrf={csrf}");
    b.post(&format!("{path}/do/update"), &form).await;
    let page = b.get(&path).await.text;
    let support = page.split("id=\"to-support\"").nth(1).expect("a section");
    assert!(support.contains("Told by hand") && support.contains("Say <strong>sorry</strong>."), "{support}");
    let viewer = Browser::sign_in(&w, &token(Role::Viewer)).await.get(&path).await.text;
    assert!(!viewer.contains("<textarea") && viewer.contains("Told by hand"));
    // Of a restricted incident there is no draft for customers.
    b.post(&format!("{path}/do/kind"), &format!("kind=other&restricted=yes&csrf={csrf}")).await;
    let page = b.get(&path).await.text;
    let public =
        page.split("id=\"to-public\"").nth(1).and_then(|t| t.split("</form>").next()).expect("a section");
    assert!(public.contains("No draft:") && public.contains("></textarea>"), "{public}");
}

#[tokio::test]
async fn what_cannot_be_undone_takes_a_second_step_that_names_it() {
    let w = world();
    let id = w.declare("High error rate on checkout, customers cannot buy").await;
    w.play().await;
    let b = Browser::sign_in(&w, &token(Role::Commander)).await;
    let page = b.get(&format!("/incidents/{id}")).await.text;
    let confirm = page.split("class=\"confirm\"").nth(1).and_then(|t| t.split("</details>").next());
    let confirm = confirm.expect("the restart cannot be undone");
    assert!(
        confirm.contains("It cannot be undone.") && confirm.contains("<code>restart</code>"),
        "{confirm}"
    );
    for named in ["Call off INC", "Merge INC", "Resolve INC"] {
        assert!(page.contains(named), "{named}");
    }
}

#[tokio::test]
async fn a_room_is_opened_and_archived_by_a_press_on_the_page() {
    let mut policy = super::sample::policy();
    policy.war_room.bridge = "none".to_owned();
    policy.war_room.chats = vec![RoomChat {
        chat: OPS.to_owned(),
        severities: Vec::new(),
        private: false,
        invite: Vec::new(),
        announce: Vec::new(),
    }];
    let w = super::world::world_of(policy, |_| {});
    let id = w.declare("Checkout is slow").await;
    let b = Browser::sign_in(&w, "token-of-ada-0123456789").await;
    let page = b.get(&format!("/incidents/{id}")).await.text;
    assert!(page.contains("Open a room in slack"), "{page}");
    let csrf = b.csrf().await;
    b.post(&format!("/incidents/{id}/do/room"), &format!("chat=slack%2Fops&csrf={csrf}")).await;
    let rooms = |w: &World| -> Vec<RoomEvent> {
        let of = |r: EventRecord| match r.event {
            Event::Room(event) => Some(event),
            _ => None,
        };
        w.reader.events(&id.as_str().into()).expect("the store").into_iter().filter_map(of).collect()
    };
    assert!(matches!(&rooms(&w)[..], [RoomEvent::Asked { chat, .. }] if chat == OPS), "{:?}", rooms(&w));
    let page = b.get(&format!("/incidents/{id}")).await.text;
    assert!(page.contains("is being opened in slack") && !page.contains("Open a room in slack"), "{page}");
    let opens = |effect: &Effect| match effect {
        Effect::Room(RoomEffect::Open { .. }) => {
            json!({"id": "C1", "name": "inc", "link": "https://chat.example/C1"})
        }
        _ => Value::Null,
    };
    w.play_giving(&opens).await;
    let path = format!("/api/v1/incidents/{id}/resolve");
    w.api(Role::Commander, "POST", &path, json!({"summary": "it is over"})).await;
    let page = b.get(&format!("/incidents/{id}")).await.text;
    assert!(page.contains("Archive the room in slack"), "{page}");
    b.post(&format!("/incidents/{id}/do/archive-room"), &format!("chat=slack%2Fops&csrf={csrf}")).await;
    let asked = |e: &RoomEvent| matches!(e, RoomEvent::ArchiveAsked { .. });
    assert_eq!(rooms(&w).iter().filter(|e| asked(e)).count(), 1);
    let refused = w
        .api(
            Role::Commander,
            "POST",
            &format!("/api/v1/incidents/{id}/rooms/archive"),
            json!({"chat": "slack/none"}),
        )
        .await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.text);
}
