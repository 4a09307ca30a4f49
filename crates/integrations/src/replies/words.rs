//! What people write: `ACK 4711`, `/incident ack 4711`, `note 4711 restarted the proxy`. Only the first words count, in
//! any case; everything else is text.

use super::{Reference, Said};

/// Longest text that is kept of what somebody wrote, characters.
const LONGEST: usize = 4000;

/// Reads a reply that may be about anything: none if it begins with no word that is known.
pub(crate) fn spoken(text: &str) -> Option<(Said, Reference)> {
    let text = clean(text);
    let (word, rest) = split(&text);
    let what = match word.trim_end_matches(['.', '!', ',', ':']).to_ascii_lowercase().as_str() {
        "ack" | "acknowledge" | "acked" => Said::Acknowledge,
        "esc" | "escalate" => Said::Escalate,
        "res" | "resolve" | "resolved" => Said::Resolve,
        "note" => {
            let (reference, rest) = reference(rest);
            return (!rest.is_empty()).then(|| (Said::Note(rest.to_owned()), reference));
        }
        // The code alone is an acknowledgement: the page asked for nothing else.
        _ => {
            let (reference, rest) = reference(&text);
            return (reference != Reference::None && rest.is_empty())
                .then_some((Said::Acknowledge, reference));
        }
    };
    let (reference, _) = reference(rest);
    Some((what, reference))
}

/// Reads a command's text: one word, or one with a code, is a reply; all else is handed on as it is, for it may name an
/// incident or give a reason.
pub(crate) fn command(text: &str) -> (Said, Reference) {
    let text = clean(text);
    match spoken(&text) {
        Some((what, code @ Reference::Code(_))) => (what, code),
        Some(alone) if !text.contains(char::is_whitespace) => alone,
        _ => (Said::Command(text), Reference::None),
    }
}

/// A code at the beginning, with or without `#`, and the rest.
fn reference(text: &str) -> (Reference, &str) {
    let (word, rest) = split(text);
    let digits = word.trim_start_matches('#').trim_end_matches(['.', '!', ',']);
    if (3..=12).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) {
        return (Reference::Code(digits.to_owned()), rest);
    }
    (Reference::None, text)
}

fn split(text: &str) -> (&str, &str) {
    match text.split_once(char::is_whitespace) {
        Some((word, rest)) => (word, rest.trim()),
        None => (text, ""),
    }
}

fn clean(text: &str) -> String {
    let kept = text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).take(LONGEST);
    kept.collect::<String>().trim().to_owned()
}
