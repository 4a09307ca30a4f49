//! Alerts of any JSON sender, read by the configured mapping.

use firebell_core::ports::alert_source::{AlertSource, ParseError, RequestContext};
use firebell_core::signal::{Intake, Parsed, SignalState};
use firebell_core::telemetry::Labels;
use jiff::Timestamp;
use serde_json::Value;
use serde_json::value::RawValue;

use super::mapping::{Choice, Found, Getter, Mapping, Path, State, TimeFormat};
use crate::body::{Body, Draft, Problem, Root, each, labels_of, limits, quote, rfc3339, scalar_text, single};
use crate::registry::SourceKind;
use crate::source_config::{ConfigError, SourceConfig};

/// Any JSON sender.
pub const SOURCE: SourceKind = SourceKind {
    kind: "generic",
    title: "Any JSON, mapped by configuration",
    docs: include_str!("README.md"),
    headers: &[],
    build: |config| {
        config.no_secret()?;
        Generic::new(config).map(|source| Box::new(source) as Box<dyn AlertSource>)
    },
};

struct Generic {
    default_service: Option<String>,
    items: Option<Path>,
    name: Getter,
    dedup_key: Option<Getter>,
    state: Option<Getter>,
    severity: Option<Getter>,
    service: Option<Getter>,
    starts_at: Option<Getter>,
    ends_at: Option<Getter>,
    link: Option<Getter>,
    labels: Vec<(String, Getter)>,
    annotations: Vec<(String, Getter)>,
    all_labels: Option<Path>,
    mapping: Mapping,
}

impl Generic {
    fn new(config: &SourceConfig) -> Result<Self, ConfigError> {
        let Some(mapping) = config.mapping.clone() else {
            let reason =
                "is required for kind = \"generic\": say where the fields are, at least name = \"$.…\"";
            return Err(config.error("mapping", reason));
        };
        let at = |field: &str, reason: String| config.error(&format!("mapping.{field}"), reason);
        let getter = |field: &str, choice: &Choice| Getter::new(choice).map_err(|e| at(field, e));
        let maybe =
            |field: &str, choice: &Option<Choice>| choice.as_ref().map(|c| getter(field, c)).transpose();
        let path = |field: &str, text: &Option<String>| {
            text.as_deref().map(|t| Path::new(t).map_err(|e| at(field, e))).transpose()
        };
        let named = |field: &str, map: &std::collections::BTreeMap<String, Choice>| {
            map.iter()
                .map(|(name, choice)| Ok((name.clone(), getter(&format!("{field}.{name}"), choice)?)))
                .collect::<Result<Vec<_>, ConfigError>>()
        };
        Ok(Self {
            default_service: config.service.clone(),
            items: path("items", &mapping.items)?,
            name: getter("name", &mapping.name)?,
            dedup_key: maybe("dedup_key", &mapping.dedup_key)?,
            state: maybe("state", &mapping.state)?,
            severity: maybe("severity", &mapping.severity)?,
            service: maybe("service", &mapping.service)?,
            starts_at: maybe("starts_at", &mapping.starts_at)?,
            ends_at: maybe("ends_at", &mapping.ends_at)?,
            link: maybe("link", &mapping.link)?,
            labels: named("labels", &mapping.labels)?,
            annotations: named("annotations", &mapping.annotations)?,
            all_labels: path("all_labels", &mapping.all_labels)?,
            mapping,
        })
    }
}

impl AlertSource for Generic {
    fn kind(&self) -> &'static str {
        SOURCE.kind
    }

    fn parse(&self, bytes: &[u8], cx: &RequestContext<'_>) -> Result<Parsed, ParseError> {
        let body = Body::read(bytes)?;
        let read = |raw| self.alert(raw, cx).map(Some);
        match (body.root()?, &self.items) {
            (Root::List(items), None) => each(&body, "", &items, read),
            (Root::Object(raw), None) => single(&body, raw, read),
            (Root::List(_), Some(items)) => {
                let field = items.field();
                Err(ParseError::new(
                    "body",
                    format!("expected an object with the list {field:?}, found a list"),
                ))
            }
            (Root::Object(raw), Some(path)) => {
                let list = path.find_raw(raw).map_err(Problem::fatal)?;
                let items = list
                    .ok_or_else(|| ParseError::new(path.field(), "is required: expected a list of alerts"))?;
                each(&body, &path.field(), &items, read)
            }
        }
    }
}

impl Generic {
    fn alert(&self, raw: &RawValue, cx: &RequestContext<'_>) -> Result<Intake, Problem> {
        if !raw.get().starts_with('{') {
            return Err(Problem::new("", "expected an object"));
        }
        let item: Value =
            serde_json::from_str(raw.get()).map_err(|e| Problem::new("", format!("cannot be read: {e}")))?;
        let text = |getter: &Option<Getter>| -> Result<Option<Found>, Problem> {
            getter.as_ref().and_then(|g| g.get(&item)).map(capped).transpose()
        };
        let mut labels = match &self.all_labels {
            Some(path) => all_labels(path, &item)?,
            None => Labels::new(),
        };
        let name = self.name.get(&item).map(capped).transpose()?;
        let name = name.ok_or_else(|| Problem::new(self.name.field(), "is required: it names the alert"))?;
        labels.insert("alertname".to_owned(), name.text);
        if let Some(severity) = text(&self.severity)? {
            let known = self.mapping.severity_values.get(&severity.text).cloned();
            labels.insert("severity".to_owned(), known.unwrap_or(severity.text));
        }
        if let Some(service) = text(&self.service)? {
            labels.insert("service".to_owned(), service.text);
        }
        for (label, getter) in &self.labels {
            if let Some(found) = getter.get(&item).map(capped).transpose()? {
                labels.insert(label.clone(), found.text);
            }
        }
        let mut annotations = Labels::new();
        for (annotation, getter) in &self.annotations {
            if let Some(found) = getter.get(&item).map(capped).transpose()? {
                annotations.insert(annotation.clone(), found.text);
            }
        }
        let draft = Draft {
            state: text(&self.state)?.map_or(Ok(SignalState::Firing), |found| self.state(&found))?,
            labels,
            annotations,
            starts_at: text(&self.starts_at)?.map(|found| self.time(&found)).transpose()?,
            ends_at: text(&self.ends_at)?.map(|found| self.time(&found)).transpose()?,
            generator_url: text(&self.link)?.map(|found| found.text),
            dedup_key: text(&self.dedup_key)?.map(|found| found.text),
            group_key: None,
        };
        Ok(draft.finish(cx, self.default_service.as_deref()))
    }

    fn state(&self, found: &Found) -> Result<SignalState, Problem> {
        let word = match self.mapping.state_values.get(&found.text) {
            Some(State::Firing) => "firing",
            Some(State::Resolved) => "resolved",
            Some(State::Acknowledged) => "acknowledged",
            None => &found.text.to_ascii_lowercase(),
        };
        match word {
            "firing" => Ok(SignalState::Firing),
            "resolved" => Ok(SignalState::Resolved),
            "acknowledged" => Ok(SignalState::Acknowledged),
            _ => {
                let reason = format!(
                    "{} is neither firing, resolved nor acknowledged, and mapping.state_values does not say which it is",
                    quote(&found.text)
                );
                Err(Problem::new(found.field.clone(), reason))
            }
        }
    }

    fn time(&self, found: &Found) -> Result<Timestamp, Problem> {
        let text = found.text.as_str();
        let unix = |per_second: f64| {
            // Whole numbers exactly, fractions as near as they are meant.
            match (text.parse::<i64>(), text.parse::<f64>()) {
                (Ok(whole), _) if per_second == 1.0 => Timestamp::from_second(whole).ok(),
                (Ok(whole), _) => Timestamp::from_millisecond(whole).ok(),
                (_, Ok(number)) if number.is_finite() && number.abs() < 1e17 => {
                    Timestamp::from_microsecond((number * 1e6 / per_second) as i64).ok()
                }
                _ => None,
            }
        };
        let (at, what) = match self.mapping.time_format {
            TimeFormat::Rfc3339 => (rfc3339(text), "an RFC 3339 time"),
            TimeFormat::UnixS => (unix(1.0), "a time in seconds since 1970"),
            TimeFormat::UnixMs => (unix(1000.0), "a time in milliseconds since 1970"),
        };
        at.ok_or_else(|| Problem::new(found.field.clone(), format!("{} is not {what}", quote(text))))
    }
}

fn capped(found: Found) -> Result<Found, Problem> {
    if found.text.len() > limits::TEXT {
        let reason = format!("is {} bytes long: at most {} are kept", found.text.len(), limits::TEXT);
        return Err(Problem::new(found.field, reason));
    }
    Ok(found)
}

fn all_labels(path: &Path, item: &Value) -> Result<Labels, Problem> {
    let mut labels = Labels::new();
    match path.find(item) {
        None | Some(Value::Null) => {}
        Some(Value::Object(fields)) => {
            // Through the same door as everybody's labels, so that the same caps hold.
            let texts: serde_json::Map<String, Value> = fields
                .iter()
                .filter_map(|(name, value)| Some((name.clone(), Value::String(scalar_text(value)?))))
                .collect();
            let raw = serde_json::value::to_raw_value(&texts)
                .map_err(|e| Problem::new(path.field(), e.to_string()))?;
            labels = labels_of(&raw).map_err(|p| p.within(&path.field()))?;
        }
        Some(_) => return Err(Problem::new(path.field(), "expected an object whose fields are labels")),
    }
    Ok(labels)
}
