//! All looks, at the same time, and their list.

use std::path::PathBuf;

use firebell_core::ports::{BoxFuture, Health};
use firebell_core::secrets::Mask;
use firebell_integrations::{backends, http};
use firebell_oncall::Roster;
use firebell_oncall::check::{Finding, Weight};
use futures_util::future::join_all;
use serde_json::json;

use super::{Check, Level, gaps, machine};
use crate::args::{DEFAULT_DATA, DoctorArgs};
use crate::config::{self, File};
use crate::exit_code::ExitCode;
use crate::output::{self, Tone, paint};

pub(crate) async fn run(args: &DoctorArgs) -> anyhow::Result<ExitCode> {
    let mut file = config::read(Some(&args.config))?;
    let on_call = config::on_call(&file, &args.config);
    file.roster = on_call.as_ref().map(|(roster, _)| roster.clone()).unwrap_or_default();
    let data = args.data.clone().or_else(|| file.server.data.clone());
    let data = data.unwrap_or_else(|| PathBuf::from(DEFAULT_DATA));
    let (systems, machine) = tokio::join!(systems(&file), machine::looks(&file, &data));
    let mut checks = configuration(&file, on_call);
    checks.extend(machine);
    checks.extend(systems);
    checks.extend(gaps::all(&file));

    let ok = checks.iter().all(|c| c.level != Level::Fail);
    if args.json {
        output::json(&json!({ "ok": ok, "checks": checks }));
    } else {
        for check in &checks {
            let mark = match check.level {
                Level::Ok => paint(Tone::Good, "ok  "),
                Level::Warn => paint(Tone::Warn, "warn"),
                Level::Fail => paint(Tone::Bad, "FAIL"),
            };
            output::line(&format!("{mark} {:<24} {}", check.name, output::clean(&check.detail)));
        }
    }
    Ok(if ok { ExitCode::Ok } else { ExitCode::Wanting })
}

/// Fields, secrets, templates and who is on call, as a server would take them.
fn configuration(file: &File, on_call: Result<(Roster, Vec<Finding>), String>) -> Vec<Check> {
    let mut problems = config::problems(file);
    let mut warnings = Vec::new();
    match on_call {
        Ok((_, findings)) => {
            warnings.extend(findings.iter().filter(|f| f.weight == Weight::Warning).map(|f| {
                Check::new("oncall", Level::Warn, config::said_of_oncall(f).trim_start_matches("oncall: "))
            }))
        }
        Err(problem) => problems.push(problem),
    }
    let failed = problems.into_iter().map(|problem| Check::new("configuration", Level::Fail, problem));
    let mut checks: Vec<Check> = failed.collect();
    if checks.is_empty() {
        checks.push(Check::new("configuration", Level::Ok, "fields, secrets and templates are in order"));
    }
    checks.extend(warnings);
    checks
}

/// What is asked as something else than a channel says so.
async fn named(what: &str, health: BoxFuture<'_, Health>) -> Health {
    let health = health.await;
    Health { name: format!("{what} {}", health.name), ..health }
}

/// Every system that can be built is asked, all at once: one that hangs holds no other up. What cannot be built is
/// among the configuration's problems.
async fn systems(file: &File) -> Vec<Check> {
    http::install_tls();
    let mask = Mask::default();
    let telemetry: Vec<_> =
        file.telemetry.iter().filter_map(|c| backends::build_telemetry(c, &mask).ok()).collect();
    let platforms: Vec<_> = file.platforms.iter().filter_map(|c| backends::build_platform(c).ok()).collect();
    let notifiers: Vec<_> = file.notifiers.iter().filter_map(|c| backends::build_notifier(c).ok()).collect();
    let oidc = config::oidc(file).ok().flatten();
    let mut asked: Vec<BoxFuture<'_, Health>> = Vec::new();
    if let Some(oidc) = &oidc {
        asked.push(Box::pin(oidc.health()));
    }
    asked.extend(telemetry.iter().map(|t| t.health()));
    asked.extend(
        platforms.iter().map(|p| firebell_core::ports::telemetry::TelemetrySource::health(p.as_ref())),
    );
    asked.extend(notifiers.iter().map(|n| n.health()));
    // What cannot be built is among the configuration's problems.
    let chats = crate::rooms::chats(file).unwrap_or_default();
    let rooms = crate::rooms::used(file, &chats);
    let bridges = crate::rooms::bridges(file);
    let trackers = crate::trackers::built_of(file);
    let trackers = trackers.iter().map(|t| named("tracker", t.health()));
    let rooms = rooms.iter().map(|c| named("rooms", c.health()));
    let bridges = bridges.iter().map(|b| named("bridge", b.health()));
    let (mut all, rooms, bridges, trackers) =
        tokio::join!(join_all(asked), join_all(rooms), join_all(bridges), join_all(trackers));
    all.extend(rooms);
    all.extend(bridges);
    all.extend(trackers);
    all.into_iter().map(Check::from).collect()
}
