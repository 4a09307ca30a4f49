//! Masks telemetry before it is stored: the text and the fields of log lines, names and attributes of spans, messages of
//! events, objects. Names of fields count as well as shapes of values.

use std::borrow::Cow;
use std::fmt;
use std::sync::LazyLock;

use regex::Regex;
use sha2::{Digest, Sha256};

use super::rules::{KINDS, Manner, SECRET, redact_with};
use crate::telemetry::{ClusterEvent, LogLine, Span, TelemetryPart};

/// Stands for a mail address where there is no key.
const EMAIL: &str = "[email]";
/// Begins what stands for a mail address.
const PSEUDONYM: &str = "mail-";
/// Names of fields that hold telephone numbers.
const TELEPHONE: [&str; 3] = ["phone", "mobile", "tel"];
/// Hexadecimal digits behind it.
const DIGITS: usize = 12;

static NAME: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?i)(?:password|passwd|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credential|authorization|cookie|session[_-]?id|\botp\b|\bcvv\b|\bcvc\b|card[_-]?number|\bpan\b)",
    )
    .ok()
});

/// Whether a field's name says that its value is secret.
pub fn secret_name(name: &str) -> bool {
    NAME.as_ref().is_some_and(|r| r.is_match(name))
}

/// Whether a word stands for a mail address ([`Mask::keyed`]): what it stands for nobody can tell.
pub fn is_pseudonym(word: &str) -> bool {
    word.strip_prefix(PSEUDONYM).is_some_and(is_hash)
}

/// How a text is to be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// Whatever somebody or something wrote.
    Text,
    /// Source code.
    Code,
    /// The name of a thing: figures in it are its number.
    Name,
    /// A key under which a sender knows something.
    Key,
}

/// Whether a value stands for a secret already.
fn is_mark(value: &str) -> bool {
    KINDS.iter().any(|kind| {
        let open = &kind[..kind.len() - 1];
        value.strip_prefix(open).is_some_and(|rest| {
            rest == "]" || rest.strip_prefix('-').and_then(|r| r.strip_suffix(']')).is_some_and(is_hash)
        })
    })
}

fn is_hash(text: &str) -> bool {
    text.len() == DIGITS && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// Masks telemetry. Without a key all mail addresses become one word.
#[derive(Clone, Default)]
pub struct Mask {
    key: Option<[u8; 32]>,
    extra: Vec<Regex>,
    /// Nothing but the further patterns counts.
    only: bool,
}

impl fmt::Debug for Mask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mask").field("keyed", &self.key.is_some()).field("extra", &self.extra).finish()
    }
}

impl Mask {
    /// Mail addresses become pseudonyms under this key: the same address the same one, so that attempts can be counted by
    /// account. Who has no key cannot try addresses.
    pub fn keyed(secret: &str) -> Self {
        Self { key: Some(Sha256::digest(format!("names of accounts {secret}")).into()), ..Self::default() }
    }

    /// Masks what these patterns find and nothing else: for a source that is put behind another mask.
    pub fn only(extra: &[Regex]) -> Self {
        Self { only: true, ..Self::default() }.also(extra)
    }

    /// With further patterns of what is secret.
    #[must_use]
    pub fn also(mut self, extra: &[Regex]) -> Self {
        self.extra.extend_from_slice(extra);
        self
    }

    /// A text without secrets. Text that holds none comes back as it is.
    pub fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.seen_as(text, Look::Text)
    }

    pub(super) fn seen_as<'t>(&self, text: &'t str, look: Look) -> Cow<'t, str> {
        let email = |address: &str| match &self.key {
            Some(key) => pseudonym(key, address),
            None => EMAIL.to_owned(),
        };
        let manner = Manner {
            email: &email,
            figures: look != Look::Name,
            random: matches!(look, Look::Text | Look::Code),
            code: look == Look::Code,
        };
        let mut out = if self.only { Cow::Borrowed(text) } else { redact_with(text, &manner) };
        for pattern in &self.extra {
            if let Cow::Owned(masked) = pattern.replace_all(&out, SECRET) {
                out = Cow::Owned(masked);
            }
        }
        out
    }

    /// The value of a named field.
    pub fn value<'v>(&self, name: &str, value: &'v str) -> Cow<'v, str> {
        // A count of tokens is no token.
        let count = || name.to_ascii_lowercase().contains("tokens") && value.parse::<f64>().is_ok();
        if !self.only && !value.is_empty() && secret_name(name) && !is_mark(value) && !count() {
            return Cow::Borrowed(SECRET);
        }
        // Figures of a telephone are told by the name beside them.
        if TELEPHONE.iter().any(|t| name.to_ascii_lowercase().contains(t))
            && let Cow::Owned(masked) = self.text(&format!("{name}={value}"))
            && let Some(masked) = masked.strip_prefix(name).and_then(|m| m.strip_prefix('='))
        {
            return Cow::Owned(masked.to_owned());
        }
        self.text(value)
    }

    /// What stands for a masked value that has to stay apart from others: its kind with a mark of the value under the key,
    /// as in `[secret-0f3a9c5d7e21]`. Without a key nobody could be kept from trying values, and there is none.
    pub(super) fn apart(&self, value: &str, masked: String) -> String {
        let Some(key) = &self.key else { return masked };
        let found = KINDS.iter().filter_map(|k| Some((masked.find(k)?, k))).min();
        let Some((at, kind)) = found else { return masked };
        let end = at + kind.len() - 1;
        format!("{}-{}{}", &masked[..end], hashed(key, value), &masked[end..])
    }

    /// A log line: its text, and its fields by name and by value.
    pub fn line(&self, line: &mut LogLine) {
        self.set(&mut line.text);
        self.fields(&mut line.fields);
    }

    /// A span: its operation, and its attributes by name and by value.
    pub fn span(&self, span: &mut Span) {
        self.set(&mut span.operation);
        self.fields(&mut span.attributes);
    }

    /// A JSON value in place: what secret names hold, and what looks like a secret.
    pub fn json(&self, value: &mut serde_json::Value) {
        match value {
            serde_json::Value::String(text) => self.set(text),
            serde_json::Value::Array(list) => list.iter_mut().for_each(|v| self.json(v)),
            serde_json::Value::Object(map) => {
                for (name, inner) in map {
                    // A number or a switch under such a name is a setting: a token's lifetime, say.
                    if secret_name(name) && inner.is_string() {
                        *inner = SECRET.into();
                    } else {
                        self.json(inner);
                    }
                }
            }
            _ => {}
        }
    }

    /// What a source answered. Objects are masked by who reads them, since only they know which of their names are secret.
    pub fn part(&self, part: &mut TelemetryPart) {
        match part {
            TelemetryPart::Logs(lines) => lines.iter_mut().for_each(|l| self.line(l)),
            TelemetryPart::Spans(spans) => spans.iter_mut().for_each(|s| self.span(s)),
            TelemetryPart::Events(events) => events.iter_mut().for_each(|e| self.event(e)),
            TelemetryPart::Commands(commands) => commands.iter_mut().for_each(|c| self.set(&mut c.output)),
            TelemetryPart::Series(series) => series.iter_mut().for_each(|s| self.labels(&mut s.labels)),
            TelemetryPart::Alerts(alerts) => alerts.iter_mut().for_each(|a| {
                self.labels(&mut a.labels);
                self.labels(&mut a.annotations);
            }),
            TelemetryPart::Changes(changes) => changes.iter_mut().for_each(|c| self.change(c)),
            TelemetryPart::Objects(_) | TelemetryPart::Topology(_) => {}
        }
    }

    /// A cluster's event: its message.
    fn event(&self, event: &mut ClusterEvent) {
        self.set(&mut event.message);
    }

    fn fields(&self, fields: &mut crate::telemetry::Labels) {
        for (name, value) in fields {
            let masked = self.value(name, value);
            if masked != value.as_str() {
                *value = masked.into_owned();
            }
        }
    }

    pub(super) fn set(&self, text: &mut String) {
        if let Cow::Owned(masked) = self.text(text) {
            *text = masked;
        }
    }
}

/// The same for the same address, however it is written.
fn pseudonym(key: &[u8; 32], address: &str) -> String {
    format!("{PSEUDONYM}{}", hashed(key, &address.to_lowercase()))
}

pub(super) fn hashed(key: &[u8; 32], text: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(key);
    hash.update(text);
    let hash = hex::encode(hash.finalize());
    hash[..DIGITS].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::{Labels, SpanKind};

    fn labels(pairs: &[(&str, &str)]) -> Labels {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn lines_and_spans_are_masked_by_names_and_by_shapes() {
        let mask = Mask::default().also(&[Regex::new("customer-[0-9]+").expect("a pattern")]);
        let fields = [
            ("http.authorization", "abc"),
            ("user", "ann"),
            ("tokens_used", "31"),
            ("to", "ann@example.com"),
            ("of", "customer-7"),
            ("phone_number", "030 1234567"),
        ];
        let mut line = LogLine {
            source: "t".into(),
            line: 1,
            component: None,
            at: None,
            level: None,
            text: "call +49 30 1234567, iban DE89370400440532013000".into(),
            fields: labels(&fields),
            trace_id: None,
        };
        mask.line(&mut line);
        assert_eq!(line.text, "call [phone], iban [iban]");
        let masked = [
            ("http.authorization", "[secret]"),
            ("user", "ann"),
            ("tokens_used", "31"),
            ("to", "[email]"),
            ("of", "[secret]"),
            ("phone_number", "[phone]"),
        ];
        assert_eq!(line.fields, labels(&masked));
        let mut span = Span {
            source: "t".into(),
            trace_id: "1".into(),
            span_id: "2".into(),
            parent_id: None,
            component: "web".into(),
            operation: "GET /users/ann@example.com".into(),
            kind: SpanKind::Server,
            start_us: 0,
            duration_us: 1,
            error: false,
            attributes: labels(&[
                ("db.statement", "where card = '4111111111111111'"),
                ("http.cookie", "a=b"),
            ]),
        };
        mask.span(&mut span);
        assert_eq!(span.operation, "GET /users/[email]");
        assert_eq!(
            span.attributes,
            labels(&[("db.statement", "where card = '[card]'"), ("http.cookie", "[secret]")])
        );
    }

    #[test]
    fn an_address_keeps_its_pseudonym_under_one_key_and_has_another_under_another() {
        let (a, b) = (Mask::keyed("one"), Mask::keyed("two"));
        let of = |mask: &Mask, text: &str| mask.text(text).into_owned();
        let ann = of(&a, "ann@example.com");
        assert!(is_pseudonym(&ann) && !is_pseudonym("mail-room") && !ann.contains("ann"), "{ann}");
        assert_eq!(of(&a, "user=Ann@Example.com failed"), format!("user={ann} failed"));
        assert_ne!(of(&a, "bob@example.com"), ann);
        assert_ne!(of(&b, "ann@example.com"), ann);
        // Twice is as good as once.
        assert_eq!(of(&a, &ann), ann);
    }

    #[test]
    fn objects_keep_their_settings() {
        let mut object = serde_json::json!({"db_password": "x", "token_ttl_s": 30, "to": ["a@b.com", 4]});
        Mask::default().json(&mut object);
        assert_eq!(
            object,
            serde_json::json!({"db_password": "[secret]", "token_ttl_s": 30, "to": ["[email]", 4]})
        );
    }
}
