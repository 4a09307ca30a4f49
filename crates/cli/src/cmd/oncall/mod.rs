//! `firebell oncall …`: who is on call, when, and who else.

mod now;
mod put;
mod show;

use crate::args::OnCallCommand;
use crate::exit_code::ExitCode;

pub(super) async fn run(command: OnCallCommand) -> anyhow::Result<ExitCode> {
    match command {
        OnCallCommand::Now { schedule, server } => now::run(&server, schedule.as_deref()).await,
        OnCallCommand::Show { schedule, days, from, server } => {
            show::run(&server, &schedule, days, from).await
        }
        OnCallCommand::Override(args) => put::run(&args).await,
    }
}

/// A text of an answer.
fn text<'a>(value: &'a serde_json::Value, name: &str) -> &'a str {
    value.get(name).and_then(serde_json::Value::as_str).unwrap_or_default()
}

/// A list of an answer.
fn list<'a>(value: &'a serde_json::Value, name: &str) -> &'a [serde_json::Value] {
    value.get(name).and_then(serde_json::Value::as_array).map(Vec::as_slice).unwrap_or_default()
}
