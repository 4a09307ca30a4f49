//! What is taken out of text: passwords, tokens, keys, sessions, mail addresses, card numbers (by their check digit), IBANs (by theirs), telephone numbers in international form.
//! What is taken out is told by kind, so that a reader knows what stood there. Doing it twice changes nothing.
//!
//! Errs on the side of masking where a name says that a secret follows; numbers alone are left, unless a check digit
//! holds.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::is_card_number;

const EMAIL: &str = "[email]";

struct Rule {
    /// Quick test: one of these has to be in the lower-case text.
    hints: &'static [&'static str],
    pattern: Regex,
    with: &'static str,
}

/// Stands for a secret.
pub const SECRET: &str = "[secret]";

static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    let rule =
        |hints, pattern: &str, with| Regex::new(pattern).ok().map(|pattern| Rule { hints, pattern, with });
    [
        rule(
            &["-----begin"],
            r"(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\z)",
            "[private key]",
        ),
        // The scheme stays: it tells something, and gives nothing away.
        rule(
            &["authorization"],
            r#"(?i)((?:proxy-)?authorization["']?\s*[:=]\s*["']?(?:(?:bearer|basic|token|digest|apikey|negotiate)\s+)?)(?:\[secret\]|[^\s"',;}\]\[]+)"#,
            "${1}[secret]",
        ),
        rule(&["bearer ", "basic "], r"(?i)\b((?:bearer|basic)\s+)[A-Za-z0-9._~+/=-]{8,}", "${1}[secret]"),
        rule(&["cookie"], r#"(?i)((?:set-)?cookie["']?\s*[:=]\s*["']?)(?:\[secret\]|[^\r\n"'\[\s][^\r\n"'\[]*)"#, "${1}[secret]"),
        rule(
            &["passw", "passphrase", "pwd", "secret", "token", "key", "credential", "session", "otp", "cvv", "cvc", "pin"],
            r#"(?i)((?:[a-z0-9_.-]*(?:password|passwd|passphrase|pwd|secret|token|api[_-]?key|apikey|access[_-]?key|private[_-]?key|secret[_-]?key|encryption[_-]?key|credentials?|session[_-]?id)|\b(?:otp|cvv|cvc|pin))(?:["']|\\")?\s*[:=]\s*)(\\"(?:[^"\\]|\\[^"])*\\"|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s"',;&}\])\[\\]+)"#,
            "${1}[secret]",
        ),
        rule(&["eyj"], r"\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*)?", SECRET),
        rule(&["akia", "asia"], r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b", SECRET),
        rule(
            &["gh", "xox", "glpat-", "sk-", "sk_", "rk_", "aiza", "npm_", "hooks.slack.com"],
            r"\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|xox[abposr]-[A-Za-z0-9-]{10,}|glpat-[A-Za-z0-9_-]{16,}|sk-[A-Za-z0-9_-]{20,}|(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{10,}|AIza[A-Za-z0-9_-]{35}|npm_[A-Za-z0-9]{36}|hooks\.slack\.com/services/[A-Za-z0-9/]+)",
            SECRET,
        ),
        rule(&["://"], r"([a-zA-Z][a-zA-Z0-9+.-]*://[^\s/:@\[]*:)[^\s/@\[]+@", "${1}[secret]@"),
        rule(
            &["@"],
            r"\b[A-Za-z0-9][A-Za-z0-9._%+-]*@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}\b",
            EMAIL,
        ),
        rule(&["+"], r"(^|[\s(=:,'\x22])\+[1-9]\d{0,2}[ .-]?(?:\(\d{1,4}\)[ .-]?)?\d(?:[ .-]?\d){6,11}\b", "${1}[phone]"),
        rule(
            &["phone", "mobile", "tel"],
            r#"(?i)(\b[a-z_]*(?:phone|mobile|tel)(?:[_-]?(?:number|no))?["']?\s*[:=]\s*["']?)\(?\d(?:[ ().-]?\d){6,14}"#,
            "${1}[phone]",
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
});

static CARD: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\b\d(?:[ -]?\d){12,18}\b").ok());
static IBAN: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?\b").ok());

/// Masks what must not be stored or shown. Text without such comes back as it is.
pub fn redact(text: &str) -> Cow<'_, str> {
    redact_with(text, &|_| EMAIL.to_owned())
}

/// As [`redact`], with what is to stand for a mail address.
pub(super) fn redact_with<'t>(text: &'t str, email: &dyn Fn(&str) -> String) -> Cow<'t, str> {
    // Most lines hold none of the signs: one pass says so.
    let signs = Signs::of(text);
    if !signs.any() {
        return Cow::Borrowed(text);
    }
    let mut out = Cow::Borrowed(text);
    if signs.words {
        let lower = text.to_ascii_lowercase();
        for rule in RULES.iter().filter(|r| r.hints.iter().any(|h| lower.contains(h))) {
            replace(&mut out, &rule.pattern, |c, to| match rule.with {
                EMAIL => to.push_str(&email(&c[0])),
                with => c.expand(with, to),
            });
        }
    }
    if signs.figures >= 13
        && let Some(card) = CARD.as_ref()
    {
        replace(&mut out, card, |c, to| to.push_str(if is_card_number(&c[0]) { "[card]" } else { &c[0] }));
    }
    if signs.figures >= 8
        && let Some(iban) = IBAN.as_ref()
    {
        replace(&mut out, iban, |c, to| to.push_str(if mod_97(&c[0]) { "[iban]" } else { &c[0] }));
    }
    out
}

/// As [`redact`], for a template: what goes is a value, so that the template still fits its lines.
pub fn redact_template(template: &str) -> Cow<'_, str> {
    match redact(template) {
        Cow::Borrowed(same) => Cow::Borrowed(same),
        Cow::Owned(mut changed) => {
            for kind in [SECRET, "[private key]", EMAIL, "[phone]", "[card]", "[iban]"] {
                changed = changed.replace(kind, "<*>");
            }
            Cow::Owned(changed)
        }
    }
}

fn replace(text: &mut Cow<'_, str>, pattern: &Regex, with: impl Fn(&Captures<'_>, &mut String)) {
    let changed = match pattern.replace_all(text, |c: &Captures<'_>| {
        let mut to = String::new();
        with(c, &mut to);
        to
    }) {
        Cow::Owned(changed) if changed != **text => changed,
        _ => return,
    };
    *text = Cow::Owned(changed);
}

/// What a text holds at all.
struct Signs {
    words: bool,
    figures: usize,
}

impl Signs {
    fn of(text: &str) -> Self {
        let (mut words, mut figures) = (false, 0);
        for b in text.bytes() {
            figures += usize::from(b.is_ascii_digit());
            words |= matches!(b, b'=' | b':' | b'@' | b'+' | b'_') || b == b'-';
        }
        // Bearer tokens and keys of clouds stand behind a blank.
        let lower = |w: &str| {
            text.len() >= w.len()
                && text.as_bytes().windows(w.len()).any(|t| t.eq_ignore_ascii_case(w.as_bytes()))
        };
        let words = words
            || (text.len() > 20
                && (lower("bearer ") || lower("basic ") || lower("akia") || lower("asia") || lower("eyj")));
        Self { words, figures }
    }

    fn any(&self) -> bool {
        self.words || self.figures >= 8
    }
}

/// The check digits of IBANs (ISO 13616): the number read from the fifth character on is 1 modulo 97.
fn mod_97(text: &str) -> bool {
    let plain: Vec<u8> = text.bytes().filter(|b| *b != b' ').collect();
    if !(15..=34).contains(&plain.len()) {
        return false;
    }
    let rest = plain[4..].iter().chain(&plain[..4]).fold(0u32, |rest, b| match b {
        b'0'..=b'9' => (rest * 10 + u32::from(b - b'0')) % 97,
        _ => (rest * 100 + u32::from(b.to_ascii_uppercase().wrapping_sub(b'A')) + 10) % 97,
    });
    rest == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_and_personal_data_go_and_the_rest_stays() {
        for (text, want) in [
            ("GET / Authorization: Bearer abc.def-123", "GET / Authorization: Bearer [secret]"),
            ("sent bearer abcdefgh12345 upstream", "sent bearer [secret] upstream"),
            (r#"{"password":"hunter2","user":"ann"}"#, r#"{"password":[secret],"user":"ann"}"#),
            (r#"body {\"token\":\"abc\",\"n\":1}"#, r#"body {\"token\":[secret],\"n\":1}"#),
            ("login user=ann password='a b c' ip=1.2.3.4", "login user=ann password=[secret] ip=1.2.3.4"),
            ("DB_PASSWORD=s3cr3t started", "DB_PASSWORD=[secret] started"),
            ("?api_key=12345&x=1", "?api_key=[secret]&x=1"),
            ("jwt eyJhbGciOiJI.eyJzdWIiOiIx.SflKxw here", "jwt [secret] here"),
            ("postgres://app:pw123@db:5432/x", "postgres://app:[secret]@db:5432/x"),
            ("key AKIAIOSFODNN7EXAMPLE used", "key [secret] used"),
            ("mail to ann.lee+x@mail.example.com bounced", "mail to [email] bounced"),
            ("paid with 4111 1111 1111 1111 now", "paid with [card] now"),
            ("paid with 4111111111111112 now", "paid with 4111111111111112 now"),
            ("to DE89 3704 0044 0532 0130 00 sent", "to [iban] sent"),
            ("to DE88370400440532013000 sent", "to DE88370400440532013000 sent"),
            ("call +49 30 1234567 back", "call [phone] back"),
            ("phone=030-1234567 ok", "phone=[phone] ok"),
            ("at 1767607200000000000 took 12345678 ms", "at 1767607200000000000 took 12345678 ms"),
            ("token expired for user ann", "token expired for user ann"),
            ("passwordless login enabled", "passwordless login enabled"),
            ("key: value pairs", "key: value pairs"),
            ("x -----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY----- y", "x [private key] y"),
        ] {
            let once = redact(text);
            assert_eq!(once, want, "{text}");
            assert_eq!(redact(&once), once, "{text}");
        }
        assert!(matches!(redact("nothing to hide in 35 ms"), Cow::Borrowed(_)));
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_survived(text in "\\PC{0,200}") {
            let once = redact(&text).into_owned();
            let _ = redact(&once);
        }
    }
}
