//! Of the systems that a configuration names, and of the change ledger of the server that uses it.

use std::path::Path;
use std::sync::Arc;

use firebell_agents::live::{self, Limits, Looked, Subject};
use firebell_integrations::changes::Ledger;
use firebell_integrations::masked::Masked;
use firebell_store::SqliteReader;
use jiff::Timestamp;

use super::{Found, when};
use crate::args::InvestigateArgs;
use crate::exit_code::{ExitCode, coded};
use crate::{compose, config, output};

pub(super) async fn look(path: &Path, args: &InvestigateArgs) -> anyhow::Result<Found> {
    let window =
        when::window(args.from.as_deref(), args.to.as_deref(), args.since.as_deref(), Timestamp::now())
            .map_err(|e| coded(ExitCode::Usage, e))?;
    let text = config::text(path)?;
    let file =
        config::parse(&text).map_err(|e| coded(ExitCode::Usage, format!("{}: {e}", path.display())))?;
    let mask = compose::passing_mask();
    let mut sources = compose::systems(&file, &mask)?.telemetry;
    let policy = file.policy("");
    let report = args.report.clone().unwrap_or_default();
    let mut priors = Vec::new();
    // Beside a running server or without one: reading takes no lock.
    if let Some(data) = &args.data
        && let Ok(reader) = SqliteReader::open(data)
    {
        match live::priors(&reader, &report, args.service.as_deref()) {
            Ok(said) => priors = said,
            Err(error) => output::note(&format!("past incidents were not asked: {error}")),
        }
        sources.push(Arc::new(Masked::new(Arc::new(Ledger::new(Arc::new(reader))), &mask)));
    }
    if sources.is_empty() {
        let what = format!("{} names no telemetry: add a [[telemetry]] entry", path.display());
        return Err(coded(ExitCode::Usage, what));
    }
    let subject = Subject {
        window,
        service: args.service.as_ref().map(|s| policy.id_of(s)),
        report,
        impact_started_at: None,
        components: policy.components(),
        topology: policy.topology(),
        priors,
        policy,
    };
    let usual = Limits::default();
    let limits = Limits {
        queries: args.max_queries.unwrap_or(usual.queries),
        seconds: args.max_seconds.unwrap_or(usual.seconds),
        bytes: args.max_bytes.unwrap_or(usual.bytes),
        ..usual
    };
    let Looked { telemetry, verdict, next, asked } = live::look(&sources, &subject, &limits).await;
    let clock = |t: Timestamp| t.strftime("%Y-%m-%d %H:%M").to_string();
    let of = format!("{} systems, {} to {} UTC", sources.len(), clock(window.start), clock(window.end));
    let Subject { policy, .. } = &subject;
    Ok(Found {
        of,
        telemetry,
        verdict,
        impact: None,
        next,
        asked,
        settings: subject.settings(),
        policy: policy.severity.clone(),
    })
}
