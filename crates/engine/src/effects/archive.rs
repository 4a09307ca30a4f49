//! Writing the postmortem from the record.

use firebell_core::effect::Outcome;
use firebell_core::incident::Incident;

use super::Executor;

pub(super) async fn postmortem(executor: &Executor, incident: Incident) -> Outcome {
    let (reader, id) = (std::sync::Arc::clone(&executor.reader), incident.id.clone());
    let records = match tokio::task::spawn_blocking(move || reader.events(&id)).await {
        Ok(Ok(records)) => records,
        Ok(Err(error)) => return Outcome::Retry { reason: error.to_string(), after_s: None },
        Err(error) => return Outcome::Retry { reason: error.to_string(), after_s: None },
    };
    executor.archive.postmortem(incident, records).await
}
