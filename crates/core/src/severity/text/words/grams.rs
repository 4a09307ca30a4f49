//! Runs of one to three words within a sentence: what the learned terms are made of.

use std::collections::BTreeSet;

/// Most words of a run.
const LONGEST: usize = 3;

/// The runs of a plain sentence. Figures are `0`, a figure with a per cent sign is `percent`.
pub(super) fn grams(sentence: &str) -> BTreeSet<String> {
    let words = words(sentence);
    let runs = (1..=LONGEST).flat_map(|n| words.windows(n));
    runs.map(|run| run.join(" ")).collect()
}

fn words(sentence: &str) -> Vec<&str> {
    let bytes = sentence.as_bytes();
    let mut out = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let from = at;
        let inside = |b: u8, first: u8| match first {
            b'0'..=b'9' => b.is_ascii_digit() || b == b'.',
            _ => b.is_ascii_lowercase() || b == b'\'',
        };
        while at < bytes.len() && inside(bytes[at], bytes[from]) {
            at += 1;
        }
        if at == from {
            at += 1;
            continue;
        }
        if bytes[from].is_ascii_digit() {
            let rest = sentence[at..].trim_start();
            out.push(if rest.starts_with('%') { "percent" } else { "0" });
        } else {
            out.push(&sentence[from..at]);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_stay_within_the_sentence_and_figures_are_alike() {
        let found = grams("12.5% of users can't log in (code 500)");
        for want in ["percent of users", "can't log in", "code 0", "0", "in code"] {
            assert!(found.contains(want), "{want}: {found:?}");
        }
        assert!(!found.iter().any(|g| g.split(' ').count() > 3));
        assert!(grams("").is_empty() && grams("~~ é ...").is_empty());
    }
}
