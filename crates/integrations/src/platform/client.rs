//! The calls of the platform port. A call that may have been carried out is repeated under its key, never given up.

use firebell_core::effect::Outcome;
use firebell_core::ports::platform::{ActionRequest, Platform, ServiceState, SmokeCheck, Stage};
use firebell_core::ports::telemetry::QueryError;
use firebell_core::ports::{BoxFuture, Health};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::config::Config;
use crate::answers::{malformed, no_answer, outcome, success, unanswered};
use crate::http::{Http, HttpError, Redirects, Reply, excerpt};
use crate::limits::Limiter;
use crate::settings::{ConfigError, adapter_name, seconds};

const SERVICES: &str = "platform/v1/services";
const ACTIONS: &str = "platform/v1/actions";
const SMOKE: &str = "platform/v1/smoke";

/// A configured platform.
pub struct HttpPlatform {
    pub(super) name: String,
    stage: Stage,
    http: Http,
    limiter: Limiter,
}

#[derive(Deserialize)]
struct Services {
    services: Vec<Value>,
}

#[derive(Deserialize)]
struct Smoke {
    checks: Vec<SmokeCheck>,
}

#[derive(Deserialize)]
struct Acted {
    status: String,
    #[serde(default)]
    output: String,
    #[serde(default)]
    inverse: Value,
}

impl HttpPlatform {
    /// Builds the client; calls nothing.
    ///
    /// # Errors
    /// Names the field that cannot be used.
    pub fn new(config: &Config) -> Result<Self, ConfigError> {
        let name = adapter_name("platform", &config.name)?;
        let http = Http::new(&name, &config.connection(), Redirects::None)?;
        let limit = seconds(&name, "timeout_s", config.timeout_s)?;
        let limiter = Limiter::new(&name, 2, limit * 2);
        Ok(Self { name, stage: config.stage, http, limiter })
    }

    /// The services as the platform lists them.
    pub(super) async fn listed(&self) -> Result<Vec<Value>, QueryError> {
        let call = async { self.read::<Services>(self.http.get(SERVICES, &[]).await) };
        Ok(self.limiter.run(call).await?.services)
    }

    fn read<T: DeserializeOwned>(&self, reply: Result<Reply, HttpError>) -> Result<T, QueryError> {
        let reply = reply.map_err(|e| no_answer(&self.name, &self.http.address(), &e))?;
        let reply = success(&self.name, reply)?;
        serde_json::from_slice(&reply.body)
            .map_err(|e| malformed(&self.name, format!("{e}; the answer begins: {}", reply.excerpt())))
    }

    async fn ask_services(&self) -> Result<Vec<ServiceState>, QueryError> {
        let mut out = Vec::new();
        for (i, value) in self.listed().await?.into_iter().enumerate() {
            let state: ServiceState = serde_json::from_value(value)
                .map_err(|e| malformed(&self.name, format!("services[{i}]: {e}")))?;
            if state.name.is_empty() || state.component.is_empty() {
                return Err(malformed(&self.name, format!("services[{i}]: name or component is missing")));
            }
            out.push(state);
        }
        Ok(out)
    }

    async fn carry_out(&self, request: &ActionRequest) -> Outcome {
        if request.key.is_empty() {
            // Without it a repetition would act twice.
            return Outcome::Permanent { reason: "the action has no idempotency key".into() };
        }
        let body = match serde_json::to_vec(request) {
            Ok(body) => body,
            Err(e) => return Outcome::Permanent { reason: format!("the action cannot be written: {e}") },
        };
        let headers = [("content-type", "application/json"), ("idempotency-key", request.key.as_str())];
        match self.http.post(ACTIONS, body, &headers).await {
            Ok(reply) => outcome(&reply).unwrap_or_else(|| acted(&reply)),
            Err(error) => unanswered(&error),
        }
    }

    async fn ask_smoke(&self) -> Result<Vec<SmokeCheck>, QueryError> {
        let headers = [("content-type", "application/json")];
        let call = async { self.read::<Smoke>(self.http.post(SMOKE, b"{}".to_vec(), &headers).await) };
        Ok(self.limiter.run(call).await?.checks)
    }

    pub(super) async fn check(&self) -> Health {
        let name = self.name.clone();
        match self.ask_services().await {
            Ok(list) => {
                let ready = list.iter().filter(|s| s.ready).count();
                let detail =
                    format!("platform at {}, {ready} of {} services ready", self.http.address(), list.len());
                Health { name, ok: true, detail }
            }
            Err(error) => Health { name, ok: false, detail: error.to_string() },
        }
    }
}

fn acted(reply: &Reply) -> Outcome {
    let acted: Acted = match serde_json::from_slice(&reply.body) {
        Ok(acted) => acted,
        // It may have been done; the same key answers the same when asked again.
        Err(e) => {
            let reason = format!("the platform's answer is not understood: {e}: {}", reply.excerpt());
            return Outcome::Retry { reason, after_s: None };
        }
    };
    let output = excerpt(&acted.output);
    match acted.status.as_str() {
        "done" => Outcome::Done { detail: output, data: acted.inverse },
        "already_done" => Outcome::Done { detail: format!("already done: {output}"), data: acted.inverse },
        "refused" => Outcome::Permanent { reason: format!("the platform refused: {output}") },
        other => {
            let reason = format!("the platform answered an unknown status {:?}", excerpt(other));
            Outcome::Retry { reason, after_s: None }
        }
    }
}

impl Platform for HttpPlatform {
    fn name(&self) -> &str {
        &self.name
    }

    fn stage(&self) -> Stage {
        self.stage
    }

    fn health(&self) -> BoxFuture<'_, Health> {
        Box::pin(self.check())
    }

    fn services(&self) -> BoxFuture<'_, Result<Vec<ServiceState>, QueryError>> {
        Box::pin(self.ask_services())
    }

    fn act<'a>(&'a self, request: &'a ActionRequest) -> BoxFuture<'a, Outcome> {
        Box::pin(self.carry_out(request))
    }

    fn smoke(&self) -> BoxFuture<'_, Result<Vec<SmokeCheck>, QueryError>> {
        Box::pin(self.ask_smoke())
    }
}
