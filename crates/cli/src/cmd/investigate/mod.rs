//! `firebell investigate`: of a bundle, or of the configured systems; for people, for programs, as a page.

mod live;
mod when;

use std::io::IsTerminal as _;
use std::path::Path;
use std::time::Instant;

use anyhow::Context as _;
use firebell_core::next_query::NextQuery;
use firebell_core::severity::{self, Decision, SeverityPolicy, facts_from_text};
use firebell_core::telemetry::Telemetry;
use firebell_core::verdict::Verdict;
use firebell_integrations::bundle;
use firebell_rca::impact::{self, Impact};
use firebell_rca::{Settings, next_queries};
use firebell_report::investigation::{self, Investigation};
use serde::Serialize;

use crate::args::{Format, InvestigateArgs};
use crate::exit_code::{ExitCode, coded};
use crate::output::{self, paint};

/// Columns where there is no terminal to ask.
const COLUMNS: usize = 100;
/// Gaps that the best next queries become in the verdict.
const TOLD: usize = 3;

/// The verdict with what stands beside it; the verdict's own keys stay as they are.
#[derive(Serialize)]
struct Assessed<'a> {
    #[serde(flatten)]
    verdict: &'a Verdict,
    impact: &'a Impact,
    severity: &'a Decision,
    /// What past incidents that are alike came to: they counted as a prior.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    similar: Vec<Similar<'a>>,
}

/// What a past incident came to, and how much it is like this one, 0 to 1.
#[derive(Serialize)]
struct Similar<'a> {
    cause: &'a str,
    component: &'a str,
    likeness: f64,
}

fn similar(settings: &Settings) -> Vec<Similar<'_>> {
    let one = |p: &firebell_rca::Prior| (p.weight * 100.0).round() / 100.0;
    settings
        .priors
        .iter()
        .map(|p| Similar { cause: &p.cause, component: &p.component, likeness: one(p) })
        .collect()
}

/// The assessment of the telemetry, and what severity the report's words and its figures make together.
fn assessed(found: &Found) -> (Impact, Decision) {
    let impact = found
        .impact
        .clone()
        .unwrap_or_else(|| impact::assess(&found.telemetry, &found.settings, Some(&found.verdict)));
    let mut facts = facts_from_text(&found.telemetry.report);
    facts.absorb(&impact.facts());
    let decision = severity::assess(&facts, &found.policy);
    (impact, decision)
}

/// What was looked at and what came of it.
struct Found {
    of: String,
    telemetry: Telemetry,
    verdict: Verdict,
    /// The assessment, where it was made together with the verdict.
    impact: Option<Impact>,
    next: Vec<NextQuery>,
    asked: Vec<String>,
    /// What the analysis was told beside the telemetry.
    settings: Settings,
    /// When is it which severity.
    policy: SeverityPolicy,
}

pub(super) async fn run(args: &InvestigateArgs) -> anyhow::Result<ExitCode> {
    let started = Instant::now();
    let mut result = match (&args.bundle, &args.config) {
        (Some(folder), None) => of_bundle(folder, args)?,
        (None, Some(config)) => live::look(config, args).await?,
        _ => {
            let what = "say what to look at: --bundle DIR, or --config FILE for the systems that it names";
            return Err(coded(ExitCode::Usage, what.to_owned()));
        }
    };
    let (impact, severity) = assessed(&result);
    let similar = similar(&result.settings);
    let mut beside = vec![
        format!("impact: {}", impact.sentence()),
        format!("severity {}: {}", severity.severity, severity.because),
    ];
    beside.extend(similar.iter().map(|s| {
        format!("a past incident like this ({:.2}) came to {} at {}", s.likeness, s.cause, s.component)
    }));
    result.verdict.stats.wall_ms = started.elapsed().as_millis() as u64;
    result.verdict.stats.peak_rss_bytes = firebell_agents::peak_rss();
    let told = Investigation {
        of: &result.of,
        verdict: &result.verdict,
        telemetry: &result.telemetry,
        next: &result.next,
        asked: &result.asked,
        beside: &beside,
    };
    if let Some(path) = &args.html {
        std::fs::write(path, investigation::page(&told))
            .with_context(|| format!("the page could not be written to {}", path.display()))
            .map_err(|e| coded(ExitCode::Usage, format!("{e:#}")))?;
        output::note(&format!("the report is in {}", path.display()));
    }
    match args.format {
        Format::Html if !args.json => output::raw(investigation::page(&told).as_bytes()),
        Format::Text if !args.json => {
            for line in investigation::terminal(&told, columns(args.width)) {
                let painted: String = line.iter().map(|piece| paint(piece.tone, &piece.text)).collect();
                output::line(painted.trim_end());
            }
        }
        _ => {
            tell_next(&mut result.verdict, &result.next);
            let whole = Assessed { verdict: &result.verdict, impact: &impact, severity: &severity, similar };
            output::line(&serde_json::to_string_pretty(&whole)?);
        }
    }
    Ok(ExitCode::Ok)
}

fn of_bundle(folder: &Path, args: &InvestigateArgs) -> anyhow::Result<Found> {
    let loaded = bundle::read(folder).map_err(|e| {
        let source = std::error::Error::source(&e).map(|s| format!(": {s}")).unwrap_or_default();
        coded(ExitCode::Usage, format!("{e}{source}"))
    })?;
    for name in &loaded.ignored {
        output::note(&format!("ignored: {}", output::clean(name)));
    }
    for broken in &loaded.broken {
        let place =
            if broken.line > 0 { format!("{}:{}", broken.file, broken.line) } else { broken.file.clone() };
        output::note(&format!("left out: {}: {}", output::clean(&place), output::clean(&broken.reason)));
    }
    for told in &loaded.notes {
        output::note(&format!("{}: {}", output::clean(&told.file), output::clean(&told.reason)));
    }
    let mut telemetry = loaded.telemetry;
    if let Some(report) = &args.report {
        telemetry.report.clone_from(report);
    }
    let settings = Settings { focus: args.service.iter().cloned().collect(), ..Settings::default() };
    let (verdict, impact) = firebell_rca::investigate_with_impact(&telemetry, &settings);
    let next = next_queries(&telemetry, &verdict, &settings);
    let of = folder.display().to_string();
    let policy = SeverityPolicy::default();
    Ok(Found { of, telemetry, verdict, impact: Some(impact), next, asked: Vec::new(), settings, policy })
}

/// The best questions that are left open are gaps too: who reads the verdict alone is told what would show it.
fn tell_next(verdict: &mut Verdict, next: &[NextQuery]) {
    let gaps = next
        .iter()
        .take(TOLD)
        .map(|q| format!("{} It would tell {:.2} bits: {}", q.question, q.gain_bits, q.command));
    verdict.gaps.extend(gaps);
}

/// Columns to write to: as asked for, as the terminal is wide, else a hundred.
fn columns(asked: Option<usize>) -> usize {
    let told = || std::env::var("COLUMNS").ok()?.parse().ok();
    asked
        .or_else(told)
        .or_else(|| std::io::stdout().is_terminal().then(terminal_columns).flatten())
        .unwrap_or(COLUMNS)
}

fn terminal_columns() -> Option<usize> {
    terminal_size::terminal_size().map(|(width, _)| usize::from(width.0))
}
