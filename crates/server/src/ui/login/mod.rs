//! Signing in by token, and out.

mod out;
mod show;
mod submit;

pub(super) use out::out;
pub(super) use show::show;
pub(super) use submit::submit;

use axum::http::HeaderValue;

use crate::auth::COOKIE;
use crate::state::App;

/// The session cookie; an empty id removes it.
fn cookie(app: &App, id: &str) -> Option<HeaderValue> {
    let secure = if app.is_https() { "; Secure" } else { "" };
    let age = if id.is_empty() { "; Max-Age=0" } else { "" };
    HeaderValue::from_str(&format!("{COOKIE}={id}; Path=/; HttpOnly; SameSite=Strict{secure}{age}")).ok()
}

/// Where to go after signing in: a path of this server, nothing else.
fn next(wanted: Option<&str>) -> &str {
    match wanted {
        Some(path)
            if path.starts_with('/')
                && !path.starts_with("//")
                && path.len() < 200
                && path
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'-' | b'_' | b'.')) =>
        {
            path
        }
        _ => "/",
    }
}

#[cfg(test)]
mod tests {
    use super::next;

    #[test]
    fn leads_nowhere_else() {
        assert_eq!(next(Some("/incidents/INC-2026-0001")), "/incidents/INC-2026-0001");
        for bad in ["//evil.example", "https://evil.example", "/\\evil.example", "/a\r\nb", "", "/%2f/x"] {
            assert_eq!(next(Some(bad)), "/", "{bad:?}");
        }
    }
}
