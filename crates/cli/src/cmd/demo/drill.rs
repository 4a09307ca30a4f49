//! One fault, from a quiet company to the verdict of its incident, without anybody who mitigates: what `firebell bench
//! shop` repeats for many seeds. What was looked at stays as a labelled bundle.

use std::path::{Path, PathBuf};
use std::time::Duration;

use firebell_core::incident::{Incident, Phase, Status, Summary};
use firebell_core::verdict::{Outcome, Verdict};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::run::{self, Demo};
use super::state::State;
use crate::cmd::bundle;

/// The company as it always is.
pub(crate) const NOTHING: &str = "nothing";
/// From the fault to a verdict; what has none then has none.
const PATIENCE: Duration = Duration::from_secs(150);
const LOOK: Duration = Duration::from_millis(500);
/// How long nothing is waited for before somebody asks.
const LOOKS_FINE: Duration = Duration::from_secs(20);

/// What a drill came to.
pub(crate) struct Drill {
    /// What the incident says; none where no incident was opened, or none came to a verdict.
    pub(crate) verdict: Option<Verdict>,
    /// What would have been right.
    pub(crate) answer: Value,
    /// Seconds from the fault to the verdict.
    pub(crate) took_s: f64,
    /// Where the evidence is.
    pub(crate) bundle: Option<PathBuf>,
}

/// Runs one in `dir`, which must be empty or missing.
pub(crate) async fn run(fault: &str, seed: u64, dir: &Path) -> anyhow::Result<Drill> {
    let port = run::free_port()?;
    let state = State::fresh(dir, fault, seed, format!("127.0.0.1:{port}"))?;
    let mut demo = run::start(state, true).await?;
    let drilled = demo.drill().await;
    demo.stop().await;
    drilled
}

impl Demo {
    async fn drill(&mut self) -> anyhow::Result<Drill> {
        self.normal_life().await?;
        let injected_at = Timestamp::now();
        self.state.injected_at = Some(injected_at);
        self.state.save()?;
        self.watch_again().await?;
        let started = Instant::now();
        let fault = self.state.fault.clone();
        let mut truth = Value::Null;
        if fault == NOTHING {
            tokio::time::sleep(LOOKS_FINE).await;
            let body =
                json!({ "title": "Is everything all right?", "report": "Routine check, nobody complains." });
            self.second.post("/api/v1/incidents", &body).await?;
        } else {
            self.shop.inject(&fault).await?;
            truth = self.shop.status().await?["fault"].clone();
        }
        let mut incident = None;
        while started.elapsed() < PATIENCE {
            tokio::time::sleep(LOOK).await;
            incident = self.newest(injected_at).await?.or(incident);
            if incident.as_ref().is_some_and(settled) {
                break;
            }
        }
        let took_s = started.elapsed().as_secs_f64();
        let answer = answer(&fault, &truth);
        let mut bundle = None;
        if let Some(incident) = incident.as_ref().filter(|i| !i.evidence.is_empty()) {
            let to = self.state.dir().join("bundle");
            bundle::write(&self.admin, incident, &to).await?;
            std::fs::write(to.join("answer.json"), serde_json::to_vec_pretty(&answer)?)?;
            bundle = Some(to);
        }
        Ok(Drill { verdict: incident.and_then(|i| i.verdict), answer, took_s, bundle })
    }

    /// The fault's incident: the first one since, or what it was merged into.
    async fn newest(&self, since: Timestamp) -> anyhow::Result<Option<Incident>> {
        let list: Vec<Summary> = self.admin.read("/api/v1/incidents", "incidents").await?;
        let first = list.iter().filter(|s| s.opened_at >= since).min_by_key(|s| s.opened_at);
        let Some(first) = first else { return Ok(None) };
        let read = async |id: &str| {
            self.admin.read::<Incident>(&format!("/api/v1/incidents/{id}"), "incident").await
        };
        let incident = read(first.id.as_str()).await?;
        Ok(Some(match &incident.merged_into {
            Some(into) => read(into.as_str()).await?,
            None => incident,
        }))
    }
}

/// Whether a verdict is there that is acted on.
fn settled(incident: &Incident) -> bool {
    match incident.verdict.as_ref().map(|v| v.verdict) {
        Some(Outcome::Cause) => incident.phase >= Phase::Mitigate,
        Some(_) => incident.status == Status::ClosedHealthy || incident.phase >= Phase::Verify,
        None => false,
    }
}

/// What is right for each fault, in the words of the catalogue of causes. Where several are, all are given.
fn answer(fault: &str, truth: &Value) -> Value {
    let at = truth["component"].as_str().unwrap_or_default();
    let detail = truth["detail"].as_str().unwrap_or_default();
    let cause: &[&str] = match fault {
        "connection-pool-exhaustion" => &["saturation.connection_pool"],
        "n-plus-one" => &["code.n_plus_one"],
        "credential-stuffing" => &["security.credential_stuffing"],
        "bad-release" => &["change.release", "code.exception"],
        "memory-leak" => &["code.memory_leak", "saturation.memory"],
        "feature-flag" => &["change.flag"],
        "slow-third-party" => &["dependency.slow"],
        "auth-cascade" if detail.ends_with("crashed") => {
            &["dependency.unavailable", "code.exception", "data.corruption"]
        }
        "auth-cascade" => &["code.deadlock", "dependency.unavailable"],
        "bad-config" => &["change.config"],
        "disk-full" => &["saturation.disk"],
        _ => &[],
    };
    let component = match fault {
        // Two addresses of one provider, as the company's catalogue has it.
        "slow-third-party" => "third_party/acquirer".to_owned(),
        _ => format!("service/{at}"),
    };
    if cause.is_empty() {
        return json!({ "verdict": "healthy", "class": format!("shop/{fault}") });
    }
    json!({ "verdict": "cause", "component": [component], "cause": cause, "class": format!("shop/{fault}") })
}
