//! `GET /metrics`: the Prometheus text format.

use std::fmt::{Display, Write as _};

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use firebell_core::ports::store::{IncidentFilter, OutboxState};
use firebell_core::severity::Severity;

use super::counts::{Door, Reason};
use super::latency::{BOUNDS, Group};
use super::rss::resident_bytes;
use crate::auth::Person;
use crate::problem::Problem;
use crate::state::Shared;

/// More rows than that are not counted one by one: the figure says "at least".
const COUNTED: usize = 10_000;

/// Needs a token of any role; Prometheus can send one.
pub(crate) async fn show(State(app): State<Shared>, _person: Person) -> Result<Response, Problem> {
    let (inbox, outbox, open) = app
        .read(|reader| {
            let states = [OutboxState::Waiting, OutboxState::Leased, OutboxState::Dead];
            let mut outbox = Vec::new();
            for state in states {
                outbox.push((state, reader.outbox(None, Some(state), COUNTED)?.len()));
            }
            let filter = IncidentFilter {
                open: Some(true),
                include_restricted: true,
                limit: COUNTED,
                ..IncidentFilter::default()
            };
            Ok((reader.inbox_depth()?, outbox, reader.incidents(&filter)?))
        })
        .await?;
    let mut out = Text::default();
    out.family("firebell_build_info", "gauge", "Version of this server.");
    out.line("firebell_build_info", &[("version", env!("CARGO_PKG_VERSION"))], 1);
    sources(&mut out, &app);
    out.family("firebell_turned_away_total", "counter", "Requests without a valid key or token.");
    for door in Door::ALL {
        out.line("firebell_turned_away_total", &[("door", door.as_str())], app.metrics.turned_away_at(door));
    }
    out.family("firebell_inbox_depth", "gauge", "Accepted requests that are not processed yet.");
    out.line("firebell_inbox_depth", &[], inbox);
    out.family("firebell_outbox_effects", "gauge", "Effects on their way; at most 10000 are counted.");
    for (state, count) in outbox {
        let state = match state {
            OutboxState::Waiting => "waiting",
            OutboxState::Leased => "leased",
            OutboxState::Done => "done",
            OutboxState::Dead => "dead",
        };
        out.line("firebell_outbox_effects", &[("state", state)], count);
    }
    out.family("firebell_open_incidents", "gauge", "Incidents that are not over.");
    for severity in Severity::ALL {
        let count = open.iter().filter(|s| s.severity == severity).count();
        out.line("firebell_open_incidents", &[("severity", severity.as_str())], count);
    }
    if let Some(otlp) = &app.state.otlp {
        let fill = otlp.fill();
        out.family("firebell_otlp_store_bytes", "gauge", "Estimated memory of the embedded telemetry store.");
        out.line("firebell_otlp_store_bytes", &[], fill.bytes);
        out.family("firebell_otlp_store_series", "gauge", "Metric series in it.");
        out.line("firebell_otlp_store_series", &[], fill.series);
    }
    out.family("firebell_followers", "gauge", "Open event streams.");
    out.line("firebell_followers", &[], app.metrics.followers());
    out.family("firebell_sessions", "gauge", "Signed-in sessions of the page.");
    out.line("firebell_sessions", &[], app.directory.sessions());
    latencies(&mut out, &app);
    if let Some(bytes) = resident_bytes() {
        out.family("process_resident_memory_bytes", "gauge", "Resident memory.");
        out.line("process_resident_memory_bytes", &[], bytes);
    }
    out.family("process_start_time_seconds", "gauge", "Start of the server, Unix time.");
    out.line("process_start_time_seconds", &[], app.started_at.as_second());
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], out.0).into_response())
}

fn sources(out: &mut Text, app: &Shared) {
    let all = || app.state.sources.counts();
    out.family("firebell_source_requests_total", "counter", "Requests with the source's key.");
    for (source, kind, counts) in all() {
        out.line("firebell_source_requests_total", &[("source", source), ("kind", kind)], counts.requests());
    }
    out.family("firebell_source_accepted_total", "counter", "Items stored durably.");
    for (source, kind, counts) in all() {
        out.line("firebell_source_accepted_total", &[("source", source), ("kind", kind)], counts.accepted());
    }
    out.family(
        "firebell_source_rejected_total",
        "counter",
        "Requests, or items of requests, that were not taken.",
    );
    for (source, kind, counts) in all() {
        for reason in Reason::ALL {
            let labels = [("source", source), ("kind", kind), ("reason", reason.as_str())];
            out.line("firebell_source_rejected_total", &labels, counts.rejected(reason));
        }
    }
    out.family("firebell_source_corrected_total", "counter", "Alerts that were taken and put right.");
    for (source, kind, counts) in all() {
        let labels = [("source", source), ("kind", kind), ("reason", "clock_skew")];
        out.line("firebell_source_corrected_total", &labels, counts.skewed());
    }
}

fn latencies(out: &mut Text, app: &Shared) {
    let name = "firebell_http_request_duration_seconds";
    out.family(name, "histogram", "Time to the head of the answer.");
    for group in Group::ALL {
        let (counts, sum) = app.metrics.latency(group).snapshot();
        let routes = group.as_str();
        for (bound, count) in BOUNDS.iter().zip(counts) {
            out.line(&format!("{name}_bucket"), &[("routes", routes), ("le", &bound.to_string())], count);
        }
        let all = counts.last().copied().unwrap_or(0);
        out.line(&format!("{name}_bucket"), &[("routes", routes), ("le", "+Inf")], all);
        out.line(&format!("{name}_sum"), &[("routes", routes)], sum);
        out.line(&format!("{name}_count"), &[("routes", routes)], all);
    }
}

#[derive(Default)]
struct Text(String);

impl Text {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    /// Label values are our own names and the configuration's, which allows neither quotes nor line breaks.
    fn line(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        self.0.push_str(name);
        for (i, (label, text)) in labels.iter().enumerate() {
            let _ = write!(self.0, "{}{label}=\"{text}\"", if i == 0 { '{' } else { ',' });
        }
        if !labels.is_empty() {
            self.0.push('}');
        }
        let _ = writeln!(self.0, " {value}");
    }
}
