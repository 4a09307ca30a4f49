//! `GET …/drafts`.

use axum::Json;
use axum::extract::State;
use firebell_core::comms::Audience;
use firebell_core::incident::Incident;
use firebell_report::tone::Remark;
use serde_json::{Value, json};

use crate::api::segments::Segments;
use crate::api::spec::{Operation, schema};
use crate::auth::{Permission, Person};
use crate::problem::Problem;
use crate::state::Shared;
use crate::{access, action};

/// Its declaration.
pub(super) fn operation() -> Operation {
    let draft = schema::growing(&[
        schema::need("audience", schema::one_of(&Audience::ALL.map(Audience::as_str))),
        schema::need("subject", schema::or_null(schema::text())),
        schema::need("body", schema::or_null(schema::text())),
        schema::need("reason", schema::or_null(schema::text())),
        schema::need("channels", schema::list(schema::text())),
        schema::need("why_not", schema::or_null(schema::text())),
        schema::need("goes_out_at", schema::or_null(schema::time())),
        schema::need("edited_by", schema::or_null(schema::text())),
        schema::need("remarks", schema::list(schema::text())),
    ]);
    Operation::get("/api/v1/incidents/{id}/drafts", "listDrafts", drafts)
        .tag("Incidents")
        .needs(Permission::PostUpdate)
        .summary("What would be told to each audience now, to edit and send")
        .about("Nothing is sent by asking. Send one with `postUpdate`. Where `goes_out_at` is given, the draft goes out by itself then; change it with `editDraft`. `remarks` is what the rules of tone say of it.")
        .answers(
            200,
            "One for each audience; `why_not` says where there is none.",
            schema::object(&[schema::need("drafts", schema::list(draft))]),
        )
}

/// Drafts them.
pub(crate) async fn drafts(
    State(app): State<Shared>,
    person: Person,
    segments: Segments,
) -> Result<Json<Value>, Problem> {
    let (incident, _) = access::load(&app, &person, segments.get("id")).await?;
    let policy = app.state.handle.policy();
    let drafts: Vec<Value> = Audience::ALL
        .into_iter()
        .map(|audience| {
            let ahead = incident.ahead.get(&audience);
            let goes_out_at = ahead.map(|a| a.due);
            let made = crate::drafts::draft(&app.state.templates, &incident, audience, policy, app.now());
            match (ahead.and_then(|a| a.draft.as_ref()), made) {
                (Some(d), made) => {
                    let channels = made.map(|m| m.channels).unwrap_or_default();
                    json!({
                        "audience": audience, "subject": d.subject, "body": d.body, "reason": "cadence",
                        "channels": channels, "why_not": null, "goes_out_at": goes_out_at,
                        "edited_by": d.edited.then_some(&d.by),
                        "remarks": said(&app, &incident, audience, &d.subject, &d.body),
                    })
                }
                (None, Ok(update)) => json!({
                    "audience": audience, "subject": update.subject, "body": update.body,
                    "reason": update.reason, "channels": update.channels, "why_not": null,
                    "goes_out_at": goes_out_at, "edited_by": null,
                    "remarks": said(&app, &incident, audience, &update.subject, &update.body),
                }),
                (None, Err(error)) => json!({
                    "audience": audience, "subject": null, "body": null, "reason": null, "channels": [],
                    "why_not": error.to_string(), "goes_out_at": goes_out_at, "edited_by": null, "remarks": [],
                }),
            }
        })
        .collect();
    Ok(Json(json!({"drafts": drafts})))
}

fn said(app: &Shared, i: &Incident, audience: Audience, subject: &str, body: &str) -> Vec<String> {
    action::remarks(app, i, audience, subject, body).iter().map(Remark::sentence).collect()
}
