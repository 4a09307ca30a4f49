//! `firebell oncall now`.

use serde_json::Value;

use super::{list, text};
use crate::args::ServerArgs;
use crate::client::Client;
use crate::exit_code::{ExitCode, coded};
use crate::output::{self, Tone, paint};

pub(super) async fn run(server: &ServerArgs, schedule: Option<&str>) -> anyhow::Result<ExitCode> {
    let mut answer = Client::of(server)?.get("/api/v1/schedules").await?;
    if let Some(wanted) = schedule {
        let all = answer.get_mut("schedules").and_then(Value::as_array_mut);
        let found = all.is_some_and(|all| {
            all.retain(|s| text(s, "name") == wanted);
            !all.is_empty()
        });
        if !found {
            return Err(coded(
                ExitCode::Usage,
                format!("there is no schedule {wanted:?}; see `firebell oncall now`"),
            ));
        }
    }
    if server.json {
        output::json(&answer);
        return Ok(ExitCode::Ok);
    }
    let all = list(&answer, "schedules");
    if all.is_empty() {
        output::line("no schedule is configured; [oncall] of the configuration names a folder of them");
    }
    for s in all {
        let on = names(s, "on_call");
        let on = if on.is_empty() { paint(Tone::Bad, "nobody") } else { paint(Tone::Strong, &on) };
        let until = match s.get("until").and_then(Value::as_str) {
            Some(until) => {
                let next = names(s, "next");
                let next = if next.is_empty() { "nobody".to_owned() } else { next };
                format!(" until {until}, then {next}")
            }
            None => String::new(),
        };
        let shadows = names(s, "shadows");
        let shadows = if shadows.is_empty() { String::new() } else { format!("; goes along: {shadows}") };
        output::line(&format!("{}: {on}{until}{shadows}", output::clean(text(s, "name"))));
    }
    Ok(ExitCode::Ok)
}

fn names(schedule: &Value, field: &str) -> String {
    let all: Vec<String> = list(schedule, field).iter().map(|p| output::clean(text(p, "shown"))).collect();
    all.join(", ")
}
