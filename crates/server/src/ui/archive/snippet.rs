//! The part of a text that a search found, with the words that were looked for.

use serde::Serialize;

use super::index::words;

/// Characters before the first word that was found.
const BEFORE: usize = 60;
/// Characters of a snippet.
const LENGTH: usize = 220;

/// A piece of a snippet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Piece {
    pub(crate) text: String,
    /// It is what was looked for.
    pub(crate) hit: bool,
}

/// The part of `text` around the first word that begins like one of the query's, else `None`. Marks of Markdown are
/// dropped.
pub(crate) fn snippet(text: &str, query: &str) -> Option<Vec<Piece>> {
    let wanted = words(query);
    let plain = plain(text);
    let chars: Vec<char> = plain.chars().collect();
    let runs = runs(&chars);
    let is_hit = |&(from, to): &(usize, usize)| {
        let word: String =
            chars.get(from..to).unwrap_or_default().iter().flat_map(|c| c.to_lowercase()).collect();
        wanted.iter().any(|w| word.starts_with(w))
    };
    let first = runs.iter().copied().find(is_hit)?.0;
    // From the beginning of a word.
    let near = first.saturating_sub(BEFORE);
    let begin = runs.iter().map(|r| r.0).find(|from| *from >= near).unwrap_or(first).min(first);
    let end = runs
        .iter()
        .map(|r| r.1)
        .take_while(|to| *to <= begin + LENGTH)
        .last()
        .unwrap_or(begin + LENGTH)
        .max((first + LENGTH / 2).min(chars.len()))
        .min(chars.len());
    let mut pieces: Vec<Piece> = Vec::new();
    let mut push = |from: usize, to: usize, hit: bool| {
        let text: String = chars.get(from..to).unwrap_or_default().iter().collect();
        if !text.is_empty() {
            pieces.push(Piece { text, hit });
        }
    };
    let mut at = begin;
    for run in runs.iter().filter(|r| r.0 >= begin && r.1 <= end && is_hit(r)) {
        push(at, run.0, false);
        push(run.0, run.1, true);
        at = run.1;
    }
    push(at, end, false);
    if begin > 0 {
        pieces.insert(0, Piece { text: "… ".to_owned(), hit: false });
    }
    if end < chars.len() {
        pieces.push(Piece { text: " …".to_owned(), hit: false });
    }
    Some(pieces)
}

/// Words as character positions: from, to.
fn runs(chars: &[char]) -> Vec<(usize, usize)> {
    let mut all = Vec::new();
    let mut from = None;
    for (at, c) in chars.iter().enumerate() {
        match (c.is_alphanumeric(), from) {
            (true, None) => from = Some(at),
            (false, Some(begun)) => {
                all.push((begun, at));
                from = None;
            }
            _ => {}
        }
    }
    all.extend(from.map(|begun| (begun, chars.len())));
    all
}

/// One line without the marks of Markdown.
fn plain(text: &str) -> String {
    let unmarked: String =
        text.chars().map(|c| if matches!(c, '#' | '*' | '|' | '`' | '>' | '\\') { ' ' } else { c }).collect();
    unmarked.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, query: &str) -> Option<String> {
        let mark = |p: &Piece| if p.hit { format!("[{}]", p.text) } else { p.text.clone() };
        Some(snippet(text, query)?.iter().map(mark).collect())
    }

    #[test]
    fn it_is_cut_at_words_and_marks_what_was_looked_for() {
        let text = format!(
            "# Summary\n\n{}the **connection pool** ran empty, {}",
            "before ".repeat(30),
            "after ".repeat(60)
        );
        let shown = shown(&text, "pool connec").expect("a snippet");
        assert!(shown.starts_with("… before"), "{shown}");
        assert!(shown.contains("the [connection] [pool] ran empty"), "{shown}");
        assert!(shown.ends_with("after …") && shown.len() < 300, "{shown}");
    }

    #[test]
    fn short_texts_are_whole_and_strange_ones_survive() {
        assert_eq!(shown("Pools dry", "pool").as_deref(), Some("[Pools] dry"));
        assert_eq!(shown("nothing of it", "pool"), None);
        assert_eq!(shown("", "x"), None);
        assert_eq!(shown("ÜBER ünïcödé İx", "ünï").as_deref(), Some("ÜBER [ünïcödé] İx"));
        let long = "x".repeat(5000);
        assert!(shown(&long, "xx").is_some());
    }
}
