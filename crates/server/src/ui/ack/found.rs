//! What a link leads to.

use axum::http::StatusCode;
use firebell_core::ids::IncidentId;
use firebell_core::incident::{Incident, fold};
use firebell_engine::ack::LinkError;
use serde::Serialize;

use crate::auth::Permission;
use crate::hooks;
use crate::problem::Problem;
use crate::state::App;
use crate::ui::moment::Moment;

/// How a page stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stands {
    /// It waits for an answer.
    Open,
    /// It does not, and what was told with it does.
    Others,
    /// This answer was the one.
    Done,
    /// They have answered since it went out.
    Before,
    /// The incident is over.
    Over,
}

/// A page, as its link finds it.
pub(super) struct Found {
    pub(super) incident: Incident,
    /// Whom it was sent to.
    pub(super) person: String,
    pub(super) stands: Stands,
    /// Incidents that were told in one call with it.
    pub(super) with: Vec<IncidentId>,
}

/// What the page shows.
#[derive(Debug, Default, Serialize)]
pub(super) struct View {
    #[serde(skip)]
    pub(super) status: StatusCode,
    failed: Option<String>,
    head: String,
    lead: String,
    /// None where the link is good for nothing.
    incident: Option<Shown>,
    /// Whether there is something to press.
    open: bool,
}

impl View {
    /// With what went wrong.
    pub(super) fn failed(self, why: String) -> Self {
        Self { failed: Some(why), ..self }
    }
}

#[derive(Debug, Serialize)]
struct Shown {
    id: String,
    severity: String,
    /// Not of a restricted one: a telephone is read by whoever stands beside it.
    title: Option<String>,
    restricted: bool,
    drill: bool,
    person: String,
    services: String,
    since: Moment,
    link: String,
}

/// Looks a token up; the inner error is what to show instead.
///
/// # Errors
/// The store's.
pub(super) async fn look(app: &App, token: &str) -> Result<Result<Found, View>, Problem> {
    let link = match app.state.ack_keys.read_token(token, app.now()) {
        Ok(link) => link,
        Err(error) => return Ok(Err(useless(error))),
    };
    let page = link.page;
    let id = page.incident.clone();
    let records = app.read(move |reader| reader.events(&id)).await?;
    let Some(incident) = fold(&records) else { return Ok(Err(useless(LinkError::Unknown))) };
    let allowed = hooks::acting(app, &page.person)
        .and_then(|person| person.allowed(Permission::Acknowledge).map_err(|problem| problem.detail));
    if let Err(why) = allowed {
        return Ok(Err(View {
            status: StatusCode::FORBIDDEN,
            head: "Not possible".to_owned(),
            lead: format!("{why}."),
            ..View::default()
        }));
    }
    let stands = match () {
        () if incident.status.is_over() => Stands::Over,
        () if hooks::answered(&records, &page) => Stands::Before,
        () => Stands::Open,
    };
    let with = hooks::with(app, &page).await?;
    // Over or answered: what was told with it may still wait.
    let stands = if with.is_empty() || stands == Stands::Open { stands } else { Stands::Others };
    Ok(Ok(Found { incident, person: page.person, stands, with }))
}

fn useless(error: LinkError) -> View {
    let (status, head) = match error {
        LinkError::Unknown => (StatusCode::NOT_FOUND, "This link is not good"),
        LinkError::Ended => (StatusCode::GONE, "This link has ended"),
    };
    View {
        status,
        head: head.to_owned(),
        lead: format!("It {error}. Sign in to acknowledge, or answer the message itself."),
        ..View::default()
    }
}

impl Found {
    /// Whether there is something to press.
    pub(super) fn waits(&self) -> bool {
        matches!(self.stands, Stands::Open | Stands::Others)
    }

    /// The numbers of all that are taken by one press.
    fn all(&self) -> String {
        let own = (self.stands != Stands::Others).then(|| self.incident.id.to_string());
        own.into_iter().chain(self.with.iter().map(ToString::to_string)).collect::<Vec<_>>().join(", ")
    }

    pub(super) fn view(&self, app: &App) -> View {
        let i = &self.incident;
        let (head, lead) = match self.stands {
            Stands::Open | Stands::Others if !self.with.is_empty() => (
                "You were paged".to_owned(),
                format!("Press the button if you take all that you were told together: {}.", self.all()),
            ),
            Stands::Open | Stands::Others => {
                ("You were paged".to_owned(), "Press the button if you take it.".to_owned())
            }
            Stands::Done if !self.with.is_empty() => (
                "Acknowledged".to_owned(),
                format!("{} are yours now. Everybody in them sees that.", self.all()),
            ),
            Stands::Done => (
                "Acknowledged".to_owned(),
                "It is yours now. Everybody in the incident sees that.".to_owned(),
            ),
            Stands::Before => (
                "Acknowledged already".to_owned(),
                "You have it in hand: nothing more had to be done.".to_owned(),
            ),
            Stands::Over => ("It is over".to_owned(), over(i)),
        };
        let base = app.state.public_url.trim_end_matches('/');
        let goes_on = i.merged_into.as_ref().unwrap_or(&i.id);
        View {
            status: StatusCode::OK,
            failed: None,
            head,
            lead,
            open: self.waits(),
            incident: Some(Shown {
                id: i.id.to_string(),
                severity: i.severity.severity.to_string(),
                title: (!i.restricted).then(|| i.title.clone()),
                restricted: i.restricted,
                drill: i.drill,
                person: self.person.clone(),
                services: match i.restricted {
                    true => String::new(),
                    false => i.services.iter().cloned().collect::<Vec<_>>().join(", "),
                },
                since: Moment::of(i.opened_at, app.now()),
                link: format!("{base}/incidents/{goes_on}"),
            }),
        }
    }
}

fn over(i: &Incident) -> String {
    match &i.merged_into {
        Some(into) => format!("It goes on in {into}: open that one."),
        None => format!(
            "The incident is {}: there is nothing to acknowledge.",
            i.status.as_str().replace('_', " ")
        ),
    }
}
