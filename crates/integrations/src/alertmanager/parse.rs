//! Alerts as Alertmanager sends them (webhook) and as Prometheus sends them to an Alertmanager (API v2).

use firebell_core::ports::alert_source::{AlertSource, ParseError, RequestContext};
use firebell_core::signal::{Intake, Parsed, SignalState};
use jiff::{SignedDuration, Timestamp};
use serde_json::value::RawValue;

use crate::body::{Body, Draft, Object, Problem, Root, each, far_ahead, group_key, is_zero, quote};
use crate::registry::SourceKind;

/// Alertmanager and Prometheus.
pub const SOURCE: SourceKind = SourceKind {
    kind: "alertmanager",
    title: "Alertmanager webhook and API v2",
    docs: include_str!("README.md"),
    headers: &[],
    build: |config| {
        config.no_mapping()?;
        config.no_secret()?;
        Ok(Box::new(Alertmanager { service: config.service.clone() }))
    },
};

/// What Alertmanager takes for the end of an alert posted without one (`resolve_timeout`).
const RESOLVE_TIMEOUT: SignedDuration = SignedDuration::from_mins(5);

struct Alertmanager {
    service: Option<String>,
}

impl AlertSource for Alertmanager {
    fn kind(&self) -> &'static str {
        SOURCE.kind
    }

    fn parse(&self, bytes: &[u8], cx: &RequestContext<'_>) -> Result<Parsed, ParseError> {
        let body = Body::read(bytes)?;
        match body.root()? {
            Root::List(alerts) => each(&body, "", &alerts, |raw| self.posted(raw, cx).map(Some)),
            Root::Object(_) if cx.path.ends_with("/api/v2/alerts") => Err(ParseError::new(
                "body",
                "expected a list of alerts, found an object: the API v2 takes [{\"labels\": {…}}, …]",
            )),
            Root::Object(raw) => {
                let (alerts, group) = envelope(raw).map_err(Problem::fatal)?;
                each(&body, "alerts", &alerts, |raw| self.notified(raw, group.as_deref(), cx).map(Some))
            }
        }
    }
}

/// The alerts of a webhook body, and the group that they are in.
fn envelope(raw: &RawValue) -> Result<(Vec<&RawValue>, Option<String>), Problem> {
    let envelope = Object::parse(raw)?;
    match envelope.text_or_number("version")?.as_deref() {
        None | Some("4") => {}
        Some("1") => {
            let reason = "\"1\" is the version of Grafana's webhook: give this sender a source with kind = \"grafana\"";
            return Err(Problem::new("version", reason));
        }
        Some(other) => {
            return Err(Problem::new(
                "version",
                format!("{} is not known: version \"4\" is read here", quote(other)),
            ));
        }
    }
    let alerts = envelope.list("alerts")?;
    let alerts = alerts.ok_or_else(|| Problem::new("alerts", "is required: expected a list of alerts"))?;
    Ok((alerts, group_key(&envelope)))
}

impl Alertmanager {
    /// An alert of the webhook: says itself whether it fires.
    fn notified(
        &self,
        raw: &RawValue,
        group: Option<&str>,
        cx: &RequestContext<'_>,
    ) -> Result<Intake, Problem> {
        let alert = Object::parse(raw)?;
        let draft = common(&alert)?;
        let state = match alert.text("status")?.as_deref() {
            Some("firing") => SignalState::Firing,
            Some("resolved") => SignalState::Resolved,
            None => state_by_end(draft.ends_at, cx),
            Some(other) => {
                let reason = format!("{} is neither \"firing\" nor \"resolved\"", quote(other));
                return Err(Problem::new("status", reason));
            }
        };
        let group_key = group.map(str::to_owned);
        Ok(Draft { state, group_key, ..draft }.finish(cx, self.service.as_deref()))
    }

    /// An alert posted to the API v2: its end says whether it fires.
    fn posted(&self, raw: &RawValue, cx: &RequestContext<'_>) -> Result<Intake, Problem> {
        let mut draft = common(&Object::parse(raw)?)?;
        match (draft.starts_at, draft.ends_at) {
            // A start that is put right anyway says nothing about the end.
            (Some(start), Some(end)) if end < start && !far_ahead(start, cx.received_at) => {
                return Err(Problem::new("endsAt", format!("{end} is before startsAt {start}")));
            }
            (None, Some(end)) => draft.starts_at = Some(end.min(cx.received_at)),
            (_, None) => draft.ends_at = cx.received_at.checked_add(RESOLVE_TIMEOUT).ok(),
            (Some(_), Some(_)) => {}
        }
        draft.state = state_by_end(draft.ends_at, cx);
        Ok(draft.finish(cx, self.service.as_deref()))
    }
}

fn common(alert: &Object<'_>) -> Result<Draft, Problem> {
    let labels = alert.labels("labels")?;
    if labels.values().all(String::is_empty) {
        return Err(Problem::new("labels", "is required: at least one label with a value"));
    }
    Ok(Draft {
        state: SignalState::Firing,
        labels,
        annotations: alert.labels("annotations")?,
        starts_at: alert.time("startsAt")?.filter(|t| !is_zero(*t)),
        ends_at: alert.time("endsAt")?.filter(|t| !is_zero(*t)),
        generator_url: alert.filled("generatorURL")?,
        dedup_key: None,
        group_key: None,
    })
}

fn state_by_end(end: Option<Timestamp>, cx: &RequestContext<'_>) -> SignalState {
    if end.is_some_and(|end| end <= cx.received_at) { SignalState::Resolved } else { SignalState::Firing }
}
