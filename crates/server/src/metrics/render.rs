//! `GET /metrics`: the Prometheus text format.

use std::fmt::{Display, Write as _};

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use firebell_core::incident::Summary;
use firebell_core::ports::store::{IncidentFilter, OutboxState, Reader, StoreResult};
use firebell_core::severity::Severity;
use firebell_engine::pulse::{Histogram, Pulse};
use jiff::Timestamp;

use super::counts::{Door, Limited, Reason};
use super::latency::Group;
use super::rss::resident_bytes;
use crate::access;
use crate::api::spec::{Operation, schema};
use crate::auth::Person;
use crate::problem::Problem;
use crate::state::Shared;

/// More rows than that are not counted one by one: the figure says "at least".
const COUNTED: usize = 10_000;

/// Its declaration.
pub(crate) fn operation() -> Operation {
    Operation::get("/metrics", "showMetrics", show)
        .tag("Server")
        .summary("What the server counts of itself, for Prometheus")
        .answers_as(200, "The Prometheus text format.", "text/plain", schema::text())
}

/// What is asked of the store.
struct Stored {
    inbox: u64,
    outbox: Vec<(OutboxState, usize)>,
    /// When the oldest effect that waits was asked for.
    oldest: Option<Timestamp>,
    /// The first timer.
    timer: Option<Timestamp>,
    open: Vec<Summary>,
}

/// Needs a token of any role; Prometheus can send one.
pub(crate) async fn show(State(app): State<Shared>, person: Person) -> Result<Response, Problem> {
    let visible = access::visible(&person);
    let stored = app.read(move |reader| read(reader, visible)).await?;
    let mut out = Text::default();
    out.family("firebell_build_info", "gauge", "Version of this server.");
    out.line("firebell_build_info", &[("version", env!("CARGO_PKG_VERSION"))], 1);
    sources(&mut out, &app);
    callers(&mut out, &app);
    backlog(&mut out, &app, &stored);
    if let Some(otlp) = &app.state.otlp {
        let fill = otlp.fill();
        out.family("firebell_otlp_store_bytes", "gauge", "Estimated memory of the embedded telemetry store.");
        out.line("firebell_otlp_store_bytes", &[], fill.bytes);
        out.family("firebell_otlp_store_series", "gauge", "Metric series in it.");
        out.line("firebell_otlp_store_series", &[], fill.series);
    }
    heartbeats(&mut out, &app).await?;
    latencies(&mut out, &app);
    pulse(&mut out, app.state.handle.pulse());
    if let Some(bytes) = resident_bytes() {
        out.family("process_resident_memory_bytes", "gauge", "Resident memory.");
        out.line("process_resident_memory_bytes", &[], bytes);
    }
    out.family("process_start_time_seconds", "gauge", "Start of the server, Unix time.");
    out.line("process_start_time_seconds", &[], app.started_at.as_second());
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], out.0).into_response())
}

fn read(reader: &dyn Reader, visible: IncidentFilter) -> StoreResult<Stored> {
    let mut outbox = Vec::new();
    let mut oldest = None;
    for state in [OutboxState::Waiting, OutboxState::Leased, OutboxState::Dead] {
        let rows = reader.outbox(None, Some(state), COUNTED)?;
        if state == OutboxState::Waiting {
            oldest = rows.iter().map(|row| row.created_at).min();
        }
        outbox.push((state, rows.len()));
    }
    // That there is a restricted incident is not told to who may not see it, not by a number either.
    let filter = IncidentFilter { open: Some(true), limit: COUNTED, ..visible };
    Ok(Stored {
        inbox: reader.inbox_depth()?,
        outbox,
        oldest,
        timer: reader.timers(None)?.iter().map(|timer| timer.due).min(),
        open: reader.incidents(&filter)?,
    })
}

/// Who asks, and who was turned away.
fn callers(out: &mut Text, app: &Shared) {
    out.family("firebell_turned_away_total", "counter", "Requests without a valid key or token.");
    for door in Door::ALL {
        out.line("firebell_turned_away_total", &[("door", door.as_str())], app.metrics.turned_away_at(door));
    }
    out.family("firebell_rate_limited_total", "counter", "Requests that were told to wait.");
    for who in Limited::ALL {
        out.line("firebell_rate_limited_total", &[("by", who.as_str())], app.metrics.limited_as(who));
    }
    out.family("firebell_followers", "gauge", "Open event streams.");
    out.line("firebell_followers", &[], app.metrics.followers());
    out.family("firebell_sessions", "gauge", "Signed-in sessions of the page.");
    out.line("firebell_sessions", &[], app.directory.sessions());
}

/// What beats here, and our own heartbeat.
async fn heartbeats(out: &mut Text, app: &Shared) -> Result<(), Problem> {
    let shown =
        app.state.heartbeats.shown(&app.state.office, app.now()).await.map_err(|e| Problem::store(&e))?;
    if !shown.is_empty() {
        out.family(
            "firebell_heartbeat_up",
            "gauge",
            "1 unless the heartbeat is missed or says that it failed.",
        );
        for h in &shown {
            out.line("firebell_heartbeat_up", &[("heartbeat", &h.name)], u8::from(!h.stands.is_alarming()));
        }
        out.family("firebell_heartbeat_last_timestamp_seconds", "gauge", "Its last good beat, Unix time.");
        for h in &shown {
            let Some(at) = h.kept.last_at else { continue };
            out.line("firebell_heartbeat_last_timestamp_seconds", &[("heartbeat", &h.name)], at.as_second());
        }
    }
    let own = app.state.heartbeats.own.pulse();
    if own.configured {
        out.family("firebell_own_heartbeat_working", "gauge", "1 unless our own heartbeat fails.");
        out.line("firebell_own_heartbeat_working", &[], u8::from(own.failing.is_none()));
        out.family("firebell_own_heartbeats_total", "counter", "Our own beats, by whether they were taken.");
        out.line("firebell_own_heartbeats_total", &[("outcome", "taken")], own.sent);
        out.line("firebell_own_heartbeats_total", &[("outcome", "failed")], own.failed);
        if let Some(at) = own.last_at {
            out.family(
                "firebell_own_heartbeat_last_timestamp_seconds",
                "gauge",
                "The last that was taken, Unix time.",
            );
            out.line("firebell_own_heartbeat_last_timestamp_seconds", &[], at.as_second());
        }
    }
    Ok(())
}

/// What waits.
fn backlog(out: &mut Text, app: &Shared, stored: &Stored) {
    let late =
        |at: Option<Timestamp>| at.map_or(0.0, |at| app.now().duration_since(at).as_secs_f64().max(0.0));
    out.family("firebell_inbox_depth", "gauge", "Accepted requests that are not processed yet.");
    out.line("firebell_inbox_depth", &[], stored.inbox);
    out.family("firebell_outbox_effects", "gauge", "Effects on their way; at most 10000 are counted.");
    for (state, count) in &stored.outbox {
        let state = match state {
            OutboxState::Waiting => "waiting",
            OutboxState::Leased => "leased",
            OutboxState::Done => "done",
            OutboxState::Dead => "dead",
        };
        out.line("firebell_outbox_effects", &[("state", state)], count);
    }
    let name = "firebell_outbox_oldest_seconds";
    out.family(name, "gauge", "Age of the oldest effect that waits; 0 where none does.");
    out.line(name, &[], late(stored.oldest));
    let name = "firebell_timer_lag_seconds";
    out.family(name, "gauge", "How long the first timer has been due; 0 where none is.");
    out.line(name, &[], late(stored.timer));
    out.family(
        "firebell_open_incidents",
        "gauge",
        "Incidents that are not over, of those that the token's owner may see.",
    );
    for severity in Severity::ALL {
        let count = stored.open.iter().filter(|s| s.severity == severity).count();
        out.line("firebell_open_incidents", &[("severity", severity.as_str())], count);
    }
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
        out.histogram(name, &[("routes", group.as_str())], app.metrics.latency(group));
    }
}

/// How fast the engine is.
fn pulse(out: &mut Text, pulse: &Pulse) {
    let name = "firebell_accept_duration_seconds";
    out.family(name, "histogram", "From a sender's items to their flush to disk.");
    out.histogram(name, &[], pulse.accept());
    let name = "firebell_intake_to_page_seconds";
    out.family(name, "histogram", "From the signal that opened an incident to its first page, handed over.");
    out.histogram(name, &[], pulse.intake_to_page());
    let name = "firebell_effect_duration_seconds";
    out.family(name, "histogram", "From an effect that is asked for to one that is done.");
    for (kind, histogram) in pulse.effects() {
        out.histogram(name, &[("effect", kind)], histogram);
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

    fn histogram(&mut self, name: &str, labels: &[(&str, &str)], histogram: &Histogram) {
        let (counts, sum) = histogram.snapshot();
        let bounds = histogram.bounds().iter().map(ToString::to_string).chain(["+Inf".to_owned()]);
        for (bound, count) in bounds.zip(counts) {
            let labels: Vec<_> = labels.iter().copied().chain([("le", bound.as_str())]).collect();
            self.line(&format!("{name}_bucket"), &labels, count);
        }
        self.line(&format!("{name}_sum"), labels, sum);
        self.line(&format!("{name}_count"), labels, counts.last().copied().unwrap_or(0));
    }
}
