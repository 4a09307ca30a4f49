//! GitHub's deployment_status events as changes, once their signature holds.

use firebell_core::change::{Change, ChangeKind};
use firebell_core::ports::alert_source::{AlertSource, ParseError, RequestContext};
use firebell_core::signal::{Intake, Parsed};
use firebell_core::telemetry::Labels;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::body::{Body, Object, Problem, Root, believable, quote, single};
use crate::registry::SourceKind;
use crate::source_config::Secret;

/// GitHub.
pub const SOURCE: SourceKind = SourceKind {
    kind: "github",
    title: "GitHub deployment_status webhook",
    docs: include_str!("README.md"),
    headers: &[EVENT, SIGNATURE],
    build: |config| {
        config.no_mapping()?;
        Ok(Box::new(GitHub { service: config.service.clone(), secret: config.secret.clone() }))
    },
};

const SIGNATURE: &str = "x-hub-signature-256";
const EVENT: &str = "x-github-event";

struct GitHub {
    service: Option<String>,
    secret: Option<Secret>,
}

impl AlertSource for GitHub {
    fn kind(&self) -> &'static str {
        SOURCE.kind
    }

    fn parse(&self, bytes: &[u8], cx: &RequestContext<'_>) -> Result<Parsed, ParseError> {
        let header = |name: &str| cx.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str());
        if let Some(secret) = &self.secret {
            check_signature(secret, header(SIGNATURE), bytes)?;
        }
        let body = Body::read(bytes)?;
        let Root::Object(raw) = body.root()? else {
            return Err(ParseError::new("body", "expected one of GitHub's events, found a list"));
        };
        single(&body, raw, |raw| {
            let event = Object::parse(raw)?;
            let named = header(EVENT);
            match named {
                Some("deployment_status") => {}
                None if event.get("deployment_status").is_some() => {}
                // `ping`, and whatever else the webhook is set to send: a refusal would only show red at GitHub.
                Some(_) => return Ok(None),
                None => return Err(Problem::new(EVENT, "is required: the header names the event")),
            }
            self.deployment(&event, cx)
        })
    }
}

/// Checks the body's HMAC in constant time.
fn check_signature(secret: &Secret, given: Option<&str>, body: &[u8]) -> Result<(), ParseError> {
    let wrong = |reason: &str| Err(ParseError::new(SIGNATURE, reason));
    let Some(given) = given else {
        return wrong("is required: set the same secret at GitHub as for this source");
    };
    let Some(tag) = given.strip_prefix("sha256=").and_then(|hex| hex::decode(hex).ok()) else {
        return wrong("is not of the form sha256=<64 hex digits>");
    };
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()) else {
        return wrong("cannot be checked with the configured secret");
    };
    mac.update(body);
    match mac.verify_slice(&tag) {
        Ok(()) => Ok(()),
        Err(_) => wrong(
            "does not fit the body: the secret here and the one at GitHub differ, or the body was changed",
        ),
    }
}

impl GitHub {
    fn deployment(&self, event: &Object<'_>, cx: &RequestContext<'_>) -> Result<Option<Intake>, Problem> {
        let status = event.need_object("deployment_status")?;
        let in_status = |p: Problem| p.within("deployment_status");
        let state = status.need("state").map_err(in_status)?;
        match state.as_str() {
            "success" | "failure" | "error" => {}
            // Nothing has changed yet, or no longer.
            "pending" | "queued" | "in_progress" | "waiting" | "inactive" => return Ok(None),
            other => {
                let reason = format!("{} is not a state of a deployment", quote(other));
                return Err(in_status(Problem::new("state", reason)));
            }
        }
        let at = status.need_time("created_at").map_err(in_status)?;
        let deployment = event.need_object("deployment")?;
        let in_deployment = |p: Problem| p.within("deployment");
        let id = deployment.text_or_number("id").map_err(in_deployment)?;
        let id = id.ok_or_else(|| in_deployment(Problem::new("id", "is required: expected a number")))?;
        let repository = event.object("repository")?;
        let repository = match &repository {
            Some(repository) => repository.filled("name").map_err(|p| p.within("repository"))?,
            None => None,
        };
        // A payload is whatever the deployer put there: an object, or JSON in a text.
        let service = match deployment.get("payload") {
            Some(raw) if raw.get().starts_with('{') => {
                let payload = Object::parse(raw).map_err(|p| in_deployment(p.within("payload")))?;
                payload.text_or_number("service").map_err(|p| in_deployment(p.within("payload")))?
            }
            _ => None,
        };
        let login = |object: Option<Object<'_>>| object.and_then(|o| o.filled("login").ok().flatten());
        let creator = login(status.object("creator").map_err(in_status)?)
            .or(login(deployment.object("creator").map_err(in_deployment)?));
        let what = status.filled("description").map_err(in_status)?;
        let what = what.or(deployment.filled("description").map_err(in_deployment)?);
        let environment = status.filled("environment").map_err(in_status)?;
        let environment = environment.or(deployment.filled("environment").map_err(in_deployment)?);
        let to = deployment.filled("ref").map_err(in_deployment)?;
        let mut summary = match state.as_str() {
            "success" => "deployed".to_owned(),
            _ => "deployment failed:".to_owned(),
        };
        for (lead, part) in [(" ", &to), (" to ", &environment), (" (", &what)] {
            if let Some(part) = part {
                summary.push_str(lead);
                summary.push_str(part);
            }
        }
        if what.is_some() {
            summary.push(')');
        }
        Ok(Some(Intake::Change(Change {
            id: if state == "success" {
                format!("github-deployment-{id}")
            } else {
                format!("github-deployment-{id}-{state}")
            },
            at: believable(Some(at), cx.received_at, &mut Labels::new()),
            kind: ChangeKind::Deploy,
            component: service.or_else(|| self.service.clone()).or(repository).unwrap_or_default(),
            from: None,
            to,
            by: creator,
            source: Some(cx.source.to_owned()),
            commit: deployment.filled("sha").map_err(in_deployment)?,
            summary,
            diff: None,
            files: Vec::new(),
        })))
    }
}
