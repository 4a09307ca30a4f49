//! Neutralising text from outside: for one plain line, for Markdown, for HTML. Nothing here knows what a text means.

use std::fmt::Write as _;

/// Whether it is an address of the web: others (`javascript:`, `data:`) become no link.
pub fn is_web(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://")
}

/// One line of plain text: control, invisible and direction-changing characters are gone, white space is single, and it
/// has at most `max` characters (with an ellipsis where it was cut).
pub(crate) fn line(text: &str, max: usize) -> String {
    let mut out = String::new();
    let mut gap = false;
    // Enough input for `max` characters even if most of it is dropped, so that a huge text costs little.
    for c in text.chars().take(max.saturating_mul(8).max(1024)) {
        if c.is_whitespace() || c.is_control() {
            gap = !out.is_empty();
        } else if !is_invisible(c) {
            if gap {
                out.push(' ');
                gap = false;
            }
            out.push(c);
        }
    }
    if out.chars().count() > max {
        out = out.chars().take(max.saturating_sub(1)).collect::<String>().trim_end().to_owned();
        out.push('…');
    }
    out
}

/// Text over several lines, without control characters and without those that hide or turn text around.
pub(crate) fn visible(text: &str) -> String {
    text.chars().filter(|c| *c == '\n' || *c == '\t' || !(c.is_control() || is_invisible(*c))).collect()
}

/// One line of Markdown that shows `text` as it is: no markup, link, mention or HTML in it takes effect.
pub(crate) fn markdown(text: &str, max: usize) -> String {
    let plain = line(text, max);
    let chars: Vec<char> = plain.chars().collect();
    let mut out = String::with_capacity(plain.len() + 8);
    for (i, &c) in chars.iter().enumerate() {
        let (before, after) = (i.checked_sub(1).map(|i| chars[i]), chars.get(i + 1).copied());
        let inside_word =
            before.is_some_and(char::is_alphanumeric) && after.is_some_and(char::is_alphanumeric);
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' if after.is_some_and(|a| a == '#' || a.is_ascii_alphabetic()) => out.push_str("&amp;"),
            '\\' | '`' | '*' | '[' | ']' | '|' | '~' | '$' => {
                out.push('\\');
                out.push(c);
            }
            '_' if inside_word => out.push(c),
            '_' => out.push_str("\\_"),
            // A scheme would be made a link by many readers.
            ':' if after == Some('/') && chars.get(i + 2) == Some(&'/') => out.push_str("\\:"),
            '#' | '+' | '-' | '=' if i == 0 => {
                out.push('\\');
                out.push(c);
            }
            '.' | ')'
                if i > 0
                    && i < 10
                    && chars[..i].iter().all(char::is_ascii_digit)
                    && after.is_none_or(|a| a == ' ') =>
            {
                out.push('\\');
                out.push(c);
            }
            // Chat systems would call everybody.
            '@' if mass_mention(&chars[i + 1..]) => out.push_str("@\u{2060}"),
            _ => out.push(c),
        }
    }
    out
}

/// An inline code span that holds `text` and nothing else.
pub(crate) fn code(text: &str, max: usize) -> String {
    let plain = line(text, max);
    if plain.is_empty() {
        return String::new();
    }
    let longest = plain.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let pad = if plain.starts_with('`') || plain.ends_with('`') { " " } else { "" };
    // Inside a table a bar ends the cell, even in code.
    format!("{fence}{pad}{}{pad}{fence}", plain.replace('|', "\\|"))
}

/// Text for an HTML element or a double-quoted attribute.
pub(crate) fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // Not allowed in XML, and an SVG is XML.
            c if c.is_control() && c != '\n' && c != '\t' => {}
            '\u{fffe}' | '\u{ffff}' => {}
            c => out.push(c),
        }
    }
    out
}

/// A GitHub-style Markdown table; cells must be Markdown already.
pub(crate) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let mut out = format!("| {} |\n|{}\n", head.join(" | "), " --- |".repeat(head.len()));
    for row in rows {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "| {} |", row.join(" | "));
    }
    out
}

/// `a, b and c`.
pub(crate) fn list(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [all @ .., last] => format!("{} and {last}", all.join(", ")),
    }
}

/// `1 alert`, `2 alerts`.
pub(crate) fn count(n: u64, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}

/// A finished sentence: a capital at its start unless it begins with a name such as `db_pool`, a full stop at its end.
pub(crate) fn sentence(text: &str) -> String {
    let text = text.trim();
    let Some(first) = text.chars().next() else { return String::new() };
    let word = text.split(|c: char| c.is_whitespace() || ".,:;!?".contains(c)).next().unwrap_or("");
    let plain_word = word.chars().all(|c| c.is_ascii_lowercase());
    let start = if plain_word { first.to_ascii_uppercase() } else { first };
    let stop = if text.ends_with(['.', '!', '?', '…']) { "" } else { "." };
    format!("{start}{}{stop}", &text[first.len_utf8()..])
}

fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{fff0}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}' | '\u{e0000}'..='\u{e0fff}')
}

fn mass_mention(rest: &[char]) -> bool {
    let word: String = rest.iter().take_while(|c| c.is_alphanumeric()).take(10).collect();
    matches!(word.to_lowercase().as_str(), "everyone" | "here" | "channel" | "all" | "room")
}
