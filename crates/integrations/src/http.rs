//! The only place that builds HTTP clients: time limits, caps on answers while they stream, no redirect to another
//! host, no proxy for loopback, nothing secret in an error text. What an answer means is the adapters' business.

pub mod address;
mod base;
mod outbound;

pub use outbound::Outbound;

use std::sync::Once;
use std::time::Duration;

use futures_util::StreamExt as _;
pub use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::redirect;
use reqwest::{Certificate, Url};

use crate::settings::{ConfigError, Connection, SecretText, seconds};

/// Longest piece of a foreign answer that an error text carries, characters.
const EXCERPT: usize = 200;

/// Why a call gave no answer at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// No answer in time.
    #[error("no answer within {0:.1} s")]
    Timeout(SecondsText),
    /// No connection: refused, unknown host, TLS.
    #[error("cannot connect: {0}")]
    Connect(String),
    /// The answer is larger than is accepted.
    #[error("the answer is larger than {0} bytes: ask for less, or raise max_body_bytes")]
    TooLarge(usize),
    /// The connection broke while the answer came.
    #[error("the connection broke: {0}")]
    Broken(String),
    /// The request cannot be built.
    #[error("the request cannot be built: {0}")]
    Request(String),
}

/// Seconds, comparable, for error texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecondsText(u64);

impl std::fmt::Display for SecondsText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(&(Duration::from_millis(self.0).as_secs_f64()), f)
    }
}

/// An answer, whatever its status.
#[derive(Debug, Clone)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// `Retry-After`, in seconds from now.
    pub retry_after_s: Option<u32>,
    /// `X-OAuth-Scopes`: what the token may do, where the system tells.
    pub scopes: Option<String>,
    /// At most the connection's `max_body`.
    pub body: Vec<u8>,
}

impl Reply {
    /// Whether the status is 2xx.
    pub fn ok(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Start of the body as one line of printable text, for error messages.
    pub fn excerpt(&self) -> String {
        excerpt(&String::from_utf8_lossy(&self.body[..self.body.len().min(EXCERPT * 4)]))
    }
}

/// Start of a foreign text as one line without control characters and with secrets masked.
pub fn excerpt(text: &str) -> String {
    let masked = firebell_core::secrets::redact(text);
    let mut out = String::new();
    for word in masked.split_whitespace() {
        if out.chars().count() + word.chars().count() > EXCERPT {
            out.push_str(" …");
            break;
        }
        if !out.is_empty() {
            out.push(' ');
        }
        out.extend(word.chars().filter(|c| !c.is_control()));
    }
    if out.is_empty() { "(empty)".to_owned() } else { out }
}

/// Where redirects may lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Redirects {
    /// Nowhere: for calls that change something.
    None,
    /// To the same scheme, host and port, three times at most.
    SameOrigin,
}

/// One configured HTTP system: a client, its base address, its headers.
#[derive(Debug, Clone)]
pub struct Http {
    client: reqwest::Client,
    base: Url,
    /// What errors and people see of the base.
    shown: String,
    /// The base goes out exactly as it was given.
    exact: bool,
    headers: HeaderMap,
    timeout: Duration,
    max_body: usize,
}

impl Http {
    /// Builds the client of one configured system.
    ///
    /// # Errors
    /// Names the field of the configuration that cannot be used.
    pub fn new(adapter: &str, connection: &Connection, redirects: Redirects) -> Result<Self, ConfigError> {
        let base = base::base_url(adapter, &connection.url)?;
        let shown = base.as_str().trim_end_matches('/').to_owned();
        Self::build(adapter, base, (shown, false), connection, redirects)
    }

    /// The same for an address that is a secret as a whole, a query included: whoever knows it may post. Nothing but its
    /// scheme and host is ever shown. The connection's own `url` is not looked at.
    ///
    /// # Errors
    /// Names `field`, and nothing of the address.
    pub fn hidden(
        adapter: &str,
        field: &str,
        url: &SecretText,
        connection: &Connection,
        redirects: Redirects,
    ) -> Result<Self, ConfigError> {
        let (base, shown) = base::hidden_url(adapter, field, url)?;
        Self::build(adapter, base, (shown, true), connection, redirects)
    }

    fn build(
        adapter: &str,
        base: Url,
        (shown, exact): (String, bool),
        connection: &Connection,
        redirects: Redirects,
    ) -> Result<Self, ConfigError> {
        install_tls();
        let timeout = seconds(adapter, "timeout_s", connection.timeout_s)?;
        let headers = base::headers(adapter, connection)?;
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("firebell/", env!("CARGO_PKG_VERSION")))
            .timeout(timeout)
            .connect_timeout(timeout.min(Duration::from_secs(5)))
            .pool_max_idle_per_host(4)
            .pool_idle_timeout(Duration::from_secs(30))
            .referer(false)
            .redirect(match redirects {
                Redirects::None => redirect::Policy::none(),
                Redirects::SameOrigin => same_origin(),
            });
        if is_loopback(&base) {
            builder = builder.no_proxy();
        }
        if let Some(path) = &connection.ca_file {
            let pem = std::fs::read(path).map_err(|e| {
                ConfigError::new(adapter, "ca_file", format!("cannot read {}: {e}", path.display()))
            })?;
            let certs = Certificate::from_pem_bundle(&pem).map_err(|e| {
                ConfigError::new(adapter, "ca_file", format!("{} is not PEM: {e}", path.display()))
            })?;
            builder = builder.tls_certs_merge(certs);
        } else if base.scheme() == "http" {
            // Redirects never change the scheme, so this client never speaks TLS; a machine without any trusted
            // certificates must still be able to build it.
            builder = builder.tls_certs_only(std::iter::empty());
        }
        let client =
            builder.build().map_err(|e| ConfigError::new(adapter, "url", causes(&e.without_url())))?;
        Ok(Self { client, base, shown, exact, headers, timeout, max_body: connection.max_body })
    }

    /// The base address without user, password and query; of a hidden one its scheme and host.
    pub fn address(&self) -> String {
        self.shown.clone()
    }

    /// Any call: `base/path?query`, further headers, a body as it is. What is in the path is never shown.
    ///
    /// # Errors
    /// When there is no answer, or a header cannot be sent.
    pub async fn call(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        headers: &[(&'static str, &str)],
        body: Vec<u8>,
    ) -> Result<Reply, HttpError> {
        let mut url = self.url(path)?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        self.send(with(self.client.request(method, url).body(body), headers)?).await
    }

    /// `POST base/path` with a JSON body.
    ///
    /// # Errors
    /// When there is no answer, or a header cannot be sent.
    pub async fn post_json(
        &self,
        path: &str,
        body: &serde_json::Value,
        headers: &[(&'static str, &str)],
    ) -> Result<Reply, HttpError> {
        let mut all = vec![("content-type", "application/json")];
        all.extend_from_slice(headers);
        self.post(path, body.to_string().into_bytes(), &all).await
    }

    /// `GET base/path?query`.
    ///
    /// # Errors
    /// When there is no answer; an answer with any status is a [`Reply`].
    pub async fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Reply, HttpError> {
        let mut url = self.url(path)?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        self.send(self.client.request(Method::GET, url)).await
    }

    /// `POST base/path` with a form body.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn post_form(&self, path: &str, form: &[(&str, &str)]) -> Result<Reply, HttpError> {
        let url = self.url(path)?;
        self.send(self.client.request(Method::POST, url).form(form)).await
    }

    /// `POST base/path` with a body as it is and further headers.
    ///
    /// # Errors
    /// When there is no answer, or a header cannot be sent.
    pub async fn post(
        &self,
        path: &str,
        body: Vec<u8>,
        headers: &[(&'static str, &str)],
    ) -> Result<Reply, HttpError> {
        let url = self.url(path)?;
        let request = self.client.request(Method::POST, url).body(body);
        self.send(with(request, headers)?).await
    }

    /// `GET base/path` with further headers, which are kept out of every log.
    ///
    /// # Errors
    /// When there is no answer, or a header cannot be sent.
    pub async fn get_with(&self, path: &str, headers: &[(&'static str, &str)]) -> Result<Reply, HttpError> {
        let url = self.url(path)?;
        self.send(with(self.client.request(Method::GET, url), headers)?).await
    }

    fn url(&self, path: &str) -> Result<Url, HttpError> {
        if path.is_empty() && self.exact {
            return Ok(self.base.clone());
        }
        if path.is_empty() {
            let mut url = self.base.clone();
            // The base was given a closing slash to join on; alone it goes out as it was written.
            let trimmed = url.path().trim_end_matches('/').to_owned();
            url.set_path(&trimmed);
            return Ok(url);
        }
        // With the dot, what comes before a colon is not taken for a scheme.
        self.base
            .join(&format!("./{}", path.trim_start_matches('/')))
            .map_err(|e| HttpError::Request(e.to_string()))
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Result<Reply, HttpError> {
        let response = request.headers(self.headers.clone()).send().await.map_err(|e| self.failed(e))?;
        let status = response.status().as_u16();
        let retry_after_s = response
            .headers()
            .get(RETRY_AFTER)
            .and_then(|v| v.to_str().ok())
            .and_then(|v| retry_after(v, jiff::Timestamp::now()));
        let scopes =
            response.headers().get("x-oauth-scopes").and_then(|v| v.to_str().ok()).map(str::to_owned);
        if response.content_length().is_some_and(|n| n > self.max_body as u64) {
            return Err(HttpError::TooLarge(self.max_body));
        }
        let mut body = Vec::new();
        let mut stream = response.bytes_stream();
        while let Some(chunk) = stream.next().await {
            let chunk = chunk.map_err(|e| self.failed(e))?;
            if body.len() + chunk.len() > self.max_body {
                return Err(HttpError::TooLarge(self.max_body));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Reply { status, retry_after_s, scopes, body })
    }

    fn failed(&self, error: reqwest::Error) -> HttpError {
        let error = error.without_url();
        // First: what was never connected was never sent, however long it took to find out.
        if error.is_connect() {
            HttpError::Connect(causes(&error))
        } else if error.is_timeout() {
            HttpError::Timeout(SecondsText(self.timeout.as_millis() as u64))
        } else if error.is_builder() {
            HttpError::Request(causes(&error))
        } else {
            HttpError::Broken(causes(&error))
        }
    }
}

fn with(
    mut request: reqwest::RequestBuilder,
    headers: &[(&'static str, &str)],
) -> Result<reqwest::RequestBuilder, HttpError> {
    for (name, value) in headers {
        let mut value = HeaderValue::from_str(value)
            .map_err(|_| HttpError::Request(format!("header {name} has characters that cannot be sent")))?;
        value.set_sensitive(true);
        request = request.header(*name, value);
    }
    Ok(request)
}

/// Installs the TLS provider of the process, once; whoever was first wins.
pub fn install_tls() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // An error only says that another part of the program installed one before.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}

/// An error with its causes, in one line.
pub(crate) fn causes(error: &dyn std::error::Error) -> String {
    let mut out = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let text = cause.to_string();
        if !out.contains(&text) {
            out.push_str(": ");
            out.push_str(&text);
        }
        next = cause.source();
    }
    out
}

fn same_origin() -> redirect::Policy {
    redirect::Policy::custom(|attempt| {
        let previous = attempt.previous();
        let same = previous.first().is_some_and(|first| first.origin() == attempt.url().origin());
        if !same || previous.len() > 3 { attempt.stop() } else { attempt.follow() }
    })
}

/// Whether an address leads to this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    url.host_str().is_some_and(loopback_host)
}

/// Whether a host name or address is this machine.
pub(crate) fn loopback_host(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// `Retry-After` in either form, as seconds from `now`; at most a day.
fn retry_after(text: &str, now: jiff::Timestamp) -> Option<u32> {
    let text = text.trim();
    if let Ok(n) = text.parse::<u32>() {
        return Some(n.min(86_400));
    }
    let at = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
    let wait = at.duration_since(now).as_secs();
    Some(u32::try_from(wait.clamp(0, 86_400)).unwrap_or(0))
}

#[cfg(test)]
mod tests;
