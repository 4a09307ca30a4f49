//! `firebell dead-letter …`: effects that were given up.

use firebell_core::ports::store::OutboxRow;

use super::incident::percent;
use crate::args::DeadLetterCommand;
use crate::client::Client;
use crate::exit_code::ExitCode;
use crate::output::{self, Tone, paint};

pub(super) async fn run(command: DeadLetterCommand) -> anyhow::Result<ExitCode> {
    match command {
        DeadLetterCommand::List { server } => {
            let answer = Client::of(&server)?.get("/api/v1/dead-letters").await?;
            if server.json {
                output::json(&answer);
                return Ok(ExitCode::Ok);
            }
            let rows: Vec<OutboxRow> =
                serde_json::from_value(answer.get("effects").cloned().unwrap_or_default())?;
            if rows.is_empty() {
                output::line("no dead letters");
            }
            for row in rows {
                output::line(&format!(
                    "{} {} {}",
                    paint(Tone::Strong, row.key.as_str()),
                    row.effect.kind(),
                    output::clean(&row.last_error.unwrap_or_default())
                ));
            }
        }
        DeadLetterCommand::Retry { key, server } => {
            let path = format!("/api/v1/dead-letters/{}/retry", percent(&key));
            let answer = Client::of(&server)?.post(&path, &serde_json::json!({})).await?;
            if server.json {
                output::json(&answer);
            } else {
                output::line(&format!("{key} is tried again"));
            }
        }
    }
    Ok(ExitCode::Ok)
}
