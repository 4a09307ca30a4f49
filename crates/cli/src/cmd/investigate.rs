//! `firebell investigate --bundle DIR`.

use std::time::Instant;

use firebell_core::severity::{self, Decision, SeverityPolicy, facts_from_text};
use firebell_core::telemetry::Telemetry;
use firebell_core::verdict::Verdict;
use firebell_integrations::bundle;
use firebell_rca::Settings;
use firebell_rca::impact::{self, Impact};
use serde::Serialize;

use crate::args::{Format, InvestigateArgs};
use crate::exit_code::{ExitCode, coded};
use crate::output::{self, Tone, paint};

/// The verdict with what stands beside it; the verdict's own keys stay as they are.
#[derive(Serialize)]
struct Assessed<'a> {
    #[serde(flatten)]
    verdict: &'a Verdict,
    impact: &'a Impact,
    severity: &'a Decision,
}

/// The assessment of the telemetry, and what severity the report's words and its figures make together.
fn assessed(telemetry: &Telemetry, verdict: &Verdict) -> (Impact, Decision) {
    let impact = impact::assess(telemetry, &Settings::default(), Some(verdict));
    let mut facts = facts_from_text(&telemetry.report);
    facts.absorb(&impact.facts());
    let decision = severity::assess(&facts, &SeverityPolicy::default());
    (impact, decision)
}

pub(super) fn run(args: &InvestigateArgs) -> anyhow::Result<ExitCode> {
    let started = Instant::now();
    let loaded = bundle::read(&args.bundle).map_err(|e| {
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
    let mut verdict = firebell_rca::investigate(&loaded.telemetry, &Settings::default());
    let (impact, severity) = assessed(&loaded.telemetry, &verdict);
    verdict.stats.wall_ms = started.elapsed().as_millis() as u64;
    verdict.stats.peak_rss_bytes = firebell_agents::peak_rss();
    if args.json || args.format == Format::Json {
        let whole = Assessed { verdict: &verdict, impact: &impact, severity: &severity };
        output::line(&serde_json::to_string_pretty(&whole)?);
    } else {
        text(&verdict, &impact, &severity);
    }
    Ok(ExitCode::Ok)
}

fn text(verdict: &Verdict, impact: &Impact, severity: &Decision) {
    let word =
        serde_json::to_value(verdict.verdict).ok().and_then(|v| v.as_str().map(|s| s.replace('_', " ")));
    output::line(&paint(Tone::Strong, &word.unwrap_or_default()));
    if let Some(onset) = verdict.onset {
        output::line(&format!("onset {onset}"));
    }
    output::line(&format!("impact {}", output::clean(&impact.sentence())));
    output::line(&format!("severity {}: {}", severity.severity, output::clean(&severity.because)));
    for h in &verdict.hypotheses {
        output::line(&format!(
            "{}. {} at {} ({:.0} %)",
            h.rank,
            paint(Tone::Strong, &h.cause),
            output::clean(&h.component),
            h.confidence * 100.0
        ));
        output::line(&format!("   {}", output::clean(&h.mechanism)));
        for e in &h.evidence {
            output::line(&format!(
                "   {} {} {}",
                paint(Tone::Good, "for    "),
                paint(Tone::Dim, &e.id),
                output::clean(&e.reading)
            ));
        }
        for e in &h.against {
            output::line(&format!(
                "   {} {} {}",
                paint(Tone::Bad, "against"),
                paint(Tone::Dim, &e.id),
                output::clean(&e.reading)
            ));
        }
        for text in &h.expected_but_absent {
            output::line(&format!("   {} {}", paint(Tone::Warn, "absent "), output::clean(text)));
        }
        for m in &h.mitigations {
            output::line(&format!(
                "   {} {} {}",
                paint(Tone::Link, "could  "),
                m.action,
                output::clean(&m.target)
            ));
        }
    }
    for gap in &verdict.gaps {
        output::line(&format!("{} {}", paint(Tone::Warn, "gap:"), output::clean(gap)));
    }
}
