//! `firebell bundle collect`: the evidence of an incident as a folder.

use std::collections::BTreeMap;
use std::path::Path;

use firebell_agents::{Recorded, assemble};
use firebell_core::incident::Incident;
use firebell_core::policy::Policy;
use serde_json::json;

use crate::archive::write_bundle;
use crate::args::CollectArgs;
use crate::client::Client;
use crate::exit_code::{ExitCode, coded};
use crate::output;

use super::live;

pub(super) async fn run(args: CollectArgs) -> anyhow::Result<ExitCode> {
    super::vacant(&args.out)?;
    let CollectArgs { incident: Some(id), out, server, .. } = args else { return live::run(args).await };
    let client = Client::of(&server)?;
    let incident: Incident = client.read(&format!("/api/v1/incidents/{id}"), "incident").await?;
    if incident.evidence.is_empty() {
        return Err(coded(ExitCode::NotFound, format!("{id} has no recorded evidence yet")));
    }
    write(&client, &incident, &out).await?;
    if server.json {
        output::json(&json!({ "path": out, "incident": id, "evidence": incident.evidence.len() }));
    } else {
        output::line(&format!("{} queries of {id} written to {}", incident.evidence.len(), out.display()));
    }
    Ok(ExitCode::Ok)
}

/// Writes all that an incident's investigation looked at.
pub(crate) async fn write(client: &Client, incident: &Incident, out: &Path) -> anyhow::Result<()> {
    let policy = policy_of(client, incident).await?;
    let recorded = evidence_of(client, incident).await?;
    let records: Vec<Recorded> = recorded.into_values().collect();
    let telemetry = assemble(incident, &policy, records);
    write_bundle(out, &telemetry, incident).map_err(|e| anyhow::anyhow!(e))
}

/// The policy that an incident was opened under.
pub(crate) async fn policy_of(client: &Client, incident: &Incident) -> anyhow::Result<Policy> {
    let bytes = client.bytes(&format!("/api/v1/blobs/{}", incident.policy_sha256)).await?;
    serde_json::from_slice(&bytes)
        .map_err(|e| anyhow::anyhow!("the policy of {} cannot be read: {e}", incident.id))
}

/// All recorded evidence, by id; each is checked against its hash.
async fn evidence_of(client: &Client, incident: &Incident) -> anyhow::Result<BTreeMap<String, Recorded>> {
    use sha2::{Digest, Sha256};
    let mut all = BTreeMap::new();
    for record in &incident.evidence {
        let bytes = client.bytes(&format!("/api/v1/blobs/{}", record.sha256)).await?;
        if hex::encode(Sha256::digest(&bytes)) != record.sha256 {
            return Err(coded(
                ExitCode::Wanting,
                format!("evidence {} is not what was recorded: its hash differs", record.id),
            ));
        }
        let recorded = Recorded::decode(record.clone(), &bytes).map_err(|e| anyhow::anyhow!(e))?;
        all.insert(record.id.0.clone(), recorded);
    }
    Ok(all)
}
