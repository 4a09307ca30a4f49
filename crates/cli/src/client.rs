//! Talks to a running server.

use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::args::ServerArgs;
use crate::exit_code::{self, ExitCode, coded};

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

    /// Whether the process that wrote it may still run; where the system does not tell, it may.
    pub(crate) fn may_run(&self) -> bool {
        let processes = Path::new("/proc");
        !processes.join("self").exists() || processes.join(self.pid.to_string()).exists()
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

/// An address of a server: HTTP or HTTPS, with a host.
pub(crate) fn address(text: &str) -> Option<reqwest::Url> {
    let url = reqwest::Url::parse(text).ok()?;
    (matches!(url.scheme(), "http" | "https") && url.has_host()).then_some(url)
}

/// Whether both texts mean the same address, as written; names are not looked up.
fn same_address(one: &str, other: &str) -> bool {
    let plain = |text: &str| {
        let url = address(text)?;
        let path = url.path().trim_end_matches('/').to_owned();
        Some((url.origin().ascii_serialization(), path))
    };
    plain(one).is_some_and(|one| plain(other) == Some(one))
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
        Self::of_folder(args, &args.data())
    }

    /// The same, with the data folder from elsewhere.
    pub(crate) fn of_folder(args: &ServerArgs, data: &Path) -> anyhow::Result<Self> {
        let found = ServerFile::read(data);
        let start = "start one with `firebell serve`, or give --url and --token";
        let url = match (&args.url, &found) {
            (Some(url), _) => url.clone(),
            (None, Some(file)) if file.may_run() => file.url.clone(),
            (None, Some(file)) => {
                let text = format!(
                    "no server runs on {}: process {}, which wrote {}, has ended; {start}",
                    data.display(),
                    file.pid,
                    ServerFile::NAME
                );
                return Err(coded(ExitCode::Unreachable, text));
            }
            (None, None) => {
                let text =
                    format!("no server is known: {} has no {}; {start}", data.display(), ServerFile::NAME);
                return Err(coded(ExitCode::Unreachable, text));
            }
        };
        let token = match (&args.token, found) {
            (Some(token), _) => token.clone(),
            // The administrator's token opens everything: it goes to nobody but the server that wrote it.
            (None, Some(file)) if same_address(&file.url, &url) => file.token,
            (None, _) => {
                let text = format!("a token for {url} is needed: give --token or set FIREBELL_TOKEN");
                return Err(coded(ExitCode::Permission, text));
            }
        };
        Self::new(&url, &token)
    }

    /// A client for an address.
    pub(crate) fn new(url: &str, token: &str) -> anyhow::Result<Self> {
        if address(url).is_none() {
            let text = format!("--url: {url:?} is not an address like http://127.0.0.1:7300");
            return Err(coded(ExitCode::Usage, text));
        }
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

    /// Whether the server there takes the token; one that does not is another server than the one that wrote it.
    pub(crate) async fn is_known(&self) -> anyhow::Result<bool> {
        match self.get("/api/v1/incidents?limit=1").await {
            Ok(_) => Ok(true),
            Err(error) if exit_code::of(&error) == ExitCode::Permission => Ok(false),
            Err(error) => Err(error),
        }
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
            409 | 412 => ExitCode::Conflict,
            429 | 502..=504 => ExitCode::Unreachable,
            _ => ExitCode::Failure,
        };
        Err(coded(code, text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file as a server on this address would have left it, written by this process.
    fn folder(url: &str, pid: u32) -> tempfile::TempDir {
        let dir = tempfile::tempdir().expect("a folder");
        let file = ServerFile { url: url.to_owned(), token: "administrator".to_owned(), pid };
        file.write(dir.path()).expect("written");
        dir
    }

    fn args(url: Option<&str>, token: Option<&str>) -> ServerArgs {
        ServerArgs { json: false, url: url.map(str::to_owned), token: token.map(str::to_owned), data: None }
    }

    #[test]
    fn the_administrators_token_goes_to_the_server_that_wrote_it_only() {
        let dir = folder("http://127.0.0.1:7300", std::process::id());
        let client = |url, token| Client::of_folder(&args(url, token), dir.path());
        for same in [
            None,
            Some("http://127.0.0.1:7300"),
            Some("http://127.0.0.1:7300/"),
            Some("HTTP://127.0.0.1:7300"),
        ] {
            assert_eq!(client(same, None).expect("its own").token, "administrator", "{same:?}");
        }
        for other in [
            "http://127.0.0.1:7301",
            "https://127.0.0.1:7300",
            "http://firebell.example.com",
            "http://127.0.0.1:7300/elsewhere",
            "http://127.0.0.1:7300@firebell.example.com",
        ] {
            let error = client(Some(other), None).expect_err(other);
            assert_eq!(exit_code::of(&error), ExitCode::Permission, "{other}");
            assert_eq!(client(Some(other), Some("mine")).expect("given").token, "mine");
        }
    }

    #[test]
    fn an_address_that_is_none_is_wrong_use() {
        for wrong in ["nonsense", "127.0.0.1:7300", "ftp://127.0.0.1", "http://", "", "file:///etc"] {
            let error = Client::new(wrong, "x").expect_err(wrong);
            assert_eq!(exit_code::of(&error), ExitCode::Usage, "{wrong}");
            assert!(error.to_string().contains("--url"), "{error}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_file_of_a_process_that_ended_announces_no_server() {
        // Numbers of processes end far below.
        let dir = folder("http://127.0.0.1:7300", u32::MAX);
        let error = Client::of_folder(&args(None, None), dir.path()).expect_err("it has ended");
        assert_eq!(exit_code::of(&error), ExitCode::Unreachable);
        assert!(error.to_string().contains("has ended"), "{error}");
    }
}
