//! Alerts as Grafana sends them: near Alertmanager's webhook, with values and links of its own.

use firebell_core::intake::TRIAL_LABEL;
use firebell_core::ports::alert_source::{AlertSource, ParseError, RequestContext};
use firebell_core::signal::{Intake, Parsed, SignalState};
use serde_json::value::RawValue;

use crate::body::{Body, Draft, Object, Problem, Root, each, group_key, insert_capped, is_zero, quote};
use crate::registry::SourceKind;

/// Grafana.
pub const SOURCE: SourceKind = SourceKind {
    kind: "grafana",
    title: "Grafana alert webhook",
    docs: include_str!("README.md"),
    headers: &[],
    build: |config| {
        config.no_mapping()?;
        config.no_secret()?;
        Ok(Box::new(Grafana { service: config.service.clone() }))
    },
};

/// Grafana's field and the annotation that it becomes.
const EXTRAS: [(&str, &str); 5] = [
    ("valueString", "value_string"),
    ("dashboardURL", "dashboard_url"),
    ("panelURL", "panel_url"),
    ("silenceURL", "silence_url"),
    ("imageURL", "image_url"),
];

struct Grafana {
    service: Option<String>,
}

impl AlertSource for Grafana {
    fn kind(&self) -> &'static str {
        SOURCE.kind
    }

    fn parse(&self, bytes: &[u8], cx: &RequestContext<'_>) -> Result<Parsed, ParseError> {
        let body = Body::read(bytes)?;
        let Root::Object(raw) = body.root()? else {
            return Err(ParseError::new("body", "expected Grafana's webhook object, found a list"));
        };
        let (alerts, group) = envelope(raw).map_err(Problem::fatal)?;
        each(&body, "alerts", &alerts, |raw| self.alert(raw, group.as_deref(), cx).map(Some))
    }
}

fn envelope(raw: &RawValue) -> Result<(Vec<&RawValue>, Option<String>), Problem> {
    let envelope = Object::parse(raw)?;
    match envelope.text_or_number("version")?.as_deref() {
        None | Some("1") => {}
        Some("4") => {
            let reason = "\"4\" is the version of Alertmanager's webhook: give this sender a source with kind = \"alertmanager\"";
            return Err(Problem::new("version", reason));
        }
        Some(other) => {
            return Err(Problem::new(
                "version",
                format!("{} is not known: version \"1\" is read here", quote(other)),
            ));
        }
    }
    let alerts = envelope.list("alerts")?;
    let alerts = alerts.ok_or_else(|| Problem::new("alerts", "is required: expected a list of alerts"))?;
    Ok((alerts, group_key(&envelope)))
}

impl Grafana {
    fn alert(&self, raw: &RawValue, group: Option<&str>, cx: &RequestContext<'_>) -> Result<Intake, Problem> {
        let alert = Object::parse(raw)?;
        let mut labels = alert.labels("labels")?;
        if labels.values().all(String::is_empty) {
            return Err(Problem::new("labels", "is required: at least one label with a value"));
        }
        let state = match alert.need("status")?.as_str() {
            "firing" => SignalState::Firing,
            "resolved" => SignalState::Resolved,
            other => {
                return Err(Problem::new(
                    "status",
                    format!("{} is neither \"firing\" nor \"resolved\"", quote(other)),
                ));
            }
        };
        // What the button "Test" of a contact point sends: it asks whether alerts arrive, and nobody is to be woken.
        let is = |name: &str, value: &str| labels.get(name).is_some_and(|v| v == value);
        if is("alertname", "TestAlert") && is("instance", "Grafana") {
            insert_capped(&mut labels, TRIAL_LABEL, "true");
        }
        let mut annotations = alert.labels("annotations")?;
        for (field, annotation) in EXTRAS {
            if let Some(text) = alert.filled(field)? {
                insert_capped(&mut annotations, annotation, &text);
            }
        }
        if let Some(values) = alert.object("values")? {
            let values: Vec<_> = values.fields().map(|(name, raw)| format!("{name}={}", raw.get())).collect();
            insert_capped(&mut annotations, "values", &values.join(", "));
        }
        let draft = Draft {
            state,
            labels,
            annotations,
            starts_at: alert.time("startsAt")?.filter(|t| !is_zero(*t)),
            ends_at: alert.time("endsAt")?,
            generator_url: alert.filled("generatorURL")?,
            dedup_key: None,
            group_key: group.map(str::to_owned),
        };
        Ok(draft.finish(cx, self.service.as_deref()))
    }
}
