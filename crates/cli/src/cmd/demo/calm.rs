//! Normal life before the fault: what it is compared with. Nobody is alerted while the shop opens; a machine that is
//! busy with other things makes it slow then, and that is not what the demo is about.

use std::time::Duration;

use firebell_core::incident::Summary;
use firebell_core::silence::Silence;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::run::Demo;
use crate::output;

/// Normal life.
const WARM_UP: Duration = Duration::from_secs(30);
/// No alert fires for so long before the fault,
const QUIET: Duration = Duration::from_secs(4);
/// but that is waited for no longer than this.
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(500);
/// Marks the silence.
const COMMENT: &str = "the demo's shop opens";

impl Demo {
    /// Lets the shop run until it is as it should be.
    pub(super) async fn normal_life(&self) -> anyhow::Result<()> {
        output::line(&format!("the shop opens; {} s of normal life first", WARM_UP.as_secs()));
        let everything = json!([{ "name": "env", "value": "production", "isRegex": false, "isEqual": true }]);
        let silence = json!({ "matchers": everything, "minutes": 10, "comment": COMMENT });
        self.admin.post("/api/v1/silences", &silence).await?;
        tokio::time::sleep(WARM_UP).await;
        let (since, mut calm) = (Instant::now(), Instant::now());
        // It was quiet all the time on a machine that has nothing else to do.
        let mut seen_loud = false;
        while since.elapsed() < PATIENCE {
            let healthy =
                self.shop.status().await.ok().and_then(|s| s.get("healthy").and_then(Value::as_bool));
            if healthy == Some(true) {
                if !seen_loud || calm.elapsed() >= QUIET {
                    return Ok(());
                }
            } else {
                if !seen_loud {
                    output::note("the shop is not quite healthy yet; waiting until it is quiet");
                }
                (seen_loud, calm) = (true, Instant::now());
            }
            tokio::time::sleep(LOOK).await;
        }
        output::note("the machine is busy and the shop is not healthy yet; going on all the same");
        Ok(())
    }

    /// Ends the silence, and what customers complained about before the fault: from now on all that comes counts.
    pub(super) async fn watch_again(&self) -> anyhow::Result<()> {
        let now = Timestamp::now();
        let silences: Vec<Silence> = self.admin.read("/api/v1/silences", "silences").await?;
        for silence in silences.iter().filter(|s| s.comment == COMMENT && s.ends_at > now) {
            self.admin.delete(&format!("/api/v1/silences/{}", silence.id)).await?;
        }
        let open: Vec<Summary> = self.admin.read("/api/v1/incidents?open=true", "incidents").await?;
        for early in open.iter().filter(|s| Some(s.opened_at) < self.state.injected_at && !s.status.is_over())
        {
            let reason = json!({ "reason": "the shop was slow while it opened; nothing is wrong" });
            self.say(&self.second, early.id.as_str(), "cancel", reason).await;
        }
        Ok(())
    }
}
