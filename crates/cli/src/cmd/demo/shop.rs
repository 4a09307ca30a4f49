//! The shop as a child process, and its control API.

use std::process::Stdio;
use std::time::Duration;

use anyhow::Context;
use firebell_shop::{Addresses, Door};
use serde_json::{Value, json};
use tokio::process::{Child, Command};

use super::state::State;
use crate::client::write_private;
use crate::cmd::shop::ShopFile;

/// The running shop. It ends with this process: its standard input is a pipe from here.
pub(super) struct Shop {
    child: Child,
    http: reqwest::Client,
    token: String,
    pub(super) addresses: Addresses,
}

impl Shop {
    /// Starts it on the demo's state, or goes on with what an earlier process left.
    pub(super) async fn start(state: &State) -> anyhow::Result<Self> {
        let base = format!("http://{}", state.listen);
        let door = |url: String, key: &str| Door { url, bearer: Some(key.to_owned()) };
        let dir = state.shop_dir();
        std::fs::create_dir_all(&dir)?;
        let options = ShopFile {
            seed: state.seed,
            state_dir: dir.clone(),
            platform_token: state.keys.platform.clone(),
            otlp: door(base.clone(), &state.keys.otlp),
            changes: door(format!("{base}/in/deploys"), &state.keys.changes),
            alerts: Some(door(base.clone(), &state.keys.alerts)),
            reports: door(format!("{base}/in/support"), &state.keys.reports),
        };
        let file = state.dir().join("shop.json");
        write_private(&file, &serde_json::to_vec(&options)?)?;
        // The process before this one may have been killed a moment ago: its shop sees that and ends.
        let addresses_file = dir.join("addresses.json");
        let _ = std::fs::remove_file(&addresses_file);
        let log = std::fs::File::create(state.dir().join("shop.log"))?;
        let mut child = Command::new(std::env::current_exe()?)
            .args(["shop", "--options"])
            .arg(&file)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(log)
            // Ctrl-C at the terminal is for the demo, which ends the server first.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .context("the shop could not be started")?;
        let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
        let addresses = loop {
            if let Ok(text) = std::fs::read_to_string(&addresses_file)
                && let Ok(addresses) = serde_json::from_str::<Addresses>(&text)
            {
                break addresses;
            }
            if let Some(status) = child.try_wait()? {
                anyhow::bail!(
                    "the shop ended at its start ({status}); see {}",
                    state.dir().join("shop.log").display()
                );
            }
            if tokio::time::Instant::now() > deadline {
                anyhow::bail!(
                    "the shop did not come up in 20 s; see {}",
                    state.dir().join("shop.log").display()
                );
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        let http = reqwest::Client::builder().timeout(Duration::from_secs(5)).no_proxy().build()?;
        Ok(Self { child, http, token: state.keys.platform.clone(), addresses })
    }

    /// Log file by service, in a stable order.
    pub(super) fn logs(&self) -> Vec<(String, String)> {
        self.addresses.logs.iter().map(|(name, path)| (name.clone(), path.display().to_string())).collect()
    }

    /// What the control API says of the shop.
    pub(super) async fn status(&self) -> anyhow::Result<Value> {
        let url = format!("{}/control/v1/status", self.addresses.platform);
        Ok(self.http.get(url).bearer_auth(&self.token).send().await?.error_for_status()?.json().await?)
    }

    /// Breaks it.
    pub(super) async fn inject(&self, fault: &str) -> anyhow::Result<()> {
        let url = format!("{}/control/v1/faults", self.addresses.platform);
        let answer =
            self.http.post(url).bearer_auth(&self.token).json(&json!({ "name": fault })).send().await?;
        answer.error_for_status().context("the shop did not take the fault")?;
        Ok(())
    }

    /// Ends it.
    pub(super) async fn stop(mut self) {
        drop(self.child.stdin.take());
        if tokio::time::timeout(Duration::from_secs(3), self.child.wait()).await.is_err() {
            let _ = self.child.kill().await;
        }
    }
}
