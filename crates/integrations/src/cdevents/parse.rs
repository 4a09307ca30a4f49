//! CDEvents: which of them matter to an incident, and what they become.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use firebell_core::change::{Change, ChangeKind};
use firebell_core::ports::alert_source::{AlertSource, ParseError, RequestContext};
use firebell_core::signal::{Intake, Parsed, SignalState};
use firebell_core::telemetry::Labels;
use jiff::Timestamp;
use serde_json::value::RawValue;

use crate::body::{
    Body, Draft, Object, Problem, Root, believable, change_id, each, insert_capped, quote, rfc3339, single,
};
use crate::registry::SourceKind;

/// CDEvents.
pub const SOURCE: SourceKind = SourceKind {
    kind: "cdevents",
    title: "CDEvents (CloudEvents)",
    docs: include_str!("README.md"),
    headers: &["ce-*"],
    build: |config| {
        config.no_mapping()?;
        config.no_secret()?;
        Ok(Box::new(CdEvents { service: config.service.clone() }))
    },
};

const PREFIX: &str = "dev.cdevents.";

struct CdEvents {
    service: Option<String>,
}

/// The parts of an event that its envelope may say.
#[derive(Default)]
struct Envelope {
    id: Option<String>,
    source: Option<String>,
    kind: Option<String>,
    time: Option<Timestamp>,
}

impl AlertSource for CdEvents {
    fn kind(&self) -> &'static str {
        SOURCE.kind
    }

    fn parse(&self, bytes: &[u8], cx: &RequestContext<'_>) -> Result<Parsed, ParseError> {
        let body = Body::read(bytes)?;
        let header = |name: &str| cx.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.clone());
        match body.root()? {
            Root::List(events) => each(&body, "", &events, |raw| self.structured(raw, cx)),
            Root::Object(raw) => single(&body, raw, |raw| {
                let Some(kind) = header("ce-type") else { return self.structured(raw, cx) };
                let time = match header("ce-time") {
                    None => None,
                    Some(text) => Some(rfc3339(&text).ok_or_else(|| {
                        Problem::new("ce-time", format!("{} is not an RFC 3339 time", quote(&text)))
                    })?),
                };
                let envelope =
                    Envelope { id: header("ce-id"), source: header("ce-source"), kind: Some(kind), time };
                self.event(&envelope, &Object::parse(raw)?, cx)
            }),
        }
    }
}

impl CdEvents {
    /// A CloudEvent around a CDEvent, or a bare CDEvent.
    fn structured(&self, raw: &RawValue, cx: &RequestContext<'_>) -> Result<Option<Intake>, Problem> {
        let event = Object::parse(raw)?;
        if event.get("context").is_some() {
            return self.event(&Envelope::default(), &event, cx);
        }
        event.need("specversion")?;
        let envelope = Envelope {
            id: event.filled("id")?,
            source: event.filled("source")?,
            kind: Some(event.need("type")?),
            time: event.time("time")?,
        };
        if let Some(encoded) = event.filled("data_base64")? {
            let wrong = |what: &str| Problem::new("data_base64", what);
            let bytes = STANDARD.decode(encoded).map_err(|_| wrong("is not base64"))?;
            let raw: Box<RawValue> =
                serde_json::from_slice(&bytes).map_err(|_| wrong("does not hold JSON"))?;
            let data = Object::parse(&raw).map_err(|p| p.within("data_base64"))?;
            return self.event(&envelope, &data, cx).map_err(|p| p.within("data_base64"));
        }
        self.event(&envelope, &event.need_object("data")?, cx).map_err(|p| p.within("data"))
    }

    fn event(
        &self,
        envelope: &Envelope,
        event: &Object<'_>,
        cx: &RequestContext<'_>,
    ) -> Result<Option<Intake>, Problem> {
        let in_context = |p: Problem| p.within("context");
        let context = event.need_object("context")?;
        let kind = match context.filled("type").map_err(in_context)?.or_else(|| envelope.kind.clone()) {
            Some(kind) => kind,
            None => {
                return Err(Problem::new(
                    "context.type",
                    "is required: expected a type such as dev.cdevents.service.deployed.0.1.0",
                ));
            }
        };
        let Some(words) = kind.strip_prefix(PREFIX) else {
            return Err(Problem::new(
                "context.type",
                format!("{} is not a CDEvents type: those begin with {PREFIX}", quote(&kind)),
            ));
        };
        let mut words = words.split('.');
        let (thing, what) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
        let at = match context.time("timestamp").map_err(in_context)?.or(envelope.time) {
            Some(at) => at,
            None => return Err(Problem::new("context.timestamp", "is required: expected an RFC 3339 time")),
        };
        let id = context.filled("id").map_err(in_context)?.or_else(|| envelope.id.clone());
        let source = context.filled("source").map_err(in_context)?.or_else(|| envelope.source.clone());
        let subject = event.need_object("subject")?;
        let content = subject.object("content").map_err(|p| p.within("subject"))?;
        let about = Subject::read(&subject, content.as_ref()).map_err(|p| p.within("subject"))?;
        let change_kind = match (thing, what) {
            ("service", "deployed" | "upgraded" | "rolledback" | "removed") => ChangeKind::Deploy,
            ("environment", "created" | "modified" | "deleted") => ChangeKind::Config,
            ("change", "merged") => ChangeKind::Commit,
            ("incident", "detected" | "reported" | "resolved") => {
                let state = if what == "resolved" { SignalState::Resolved } else { SignalState::Firing };
                return Ok(Some(self.incident(about, state, at, source, cx)));
            }
            // Pipelines, tests, artifacts: brokers send everything, and a refusal would be sent again.
            _ => return Ok(None),
        };
        let place = about.environment.as_ref().map(|e| format!(" in {e}")).unwrap_or_default();
        let mut change = Change {
            id: id.unwrap_or_default(),
            at: believable(Some(at), cx.received_at, &mut Labels::new()),
            kind: change_kind,
            component: match thing {
                "service" => last_part(&about.id).to_owned(),
                _ => about.service.clone().or_else(|| self.service.clone()).unwrap_or_default(),
            },
            from: None,
            to: about.artifact.as_deref().map(version).filter(|v| !v.is_empty()).map(str::to_owned),
            by: None,
            source: source.or_else(|| Some(cx.source.to_owned())),
            commit: (change_kind == ChangeKind::Commit).then(|| about.id.clone()),
            summary: format!("{thing} {} {}{place}", about.id, what.replace("rolledback", "rolled back")),
            diff: None,
            files: Vec::new(),
        };
        if change.id.is_empty() {
            change.id = change_id(&change);
        }
        Ok(Some(Intake::Change(change)))
    }

    fn incident(
        &self,
        about: Subject,
        state: SignalState,
        at: Timestamp,
        source: Option<String>,
        cx: &RequestContext<'_>,
    ) -> Intake {
        let mut labels = Labels::from([("alertname".to_owned(), "IncidentDetected".to_owned())]);
        let mut annotations = Labels::new();
        for (name, value) in [("service", &about.service), ("environment", &about.environment)] {
            insert_capped(&mut labels, name, value.as_deref().unwrap_or(""));
        }
        for (name, value) in
            [("summary", &about.description), ("artifact", &about.artifact), ("source", &source)]
        {
            insert_capped(&mut annotations, name, value.as_deref().unwrap_or(""));
        }
        let draft = Draft {
            state,
            labels,
            annotations,
            starts_at: Some(at),
            ends_at: (state == SignalState::Resolved).then_some(at),
            generator_url: None,
            dedup_key: Some(about.id),
            group_key: None,
        };
        draft.finish(cx, self.service.as_deref())
    }
}

/// What an event is about.
struct Subject {
    id: String,
    environment: Option<String>,
    service: Option<String>,
    artifact: Option<String>,
    description: Option<String>,
}

impl Subject {
    fn read(subject: &Object<'_>, content: Option<&Object<'_>>) -> Result<Self, Problem> {
        let id = subject.need("id")?;
        let Some(content) = content else {
            return Ok(Self { id, environment: None, service: None, artifact: None, description: None });
        };
        let inside = |p: Problem| p.within("content");
        let named = |field: &str| -> Result<Option<String>, Problem> {
            let Some(object) = content.object(field).map_err(inside)? else { return Ok(None) };
            object.filled("id").map_err(|p| inside(p.within(field)))
        };
        Ok(Self {
            id,
            environment: named("environment")?,
            service: named("service")?.map(|s| last_part(&s).to_owned()),
            artifact: content.filled("artifactId").map_err(inside)?,
            description: content.filled("description").map_err(inside)?,
        })
    }
}

/// `checkout` of `/namespace/shop/checkout`.
fn last_part(id: &str) -> &str {
    id.trim_end_matches('/').rsplit('/').next().unwrap_or(id)
}

/// The version in a package URL: `pkg:oci/checkout@v2.4.1?tag=x` has `v2.4.1`.
fn version(artifact: &str) -> &str {
    let version = artifact.rsplit('@').next().unwrap_or(artifact);
    version.split(['?', '#']).next().unwrap_or(version)
}
