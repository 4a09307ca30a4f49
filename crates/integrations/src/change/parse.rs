//! Changes in the form of the change ledger: one object, a list, or `{"changes": […]}`.

use firebell_core::change::{Change, ChangeKind};
use firebell_core::ports::alert_source::{AlertSource, ParseError, RequestContext};
use firebell_core::signal::{Intake, Parsed};
use firebell_core::telemetry::Labels;
use serde_json::value::RawValue;

use crate::body::{Body, Object, Problem, Root, believable, change_id, each, quote, single};
use crate::registry::SourceKind;

/// Changes.
pub const SOURCE: SourceKind = SourceKind {
    kind: "change",
    title: "Changes in Firebell's own form",
    docs: include_str!("README.md"),
    headers: &[],
    build: |config| {
        config.no_mapping()?;
        config.no_secret()?;
        Ok(Box::new(Changes { service: config.service.clone() }))
    },
};

const KINDS: [ChangeKind; 9] = [
    ChangeKind::Deploy,
    ChangeKind::Config,
    ChangeKind::Flag,
    ChangeKind::Scale,
    ChangeKind::Migration,
    ChangeKind::Certificate,
    ChangeKind::Node,
    ChangeKind::Schedule,
    ChangeKind::Commit,
];

/// Bytes of a diff that are kept.
const DIFF: usize = 256 * 1024;

struct Changes {
    service: Option<String>,
}

impl AlertSource for Changes {
    fn kind(&self) -> &'static str {
        SOURCE.kind
    }

    fn parse(&self, bytes: &[u8], cx: &RequestContext<'_>) -> Result<Parsed, ParseError> {
        let body = Body::read(bytes)?;
        let read = |raw| self.change(raw, cx).map(Some);
        match body.root()? {
            Root::List(changes) => each(&body, "", &changes, read),
            Root::Object(raw) => {
                let changes = Object::parse(raw).and_then(|o| o.list("changes")).map_err(Problem::fatal)?;
                match changes {
                    Some(changes) => each(&body, "changes", &changes, read),
                    None => single(&body, raw, read),
                }
            }
        }
    }
}

impl Changes {
    fn change(&self, raw: &RawValue, cx: &RequestContext<'_>) -> Result<Intake, Problem> {
        let change = Object::parse(raw)?;
        let kind = change.need("kind")?;
        let Some(kind) = KINDS.into_iter().find(|k| k.as_str() == kind) else {
            let known = KINDS.map(ChangeKind::as_str).join(", ");
            return Err(Problem::new("kind", format!("{} is not one of {known}", quote(&kind))));
        };
        let mut at = change.need_time("at")?;
        // A schedule lies ahead by nature.
        if kind != ChangeKind::Schedule {
            at = believable(Some(at), cx.received_at, &mut Labels::new());
        }
        let component = change.filled("component")?.or_else(|| self.service.clone());
        let component = component.ok_or_else(|| {
            let reason =
                "is required: what was changed, such as service/checkout; or give the source a `service`";
            Problem::new("component", reason)
        })?;
        let mut files = Vec::new();
        for (i, raw) in change.list("files")?.unwrap_or_default().iter().enumerate() {
            let file = serde_json::from_str::<String>(raw.get())
                .map_err(|_| Problem::new(format!("files[{i}]"), "expected a text"))?;
            files.push(file);
        }
        let mut out = Change {
            id: change.text_or_number("id")?.unwrap_or_default(),
            at,
            kind,
            component,
            from: change.text_or_number("from")?,
            to: change.text_or_number("to")?,
            by: change.filled("by")?,
            source: Some(change.filled("source")?.unwrap_or_else(|| cx.source.to_owned())),
            commit: change.filled("commit")?,
            summary: change.filled("summary")?.unwrap_or_default(),
            diff: change.long_text("diff", DIFF)?,
            files,
        };
        if out.id.is_empty() {
            out.id = change_id(&out);
        }
        Ok(Intake::Change(out))
    }
}
