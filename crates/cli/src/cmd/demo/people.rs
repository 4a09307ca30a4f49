//! The demo's people, and how they answer. What they do follows from where the incident stands, not from what has just
//! been told, so that it is done after a restart as well. Names are made up.

use std::time::Duration;

use firebell_core::incident::{Incident, PlanStatus, Status};
use serde_json::json;

use super::run::Demo;
use crate::client::Client;
use crate::output::{self, Tone, paint};

/// On call; acknowledges and, unless you are asked, approves first.
pub(super) const FIRST: &str = "Ada Okafor";
/// Incident commander; approves second where two are needed.
pub(super) const SECOND: &str = "Grace Lindqvist";
/// How long a simulated person takes to react.
const REACTION: Duration = Duration::from_millis(1500);

impl Demo {
    /// Does what people owe the incident as it stands: acknowledge, decide, ask for the postmortem.
    pub(super) async fn answer(&mut self, incident: &Incident) -> anyhow::Result<()> {
        let id = incident.id.as_str();
        // Each answers for the roles that they were called for.
        for (name, person) in [(FIRST, self.first.clone()), (SECOND, self.second.clone())] {
            let called = incident.awaiting.iter().any(|(role, waiting)| {
                incident.holder(role) == Some(name) || waiting.people.iter().any(|p| p == name)
            });
            if called && !incident.status.is_over() {
                tokio::time::sleep(REACTION).await;
                self.say(&person, id, "ack", json!({})).await;
            }
        }
        // What requires no postmortem gets one here all the same, to be looked at.
        let settled = matches!(incident.status, Status::Resolved | Status::ClosedHealthy);
        if settled && !incident.postmortem_wanted {
            self.say(&self.second, id, "postmortem", json!({})).await;
            self.refresh().await?;
        }
        self.decide(incident).await
    }

    /// Approves the best plan that waits, or asks for it.
    async fn decide(&mut self, incident: &Incident) -> anyhow::Result<()> {
        if incident.active_plan().is_some() || incident.status.is_over() {
            return Ok(());
        }
        let Some(plan) = incident.next_proposed() else { return Ok(()) };
        let gos = plan.approvals.iter().filter(|a| a.go).count();
        if !self.auto {
            let token = format!("{}:{gos}", plan.hash);
            if !self.asked.contains(&token) {
                self.asked.push(token);
                let who = if gos == 0 { FIRST } else { SECOND };
                output::line(&format!(
                    "\n{} {}\n  {} risk {:?}, {}; needs {} approval(s), has {gos}\n{} ",
                    paint(Tone::Warn, "Go or no-go?"),
                    output::clean(&plan.plan.title),
                    output::clean(&plan.plan.expected_effect),
                    plan.plan.risk,
                    if plan.plan.reversible { "reversible" } else { "IRREVERSIBLE" },
                    plan.approvals_needed,
                    paint(Tone::Strong, &format!("{who}: [y]es / [n]o, then Enter (or decide on the page)")),
                ));
            }
            return Ok(());
        }
        tokio::time::sleep(REACTION).await;
        let person = if gos == 0 { self.first.clone() } else { self.second.clone() };
        let body = json!({ "plan": plan.hash, "go": true, "reason": "the evidence is convincing" });
        self.say(&person, incident.id.as_str(), "decisions", body).await;
        Ok(())
    }

    /// What the person at the terminal typed.
    pub(super) async fn hear(&mut self, line: &str) -> anyhow::Result<()> {
        let go = match line.trim().to_lowercase().as_str() {
            "y" | "yes" | "go" => true,
            "n" | "no" | "no-go" => false,
            "" => return Ok(()),
            other => {
                output::line(&format!("{other:?}? write y or n"));
                return Ok(());
            }
        };
        let Some(incident) = self.refresh().await? else { return Ok(()) };
        let Some(plan) = incident.plans.iter().find(|p| p.status == PlanStatus::Proposed) else {
            output::line("nothing waits for a decision");
            return Ok(());
        };
        let gos = plan.approvals.iter().filter(|a| a.go).count();
        let person = if gos == 0 { self.first.clone() } else { self.second.clone() };
        let body = json!({ "plan": plan.hash, "go": go, "reason": "decided in the terminal" });
        self.say(&person, incident.id.as_str(), "decisions", body).await;
        Ok(())
    }

    /// A write by one of the people. A refusal (somebody was faster on the page) is told and changes nothing.
    pub(super) async fn say(&self, person: &Client, id: &str, verb: &str, body: serde_json::Value) {
        if let Err(error) = person.post(&format!("/api/v1/incidents/{id}/{verb}"), &body).await {
            output::note(&format!("{verb}: {error:#}"));
        }
    }
}
