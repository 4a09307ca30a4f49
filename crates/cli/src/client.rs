//! Talks to a running server.

use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::args::ServerArgs;
use crate::exit_code::{ExitCode, coded};

/// What a server leaves in its data folder so that commands on the same machine find it. Readable by its owner only.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ServerFile {
    pub(crate) url: String,
    pub(crate) token: String,
    pub(crate) pid: u32,
}

impl ServerFile {
    pub(crate) const NAME: &'static str = "server.json";

    pub(crate) fn read(data: &Path) -> Option<Self> {
        let text = std::fs::read_to_string(data.join(Self::NAME)).ok()?;
        serde_json::from_str(&text).ok()
    }

    pub(crate) fn write(&self, data: &Path) -> std::io::Result<()> {
        let text = serde_json::to_string_pretty(self).map_err(std::io::Error::other)?;
        write_private(&data.join(Self::NAME), text.as_bytes())
    }
}

/// Writes a file that only its owner may read, whole or not at all.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::Write;
    let part = path.with_extension("part");
    let _ = std::fs::remove_file(&part);
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let mut file = options.open(&part)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&part, path)
}

/// A signed-in client.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    pub(crate) url: String,
    token: String,
    http: reqwest::Client,
}

impl Client {
    /// The client for the server that the arguments name.
    pub(crate) fn of(args: &ServerArgs) -> anyhow::Result<Self> {
        let found = ServerFile::read(&args.data);
        let url = args.url.clone().or_else(|| found.as_ref().map(|f| f.url.clone())).ok_or_else(|| {
            coded(
                ExitCode::Unreachable,
                format!(
                    "no server is known: {} has no {}; start one with `firebell serve`, or give --url and --token",
                    args.data.display(),
                    ServerFile::NAME
                ),
            )
        })?;
        let token = args.token.clone().or_else(|| found.map(|f| f.token)).ok_or_else(|| {
            coded(ExitCode::Permission, "a token is needed: give --token or set FIREBELL_TOKEN")
        })?;
        Self::new(&url, &token)
    }

    /// A client for an address.
    pub(crate) fn new(url: &str, token: &str) -> anyhow::Result<Self> {
        firebell_integrations::http::install_tls();
        // Loopback as a rule: a proxy of the environment is not for it.
        let http = reqwest::Client::builder().timeout(Duration::from_secs(30)).no_proxy().build()?;
        Ok(Self { url: url.trim_end_matches('/').to_owned(), token: token.to_owned(), http })
    }

    /// Whether a server answers there.
    pub(crate) async fn is_up(&self) -> bool {
        let ask = self.http.get(format!("{}/healthz", self.url)).timeout(Duration::from_secs(2)).send();
        matches!(ask.await, Ok(answer) if answer.status().is_success())
    }

    /// GET, as JSON.
    pub(crate) async fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.answer(self.http.get(format!("{}{path}", self.url))).await
    }

    /// GET, into a type.
    pub(crate) async fn read<T: serde::de::DeserializeOwned>(
        &self,
        path: &str,
        key: &str,
    ) -> anyhow::Result<T> {
        let mut value = self.get(path).await?;
        let part =
            if key.is_empty() { value } else { value.get_mut(key).map(Value::take).unwrap_or_default() };
        serde_json::from_value(part).map_err(|e| {
            anyhow::anyhow!("the server's answer to {path} is not understood: {e}; are both of one version?")
        })
    }

    /// GET, as bytes.
    pub(crate) async fn bytes(&self, path: &str) -> anyhow::Result<Vec<u8>> {
        let answer = self.send(self.http.get(format!("{}{path}", self.url))).await?;
        Ok(answer.bytes().await?.to_vec())
    }

    /// POST, as JSON.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.answer(self.http.post(format!("{}{path}", self.url)).json(body)).await
    }

    /// DELETE.
    pub(crate) async fn delete(&self, path: &str) -> anyhow::Result<Value> {
        self.answer(self.http.delete(format!("{}{path}", self.url))).await
    }

    /// A stream of server-sent events from a position.
    pub(crate) async fn stream(&self, path: &str) -> anyhow::Result<reqwest::Response> {
        let long = Duration::from_secs(24 * 3600);
        self.send(
            self.http.get(format!("{}{path}", self.url)).header("accept", "text/event-stream").timeout(long),
        )
        .await
    }

    async fn answer(&self, request: reqwest::RequestBuilder) -> anyhow::Result<Value> {
        let answer = self.send(request).await?;
        let bytes = answer.bytes().await?;
        if bytes.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&bytes)
            .map_err(|e| anyhow::anyhow!("{} answered something that is not JSON: {e}", self.url))
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> anyhow::Result<reqwest::Response> {
        let answer = request.bearer_auth(&self.token).send().await.map_err(|e| {
            let cause = std::error::Error::source(&e).map(ToString::to_string).unwrap_or_default();
            coded(
                ExitCode::Unreachable,
                format!("{} cannot be reached: {} {cause}", self.url, e.without_url()),
            )
        })?;
        if answer.status().is_success() {
            return Ok(answer);
        }
        let status = answer.status().as_u16();
        let problem: Value =
            serde_json::from_slice(&answer.bytes().await.unwrap_or_default()).unwrap_or_default();
        let part = |name: &str| problem.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let mut text = part("detail");
        if text.is_empty() {
            text = format!("the server answered {status} {}", part("title"));
        }
        let field = part("field");
        if !field.is_empty() && !text.starts_with(&field) {
            text = format!("{field}: {text}");
        }
        let code = match status {
            400 | 413 | 415 | 422 => ExitCode::Usage,
            401 | 403 => ExitCode::Permission,
            404 => ExitCode::NotFound,
            409 => ExitCode::Conflict,
            502..=504 => ExitCode::Unreachable,
            _ => ExitCode::Failure,
        };
        Err(coded(code, text))
    }
}
