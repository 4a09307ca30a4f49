//! One command of a person, from the API or from a form: role checked, incident seen, engine asked.

use std::collections::BTreeSet;

use firebell_core::incident::{Command, Opening};
use firebell_engine::machine::Decided;

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
    let Some(permission) = access::permission_for(&command) else {
        return Err(Problem::forbidden("only the engine gives this command"));
    };
    person.allowed(permission)?;
    let (incident, _) = access::load(app, person, id).await?;
    if let Command::Merge { into } = &command {
        access::load(app, person, into.as_str()).await.map_err(|problem| match problem.code {
            "not_found" => Problem { field: Some("into".to_owned()), ..problem },
            _ => problem,
        })?;
    }
    Ok(app.state.handle.command_at(&incident.id, command, person.actor(), at).await?)
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
