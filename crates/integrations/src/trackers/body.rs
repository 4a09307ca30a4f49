//! The text of an issue, as Markdown.

use firebell_core::ports::tracker::IssueWish;

use crate::notice::text::{Unit, all, cut, lines, markdown, one_line, web};

/// Longest title, characters.
const TITLE: usize = 200;
/// Longest text of outside, characters.
const WHY: usize = 4_000;
/// Longest value of a fact.
const FACT: usize = 200;

pub(super) fn title(wish: &IssueWish) -> String {
    cut(&one_line(&wish.title), TITLE, Unit::Chars)
}

/// The mark as it stands in the text: one word, which nobody writes by chance.
pub(super) fn mark(wish: &IssueWish) -> String {
    format!("firebell-{}", wish.mark)
}

/// What, who, until when, where to read on; the mark last.
pub(super) fn body(wish: &IssueWish) -> String {
    let mut parts = Vec::new();
    let why = all(markdown(&cut(&lines(&wish.why), WHY, Unit::Chars)));
    if !why.trim().is_empty() {
        parts.push(why);
    }
    let fact = |(name, value): &(String, String)| {
        format!("- {name}: {}", all(markdown(&cut(&one_line(value), FACT, Unit::Chars))))
    };
    parts.push(wish.facts.iter().map(fact).collect::<Vec<_>>().join("\n"));
    let link = |(address, label): &(String, String)| {
        Some(format!("[{}]({})", all(markdown(label)), web(address)?.replace(['(', ')'], "")))
    };
    let links: Vec<String> = wish.links.iter().filter_map(link).collect();
    parts.push(links.join(" \u{b7} "));
    parts.push(format!("Filed by Firebell, `{}`", mark(wish)));
    parts.retain(|part| !part.is_empty());
    parts.join("\n\n")
}
