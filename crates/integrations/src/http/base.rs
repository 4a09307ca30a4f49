//! What a configuration says of a system's address and how to sign in to it.

use reqwest::Url;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};

use super::loopback_host;
use crate::settings::{ConfigError, Connection, SecretText};

/// An address that is a secret as a whole, and what may be shown of it.
pub(super) fn hidden_url(adapter: &str, field: &str, url: &SecretText) -> Result<(Url, String), ConfigError> {
    let bad = |why: &str| ConfigError::new(adapter, field, why);
    let base = Url::parse(url.expose()).map_err(|_| bad("is no address like https://host/path"))?;
    if !matches!(base.scheme(), "http" | "https") || base.fragment().is_some() {
        return Err(bad("must begin with https:// and hold no fragment"));
    }
    let Some(host) = base.host_str() else { return Err(bad("names no host")) };
    if base.scheme() == "http" && !loopback_host(host) {
        let why = "must begin with https://: it is a secret, and http shows it to everybody on the way";
        return Err(bad(why));
    }
    if !base.username().is_empty() || base.password().is_some() {
        return Err(bad("must not hold a user or password"));
    }
    let port = base.port().map(|p| format!(":{p}")).unwrap_or_default();
    let shown = format!("{}://{host}{port}/…", base.scheme());
    Ok((base, shown))
}

/// The base address of a system, with a slash at its end to join on.
pub(super) fn base_url(adapter: &str, text: &str) -> Result<Url, ConfigError> {
    let bad = |reason: String| ConfigError::new(adapter, "url", reason);
    let mut url =
        Url::parse(text).map_err(|e| bad(format!("is not an address like https://host:port/path: {e}")))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(bad("must begin with http:// or https:// and name a host".into()));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(bad(
            "must not hold a user or password: use username and password, or bearer_token".into()
        ));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(bad("must not hold a query or fragment".into()));
    }
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    Ok(url)
}

/// What goes with every call.
pub(super) fn headers(adapter: &str, connection: &Connection) -> Result<HeaderMap, ConfigError> {
    let mut out = HeaderMap::new();
    for (name, secret) in &connection.headers {
        let field = format!("headers.{name}");
        let key = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| ConfigError::new(adapter, &field, "is not the name of a header"))?;
        let value = sensitive(adapter, &field, secret.resolve(adapter, &field)?.expose())?;
        out.insert(key, value);
    }
    let authorization = match (&connection.bearer_token, &connection.username) {
        (Some(_), Some(_)) => {
            return Err(ConfigError::new(adapter, "bearer_token", "excludes username: give one of them"));
        }
        (Some(token), None) => Some(format!("Bearer {}", token.resolve(adapter, "bearer_token")?.expose())),
        (None, Some(user)) => {
            let password = match &connection.password {
                Some(p) => p.resolve(adapter, "password")?.expose().to_owned(),
                None => String::new(),
            };
            use base64::Engine as _;
            let both = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
            Some(format!("Basic {both}"))
        }
        (None, None) => None,
    };
    if let Some(value) = authorization {
        out.insert(AUTHORIZATION, sensitive(adapter, "bearer_token", &value)?);
    }
    Ok(out)
}

fn sensitive(adapter: &str, field: &str, text: &str) -> Result<HeaderValue, ConfigError> {
    let mut value = HeaderValue::from_str(text)
        .map_err(|_| ConfigError::new(adapter, field, "has characters that a header cannot carry"))?;
    value.set_sensitive(true);
    Ok(value)
}
