//! Deeds of the office: documents, deliveries and the audit log, written together.

use firebell_core::audit::{Act, AuditEntry};
use firebell_core::ids::IncidentId;
use firebell_core::incident::{Actor, Command, EventRecord, Rejection};
use firebell_core::ports::office::{Change, Deed, Document, Expect};
use firebell_core::ports::store::{StoreResult, Tx};
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::Machine;

impl Machine {
    /// Does all of a deed, or nothing of it.
    ///
    /// # Errors
    /// The store's; an expectation that does not hold is a rejection in the answer.
    pub fn perform(
        &mut self,
        tx: &mut dyn Tx,
        deed: &Deed,
        now: Timestamp,
    ) -> StoreResult<Result<(), Rejection>> {
        let office = tx.office();
        let mut documents = Vec::new();
        for change in &deed.changes {
            let Change::Put { kind, id, body, expect } = change else { continue };
            let before = office.document(kind, id)?;
            let held = match (expect, &before) {
                (Expect::Any, _) | (Expect::New, None) => true,
                (Expect::Version(version), Some(before)) => before.version == *version,
                (Expect::New, Some(_)) | (Expect::Version(_), None) => false,
            };
            if !held {
                let why = match expect {
                    Expect::New => format!("there is a {kind} {id} already"),
                    _ => "somebody else has changed it meanwhile: look at it again".to_owned(),
                };
                return Ok(Err(Rejection::NotNow { what: format!("this change to {kind} {id}"), why }));
            }
            let version = before.map_or(1, |before| before.version + 1);
            documents.push(Document {
                kind: (*kind).to_owned(),
                id: id.clone(),
                version,
                body: body.clone(),
                updated_at: now,
            });
        }
        for document in &documents {
            office.put_document(document)?;
        }
        for change in &deed.changes {
            match change {
                Change::Put { .. } => {}
                Change::Remove { kind, id } => drop(office.remove_document(kind, id)?),
                Change::Deliver(delivery) => office.put_delivery(delivery)?,
            }
        }
        if let Some(act) = &deed.act {
            audit(tx, act.clone(), now)?;
        }
        Ok(Ok(()))
    }

    /// Writes down what a person did to an incident: which events came of it, and their hash. Whoever changes those
    /// events later has to change the audit log too, from there to its end.
    pub(super) fn note_command(
        &self,
        tx: &mut dyn Tx,
        id: &IncidentId,
        command: &Command,
        actor: &Actor,
        records: &[EventRecord],
        now: Timestamp,
    ) -> StoreResult<()> {
        let (Actor::Person { name }, Some(first), Some(last)) = (actor, records.first(), records.last())
        else {
            return Ok(());
        };
        let detail = json!({
            "from": first.version,
            "to": last.version,
            "sha256": events_sha256(records),
        });
        let act = Act::new(name, &format!("incident.{}", name_of(command)), id.as_str()).with(detail);
        audit(tx, act, now)
    }
}

/// SHA-256 of events as JSON, hexadecimal.
pub fn events_sha256(records: &[EventRecord]) -> String {
    // Every event has a JSON form: it is stored as one.
    hex::encode(Sha256::digest(serde_json::to_vec(records).unwrap_or_default()))
}

/// Appends to the audit log.
pub(super) fn audit(tx: &mut dyn Tx, act: Act, now: Timestamp) -> StoreResult<()> {
    let office = tx.office();
    let last = office.audit_last()?;
    office.audit_append(&AuditEntry::after(last.as_ref(), act, now))
}

/// A command's name as in JSON.
fn name_of(command: &Command) -> String {
    match serde_json::to_value(command) {
        Ok(Value::Object(fields)) => {
            fields.get("command").and_then(Value::as_str).unwrap_or("command").to_owned()
        }
        _ => "command".to_owned(),
    }
}
