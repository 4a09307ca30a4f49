//! One command of a person, from the API or from a form: role checked, incident seen, engine asked.

use std::collections::BTreeSet;

use firebell_core::comms::Audience;
use firebell_core::incident::{Command, Incident, Opening};
use firebell_engine::machine::Decided;
use firebell_report::tone::{Knows, Remark, must_confirm};

use crate::access;
use crate::auth::{Permission, Person};
use crate::problem::Problem;
use crate::state::App;

/// Gives a command to the engine in the person's name.
pub(crate) async fn act(app: &App, person: &Person, id: &str, command: Command) -> Result<Decided, Problem> {
    act_at(app, person, id, command, None).await
}

/// The same, if the incident is at one of these versions.
pub(crate) async fn act_at(
    app: &App,
    person: &Person,
    id: &str,
    command: Command,
    at: Option<Vec<u64>>,
) -> Result<Decided, Problem> {
    say_at(app, person, id, command, at, false).await.map(|(decided, _)| decided)
}

/// The same, whatever the rules of tone say of the text if the person has read what they say: `confirm`. What they say of
/// a text that was taken comes back with it, for whoever wrote it.
pub(crate) async fn say_at(
    app: &App,
    person: &Person,
    id: &str,
    command: Command,
    at: Option<Vec<u64>>,
    confirm: bool,
) -> Result<(Decided, Vec<Remark>), Problem> {
    let Some(permission) = access::permission_for(&command) else {
        return Err(Problem::forbidden("only the engine gives this command"));
    };
    access::may_somewhere(person, permission)?;
    let (incident, _) = access::load(app, person, id).await?;
    access::allowed(person, &command, &incident)?;
    let remarks = tone(app, &incident, &command, confirm, "to post it as it is, confirm it")?;
    if let Command::Merge { into } = &command {
        access::load(app, person, into.as_str()).await.map_err(|problem| match problem.code {
            "not_found" => Problem { field: Some("into".to_owned()), ..problem },
            _ => problem,
        })?;
    }
    let decided = app.state.handle.command_at(&incident.id, command, person.actor(), at).await?;
    // Nothing was said where it was so already.
    let remarks = if decided.records.is_empty() { Vec::new() } else { remarks };
    Ok((decided, remarks))
}

/// What the rules of tone say of a text that a command tells. What breaks one is refused where a person's word is needed
/// for it and was not given (`confirm`); `else_how` says how that is done.
pub(crate) fn tone(
    app: &App,
    i: &Incident,
    command: &Command,
    confirm: bool,
    else_how: &str,
) -> Result<Vec<Remark>, Problem> {
    let Some((audience, subject, body)) = said(command) else { return Ok(Vec::new()) };
    let remarks = remarks(app, i, audience, subject, body);
    if remarks.is_empty() || confirm || !must_confirm(audience) {
        return Ok(remarks);
    }
    Err(Problem::invalid("body", format!("{}; {else_how}", in_a_line(&remarks))))
}

/// All of them in one line.
pub(crate) fn in_a_line(remarks: &[Remark]) -> String {
    let all: Vec<String> = remarks.iter().map(Remark::sentence).collect();
    all.join("; ")
}

/// Names of an incident's alerts that fire, each once: what who resolves it has to know.
pub(crate) async fn still_firing(app: &App, person: &Person, id: &str) -> Result<BTreeSet<String>, Problem> {
    let (incident, _) = access::load(app, person, id).await?;
    Ok(incident.alerts.into_values().filter(|a| a.firing).map(|a| a.name).collect())
}

/// Opens an incident in the person's name.
pub(crate) async fn open(app: &App, person: &Person, opening: Opening) -> Result<Decided, Problem> {
    person.allowed(Permission::Declare)?;
    Ok(app.state.handle.open(opening, person.actor()).await?)
}

/// The text that a command tells an audience.
pub(crate) fn said(command: &Command) -> Option<(Audience, &str, &str)> {
    match command {
        Command::PostUpdate { audience, subject, body } | Command::EditDraft { audience, subject, body } => {
            Some((*audience, subject, body))
        }
        _ => None,
    }
}

/// What the rules of tone say of a text.
pub(crate) fn remarks(app: &App, i: &Incident, audience: Audience, subject: &str, body: &str) -> Vec<Remark> {
    firebell_report::tone::remarks(&knows(app, i, audience), subject, body)
}

/// What the rules of tone know of an incident.
pub(crate) fn knows(app: &App, i: &Incident, audience: Audience) -> Knows {
    let roster = app.state.oncall.roster();
    let roster = roster.people.iter().flat_map(|p| [p.name.as_str(), p.full_name.as_str()]);
    Knows::of(i, audience, app.state.handle.policy(), roster)
}
