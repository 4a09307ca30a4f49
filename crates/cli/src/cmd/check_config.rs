//! `firebell check-config`.

use serde_json::json;

use crate::args::CheckConfigArgs;
use crate::config;
use crate::exit_code::ExitCode;
use crate::output;

pub(super) fn run(args: &CheckConfigArgs) -> anyhow::Result<ExitCode> {
    let path = args.config.as_ref().unwrap_or(&args.file);
    // A file that is not there was not checked.
    let text = config::text(path)?;
    let result = config::parse(&text)
        .and_then(|file| {
            let (roster, findings) = config::on_call(&file, path)?;
            Ok((config::File { roster, ..file }, findings))
        })
        .map_err(|e| format!("{}: {e}", path.display()));
    if args.json {
        let error = result.as_ref().err();
        let changed = result.as_ref().map(|(file, _)| file.policy("").changed_figures()).unwrap_or_default();
        let findings = result.as_ref().map(|(_, findings)| findings.as_slice()).unwrap_or_default();
        output::json(&json!({
            "file": path, "ok": error.is_none(), "error": error, "changed": changed, "oncall": findings,
        }));
        return Ok(if error.is_none() { ExitCode::Ok } else { ExitCode::Wanting });
    }
    match result {
        Ok((file, findings)) => {
            output::line(&format!(
                "{} is in order: {} sources, {} telemetry systems, {} notifiers, {} platforms, {} services, {} people",
                path.display(),
                file.sources.len(),
                file.telemetry.len() + usize::from(file.otlp.is_some()),
                file.notifiers.len(),
                file.platforms.len(),
                file.services.len(),
                file.people.len()
            ));
            if !file.oncall.folder.is_empty() {
                output::line(&format!(
                    "on call: {} people, {} schedules, {} escalation policies",
                    file.roster.people.len(),
                    file.roster.schedules.len(),
                    file.roster.escalations.len()
                ));
            }
            for finding in &findings {
                output::note(&output::clean(&config::said_of_oncall(finding)));
            }
            for finding in config::templates(&file).map(|t| t.lint(&file.policy(""))).unwrap_or_default() {
                let what = format!("templates: {} ({}): {}", finding.file, finding.moment, finding.what);
                output::note(&output::clean(&what));
            }
            for line in file.policy("").changed_figures() {
                output::line(&format!("  {line}"));
            }
            Ok(ExitCode::Ok)
        }
        Err(error) => {
            output::error(&error);
            Ok(ExitCode::Wanting)
        }
    }
}
