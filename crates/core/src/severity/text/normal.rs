//! Outside text made plain: lower-case ASCII sentences, shares as percentages, instructions to the reader removed.

use std::sync::LazyLock;

use regex::{Captures, Regex};

/// Longer reports are read up to here (characters).
const CAP: usize = 20_000;

/// The sentences of a text, plain.
pub(super) fn sentences(text: &str) -> Vec<String> {
    let plain = plain(text);
    SENTENCE_END
        .split(&plain)
        .map(str::trim)
        .filter(|sentence| !sentence.is_empty())
        .filter_map(without_instructions)
        .map(|sentence| shares_as_percent(&sentence))
        .collect()
}

/// A pattern of the built-in tables; these are constants, and a test compiles all of them.
pub(super) fn pattern(text: &str) -> Option<Regex> {
    regex::RegexBuilder::new(text).unicode(false).build().ok()
}

/// Compiles constant patterns.
pub(super) fn patterns(texts: &[&str]) -> Vec<Regex> {
    texts.iter().map(|text| constant(text)).collect()
}

static SENTENCE_END: LazyLock<Regex> = LazyLock::new(|| constant(r"[.!?]+(?:\s+|$)|[\n;]+"));

fn constant(text: &str) -> Regex {
    #[expect(clippy::expect_used, reason = "a constant of this module, compiled by its tests")]
    pattern(text).expect("the built-in pattern is valid")
}

/// Lower case, ASCII, words of CamelCase alert names apart, one space between words. A letter of another script
/// becomes `~`, so that it ends no word and makes none.
fn plain(text: &str) -> String {
    let mut out = String::new();
    let mut last_lower = false;
    for c in text.chars().take(CAP) {
        let replaced: &str = match c {
            '\u{2018}' | '\u{2019}' | '\u{02bc}' | '`' => "'",
            '\u{201c}' | '\u{201d}' => "\"",
            '\u{2013}' | '\u{2014}' => " - ",
            '\u{2192}' | '\u{21d2}' | '\u{279c}' => " -> ",
            '\u{00b5}' | '\u{03bc}' => "u",
            '\u{00d7}' => "x",
            '\u{ff05}' => "%",
            '\u{2265}' => ">=",
            '\u{2026}' => "...",
            '\r' | '\n' => "\n",
            _ if c.is_whitespace() || c.is_control() => " ",
            _ if c.is_ascii() => "",
            _ if c.is_alphanumeric() => "~",
            _ => " ",
        };
        if replaced.is_empty() {
            if c.is_ascii_uppercase() && last_lower {
                out.push(' ');
            }
            out.push(if c == '_' { ' ' } else { c.to_ascii_lowercase() });
            last_lower = c.is_ascii_lowercase();
        } else {
            out.push_str(replaced);
            last_lower = false;
        }
    }
    SPACES.replace_all(&out, " ").into_owned()
}

static SPACES: LazyLock<Regex> = LazyLock::new(|| constant(r"[ \t]+"));

/// A sentence that talks to the reader instead of describing what happened: dropped whole, or up to the next comma
/// or colon where a report may follow ("treat this as critical: checkout is down").
fn without_instructions(sentence: &str) -> Option<String> {
    if TO_THE_MACHINE.is_match(sentence) {
        return None;
    }
    let rest = DIRECTIVE.replace_all(sentence, " ");
    let rest = rest.trim();
    (!rest.is_empty()).then(|| rest.to_owned())
}

static TO_THE_MACHINE: LazyLock<Regex> = LazyLock::new(|| {
    constant(concat!(
        r"\b(?:ignore|disregard|forget|override|bypass)(?: [a-z]+){0,4} ",
        r"(?:previous|prior|above|earlier|instructions?|rules?|polic(?:y|ies)|prompts?|everything before)\b",
        r"|^[ -@\[-`{-~]*(?:system|assistant|developer|instructions?|new instructions?|prompt) ?[:>]",
        r"|<\|?/?(?:system|assistant|im start|im end|instructions?)\b",
        r"|^[ -@\[-`{-~]*(?:please )?(?:you are (?:now )?(?:an?|the) |you must |you will |pretend |act as |respond |reply |answer |output |print |say |write |report (?:this|it|that|an?|the) )",
    ))
});

static DIRECTIVE: LazyLock<Regex> = LazyLock::new(|| {
    constant(concat!(
        r"\b(?:(?:please|kindly|must|should|shall|to|and|i|we|always) )*",
        r"(?:treat|classify|mark|label|consider|handle|regard|declare|prioriti[sz]e|escalate|raise|upgrade|be treated|be classified)",
        r" (?:(?:this|it|that|everything)\b|(?:as|to|a|an) (?:a |an )?(?:sev|p[0-9]|prio|critical|major|emergency|complete|total|full)|sev|p[0-9]\b|(?:the )?(?:severity|priority)|the (?:incident|ticket|alert|report|issue))",
        r"[ -+\--9<-~]*(?:[,:]|$)",
        r"|\bset (?:the |its |this )?(?:severity|priority|level)\b[ -+\--9<-~]*(?:[,:]|$)",
    ))
});

/// `half of the users`, `one in five users`, `3 out of 10 requests` as percentages.
fn shares_as_percent(sentence: &str) -> String {
    let counted = COUNTED_SHARE.replace_all(sentence, |caps: &Captures<'_>| {
        let number = |i: usize| caps.get(i).and_then(|m| number_word(m.as_str()));
        match (number(1), number(2)) {
            // "five errors in ten minutes" is no share.
            (Some(part), Some(_))
                if part > 1.0 && caps.get(0).is_some_and(|m| m.as_str().contains(" in ")) =>
            {
                caps.get(0).map_or_else(String::new, |m| m.as_str().to_owned())
            }
            (Some(part), Some(whole)) if whole > 0.0 && part <= whole => {
                format!("{}% of", trimmed(100.0 * part / whole))
            }
            _ => caps.get(0).map_or_else(String::new, |m| m.as_str().to_owned()),
        }
    });
    let mut out = counted.into_owned();
    for (word, share) in FRACTIONS.iter() {
        out = word.replace_all(&out, *share).into_owned();
    }
    out
}

static COUNTED_SHARE: LazyLock<Regex> = LazyLock::new(|| {
    constant(concat!(
        r"\b([0-9]{1,7}|one|two|three|four|five|six|seven|eight|nine|ten) (?:in(?: every)?|out of(?: every)?|of(?: the| our)?) ",
        r"([0-9]{1,7}|one|two|three|four|five|six|seven|eight|nine|ten|twenty|hundred)(?: of)?\b",
    ))
});

static FRACTIONS: LazyLock<Vec<(Regex, &'static str)>> = LazyLock::new(|| {
    [
        (r"\b(?:more than |over |about |roughly |almost |nearly )?half (?:of |the |our )+", "50% of "),
        (r"\b(?:a|one) third of\b", "33.3% of"),
        (r"\btwo thirds of\b", "66.7% of"),
        (r"\b(?:a|one) quarter of\b", "25% of"),
        (r"\bthree quarters of\b", "75% of"),
        (r"\b(?:a|one) fifth of\b", "20% of"),
        (r"\b(?:a|one) tenth of\b", "10% of"),
        (r"\bevery (?:second|other) (user|customer|request|order|payment)\b", "50% of ${1}s"),
        (r"\bevery third (user|customer|request|order|payment)\b", "33.3% of ${1}s"),
    ]
    .into_iter()
    .map(|(text, share)| (constant(text), share))
    .collect()
});

fn number_word(text: &str) -> Option<f64> {
    const WORDS: [(&str, f64); 12] = [
        ("one", 1.0),
        ("two", 2.0),
        ("three", 3.0),
        ("four", 4.0),
        ("five", 5.0),
        ("six", 6.0),
        ("seven", 7.0),
        ("eight", 8.0),
        ("nine", 9.0),
        ("ten", 10.0),
        ("twenty", 20.0),
        ("hundred", 100.0),
    ];
    WORDS.iter().find(|(word, _)| *word == text).map(|(_, n)| *n).or_else(|| text.parse().ok())
}

fn trimmed(percent: f64) -> String {
    let text = format!("{percent:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
