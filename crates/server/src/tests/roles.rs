//! What a role in an incident lets people do there, whatever less their account may: in the API, on the page, and (in
//! `hooks`) from chats.

use axum::http::StatusCode;
use firebell_core::ids::IncidentId;
use firebell_core::incident::{Incident, fold};
use firebell_core::policy::Person;
use serde_json::{Value, json};

use super::page::Browser;
use super::people::form;
use super::sample;
use super::world::{World, token, world, world_of};
use crate::Role;

/// Those whose accounts respond or look on can hold roles as well.
fn staffed() -> World {
    let mut policy = sample::policy();
    let named = |name: &str| Person { name: name.to_owned(), ..Person::default() };
    policy.people.extend(["responder", "viewer"].map(named));
    world_of(policy, |_| {})
}

fn now(w: &World, id: &str) -> Incident {
    fold(&w.reader.events(&IncidentId::new(id)).expect("the store")).expect("is there")
}

async fn does(w: &World, role: Role, id: &str, verb: &str, body: Value) -> (StatusCode, String) {
    let answer = w.api(role, "POST", &format!("/api/v1/incidents/{id}/{verb}"), body).await;
    (answer.status, answer.text)
}

const SEV1: &str = "High error rate on checkout, customers cannot buy";

/// What takes the commander: a verb of the API and its body.
fn commands() -> [(&'static str, Value); 7] {
    [
        ("severity", json!({"severity": "SEV2", "reason": "one region"})),
        ("roles", json!({"role": "scribe", "person": "grace"})),
        ("deputy", json!({"role": "incident_commander", "person": "grace"})),
        ("updates", json!({"audience": "internal", "subject": "s", "body": "We roll back."})),
        ("postmortem", json!({})),
        ("resolve", json!({"summary": "rolled back"})),
        ("reopen", json!({"reason": "it is back"})),
    ]
}

#[tokio::test]
async fn who_takes_command_commands_that_incident_and_no_other() {
    let w = staffed();
    let (id, other) = (w.declare(SEV1).await, w.declare("Search is slow").await);
    for (verb, body) in commands() {
        for role in [Role::Viewer, Role::Responder] {
            let (status, text) = does(&w, role, &id, verb, body.clone()).await;
            assert_eq!(status, StatusCode::FORBIDDEN, "{verb} {role:?}: {text}");
        }
    }
    let (_, text) = does(&w, Role::Responder, &id, "severity", commands()[0].1.clone()).await;
    assert!(
        text.contains("or the incident commander of") && text.contains("ask ada"),
        "who can help: {text}"
    );
    // Nobody has accepted it: whoever responds may take it, and nobody who only looks on.
    let take = |name: &str| json!({"role": " incident_commander", "person": name});
    assert_eq!(does(&w, Role::Viewer, &id, "roles", take("viewer")).await.0, StatusCode::FORBIDDEN);
    assert_eq!(does(&w, Role::Responder, &id, "roles", take("grace")).await.0, StatusCode::FORBIDDEN);
    let (status, text) = does(&w, Role::Responder, &id, "roles", take("responder")).await;
    assert_eq!(status, StatusCode::OK, "{text}");
    assert!(now(&w, &id).is_accepted("incident_commander"));
    for (verb, body) in commands() {
        let (status, text) = does(&w, Role::Responder, &id, verb, body.clone()).await;
        assert_eq!(status, StatusCode::OK, "{verb}: {text}");
        let (status, text) = does(&w, Role::Responder, &other, verb, body).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{verb} of another: {text}");
    }
    // What is not of the incident stays with the account.
    let maintenance = w.api(Role::Responder, "POST", "/api/v1/maintenances", json!({})).await;
    assert_eq!(maintenance.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn what_somebody_has_accepted_is_not_taken_from_them() {
    let w = staffed();
    let id = w.declare(SEV1).await;
    let admin = |verb: &'static str, body: Value| does(&w, Role::Admin, &id, verb, body);
    let ada = super::world::bearer("token-of-ada-0123456789");
    let mine = json!({"role": "incident_commander", "person": "ada"}).to_string();
    let path = format!("/api/v1/incidents/{id}/roles");
    assert_eq!(w.send("POST", &path, &[("authorization", &ada)], mine).await.status, StatusCode::OK);
    let take = json!({"role": "incident_commander", "person": "responder"});
    let (status, text) = does(&w, Role::Responder, &id, "roles", take).await;
    assert!(status == StatusCode::FORBIDDEN && text.contains("ada is incident commander"), "{text}");
    // Whoever speaks for it tells, and no more than that; the deputy does what the holder does.
    admin("roles", json!({"role": "communications_lead", "person": "responder"})).await;
    let updates = commands()[3].1.clone();
    assert_eq!(does(&w, Role::Responder, &id, "updates", updates).await.0, StatusCode::OK);
    let drafts = w.api(Role::Responder, "GET", &format!("/api/v1/incidents/{id}/drafts"), Value::Null).await;
    assert_eq!(drafts.status, StatusCode::OK, "{}", drafts.text);
    let severity = commands()[0].1.clone();
    assert_eq!(does(&w, Role::Responder, &id, "severity", severity.clone()).await.0, StatusCode::FORBIDDEN);
    admin("deputy", json!({"role": "incident_commander", "person": "responder"})).await;
    assert_eq!(does(&w, Role::Responder, &id, "severity", severity.clone()).await.0, StatusCode::OK);
    // An account that only looks on goes on doing so.
    admin("roles", json!({"role": "incident_commander", "person": "viewer"})).await;
    assert_eq!(does(&w, Role::Viewer, &id, "severity", severity).await.0, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_role_is_declined_and_deputised_by_who_has_it() {
    let w = staffed();
    let id = w.declare(SEV1).await;
    let give = json!({"role": "technical_lead", "person": "responder"});
    assert_eq!(does(&w, Role::Admin, &id, "roles", give).await.0, StatusCode::OK);
    let deputy = json!({"role": "technical_lead", "person": "linus"});
    let (status, text) = does(&w, Role::Responder, &id, "deputy", deputy).await;
    assert!(status == StatusCode::OK && text.contains("linus is deputy technical lead"), "{text}");
    let none = json!({"role": "janitor", "person": "linus"});
    let (status, text) = does(&w, Role::Admin, &id, "deputy", none).await;
    assert!(status.is_client_error() && text.contains("\"field\":\"role\""), "{text}");
    let decline = json!({"role": "technical_lead", "reason": "on a train"});
    assert_eq!(does(&w, Role::Viewer, &id, "decline", decline.clone()).await.0, StatusCode::FORBIDDEN);
    let (status, text) = does(&w, Role::Responder, &id, "decline", decline.clone()).await;
    assert!(status == StatusCode::OK && text.contains("on a train"), "{text}");
    assert_eq!(now(&w, &id).holder("technical_lead"), Some("linus"), "who stands in goes first");
    let (status, text) = does(&w, Role::Responder, &id, "decline", decline).await;
    assert!(status.is_client_error() && text.contains("was not asked"), "{text}");
}

#[tokio::test]
async fn the_page_offers_what_may_be_done_and_its_forms_do_it() {
    let w = staffed();
    let id = w.declare(SEV1).await;
    let (b, path) = (Browser::sign_in(&w, &token(Role::Responder)).await, format!("/incidents/{id}"));
    let csrf = b.csrf().await;
    let sends = async |verb: &str, fields: &[(&str, &str)]| {
        let fields = [&[("csrf", csrf.as_str())][..], fields].concat();
        assert_eq!(b.post(&format!("{path}/do/{verb}"), &form(&fields)).await.status, StatusCode::SEE_OTHER);
        b.get(&path).await.text
    };
    let page = b.get(&path).await.text;
    assert!(page.contains("Take a role") && !page.contains("f-severity"), "{page}");
    let lower = [("severity", "SEV2"), ("reason", "one region")];
    let page = sends("severity", &lower).await;
    assert!(page.contains("takes a commander"), "{page}");
    let page = sends("role", &[("role", "incident_commander"), ("person", "responder")]).await;
    assert!(page.contains("The role is assigned.") && page.contains("SEV4 ends it"), "{page}");
    let page = sends("severity", &lower).await;
    assert!(page.contains("It is SEV2 now.") && page.contains("f-resolve"), "{page}");
    let page = sends("deputy", &[("role", "incident_commander"), ("person", "grace")]).await;
    assert!(
        page.contains("The deputy is named.") && page.contains("Deputy Incident commander: grace"),
        "{page}"
    );
    let page = sends("decline", &[("role", "incident_commander"), ("reason", "on a train")]).await;
    assert!(page.contains("You have declined it"), "{page}");
    assert_eq!(now(&w, &id).holder("incident_commander"), Some("grace"));
    assert!(!b.get(&path).await.text.contains("f-severity"), "who leads no more commands no more");
    let viewer = Browser::sign_in(&w, &token(Role::Viewer)).await;
    assert!(!viewer.get(&path).await.text.contains("Take a role"));
}

#[tokio::test]
async fn checklists_are_tasks_that_are_shown_and_done() {
    let w = world();
    let id = w.declare(SEV1).await;
    let path = format!("/incidents/{id}");
    let b = Browser::sign_in(&w, &token(Role::Responder)).await;
    let csrf = b.csrf().await;
    let task = [("csrf", csrf.as_str()), ("text", "Call the bank"), ("role", "scribe")];
    assert_eq!(b.post(&format!("{path}/do/task"), &form(&task)).await.status, StatusCode::SEE_OTHER);
    w.play().await;
    let first = "Confirm severity and impact, and say so in the room";
    let page = b.get(&path).await.text;
    assert!(page.contains(first) && page.contains("Call the bank"), "{page}");
    let shown = w.api(Role::Viewer, "GET", &format!("/api/v1{path}"), Value::Null).await.json();
    let tasks = shown["incident"]["tasks"].as_object().expect("tasks").clone();
    let (n, task) = tasks.iter().find(|(_, t)| t["text"] == first).expect("is there");
    assert_eq!(task["role"], "incident_commander");
    let done = [("csrf", csrf.as_str()), ("n", n.as_str())];
    assert_eq!(b.post(&format!("{path}/do/task-done"), &form(&done)).await.status, StatusCode::SEE_OTHER);
    assert!(b.get(&path).await.text.contains("The task is done."));
    assert!(now(&w, &id).tasks[&n.parse().expect("a number")].done_at.is_some());
}
