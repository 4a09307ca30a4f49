//! `POST /incidents/{id}/do/{verb}`: a form of the page, the same commands as the API's.

use std::collections::BTreeMap;

use axum::Form;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use firebell_core::comms::Audience;
use firebell_core::ids::{EffectKey, IncidentId};
use firebell_core::incident::Command;
use firebell_core::severity::IncidentKind;
use firebell_report::tone::must_confirm;
use jiff::{SignedDuration, Timestamp};

use crate::access;
use crate::action;
use crate::auth::Permission;
use crate::oncall::{hand_to, target};
use crate::problem::Problem;
use crate::state::Shared;
use crate::ui::Undo;
use crate::ui::guard::{self, Visitor};

type Fields = BTreeMap<String, String>;

/// Carries it out and leads back to the page with a word on how it went.
pub(crate) async fn act(
    State(app): State<Shared>,
    visitor: Visitor,
    Path((id, verb)): Path<(String, String)>,
    headers: HeaderMap,
    Form(form): Form<Fields>,
) -> Result<Response, Problem> {
    guard::guarded(&headers, &visitor.session, form.get("csrf").map_or("", String::as_str))?;
    let before = access::load(&app, &visitor.person, &id).await.ok().map(|(incident, _)| incident);
    let confirm = form.get("confirm").is_some_and(|c| c == "yes");
    let mut outcome = match command(&verb, &form, app.now()) {
        Ok((command, done)) => {
            if let (Some(incident), Some((audience, subject, body)), false) =
                (&before, action::said(&command), confirm)
            {
                let remarks = action::remarks(&app, incident, audience, subject, body);
                // What is typed in must not be lost: it is shown again with what is wrong with it.
                let may = access::may_in(&visitor.person, Permission::PostUpdate, incident);
                if must_confirm(audience) && !remarks.is_empty() && may {
                    return super::tone::page(&app, &visitor, incident, &verb, (subject, body), &remarks);
                }
            }
            action::say_at(&app, &visitor.person, &id, command, None, confirm).await.map(
                |(decided, remarks)| {
                    match (decided.records.is_empty(), remarks.as_slice()) {
                        (true, _) => "That was done already.".to_owned(),
                        (false, []) => done,
                        // Whoever confirmed it has read them.
                        (false, _) if confirm => done,
                        (false, remarks) => format!("{done} Tone: {}.", action::in_a_line(remarks)),
                    }
                },
            )
        }
        Err(problem) => Err(problem),
    };
    if verb == "resolve"
        && let Ok(done) = &mut outcome
    {
        let names = action::still_firing(&app, &visitor.person, &id).await.unwrap_or_default();
        if !names.is_empty() {
            done.push_str(&format!(
                " Still firing: {}. Firebell looks at them until they stop.",
                names.into_iter().collect::<Vec<_>>().join(", ")
            ));
        }
    }
    match outcome {
        Ok(text) => {
            let field = |name: &str| form.get(name).cloned().unwrap_or_default();
            let undo = before.and_then(|before| Undo::incident(&verb, &before, &field));
            visitor.tell_with(&app, true, text, undo);
        }
        Err(problem) => visitor.tell(&app, false, problem.sentence()),
    }
    let plain = id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') && id.len() <= 64;
    Ok(Redirect::to(&if plain { format!("/incidents/{id}") } else { "/".to_owned() }).into_response())
}

/// The command that a form means, and what to say when it is done.
fn command(verb: &str, form: &Fields, now: Timestamp) -> Result<(Command, String), Problem> {
    let text = |name: &str| form.get(name).cloned().unwrap_or_default();
    let number = |name: &str| text(name).parse().map_err(|_| Problem::invalid(name, "is not a number"));
    Ok(match verb {
        "ack" => (Command::Acknowledge, "You have acknowledged it.".to_owned()),
        "approve" => (decision(form, true), "Your go is recorded.".to_owned()),
        "reject" => (decision(form, false), "Your no-go is recorded.".to_owned()),
        "note" => (Command::AddNote { text: text("text") }, "The note is in the timeline.".to_owned()),
        "room" => {
            let chat = Some(text("chat")).filter(|chat| !chat.is_empty());
            (Command::OpenRoom { chat, private: None }, "The room is on its way.".to_owned())
        }
        "archive-room" => {
            let chat = Some(text("chat")).filter(|chat| !chat.is_empty());
            (Command::ArchiveRooms { chat }, "The room is being archived.".to_owned())
        }
        "task" => {
            (Command::AddTask { text: text("text"), role: text("role") }, "The task is there.".to_owned())
        }
        "task-done" => (Command::CompleteTask { id: number("n")? }, "The task is done.".to_owned()),
        "item-done" => {
            (Command::CompleteActionItem { id: number("n")? }, "The action item is done.".to_owned())
        }
        "decline" => {
            let command = Command::DeclineRole { role: text("role"), reason: text("reason") };
            (command, "You have declined it; the next is asked.".to_owned())
        }
        "deputy" => {
            let command = Command::NameDeputy { role: text("role"), person: text("person") };
            (command, "The deputy is named.".to_owned())
        }
        "snooze" => {
            let minutes: u32 = number("minutes")?;
            let minutes = i64::from(minutes);
            let until = now.checked_add(SignedDuration::from_mins(minutes));
            let until = until.map_err(|_| Problem::invalid("minutes", "is too long"))?;
            (Command::Snooze { until }, format!("Nobody is called for {minutes} min."))
        }
        "escalate" => (Command::EscalateNow, "The next step is called.".to_owned()),
        "hand-over" => {
            (Command::HandOver { to: hand_to("to", &text("to"))? }, "It is handed over.".to_owned())
        }
        "request" => {
            let command = Command::RequestResponders { targets: vec![target("to", &text("to"))?] };
            (command, "They are called.".to_owned())
        }
        "role" => {
            let command = Command::AssignRole { role: text("role"), person: text("person") };
            (command, "The role is assigned.".to_owned())
        }
        "severity" => {
            let severity =
                text("severity").parse().map_err(|why: String| Problem::invalid("severity", why))?;
            (Command::SetSeverity { severity, reason: text("reason") }, format!("It is {severity} now."))
        }
        "kind" => {
            let kind = IncidentKind::ALL.into_iter().find(|k| k.as_str() == text("kind"));
            let kind = kind.ok_or_else(|| Problem::invalid("kind", "is not a kind of incident"))?;
            let restricted = text("restricted") == "yes";
            let seen = if restricted { "only its members see it" } else { "everybody here sees it" };
            let command = Command::SetKind { kind, restricted: Some(restricted) };
            (command, format!("It is of kind {} now; {seen}.", kind.as_str()))
        }
        "update" => {
            let audience = Audience::ALL.into_iter().find(|a| a.as_str() == text("audience"));
            let audience = audience.ok_or_else(|| Problem::invalid("audience", "is not an audience"))?;
            let command = Command::PostUpdate { audience, subject: text("subject"), body: text("body") };
            (command, "The update is posted.".to_owned())
        }
        "draft" => {
            let audience = Audience::ALL.into_iter().find(|a| a.as_str() == text("audience"));
            let audience = audience.ok_or_else(|| Problem::invalid("audience", "is not an audience"))?;
            let command = Command::EditDraft { audience, subject: text("subject"), body: text("body") };
            (command, "The draft is kept; it goes out at its time.".to_owned())
        }
        "resolve" => (Command::Resolve { summary: text("summary") }, "It is resolved.".to_owned()),
        "reopen" => (Command::Reopen { reason: text("reason") }, "It is open again.".to_owned()),
        "cancel" => (Command::Cancel { reason: text("reason") }, "It is called off.".to_owned()),
        "merge" => {
            let into = IncidentId::new(text("into").trim());
            (Command::Merge { into: into.clone() }, format!("It goes on in {into}."))
        }
        "postmortem" => (Command::RequestPostmortem, "A postmortem is on its way.".to_owned()),
        "retry" => {
            (Command::ReviveEffect { key: EffectKey::new(text("key")) }, "It is tried again.".to_owned())
        }
        _ => return Err(Problem::not_found("there is no such form")),
    })
}

fn decision(form: &Fields, go: bool) -> Command {
    let text = |name: &str| form.get(name).cloned().unwrap_or_default();
    Command::Decide { plan: text("plan"), go, reason: text("reason") }
}
