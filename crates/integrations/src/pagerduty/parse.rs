//! Events and change events as PagerDuty's Events API v2 takes them.

use firebell_core::change::{Change, ChangeKind};
use firebell_core::ports::alert_source::{AlertSource, ParseError, RequestContext};
use firebell_core::signal::{Intake, Parsed, SignalState, fingerprint};
use firebell_core::telemetry::Labels;

use crate::body::{Body, Draft, Object, Problem, Root, believable, change_id, insert_capped, quote, single};
use crate::registry::SourceKind;

/// PagerDuty Events v2.
pub const SOURCE: SourceKind = SourceKind {
    kind: "pagerduty",
    title: "PagerDuty Events v2",
    docs: include_str!("README.md"),
    headers: &[],
    build: |config| {
        config.no_mapping()?;
        config.no_secret()?;
        Ok(Box::new(PagerDuty { service: config.service.clone() }))
    },
};

/// Field of the payload and the label that it becomes.
const LABELS: [(&str, &str); 5] = [
    ("source", "instance"),
    ("severity", "severity"),
    ("component", "component"),
    ("group", "group"),
    ("class", "class"),
];
/// How much of a summary serves as a name.
const NAME: usize = 200;

struct PagerDuty {
    service: Option<String>,
}

/// The integration key that a body carries, as PagerDuty's senders do instead of a header. Reads no more than that,
/// so that it can be asked before the sender is known.
///
/// # Errors
/// Names `body` or `routing_key`.
pub fn routing_key(bytes: &[u8]) -> Result<String, ParseError> {
    let body = Body::read(bytes)?;
    let Root::Object(raw) = body.root()? else { return Err(a_list()) };
    let key = Object::parse(raw).and_then(|event| event.filled("routing_key")).map_err(Problem::fatal)?;
    key.ok_or_else(|| {
        ParseError::new("routing_key", "is required: the key of this sender's [[sources]] entry")
    })
}

fn a_list() -> ParseError {
    ParseError::new("body", "expected one event, found a list: send each event by itself")
}

impl AlertSource for PagerDuty {
    fn kind(&self) -> &'static str {
        SOURCE.kind
    }

    fn parse(&self, bytes: &[u8], cx: &RequestContext<'_>) -> Result<Parsed, ParseError> {
        let body = Body::read(bytes)?;
        let Root::Object(raw) = body.root()? else {
            return Err(a_list());
        };
        single(&body, raw, |raw| {
            let event = Object::parse(raw)?;
            let is_change = cx.path.ends_with("/change/enqueue")
                || (!cx.path.ends_with("/enqueue") && event.get("event_action").is_none());
            if is_change { self.change(&event, cx) } else { self.event(&event, cx) }.map(Some)
        })
    }
}

impl PagerDuty {
    fn event(&self, event: &Object<'_>, cx: &RequestContext<'_>) -> Result<Intake, Problem> {
        let state = match event.need("event_action")?.as_str() {
            "trigger" => SignalState::Firing,
            "acknowledge" => SignalState::Acknowledged,
            "resolve" => SignalState::Resolved,
            other => {
                let reason = format!("{} is not one of trigger, acknowledge, resolve", quote(other));
                return Err(Problem::new("event_action", reason));
            }
        };
        let key = event.filled("dedup_key")?;
        if key.is_none() && state != SignalState::Firing {
            return Err(Problem::new(
                "dedup_key",
                "is required to acknowledge or resolve: the one that the trigger was answered with",
            ));
        }
        let payload = match state {
            SignalState::Firing => Some(event.need_object("payload")?),
            _ => event.object("payload")?,
        };
        let mut labels = Labels::new();
        let mut annotations = Labels::new();
        let mut starts_at = None;
        if let Some(payload) = payload {
            read_payload(&payload, state, &mut labels, &mut annotations).map_err(|p| p.within("payload"))?;
            starts_at = payload.time("timestamp").map_err(|p| p.within("payload"))?;
        } else if let Some(key) = &key {
            insert_capped(&mut labels, "alertname", key);
        }
        for (i, raw) in event.list("links")?.unwrap_or_default().iter().enumerate() {
            let link = Object::parse(raw).map_err(|p| p.within(&format!("links[{i}]")))?;
            let place = |p: Problem| p.within(&format!("links[{i}]"));
            if let Some(href) = link.filled("href").map_err(place)? {
                let text = link.filled("text").map_err(place)?;
                let shown = text.map_or_else(|| href.clone(), |text| format!("{text}: {href}"));
                insert_capped(&mut annotations, &format!("link_{}", i + 1), &shown);
            }
        }
        if let Some(client) = event.filled("client")? {
            insert_capped(&mut annotations, "client", &client);
        }
        // PagerDuty makes a key up; ours follows from the event, so that a repeat is a repeat.
        let key = key.unwrap_or_else(|| fingerprint(cx.source, None, &labels).0);
        let draft = Draft {
            state,
            labels,
            annotations,
            starts_at,
            ends_at: None,
            generator_url: event.filled("client_url")?,
            dedup_key: Some(key),
            group_key: None,
        };
        Ok(draft.finish(cx, self.service.as_deref()))
    }

    fn change(&self, event: &Object<'_>, cx: &RequestContext<'_>) -> Result<Intake, Problem> {
        let payload = event.need_object("payload")?;
        let place = |p: Problem| p.within("payload");
        let details = payload.get("custom_details").filter(|raw| raw.get().starts_with('{'));
        let details =
            details.map(Object::parse).transpose().map_err(|p| place(p.within("custom_details")))?;
        let detail = |name: &str| details.as_ref().and_then(|d| d.text_or_number(name).ok().flatten());
        let kind = match detail("kind").as_deref() {
            Some("config") => ChangeKind::Config,
            Some("flag") => ChangeKind::Flag,
            Some("scale") => ChangeKind::Scale,
            Some("migration") => ChangeKind::Migration,
            _ => ChangeKind::Deploy,
        };
        let mut notes = Labels::new();
        let at = believable(payload.time("timestamp").map_err(place)?, cx.received_at, &mut notes);
        let mut change = Change {
            id: String::new(),
            at,
            kind,
            component: detail("service")
                .or_else(|| detail("component"))
                .or_else(|| self.service.clone())
                .or(payload.filled("source").map_err(place)?)
                .unwrap_or_default(),
            from: detail("from"),
            to: detail("version").or_else(|| detail("to")),
            by: detail("by").or_else(|| detail("user")),
            source: Some(cx.source.to_owned()),
            commit: detail("commit").or_else(|| detail("sha")),
            summary: payload.need("summary").map_err(place)?,
            diff: None,
            files: Vec::new(),
        };
        change.id = change_id(&change);
        Ok(Intake::Change(change))
    }
}

fn read_payload(
    payload: &Object<'_>,
    state: SignalState,
    labels: &mut Labels,
    annotations: &mut Labels,
) -> Result<(), Problem> {
    let required = state == SignalState::Firing;
    let summary = if required { Some(payload.need("summary")?) } else { payload.filled("summary")? };
    if required {
        payload.need("source")?;
        payload.need("severity")?;
    }
    for (field, label) in LABELS {
        let Some(text) = payload.filled(field)? else { continue };
        if field == "severity" && !matches!(text.as_str(), "critical" | "error" | "warning" | "info") {
            return Err(Problem::new(
                field,
                format!("{} is not one of critical, error, warning, info", quote(&text)),
            ));
        }
        labels.insert(label.to_owned(), text);
    }
    if let Some(summary) = summary {
        let name = labels.get("class").cloned().unwrap_or_else(|| summary.chars().take(NAME).collect());
        labels.insert("alertname".to_owned(), name);
        annotations.insert("summary".to_owned(), summary);
    }
    match payload.get("custom_details") {
        Some(raw) if raw.get().starts_with('{') => {
            let details = Object::parse(raw).map_err(|p| p.within("custom_details"))?;
            for (name, raw) in details.fields() {
                if raw.get() == "null" || annotations.contains_key(name) {
                    continue;
                }
                let text = serde_json::from_str(raw.get()).unwrap_or_else(|_| raw.get().to_owned());
                if name == "service" && raw.get().starts_with('"') {
                    insert_capped(labels, "service", &text);
                }
                insert_capped(annotations, name, &text);
            }
        }
        Some(raw) => insert_capped(annotations, "custom_details", raw.get().trim_matches('"')),
        None => {}
    }
    Ok(())
}
