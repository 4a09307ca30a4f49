//! Posting to addresses that people typed in: no redirects, no answer longer than is looked at, and only to machines
//! that may be spoken to, which is asked of each address that a name resolves to, whenever a connection is made.

use std::net::SocketAddr;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use futures_util::StreamExt as _;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::redirect;

use super::address::{HINT, checked, literal, refusal};
use super::{HttpError, Reply, SecondsText, causes, install_tls, retry_after};

/// So much of an answer is read; the rest is of no interest.
const READ: usize = 4 << 10;

type Made = Result<reqwest::Client, String>;

/// Posts to anywhere that is allowed.
pub struct Outbound {
    allow_private: bool,
    plain: LazyLock<Made, Box<dyn FnOnce() -> Made + Send>>,
    /// Made when first needed: a machine without trusted certificates can still post to plain addresses.
    secure: LazyLock<Made, Box<dyn FnOnce() -> Made + Send>>,
}

impl Outbound {
    /// `allow_private` opens this machine and private networks.
    pub fn new(allow_private: bool) -> Self {
        Self {
            allow_private,
            plain: LazyLock::new(Box::new(move || client(allow_private, false))),
            secure: LazyLock::new(Box::new(move || client(allow_private, true))),
        }
    }

    /// `POST url`.
    ///
    /// # Errors
    /// When there is no answer, or the address may not be spoken to; an answer with any status is a [`Reply`], whose body
    /// may be cut off.
    pub async fn post(
        &self,
        url: &str,
        body: Vec<u8>,
        headers: &[(&str, &str)],
        limit: Duration,
    ) -> Result<Reply, HttpError> {
        let url = checked(url, self.allow_private)
            .map_err(|why| HttpError::Request(format!("the address {why}")))?;
        let client = if url.scheme() == "https" { &*self.secure } else { &*self.plain };
        let client = client.as_ref().map_err(|why| HttpError::Connect(why.clone()))?;
        let mut request = client.post(url).timeout(limit).body(body);
        for (name, value) in headers {
            let bad = || HttpError::Request(format!("header {name} cannot be sent"));
            let key = HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad())?;
            request = request.header(key, HeaderValue::from_str(value).map_err(|_| bad())?);
        }
        let response = request.send().await.map_err(|e| failed(e, limit))?;
        let status = response.status().as_u16();
        let wait = response.headers().get(RETRY_AFTER).and_then(|v| v.to_str().ok());
        let retry_after_s = wait.and_then(|v| retry_after(v, jiff::Timestamp::now()));
        let mut body = Vec::new();
        let mut stream = response.bytes_stream();
        // What was answered counts by its status, even if the rest of it is late or broken.
        while let Some(Ok(chunk)) = stream.next().await {
            let room = READ.saturating_sub(body.len());
            body.extend_from_slice(chunk.get(..room.min(chunk.len())).unwrap_or_default());
            if body.len() >= READ {
                break;
            }
        }
        Ok(Reply { status, retry_after_s, scopes: None, body })
    }
}

fn client(allow_private: bool, tls: bool) -> Made {
    install_tls();
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("firebell/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(Duration::from_secs(5))
        .pool_max_idle_per_host(1)
        .pool_idle_timeout(Duration::from_secs(20))
        .referer(false)
        .redirect(redirect::Policy::none())
        .dns_resolver(Arc::new(Guard { allow_private }));
    if !allow_private {
        // A proxy would do the resolving, and nobody would look at what it found.
        builder = builder.no_proxy();
    }
    if !tls {
        builder = builder.tls_certs_only(std::iter::empty());
    }
    builder.build().map_err(|e| causes(&e.without_url()))
}

fn failed(error: reqwest::Error, limit: Duration) -> HttpError {
    let error = error.without_url();
    if error.is_timeout() {
        HttpError::Timeout(SecondsText(limit.as_millis() as u64))
    } else if error.is_connect() {
        HttpError::Connect(causes(&error))
    } else if error.is_builder() {
        HttpError::Request(causes(&error))
    } else {
        HttpError::Broken(causes(&error))
    }
}

/// Resolves names to addresses that may be spoken to.
struct Guard {
    allow_private: bool,
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let allow_private = self.allow_private;
        Box::pin(async move {
            let host = name.as_str().to_owned();
            if literal(&host).is_some_and(|ip| refusal(ip, allow_private).is_some()) {
                return Err(format!("{host} may not be posted to: {HINT}").into());
            }
            let found: Vec<SocketAddr> = tokio::net::lookup_host((host.as_str(), 0)).await?.collect();
            let mut why = "does not resolve";
            let mut allowed = Vec::new();
            for address in found {
                match refusal(address.ip(), allow_private) {
                    Some(reason) => why = reason,
                    None => allowed.push(address),
                }
            }
            if allowed.is_empty() {
                return Err(format!("{host} {why}: {HINT}").into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::Router;
    use axum::http::StatusCode;
    use axum::routing::post;

    use super::*;
    use crate::doubles::serve;

    const LIMIT: Duration = Duration::from_millis(500);

    #[tokio::test]
    async fn a_name_is_judged_by_what_it_resolves_to() {
        let server = serve(Router::new().route("/", post(async || "taken"))).await;
        let port = server.url.rsplit(':').next().expect("a port").to_owned();
        // `checked` refuses the name; the resolver has to do it where a name is not known to be this machine.
        let open = Outbound::new(true);
        let reply = open.post(&server.url, b"x".to_vec(), &[("x-a", "b")], LIMIT).await.expect("an answer");
        assert_eq!((reply.status, reply.body.as_slice()), (200, &b"taken"[..]));
        let guard = Guard { allow_private: false };
        let resolved = guard.resolve("localhost".parse().expect("a name")).await;
        assert!(resolved.err().expect("refused").to_string().contains("is this machine"));
        let closed = Outbound::new(false);
        for url in [format!("http://127.0.0.1:{port}/"), format!("http://localhost:{port}/")] {
            let error = closed.post(&url, Vec::new(), &[], LIMIT).await.expect_err("refused");
            assert!(error.to_string().contains("is this machine"), "{error}");
        }
        // With another name of this machine the request goes as far as the resolver.
        let client = client(false, false).expect("a client");
        let error = client.post(format!("http://localhost:{port}/")).send().await.expect_err("refused");
        assert!(causes(&error).contains("is this machine"), "{}", causes(&error));
    }

    #[tokio::test]
    async fn redirects_are_answers_and_long_answers_are_cut() {
        let router = Router::new()
            .route("/away", post(async || (StatusCode::FOUND, [("location", "http://169.254.169.254/")])))
            .route("/long", post(async || "x".repeat(1 << 20)))
            .route("/busy", post(async || (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "7")])))
            .route("/late", post(async || tokio::time::sleep(Duration::from_secs(9)).await));
        let server = serve(router).await;
        let open = Outbound::new(true);
        let ask = async |path: &str| open.post(&format!("{}{path}", server.url), vec![], &[], LIMIT).await;
        assert_eq!(ask("/away").await.expect("an answer").status, 302);
        assert_eq!(ask("/long").await.expect("an answer").body.len(), READ);
        assert_eq!(ask("/busy").await.expect("an answer").retry_after_s, Some(7));
        assert!(matches!(ask("/late").await, Err(HttpError::Timeout(_))));
    }
}
