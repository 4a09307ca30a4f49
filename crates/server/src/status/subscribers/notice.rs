//! What subscribers are told, put together once for all of them.

use firebell_core::ids::IncidentId;
use firebell_core::incident::Summary;
use firebell_core::policy::Policy;
use firebell_core::ports::office::{Change, Expect, OfficeReader};
use firebell_core::ports::store::{Reader, StoreError, StoreResult};
use firebell_core::severity::IncidentKind;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::status::board::touches;
use crate::status::config::{ComponentConfig, StatusConfig, slug};
use crate::status::maintenance::{Maintenance, PublicMaintenance};
use crate::status::public::PublicIncident;

/// Documents of notices.
pub(super) const KIND: &str = "status_notice";
/// They are kept as long as deliveries are.
pub(super) const KEPT: SignedDuration = SignedDuration::from_hours(24 * 31);

/// One notice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Notice {
    /// Type, as webhooks have it: `incident.opened`.
    pub(super) about: String,
    /// One line.
    pub(super) subject: String,
    /// Markdown.
    pub(super) body: String,
    /// Names of what it touches.
    pub(super) names: Vec<String>,
    /// Their ids.
    pub(super) touched: Vec<String>,
    /// Where the page has it, below its address.
    pub(super) path: String,
    /// The incident, where it is one.
    pub(super) incident: Option<IncidentId>,
    /// It was posted although the incident was confidential.
    pub(super) knowingly: bool,
    pub(super) at: Timestamp,
    /// For webhooks.
    pub(super) data: Value,
    /// The last subscriber whom it was put in for.
    pub(super) put_in_to: String,
    /// For all whom it concerns.
    pub(super) complete: bool,
    /// Of the document.
    #[serde(skip)]
    pub(super) version: u64,
}

/// What a delivery to all asks to be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "what")]
pub(super) enum Telling {
    /// A post to the public.
    Update { incident: IncidentId, at: Timestamp, subject: String },
    /// An end of which no post has told by then.
    End { incident: IncidentId, at: Timestamp },
    /// The announcement of a maintenance, or the nth thing said of it.
    Said { maintenance: String, nth: usize },
    /// That a maintenance begins or ends by the clock.
    Turned { maintenance: String, at: Timestamp },
}

impl Notice {
    /// One that was put together before.
    pub(super) fn of(office: &dyn OfficeReader, id: &str) -> StoreResult<Option<Self>> {
        let Some(document) = office.document(KIND, id)? else { return Ok(None) };
        let read: Self = serde_json::from_value(document.body).map_err(|error| StoreError::Corrupt {
            what: format!("notice {id}"),
            detail: error.to_string(),
        })?;
        Ok(Some(Self { version: document.version, ..read }))
    }

    pub(super) fn put(&self, id: &str) -> Result<Change, serde_json::Error> {
        let expect = if self.version == 0 { Expect::New } else { Expect::Version(self.version) };
        Ok(Change::Put { kind: KIND, id: id.to_owned(), body: serde_json::to_value(self)?, expect })
    }

    /// Whether it may still be told: what became confidential since is not.
    pub(super) fn is_open(&self, reader: &dyn Reader) -> StoreResult<bool> {
        let Some(incident) = &self.incident else { return Ok(true) };
        let row = reader.summary(incident)?;
        Ok(self.knowingly || row.is_some_and(|row| !is_secret(&row)))
    }
}

fn is_secret(row: &Summary) -> bool {
    row.restricted || row.kind == IncidentKind::Security
}

/// Puts together what the page says now; none where there is nothing to say any more.
pub(super) fn compose(
    telling: &Telling,
    reader: &dyn Reader,
    office: &dyn OfficeReader,
    config: &StatusConfig,
    policy: &Policy,
    now: Timestamp,
) -> StoreResult<Option<Notice>> {
    let listed = config.listed(policy);
    match telling {
        Telling::Update { incident, .. } | Telling::End { incident, .. } => {
            let Some(row) = reader.summary(incident)? else { return Ok(None) };
            let Some(public) = PublicIncident::of(&reader.events(incident)?, policy) else { return Ok(None) };
            Ok(of_incident(telling, &public, is_secret(&row), &listed, policy))
        }
        Telling::Said { maintenance, nth } => {
            let Some(m) = Maintenance::of(office, maintenance)? else { return Ok(None) };
            let (body, status) = match nth.checked_sub(1).and_then(|n| m.updates.get(n)) {
                Some(word) => (word.body.clone(), word.status.as_str()),
                None => (m.description.clone(), "scheduled"),
            };
            let about = match (nth, status) {
                (0, _) => "maintenance.scheduled",
                (_, "completed") => "maintenance.completed",
                (_, "cancelled") => "maintenance.cancelled",
                _ => "maintenance.updated",
            };
            Ok(Some(of_maintenance(&m, about, status, body, &listed, now)))
        }
        Telling::Turned { maintenance, at } => {
            let Some(m) = Maintenance::of(office, maintenance)? else { return Ok(None) };
            // It may have been moved, begun or ended by a person meanwhile: then they have said so.
            let began = *at == m.starts_at && m.began_at.is_none() && m.stage(now).is_active();
            let ended = *at == m.ends_at && m.ended_at.is_none() && m.stage(now).is_over();
            let (about, status) = match (began, ended) {
                (true, _) => ("maintenance.started", "in_progress"),
                (_, true) => ("maintenance.completed", "completed"),
                _ => return Ok(None),
            };
            let public = PublicMaintenance::of(&m, now);
            let body = public.updates.iter().find(|u| u.status == status).map(|u| u.body.clone());
            Ok(Some(of_maintenance(&m, about, status, body.unwrap_or_default(), &listed, now)))
        }
    }
}

fn of_incident(
    telling: &Telling,
    public: &PublicIncident,
    secret: bool,
    listed: &[ComponentConfig],
    policy: &Policy,
) -> Option<Notice> {
    let (status, title, body, at) = match telling {
        Telling::Update { at, subject, .. } => {
            let posted = public.updates.iter().find(|u| u.at == *at && u.subject == *subject)?;
            (posted.status, posted.subject.clone(), posted.body.clone(), posted.at)
        }
        _ => {
            let told = public.updates.first().is_some_and(|u| u.status == "resolved");
            let at = public.ended_at.filter(|_| !told)?;
            ("resolved", "It is resolved".to_owned(), String::new(), at)
        }
    };
    let first = public.updates.last().is_some_and(|u| u.at == at && u.status == status);
    let about = match status {
        "resolved" => "incident.resolved",
        _ if first => "incident.opened",
        _ => "incident.updated",
    };
    let touched: Vec<&ComponentConfig> = listed.iter().filter(|c| touches(c, policy, public)).collect();
    let names: Vec<String> = touched.iter().map(|c| c.name.clone()).collect();
    Some(Notice {
        about: about.to_owned(),
        subject: format!("{}: {}", crate::ui::title_case(status), public.name),
        body: if body.is_empty() { title.clone() } else { format!("{title}\n\n{body}") },
        touched: touched.iter().map(|c| slug(&c.name)).collect(),
        path: format!("incidents/{}", public.id),
        incident: Some(public.id.clone()),
        knowingly: secret,
        at,
        data: json!({
            "incident": {
                "id": public.id, "name": public.name, "status": public.status, "impact": public.impact,
                "created_at": public.opened_at, "resolved_at": public.ended_at, "components": names,
            },
            "update": {"status": status, "title": title, "body": body, "created_at": at},
        }),
        names,
        put_in_to: String::new(),
        complete: false,
        version: 0,
    })
}

fn of_maintenance(
    m: &Maintenance,
    about: &str,
    status: &str,
    body: String,
    listed: &[ComponentConfig],
    now: Timestamp,
) -> Notice {
    let touched = listed.iter().filter(|c| m.components.contains(&c.name)).map(|c| slug(&c.name)).collect();
    let time = |at: Timestamp| at.strftime("%-d %b %Y, %H:%M UTC").to_string();
    let planned = format!("Planned from {} to {}.", time(m.starts_at), time(m.ends_at));
    Notice {
        about: about.to_owned(),
        subject: format!("Maintenance {}: {}", status.replace('_', " "), m.title),
        body: if body.is_empty() { planned } else { format!("{body}\n\n{planned}") },
        names: m.components.clone(),
        touched,
        path: format!("maintenances/{}", m.id),
        incident: None,
        knowingly: false,
        at: now,
        data: json!({
            "maintenance": {
                "id": m.id, "name": m.title, "status": m.stage(now), "scheduled_for": m.starts_at,
                "scheduled_until": m.ends_at, "created_at": m.created_at, "components": m.components,
            },
            "update": {"status": status, "body": body, "created_at": now},
        }),
        put_in_to: String::new(),
        complete: false,
        version: 0,
    }
}
