//! `firebell doctor`: reaches every configured system and says what is wrong.

use firebell_core::ports::Health;
use serde_json::json;

use crate::args::DoctorArgs;
use crate::exit_code::ExitCode;
use crate::output::{self, Tone, paint};
use crate::{compose, config};

pub(super) async fn run(args: &DoctorArgs) -> anyhow::Result<ExitCode> {
    let file = config::load(Some(&args.config))?;
    let systems = compose::systems(&file)?;
    let mut checks: Vec<Health> = Vec::new();
    for source in &systems.telemetry {
        checks.push(source.health().await);
    }
    for notifier in systems.notifiers.values() {
        checks.push(notifier.health().await);
    }
    checks.extend(gaps(&file));
    let ok = checks.iter().all(|c| c.ok);
    if args.json {
        output::json(&json!({ "ok": ok, "checks": checks }));
    } else {
        for check in &checks {
            let mark = if check.ok { paint(Tone::Good, "ok  ") } else { paint(Tone::Bad, "FAIL") };
            output::line(&format!("{mark} {:<24} {}", check.name, output::clean(&check.detail)));
        }
    }
    Ok(if ok { ExitCode::Ok } else { ExitCode::Wanting })
}

/// What is not configured and would be missed in an incident.
fn gaps(file: &config::File) -> Vec<Health> {
    let wanting =
        |name: &str, detail: &str| Health { name: name.to_owned(), ok: false, detail: detail.to_owned() };
    let mut all = Vec::new();
    if file.sources.is_empty() {
        all.push(wanting(
            "sources",
            "no alert source: nothing but people can open incidents; add [[sources]]",
        ));
    }
    if file.telemetry.is_empty() && file.otlp.is_none() {
        all.push(wanting(
            "telemetry",
            "no telemetry: investigations see alerts and changes only; add [[telemetry]] or [otlp]",
        ));
    }
    if file.platforms.is_empty() {
        all.push(wanting(
            "platforms",
            "no platform: mitigations can be proposed to nobody; add [[platforms]]",
        ));
    }
    for role in ["on_call", "incident_commander", "senior_engineer"] {
        if !file.people.iter().any(|p| p.roles.iter().any(|r| r == role)) {
            all.push(wanting(
                "people",
                &format!("nobody can be {role}; add it to the roles of one of [[people]]"),
            ));
        }
    }
    if file.page_channels.is_empty() {
        all.push(wanting(
            "page_channels",
            "nobody can be paged outside the page itself; name a notifier in page_channels",
        ));
    }
    all
}
