//! What a demo must remember to go on after it was killed at any point.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::client::write_private;
use crate::compose::random_key;
use crate::exit_code::{ExitCode, coded};

const FILE: &str = "demo.json";

/// The demo's own record; everything else is in the server's and the shop's stores.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct State {
    #[serde(skip)]
    dir: PathBuf,
    pub(super) fault: String,
    pub(super) seed: u64,
    pub(super) started_at: Timestamp,
    /// Address of the server, kept over restarts: the shop sends there.
    pub(super) listen: String,
    pub(super) keys: Keys,
    /// When the fault was injected; none before.
    pub(super) injected_at: Option<Timestamp>,
    /// The incident that is followed; none before it was opened.
    pub(super) incident: Option<String>,
    /// Newest event that was told.
    pub(super) told: u64,
    /// Over.
    pub(super) done: bool,
    /// When it was resolved, or closed as healthy.
    #[serde(default)]
    pub(super) resolved_at: Option<Timestamp>,
}

/// Keys of the demo's configuration.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Keys {
    pub(super) alerts: String,
    pub(super) changes: String,
    pub(super) reports: String,
    pub(super) otlp: String,
    pub(super) platform: String,
    pub(super) first: String,
    pub(super) second: String,
}

impl State {
    /// A new demo in `dir`; what an earlier one left there is removed, anything else is not touched.
    pub(super) fn fresh(dir: &Path, fault: &str, seed: u64, listen: String) -> anyhow::Result<Self> {
        if dir.exists() {
            let ours = dir.join(FILE).exists();
            let empty = std::fs::read_dir(dir)?.next().is_none();
            if !ours && !empty {
                let text = format!(
                    "--data: {} is not a demo's folder and is not empty; name another",
                    dir.display()
                );
                return Err(coded(ExitCode::Usage, text));
            }
            std::fs::remove_dir_all(dir)?;
        }
        std::fs::create_dir_all(dir)?;
        let keys = Keys {
            alerts: random_key(),
            changes: random_key(),
            reports: random_key(),
            otlp: random_key(),
            platform: random_key(),
            first: random_key(),
            second: random_key(),
        };
        let state = Self {
            dir: dir.to_owned(),
            fault: fault.to_owned(),
            seed,
            started_at: Timestamp::now(),
            listen,
            keys,
            injected_at: None,
            incident: None,
            told: 0,
            done: false,
            resolved_at: None,
        };
        state.save()?;
        Ok(state)
    }

    /// An interrupted demo.
    pub(super) fn load(dir: &Path) -> anyhow::Result<Self> {
        let path = dir.join(FILE);
        let text = std::fs::read_to_string(&path).map_err(|_| {
            coded(
                ExitCode::NotFound,
                format!("--resume: {} does not exist; no demo was interrupted here", path.display()),
            )
        })?;
        let mut state: Self = serde_json::from_str(&text)
            .map_err(|e| coded(ExitCode::Usage, format!("{}: {e}", path.display())))?;
        state.dir = dir.to_owned();
        Ok(state)
    }

    pub(super) fn save(&self) -> anyhow::Result<()> {
        write_private(&self.dir.join(FILE), &serde_json::to_vec_pretty(self)?)?;
        Ok(())
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(super) fn server_dir(&self) -> PathBuf {
        self.dir.join("server")
    }

    pub(super) fn shop_dir(&self) -> PathBuf {
        self.dir.join("shop")
    }
}
