//! What is taken out of text: passwords, tokens, keys, sessions, mail addresses, card numbers (by their check digit), IBANs (by theirs), telephone numbers in international form.
//! What is taken out is told by kind, so that a reader knows what stood there. Doing it twice changes nothing. Tokens that are told
//! by looking random are in `random.rs`.
//!
//! Errs on the side of masking where a name says that a secret follows; numbers alone are left, unless a check digit
//! holds.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::{is_card_number, random};

const EMAIL: &str = "[email]";
const PHONE: &str = "${1}[phone]";
/// What follows a name that says that it is secret.
const NAMED: &str = "${1}${2}[secret]";

struct Rule {
    /// Quick test: one of these has to be in the lower-case text.
    hints: &'static [&'static str],
    pattern: Regex,
    with: &'static str,
}

/// Looks at most at a text in which each one changes something.
const ROUNDS: usize = 8;

/// How a text is looked at.
pub(super) struct Manner<'a> {
    /// What stands for a mail address.
    pub(super) email: &'a dyn Fn(&str) -> String,
    /// Whether figures may be those of cards, accounts and telephones. In names of machines they are not.
    pub(super) figures: bool,
    /// Whether what looks random is a token. Keys by which senders know their things look so too.
    pub(super) random: bool,
    /// Source code: what follows a name without quotes is an expression and stays.
    pub(super) code: bool,
}

/// Ends of names with an `@` in them that are no mail addresses: units of systemd (`getty@tty1.service`).
const UNITS: [&str; 10] =
    ["service", "socket", "timer", "mount", "target", "slice", "scope", "path", "device", "swap"];

/// Kinds that are told in place of what stood there.
pub(super) const KINDS: [&str; 6] = [SECRET, "[private key]", EMAIL, "[phone]", "[card]", "[iban]"];

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
            SECRET_WORDS,
            r#"(?i)((?:[a-z0-9_.-]*(?:password|passwd|passphrase|pwd|secret|token|api[_-]?key|apikey|access[_-]?key|private[_-]?key|secret[_-]?key|encryption[_-]?key|credentials?|session[_-]?id)|\b(?:otp|cvv|cvc|pin))(?:["']|\\")?)(\s*[:=]\s*)(\\"(?:[^"\\]|\\[^"])*\\"|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s"',;&}\])\[\\]+)"#,
            NAMED,
        ),
        // An element of XML, an option of a command.
        rule(
            &["<"],
            r"(?i)(<[a-z0-9_:.-]*(?:password|passwd|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key)>\s*)[^<\[\s][^<\[]*(</)",
            "${1}[secret]${2}",
        ),
        rule(
            &["--"],
            r"(?i)(--[a-z0-9-]*(?:password|passwd|passphrase|secret|token|api-?key|access-?key)\s+)[^\s\[-][^\s\[]*",
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
        rule(&["+"], r"(^|[\s(=:,'\x22])\+[1-9]\d{0,2}[ .-]?(?:\(\d{1,4}\)[ .-]?)?\d(?:[ .-]?\d){6,11}\b", PHONE),
        rule(
            &["phone", "mobile", "tel"],
            r#"(?i)(\b[a-z_]*(?:phone|mobile|tel)(?:[_-]?(?:number|no))?["']?\s*[:=]\s*["']?)\(?\d(?:[ ().-]?\d){6,14}"#,
            PHONE,
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
});

/// Hints of names that say that a secret follows.
const SECRET_WORDS: &[&str] = &[
    "passw",
    "passphrase",
    "pwd",
    "secret",
    "token",
    "key",
    "credential",
    "session",
    "otp",
    "cvv",
    "cvc",
    "pin",
];

/// In source code: a literal behind such a name, whether it is assigned, compared, or the next argument.
static LITERAL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"(?i)([a-z0-9_.-]*(?:password|passwd|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|secret[_-]?key|encryption[_-]?key|credentials?|session[_-]?id)["']?\s*(?::\s*[&a-z_][\w<>&']*\s*)?(?::=|=>|[=!]=+|[:=(,])\s*[a-z]{0,2})("(?:[^"\\]|\\.)+"|'(?:[^'\\]|\\.)+'|`[^`]+`)"#,
    )
    .ok()
});

static CARD: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\b\d(?:[ -]?\d){12,18}\b").ok());
static IBAN: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?\b").ok());

/// Masks what must not be stored or shown. Text without such comes back as it is.
pub fn redact(text: &str) -> Cow<'_, str> {
    let email = &|_: &str| EMAIL.to_owned();
    redact_with(text, &Manner { email, figures: true, random: true, code: false })
}

/// As [`redact`], in another manner.
pub(super) fn redact_with<'t>(text: &'t str, manner: &Manner<'_>) -> Cow<'t, str> {
    let mut out = once(text, manner);
    // What stood behind a secret may read otherwise now that it is gone: it is looked at until nothing changes.
    for _ in 0..ROUNDS {
        match &out {
            Cow::Owned(changed) => match once(changed, manner) {
                Cow::Owned(again) if again != *changed => out = Cow::Owned(again),
                _ => break,
            },
            Cow::Borrowed(_) => break,
        }
    }
    out
}

fn once<'t>(text: &'t str, manner: &Manner<'_>) -> Cow<'t, str> {
    // Most lines hold none of the signs: one pass says so.
    let signs = Signs::of(text);
    if !signs.any() {
        return Cow::Borrowed(text);
    }
    let mut out = Cow::Borrowed(text);
    if signs.words {
        let lower = text.to_ascii_lowercase();
        for rule in RULES.iter().filter(|r| r.hints.iter().any(|h| lower.contains(h))) {
            match rule.with {
                PHONE if !manner.figures => {}
                NAMED if manner.code => {
                    if let Some(literal) = LITERAL.as_ref() {
                        replace(&mut out, literal, |c, to| c.expand("${1}[secret]", to));
                    }
                }
                EMAIL => replace(&mut out, &rule.pattern, |c, to| {
                    to.push_str(&if is_address(&c[0]) { (manner.email)(&c[0]) } else { c[0].to_owned() });
                }),
                with => replace(&mut out, &rule.pattern, |c, to| c.expand(with, to)),
            }
        }
    }
    if manner.figures
        && signs.figures >= 13
        && let Some(card) = CARD.as_ref()
    {
        replace(&mut out, card, |c, to| to.push_str(if is_card_number(&c[0]) { "[card]" } else { &c[0] }));
    }
    if manner.figures
        && signs.figures >= 8
        && let Some(iban) = IBAN.as_ref()
    {
        replace(&mut out, iban, |c, to| to.push_str(if mod_97(&c[0]) { "[iban]" } else { &c[0] }));
    }
    if manner.random
        && signs.long
        && let Some(masked) = random::masked(&out)
    {
        out = Cow::Owned(masked);
    }
    out
}

/// Whether it is of a person or a box, and neither a unit of systemd nor where a repository is cloned from.
fn is_address(found: &str) -> bool {
    let (local, domain) = found.split_once('@').unwrap_or((found, ""));
    local != "git" && !domain.rsplit('.').next().is_some_and(|end| UNITS.contains(&end))
}

/// As [`redact`], for a template: what goes is a value, so that the template still fits its lines.
pub fn redact_template(template: &str) -> Cow<'_, str> {
    match redact(template) {
        Cow::Borrowed(same) => Cow::Borrowed(same),
        Cow::Owned(mut changed) => {
            for kind in KINDS {
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
    /// A word as long as tokens are that have to be told by their looks.
    long: bool,
}

impl Signs {
    fn of(text: &str) -> Self {
        let (mut words, mut figures, mut run, mut longest) = (false, 0, 0, 0);
        for b in text.bytes() {
            figures += usize::from(b.is_ascii_digit());
            words |= matches!(b, b'=' | b':' | b'@' | b'+' | b'_' | b'-' | b'<');
            run = if random::is_of_word(b) { run + 1 } else { 0 };
            longest = longest.max(run);
        }
        // Bearer tokens and keys of clouds stand behind a blank.
        let lower = |w: &str| {
            text.len() >= w.len()
                && text.as_bytes().windows(w.len()).any(|t| t.eq_ignore_ascii_case(w.as_bytes()))
        };
        let words = words
            || (text.len() > 20
                && (lower("bearer ") || lower("basic ") || lower("akia") || lower("asia") || lower("eyj")));
        Self { words, figures, long: longest >= random::SHORTEST }
    }

    fn any(&self) -> bool {
        self.words || self.figures >= 8 || self.long
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
            ("unit getty@tty1.service failed", "unit getty@tty1.service failed"),
            ("from git@github.com:shop/web.git", "from git@github.com:shop/web.git"),
            ("<db.password>hunter2</db.password>", "<db.password>[secret]</db.password>"),
            ("run --api-key abc123 --dry-run", "run --api-key [secret] --dry-run"),
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
            proptest::prop_assert_eq!(redact(&once), once.as_str());
        }

        #[test]
        fn what_was_masked_is_not_masked_again(parts in proptest::collection::vec(proptest::sample::select(PARTS), 0..14)) {
            let text = parts.concat();
            let once = redact(&text).into_owned();
            proptest::prop_assert_eq!(redact(&once), once.as_str(), "{}", text);
        }
    }

    /// What meets each of the rules, and what stands around it.
    const PARTS: &[&str] = &[
        "password",
        "token",
        "session_id",
        "pin",
        "key",
        "=",
        ": ",
        " = ",
        "\"",
        "'",
        "\\\"",
        " ",
        "\n",
        "[",
        "]",
        "[secret]",
        "[email]",
        "Bearer abcdefgh12",
        "Authorization: ",
        "Cookie: a=b; c",
        "ann@example.com",
        "+49 30 1234567",
        "phone=030 1234567",
        "4111 1111 1111 1111",
        "DE89370400440532013000",
        "<db.token>",
        "</db.token>",
        "--secret ",
        "abc",
        "postgres://app:pw@db",
        "eyJhbGciOiJI.eyJzdWIiOiIx.Sf",
        "AKIAIOSFODNN7EXAMPLE",
        "kJ8dLq2Wn5xVb7Rt3Zp9Yc4Mg6Hs1Fa0",
        "ghp_0123456789abcdefghij",
        "-----BEGIN PRIVATE KEY-----",
        ",",
        ";",
        "{",
        "}",
        "-",
        "@",
    ];
}
