//! What became of a call to somebody's devices, for those who call people.

use std::sync::Arc;

use firebell_core::ids::IncidentId;
use firebell_core::ports::office::OfficeReader;
use firebell_core::ports::store::{OutboxState, StoreResult};
use firebell_engine::effects::{Devices, Heard};
use jiff::Timestamp;
use serde_json::Value;

use super::{CALL, Device};

/// Deliveries of a device among which that of a call is looked for.
const LATEST: usize = 50;

/// The devices of the store.
pub struct PushDevices {
    office: Arc<dyn OfficeReader>,
}

impl PushDevices {
    /// Those of this store.
    pub fn new(office: Arc<dyn OfficeReader>) -> Self {
        Self { office }
    }

    fn look(&self, person: &str, incident: &IncidentId, asked_at: Timestamp) -> StoreResult<Heard> {
        let devices = Device::all(self.office.as_ref())?;
        let mut theirs = devices.into_iter().filter(|d| d.person == person).peekable();
        if theirs.peek().is_none() {
            return Ok(Heard::NoDevice);
        }
        let (mut waiting, mut refused) = (false, None);
        for device in theirs {
            let calls = self.office.deliveries_to(&device.id, LATEST)?;
            let call = calls.into_iter().find(|d| {
                d.about == CALL
                    && d.created_at >= asked_at
                    && d.payload.get("incident").and_then(Value::as_str) == Some(incident.as_str())
            });
            match call.map(|d| (d.state, d.answer)) {
                Some((OutboxState::Done, _)) => return Ok(Heard::Taken),
                Some((OutboxState::Dead, answer)) => {
                    refused = Some(answer.unwrap_or_else(|| "given up".to_owned()));
                }
                _ => waiting = true,
            }
        }
        Ok(refused.filter(|_| !waiting).map_or(Heard::Waiting, Heard::Refused))
    }
}

impl Devices for PushDevices {
    fn heard(&self, person: &str, incident: &IncidentId, asked_at: Timestamp) -> Result<Heard, String> {
        self.look(person, incident, asked_at).map_err(|e| e.to_string())
    }
}
