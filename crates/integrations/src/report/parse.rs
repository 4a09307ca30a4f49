//! A report: `{"title", "text", "reporter", "service", "at", "dedup_key"}`, one or a list of them.

use firebell_core::ports::alert_source::{AlertSource, ParseError, RequestContext};
use firebell_core::signal::{Intake, Parsed, Report};
use firebell_core::telemetry::Labels;
use serde_json::value::RawValue;

use crate::body::{Body, Object, Problem, Root, believable, each, single};
use crate::registry::SourceKind;

/// Reports.
pub const SOURCE: SourceKind = SourceKind {
    kind: "report",
    title: "Reports by people",
    docs: include_str!("README.md"),
    headers: &[],
    build: |config| {
        config.no_mapping()?;
        config.no_secret()?;
        Ok(Box::new(Reports { service: config.service.clone() }))
    },
};

/// Characters of a title.
const TITLE: usize = 300;

struct Reports {
    service: Option<String>,
}

impl AlertSource for Reports {
    fn kind(&self) -> &'static str {
        SOURCE.kind
    }

    fn parse(&self, bytes: &[u8], cx: &RequestContext<'_>) -> Result<Parsed, ParseError> {
        let body = Body::read(bytes)?;
        let read = |raw| self.report(raw, cx).map(Some);
        match body.root()? {
            Root::List(reports) => each(&body, "", &reports, read),
            Root::Object(raw) => single(&body, raw, read),
        }
    }
}

impl Reports {
    fn report(&self, raw: &RawValue, cx: &RequestContext<'_>) -> Result<Intake, Problem> {
        let report = Object::parse(raw)?;
        let text = report.filled("text")?.unwrap_or_default();
        let title = match report.filled("title")? {
            Some(title) => title,
            None => match text.lines().map(str::trim).find(|l| !l.is_empty()) {
                Some(line) => line.to_owned(),
                None => return Err(Problem::new("title", "is required: say in one line what is wrong")),
            },
        };
        Ok(Intake::Report(Report {
            source: cx.source.to_owned(),
            title: title.replace(['\r', '\n'], " ").chars().take(TITLE).collect(),
            text,
            reporter: report.filled("reporter")?.unwrap_or_default(),
            at: believable(report.time("at")?, cx.received_at, &mut Labels::new()),
            service: report.filled("service")?.or_else(|| self.service.clone()),
            dedup_key: report.text_or_number("dedup_key")?,
        }))
    }
}
