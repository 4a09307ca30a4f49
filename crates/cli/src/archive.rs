//! What outlives an incident: the evidence bundle and the postmortem, in the data folder.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use firebell_agents::{Recorded, assemble};
use firebell_core::effect::Outcome;
use firebell_core::incident::{self, Event, EventRecord, Incident};
use firebell_core::policy::Policy;
use firebell_core::ports::BoxFuture;
use firebell_core::ports::store::Reader;
use firebell_core::telemetry::Telemetry;
use firebell_engine::effects::Archive;
use firebell_integrations::bundle::{self, BundleMeta};
use firebell_report::{Chart, Postmortem};
use serde_json::json;

/// Writes below `DIR/incidents/INC-…/`.
pub(crate) struct FolderArchive {
    pub(crate) data: PathBuf,
    pub(crate) reader: Arc<dyn Reader>,
    pub(crate) policy: Arc<Policy>,
}

impl Archive for FolderArchive {
    fn bundle(&self, incident: Incident) -> BoxFuture<'_, Outcome> {
        let (reader, policy) = (Arc::clone(&self.reader), Arc::clone(&self.policy));
        let place = folder(&incident).join("bundle");
        let dir = self.data.join(&place);
        Box::pin(async move {
            blocking(move || {
                let telemetry = telemetry(reader.as_ref(), &policy, &incident)?;
                write_bundle(&dir, &telemetry, &incident)?;
                Ok(Outcome::Done { detail: "evidence archived".to_owned(), data: json!({ "path": place }) })
            })
            .await
        })
    }

    fn postmortem(&self, incident: Incident, records: Vec<EventRecord>) -> BoxFuture<'_, Outcome> {
        // What was recorded since the writing was asked for (a reopening, say) is not in it: a replay could not tell
        // how much of it there was.
        let records = written_from(&records).to_vec();
        let incident = incident::fold(&records).unwrap_or(incident);
        let (reader, policy) = (Arc::clone(&self.reader), Arc::clone(&self.policy));
        let place = folder(&incident);
        let dir = self.data.join(&place);
        Box::pin(async move {
            blocking(move || {
                let telemetry = telemetry(reader.as_ref(), &policy, &incident)?;
                let postmortem = postmortem(&incident, &records, &telemetry);
                std::fs::create_dir_all(&dir)
                    .map_err(|e| format!("{} cannot be made: {e}", dir.display()))?;
                let (markdown, html) = (dir.join("postmortem.md"), dir.join("postmortem.html"));
                replace(&markdown, postmortem.markdown.as_bytes())?;
                replace(&html, postmortem.html.as_bytes())?;
                if let Some(invitation) = firebell_report::invitation(&incident, &policy) {
                    replace(&dir.join("postmortem.ics"), invitation.as_bytes())?;
                }
                let data =
                    json!({ "markdown": place.join("postmortem.md"), "html": place.join("postmortem.html") });
                Ok(Outcome::Done { detail: "postmortem written".to_owned(), data })
            })
            .await
        })
    }
}

async fn blocking(work: impl FnOnce() -> Result<Outcome, String> + Send + 'static) -> Outcome {
    match tokio::task::spawn_blocking(work).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(reason)) => Outcome::Retry { reason, after_s: None },
        Err(error) => Outcome::Retry { reason: error.to_string(), after_s: None },
    }
}

/// Where an incident's files are, below the data folder: the record holds it so, and the folder can be moved.
fn folder(incident: &Incident) -> PathBuf {
    Path::new("incidents").join(incident.id.as_str())
}

/// All recorded evidence of an incident, as telemetry.
pub(crate) fn telemetry(
    reader: &dyn Reader,
    policy: &Policy,
    incident: &Incident,
) -> Result<Telemetry, String> {
    let mut recorded = Vec::new();
    for record in &incident.evidence {
        let bytes = reader.blob_get(&record.sha256).map_err(|e| e.to_string())?;
        let Some(bytes) = bytes else {
            return Err(format!("evidence {} is missing from the store", record.id));
        };
        recorded.push(Recorded::decode(record.clone(), &bytes)?);
    }
    Ok(assemble(incident, policy, recorded))
}

/// Writes a bundle: beside its place first, so that a crash leaves no half of one.
pub(crate) fn write_bundle(dir: &Path, telemetry: &Telemetry, incident: &Incident) -> Result<(), String> {
    let part = dir.with_extension("part");
    let fail = |e: std::io::Error| format!("{} cannot be written: {e}", dir.display());
    for old in [&part, &dir.to_path_buf()] {
        if old.exists() {
            std::fs::remove_dir_all(old).map_err(fail)?;
        }
    }
    if let Some(parent) = dir.parent() {
        std::fs::create_dir_all(parent).map_err(fail)?;
    }
    let meta = BundleMeta {
        report: telemetry.report.clone(),
        window: telemetry.window,
        impact_started_at: incident.impact_started_at,
        components: telemetry.components.clone(),
        gaps: incident.gaps.clone(),
        ..BundleMeta::default()
    };
    bundle::write(&part, telemetry, &meta).map_err(|e| e.to_string())?;
    std::fs::rename(&part, dir).map_err(fail)
}

/// The part of a record that its latest postmortem is written from: up to the request to write it.
pub(crate) fn written_from(records: &[EventRecord]) -> &[EventRecord] {
    let asked = records.iter().rposition(|r| matches!(r.event, Event::WritingRequested));
    asked.map_or(records, |at| &records[..=at])
}

/// The postmortem of a record; equal records give equal bytes.
pub(crate) fn postmortem(incident: &Incident, records: &[EventRecord], telemetry: &Telemetry) -> Postmortem {
    let mut charts: Vec<Chart> = Vec::new();
    if let Some(verdict) = &incident.verdict {
        let mut markers = firebell_report::markers(incident, records);
        markers.extend(firebell_report::change_markers(telemetry, verdict));
        // A series that cannot be drawn is no reason to write no postmortem.
        charts = firebell_report::pick(telemetry, verdict)
            .iter()
            .filter_map(|spec| firebell_report::render(spec, &markers).ok())
            .collect();
    }
    firebell_report::postmortem(incident, records, &charts, &firebell_report::measured(incident))
}

fn replace(path: &Path, bytes: &[u8]) -> Result<(), String> {
    crate::client::write_private(path, bytes)
        .map_err(|e| format!("{} cannot be written: {e}", path.display()))
}
