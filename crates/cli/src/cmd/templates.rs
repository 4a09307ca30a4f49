//! `firebell templates …`: the texts of updates, as they are, as they look, and what they lack.

use std::path::{Path, PathBuf};

use firebell_core::comms::{Audience, UpdateReason};
use firebell_core::policy::Policy;
use firebell_report::{REASONS, Templates, fields, preview};
use serde_json::{Value, json};

use crate::args::{ServerArgs, TemplatesCommand};
use crate::client::Client;
use crate::config::{self, File};
use crate::exit_code::{ExitCode, coded};
use crate::output::{self, Tone, paint};

pub(super) async fn run(command: TemplatesCommand) -> anyhow::Result<ExitCode> {
    match command {
        TemplatesCommand::List { which, json } => list(&which.dir, which.config.as_deref(), json),
        TemplatesCommand::Lint { dir, config, json } => lint(&dir, config.as_deref(), json),
        TemplatesCommand::Preview { audience, moment, incident, which, server } => {
            let moment = REASONS.into_iter().find(|r| r.as_str() == moment).ok_or_else(|| {
                let known = REASONS.map(UpdateReason::as_str).join(", ");
                coded(ExitCode::Usage, format!("--moment: {moment:?} is none of {known}"))
            })?;
            let of = |a: &Audience| audience.as_ref().is_none_or(|name| name == a.as_str());
            let audiences: Vec<Audience> = Audience::ALL.into_iter().filter(of).collect();
            if incident != "sample" {
                return real(&server, &incident, &audiences).await;
            }
            let (templates, policy) = loaded(&which.dir, which.config.as_deref())?;
            sample(&templates, &policy, &audiences, moment, server.json)
        }
    }
}

/// The templates of a folder, else of a configuration, else those that the program brings along.
fn loaded(dir: &Option<PathBuf>, config: Option<&Path>) -> anyhow::Result<(Templates, Policy)> {
    let mut file = match config {
        Some(path) => config::read(Some(path))?,
        None => File::default(),
    };
    if dir.is_some() {
        file.templates.dir.clone_from(dir);
    }
    let url = file.server.public_url.clone().unwrap_or_default();
    let templates = config::templates(&file).map_err(|e| coded(ExitCode::Usage, e.join("\n")))?;
    Ok((templates, file.policy(&url)))
}

fn list(dir: &Option<PathBuf>, config: Option<&Path>, as_json: bool) -> anyhow::Result<ExitCode> {
    let (templates, policy) = loaded(dir, config)?;
    let fields = fields(&policy);
    if as_json {
        let all: Vec<Value> =
            templates.names().iter().map(|n| json!({"name": n, "own": templates.is_own(n)})).collect();
        output::json(&json!({"templates": all, "fields": fields}));
        return Ok(ExitCode::Ok);
    }
    for name in templates.names() {
        let own =
            if templates.is_own(&name) { paint(Tone::Strong, "your own") } else { "built in".to_owned() };
        output::line(&format!("{name:<28} {own}"));
    }
    output::line("");
    output::line("fields, for colleagues by example (and for customers, where they hear it):");
    for field in fields {
        let public = match field.public.as_str() {
            "" => "-".to_owned(),
            same if same == field.internal => "the same".to_owned(),
            other => other.to_owned(),
        };
        let (internal, public) = (output::clean(&field.internal), output::clean(&public));
        output::line(&format!("{:<20} {internal} ({public})", field.name));
    }
    Ok(ExitCode::Ok)
}

fn sample(
    templates: &Templates,
    policy: &Policy,
    audiences: &[Audience],
    moment: UpdateReason,
    as_json: bool,
) -> anyhow::Result<ExitCode> {
    let mut all = Vec::new();
    for audience in audiences {
        let (update, remarks) = preview(templates, policy, *audience, moment)?;
        let remarks: Vec<String> = remarks.iter().map(|r| r.sentence()).collect();
        let file = templates.name_for(*audience, moment);
        if as_json {
            all.push(
                json!({"audience": audience, "file": file, "subject": update.subject, "body": update.body,
                "remarks": remarks}),
            );
        } else {
            shown(audience.as_str(), &file, &update.subject, &update.body, &remarks);
        }
    }
    if as_json {
        output::json(&json!({ "previews": all }));
    }
    Ok(ExitCode::Ok)
}

/// As it would go out now.
async fn real(server: &ServerArgs, incident: &str, audiences: &[Audience]) -> anyhow::Result<ExitCode> {
    let id = super::incident::percent(incident);
    let answer = Client::of(server)?.get(&format!("/api/v1/incidents/{id}/drafts")).await?;
    if server.json {
        output::json(&answer);
        return Ok(ExitCode::Ok);
    }
    let text = |v: &Value, name: &str| v.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    for draft in answer.get("drafts").and_then(Value::as_array).into_iter().flatten() {
        let audience = text(draft, "audience");
        if !audiences.iter().any(|a| a.as_str() == audience) {
            continue;
        }
        let why_not = text(draft, "why_not");
        if !why_not.is_empty() {
            output::line(&format!(
                "{}: no draft: {}",
                paint(Tone::Strong, &audience),
                output::clean(&why_not)
            ));
            continue;
        }
        let remarks = draft.get("remarks").and_then(Value::as_array).into_iter().flatten();
        let remarks: Vec<String> = remarks.filter_map(Value::as_str).map(str::to_owned).collect();
        shown(&audience, &text(draft, "reason"), &text(draft, "subject"), &text(draft, "body"), &remarks);
    }
    Ok(ExitCode::Ok)
}

fn shown(audience: &str, from: &str, subject: &str, body: &str, remarks: &[String]) {
    output::line(&format!("{} ({from})", paint(Tone::Strong, audience)));
    output::line(&format!("Subject: {}", output::clean(subject)));
    output::line("");
    body.lines().for_each(|line| output::line(&output::clean(line)));
    for remark in remarks {
        output::line(&format!("{} {}", paint(Tone::Warn, "tone:"), output::clean(remark)));
    }
    output::line("");
}

fn lint(dir: &Option<PathBuf>, config: Option<&Path>, as_json: bool) -> anyhow::Result<ExitCode> {
    let (templates, policy) = loaded(dir, config)?;
    let findings = templates.lint(&policy);
    let code = if findings.is_empty() { ExitCode::Ok } else { ExitCode::Wanting };
    if as_json {
        output::json(&json!({ "findings": findings }));
        return Ok(code);
    }
    for f in &findings {
        let what = output::clean(&f.what);
        output::line(&format!("{} ({}): {what}", paint(Tone::Warn, &f.file), f.moment));
    }
    if findings.is_empty() {
        output::line(&format!("{} templates say what they must", templates.names().len()));
    }
    Ok(code)
}
