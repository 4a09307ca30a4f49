//! Masks secrets in text from outside: authorization headers, passwords, tokens, keys, card numbers. Errs on the side
//! of masking; what it leaves is meant to be read by people and stored as evidence.

use std::borrow::Cow;
use std::sync::LazyLock;

use firebell_core::secrets::is_card_number;
use firebell_core::telemetry::LogLine;
use regex::{Captures, Regex};

const STARS: &str = "***";

struct Rule {
    pattern: Regex,
    /// Replacement, as [`Regex::replace_all`] reads it.
    with: &'static str,
}

static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    let rule =
        |pattern: &str, with: &'static str| Regex::new(pattern).ok().map(|pattern| Rule { pattern, with });
    [
        rule(r"(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\z)", STARS),
        // The scheme stays: it tells something, and gives nothing away.
        rule(
            r#"(?i)((?:proxy-)?authorization["']?\s*[:=]\s*["']?(?:(?:bearer|basic|token|digest|apikey|negotiate)\s+)?)[^\s"',;}\]]+"#,
            "${1}***",
        ),
        rule(r"(?i)\b((?:bearer|basic)\s+)[A-Za-z0-9._~+/=-]{8,}", "${1}***"),
        rule(r#"(?i)((?:set-)?cookie["']?\s*[:=]\s*["']?)[^\r\n"']+"#, "${1}***"),
        rule(
            r#"(?i)([a-z0-9_.-]*(?:password|passwd|passphrase|pwd|secret|token|api[_-]?key|apikey|access[_-]?key|private[_-]?key|credentials?|session[_-]?id|otp|cvv|cvc)["']?\s*[:=]\s*)("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s"',;&}\])]+)"#,
            "${1}***",
        ),
        rule(r"\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*)?", STARS),
        rule(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b", STARS),
        rule(r"\b(?:gh[pousr]_[A-Za-z0-9]{20,}|xox[abposr]-[A-Za-z0-9-]{10,}|glpat-[A-Za-z0-9_-]{16,}|sk-[A-Za-z0-9_-]{20,}|(?:sk|rk)_live_[A-Za-z0-9]{10,})", STARS),
        rule(r"([a-z][a-z0-9+.-]*://[^\s/:@]*:)[^\s/@]+@", "${1}***@"),
    ]
    .into_iter()
    .flatten()
    .collect()
});

static CARD: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\b\d(?:[ -]?\d){12,18}\b").ok());
static NAME: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?i)(?:password|passwd|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credential|authorization|cookie|session[_-]?id|\botp\b|\bcvv\b|\bcvc\b|card[_-]?number|\bpan\b)",
    )
    .ok()
});

/// Masks what looks like a secret. Text without one comes back as it is.
pub fn text(input: &str) -> Cow<'_, str> {
    let mut out = Cow::Borrowed(input);
    for rule in RULES.iter() {
        if let Cow::Owned(changed) = rule.pattern.replace_all(&out, rule.with) {
            out = Cow::Owned(changed);
        }
    }
    if let Some(card) = CARD.as_ref()
        && let Cow::Owned(changed) =
            card.replace_all(
                &out,
                |c: &Captures<'_>| {
                    if is_card_number(&c[0]) { STARS.to_owned() } else { c[0].to_owned() }
                },
            )
    {
        out = Cow::Owned(changed);
    }
    out
}

/// Whether a field's name says that its value is secret.
pub fn secret_name(name: &str) -> bool {
    NAME.as_ref().is_some_and(|r| r.is_match(name))
}

/// Masks a whole record: its text, and its fields by name and by value.
pub fn line(line: &mut LogLine, extra: &[Regex]) {
    let clean = |value: &mut String| {
        if let Cow::Owned(masked) = text(value) {
            *value = masked;
        }
        for pattern in extra {
            if let Cow::Owned(masked) = pattern.replace_all(value, STARS) {
                *value = masked;
            }
        }
    };
    clean(&mut line.text);
    for (name, value) in &mut line.fields {
        // A count of tokens is no token.
        let count = name.to_ascii_lowercase().contains("tokens") && value.parse::<f64>().is_ok();
        if secret_name(name) && !count {
            STARS.clone_into(value);
        } else {
            clean(value);
        }
    }
}

/// Masks a JSON value in place: what secret names hold, and what looks like a secret.
pub fn json(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::String(s) => {
            if let Cow::Owned(masked) = text(s) {
                *s = masked;
            }
        }
        serde_json::Value::Array(list) => list.iter_mut().for_each(json),
        serde_json::Value::Object(map) => {
            for (name, inner) in map {
                // A number or a switch under such a name is a setting: a token's lifetime, say.
                if secret_name(name) && inner.is_string() {
                    *inner = STARS.into();
                } else {
                    json(inner);
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_secrets_and_leaves_the_rest() {
        for (input, expected) in [
            ("GET / Authorization: Bearer abc.def-123", "GET / Authorization: Bearer ***"),
            ("authorization=Basic dXNlcjpwYXNz ok", "authorization=Basic *** ok"),
            (r#"{"password":"hunter2","user":"ann"}"#, r#"{"password":***,"user":"ann"}"#),
            ("login user=ann password='a b c' ip=1.2.3.4", "login user=ann password=*** ip=1.2.3.4"),
            ("DB_PASSWORD=s3cr3t started", "DB_PASSWORD=*** started"),
            ("?api_key=12345&x=1", "?api_key=***&x=1"),
            ("Cookie: a=b; c=d", "Cookie: ***"),
            ("jwt eyJhbGciOiJI.eyJzdWIiOiIx.SflKxw here", "jwt *** here"),
            ("postgres://app:pw123@db:5432/x", "postgres://app:***@db:5432/x"),
            ("paid with 4111 1111 1111 1111 now", "paid with *** now"),
            ("paid with 4111111111111112 now", "paid with 4111111111111112 now"),
            ("key AKIAIOSFODNN7EXAMPLE", "key ***"),
            ("at 1767607200000000000 nothing", "at 1767607200000000000 nothing"),
            ("token expired for user ann", "token expired for user ann"),
            ("passwordless login enabled", "passwordless login enabled"),
            ("x -----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY----- y", "x *** y"),
        ] {
            assert_eq!(text(input), expected, "{input}");
        }
        assert!(matches!(text("nothing to hide"), Cow::Borrowed(_)));
    }

    #[test]
    fn masks_fields_by_their_names() {
        let mut record = crate::bundle::loglines::record(
            r#"{"msg":"m","http":{"authorization":"abc"},"user":"ann","tokens_used":"31"}"#,
            "t",
            1,
            None,
        );
        line(&mut record, &[Regex::new("ann").expect("a pattern")]);
        assert_eq!(record.fields["http.authorization"], "***");
        assert_eq!(record.fields["user"], "***");
        assert_eq!(record.fields["tokens_used"], "31");
    }
}
