//! `firebell shop`: the simulated company, as a process of its own. It ends when its standard input is closed, so
//! that a demo that is killed leaves nothing behind.

use std::path::{Path, PathBuf};

use firebell_shop::{Door, ShopOptions};
use serde::{Deserialize, Serialize};
use tokio::io::AsyncReadExt;

use crate::args::ShopArgs;
use crate::exit_code::{ExitCode, coded};
use crate::output;

/// The part of the shop's options that a demo decides.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ShopFile {
    pub(crate) seed: u64,
    pub(crate) state_dir: PathBuf,
    pub(crate) platform_token: String,
    pub(crate) otlp: Door,
    pub(crate) changes: Door,
    pub(crate) alerts: Option<Door>,
    pub(crate) reports: Door,
}

impl ShopFile {
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path)
            .map_err(|e| coded(ExitCode::Usage, format!("{} cannot be read: {e}", path.display())))?;
        serde_json::from_str(&text).map_err(|e| coded(ExitCode::Usage, format!("{}: {e}", path.display())))
    }
}

pub(crate) async fn run(args: &ShopArgs) -> anyhow::Result<ExitCode> {
    let file = ShopFile::read(&args.options)?;
    let mut options = ShopOptions::new(&file.state_dir, &file.platform_token);
    options.seed = file.seed;
    options.otlp = Some(file.otlp);
    options.changes = Some(file.changes);
    options.alerts = file.alerts;
    options.reports = Some(file.reports);
    firebell_integrations::http::install_tls();
    let parent_gone = async {
        let mut byte = [0u8; 1];
        let mut stdin = tokio::io::stdin();
        while matches!(stdin.read(&mut byte).await, Ok(n) if n > 0) {}
    };
    let shutdown = async {
        tokio::select! { () = parent_gone => {}, () = super::serve::ended() => {} }
    };
    firebell_shop::run(
        options,
        |addresses| {
            output::line(&serde_json::to_string(addresses).unwrap_or_default());
        },
        shutdown,
    )
    .await?;
    Ok(ExitCode::Ok)
}
