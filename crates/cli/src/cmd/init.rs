//! `firebell init`: a commented configuration, and the snippets to paste on the other side.

use anyhow::Context;
use serde_json::json;

use crate::args::InitArgs;
use crate::client::write_private;
use crate::compose::{DEFAULT_LISTEN, random_key};
use crate::exit_code::{ExitCode, coded};
use crate::output::{self, Tone, paint};

const TEMPLATE: &str = include_str!("init.toml");

pub(super) fn run(args: &InitArgs) -> anyhow::Result<ExitCode> {
    if args.file.exists() && !args.force {
        let text = format!("{} exists; --force replaces it", args.file.display());
        return Err(coded(ExitCode::Usage, text));
    }
    let key = random_key()[..32].to_owned();
    let prometheus = args.prometheus.clone().unwrap_or_else(|| "http://127.0.0.1:9090".to_owned());
    let text = TEMPLATE
        .replace("@ALERTMANAGER_KEY@", &key)
        .replace("@CHANGES_KEY@", &random_key()[..32])
        .replace("@REPORTS_KEY@", &random_key()[..32])
        .replace("@OTLP_KEY@", &random_key()[..32])
        .replace("\"@PROMETHEUS@\"", &toml::Value::String(prometheus.clone()).to_string());
    crate::config::parse(&text)
        .map_err(|e| coded(ExitCode::Usage, format!("--prometheus {prometheus:?}: {e}")))?;
    let folder = args.file.parent().filter(|parent| !parent.as_os_str().is_empty());
    if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
        let text = format!("{} is not a folder: make it first, or name another file", folder.display());
        return Err(coded(ExitCode::Usage, text));
    }
    write_private(&args.file, text.as_bytes())
        .with_context(|| format!("{} could not be written", args.file.display()))?;
    let alertmanager = format!(
        "receivers:\n  - name: firebell\n    webhook_configs:\n      - url: http://{DEFAULT_LISTEN}/in/alertmanager\n        send_resolved: true\n        \
         http_config:\n          authorization:\n            credentials: {key}\nroute:\n  receiver: firebell"
    );
    let direct = format!(
        "alerting:\n  alertmanagers:\n    - static_configs:\n        - targets: [\"{DEFAULT_LISTEN}\"]\n      authorization:\n        credentials: {key}"
    );
    if args.json {
        output::json(
            &json!({ "file": args.file, "alertmanager_yml": alertmanager, "prometheus_yml": direct }),
        );
        return Ok(ExitCode::Ok);
    }
    output::line(&format!(
        "wrote {} (readable by you only: it holds keys)",
        paint(Tone::Strong, &args.file.display().to_string())
    ));
    output::line(&format!("\n{}\n\n{alertmanager}", paint(Tone::Strong, "Paste into alertmanager.yml:")));
    output::line(&format!(
        "\n{}\n\n{direct}",
        paint(Tone::Strong, "Or let Prometheus send to Firebell itself, in prometheus.yml:")
    ));
    output::line(&format!(
        "\nthen: firebell check-config {f}; firebell doctor --config {f}; firebell serve --config {f}",
        f = args.file.display()
    ));
    Ok(ExitCode::Ok)
}
