//! `firebell heartbeat …`: what must be heard of regularly, and our own heartbeat.

use serde_json::Value;

use crate::args::HeartbeatCommand;
use crate::client::Client;
use crate::exit_code::ExitCode;
use crate::output::{self, Tone, paint};

pub(super) async fn run(command: HeartbeatCommand) -> anyhow::Result<ExitCode> {
    let HeartbeatCommand::List { server } = command;
    let answer = Client::of(&server)?.get("/api/v1/heartbeats").await?;
    let all = answer.get("heartbeats").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let own = answer.get("own").filter(|own| !own.is_null());
    let alarming = |h: &&Value| matches!(text(h, "state"), "missed" | "failed");
    let fails = own.is_some_and(|own| !text(own, "failing_since").is_empty());
    let wanting = all.iter().any(|h| alarming(&h)) || fails;
    if server.json {
        output::json(&answer);
        return Ok(if wanting { ExitCode::Wanting } else { ExitCode::Ok });
    }
    if all.is_empty() {
        output::line("no heartbeat is configured; add [[heartbeats]] for what must run though nobody looks");
    }
    for h in all {
        let state = text(h, "state");
        let tone = match state {
            "missed" | "failed" => Tone::Bad,
            "late" | "new" => Tone::Warn,
            _ => Tone::Good,
        };
        let last = match text(h, "last_at") {
            "" => "never heard of".to_owned(),
            at => format!("last beat {at}"),
        };
        let due = match text(h, "due") {
            "" => String::new(),
            due => format!(", missed from {due}"),
        };
        output::line(&format!(
            "{} {} {last}{due}",
            paint(tone, &format!("{state:<8}")),
            output::clean(text(h, "name"))
        ));
    }
    match own {
        Some(own) if fails => output::line(&format!(
            "{} our own to {}: {}",
            paint(Tone::Bad, "failing "),
            output::clean(text(own, "to")),
            output::clean(text(own, "reason"))
        )),
        Some(own) => output::line(&format!(
            "{} our own to {}, last taken {}",
            paint(Tone::Good, "up      "),
            output::clean(text(own, "to")),
            if text(own, "last_at").is_empty() { "never yet" } else { text(own, "last_at") }
        )),
        None => output::line("our own: not configured; add [heartbeat]"),
    }
    Ok(if wanting { ExitCode::Wanting } else { ExitCode::Ok })
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}
