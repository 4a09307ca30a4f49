//! `POST …/handover {person | schedule | team | policy}`.

use firebell_core::incident::Command;
use firebell_oncall::escalation::HandTo;
use firebell_oncall::model::Target as Whom;

use super::target::{Target, Written};
use crate::api::Fields;
use crate::api::spec::{Operation, schema};
use crate::auth::Permission;
use crate::problem::Problem;

/// Its declaration.
pub(super) fn operation() -> Operation {
    let name = || schema::filled(128);
    Operation::post("/api/v1/incidents/{id}/handover", "handOverIncident", hand_over)
        .needs(Permission::Acknowledge)
        .summary("Hand the escalation over to somebody, or to another policy")
        .about("One of the fields. Whom it is handed to is called; if they do not answer, the policy begins again.")
        .body(schema::object(&[
            schema::may("person", name()),
            schema::may("schedule", name()),
            schema::may("team", name()),
            schema::may("policy", name()),
        ]))
        .writes_incident()
}

/// Hands it over.
pub(crate) async fn hand_over(target: Target, mut fields: Fields) -> Written {
    let person = fields.text("person")?.map(|n| HandTo::Target(Whom::Person(n)));
    let schedule = fields.text("schedule")?.map(|n| HandTo::Target(Whom::Schedule(n)));
    let team = fields.text("team")?.map(|n| HandTo::Target(Whom::Team(n)));
    let policy = fields.text("policy")?.map(HandTo::Policy);
    fields.end()?;
    let mut given = [person, schedule, team, policy].into_iter().flatten();
    match (given.next(), given.next()) {
        (Some(to), None) => target.act(Command::HandOver { to }).await,
        _ => Err(Problem::invalid(
            "person",
            "is required, or one of schedule, team, policy; and only one of them",
        )),
    }
}
