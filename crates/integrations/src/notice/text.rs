//! Text within limits and formats. Pure. Whatever is too long is cut and marked, never refused.

use std::borrow::Cow;

/// What a limit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Unicode scalar values.
    Chars,
    /// Bytes of UTF-8.
    Bytes,
    /// Units of UTF-16: an emoji is two.
    Utf16,
}

impl Unit {
    pub(crate) fn of(self, text: &str) -> usize {
        match self {
            Self::Chars => text.chars().count(),
            Self::Bytes => text.len(),
            Self::Utf16 => text.encode_utf16().count(),
        }
    }
}

/// Longest address that is shown as a link, characters.
const LONGEST_LINK: usize = 1900;

/// The text, if it is an address that a browser opens safely.
pub(crate) fn web(text: &str) -> Option<&str> {
    let safe = |c: char| !c.is_control() && !c.is_whitespace() && !"<>\"`{}|\\^".contains(c);
    let fits = text.len() <= LONGEST_LINK && text.chars().all(safe);
    if !fits || !(text.starts_with("https://") || text.starts_with("http://")) {
        return None;
    }
    let url = reqwest::Url::parse(text).ok()?;
    (url.host_str().is_some() && url.username().is_empty() && url.password().is_none()).then_some(text)
}

/// One line without control characters, and without those that turn the direction of text around.
pub(crate) fn one_line(text: &str) -> String {
    text.split_whitespace().map(visible).filter(|w| !w.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Several lines without other control characters.
pub(crate) fn lines(text: &str) -> String {
    let kept: Vec<String> = text.lines().map(|l| visible(l.trim_end())).collect();
    kept.join("\n").trim().to_owned()
}

fn visible(text: &str) -> String {
    let hidden = |c: char| {
        (c.is_control() && c != '\t') || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().filter(|c| !hidden(*c)).collect()
}

/// As many pieces as fit into `room`; what was left out is marked with an ellipsis. A piece is never cut through.
pub(crate) fn fit<'a>(pieces: impl Iterator<Item = Cow<'a, str>>, room: usize, unit: Unit) -> String {
    let mark = unit.of("…");
    let (mut out, mut used) = (String::new(), 0);
    // Where the text has to end if the mark is to follow it.
    let mut safe_end = 0;
    for piece in pieces {
        let size = unit.of(&piece);
        if used + size > room {
            out.truncate(safe_end);
            if mark <= room {
                out.push('…');
            }
            return out;
        }
        out.push_str(&piece);
        used += size;
        if used + mark <= room {
            safe_end = out.len();
        }
    }
    out
}

/// The text as it is, cut to `room`.
pub(crate) fn cut(text: &str, room: usize, unit: Unit) -> String {
    fit(chars(text), room, unit)
}

fn chars(text: &str) -> impl Iterator<Item = Cow<'_, str>> {
    text.split_inclusive(|_| true).map(Cow::Borrowed)
}

/// `&`, `<` and `>`: Slack's control characters.
pub(crate) fn angled(text: &str) -> impl Iterator<Item = Cow<'_, str>> {
    chars(text).map(|c| match &*c {
        "&" => Cow::Borrowed("&amp;"),
        "<" => Cow::Borrowed("&lt;"),
        ">" => Cow::Borrowed("&gt;"),
        _ => c,
    })
}

/// HTML and XML, in text and in attributes. Characters that XML does not allow are left out.
pub(crate) fn marked_up(text: &str) -> impl Iterator<Item = Cow<'_, str>> {
    chars(text).map(|c| match &*c {
        "&" => Cow::Borrowed("&amp;"),
        "<" => Cow::Borrowed("&lt;"),
        ">" => Cow::Borrowed("&gt;"),
        "\"" => Cow::Borrowed("&quot;"),
        "'" => Cow::Borrowed("&#39;"),
        "\u{FFFE}" | "\u{FFFF}" => Cow::Borrowed(""),
        _ => c,
    })
}

/// Markdown in which the text means itself: no formatting, no link with another text, no mention. Addresses stay whole.
pub(crate) fn markdown(text: &str) -> impl Iterator<Item = Cow<'_, str>> {
    text.split_inclusive([' ', '\n', '\t']).flat_map(|word| {
        let bare = word.trim_end();
        let harmless = |c: char| c.is_ascii_alphanumeric() || "-._~:/?#&=%+,;$".contains(c);
        if web(bare).is_some() && bare.chars().all(harmless) {
            return vec![Cow::Borrowed(bare), Cow::Borrowed(&word[bare.len()..])];
        }
        word.split_inclusive(|_| true)
            .map(|c| match c {
                // A mention needs its name right after the sign, a tag as well; not all dialects can escape these two.
                "@" => Cow::Borrowed("@\u{200B}"),
                "<" => Cow::Borrowed("<\u{200B}"),
                "\\" | "`" | "*" | "_" | "{" | "}" | "[" | "]" | "(" | ")" | ">" | "#" | "+" | "-" | "!"
                | "|" | "~" => Cow::Owned(format!("\\{c}")),
                _ => Cow::Borrowed(c),
            })
            .collect()
    })
}

/// Pieces as one text.
pub(crate) fn all<'a>(pieces: impl Iterator<Item = Cow<'a, str>>) -> String {
    pieces.collect()
}
