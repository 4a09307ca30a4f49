//! Matchers as `amtool` and queries write them: `alertname=~"x.*"`.

use firebell_core::ports::alert_source::ParseError;
use firebell_core::silence::Matcher;

use crate::body::quote;

/// Bytes of one matcher.
const LONGEST: usize = 4096;
/// Matchers in one text.
const MOST: usize = 64;

/// One matcher: a name, `=`, `!=`, `=~` or `!~`, and a value, quoted or bare. `field` is what errors name.
///
/// # Errors
/// Says what is wrong with it.
pub fn parse_matcher(text: &str, field: &str) -> Result<Matcher, ParseError> {
    let mut matchers = parse_matchers(text, field)?;
    match (matchers.pop(), matchers.is_empty()) {
        (Some(matcher), true) => Ok(matcher),
        _ => Err(ParseError::new(field, format!("{} is not one matcher: write name=\"value\"", quote(text)))),
    }
}

/// Matchers separated by commas, in braces or not.
///
/// # Errors
/// Says what is wrong with the first wrong one.
pub fn parse_matchers(text: &str, field: &str) -> Result<Vec<Matcher>, ParseError> {
    let wrong = |what: &str| ParseError::new(field, format!("{} is not a matcher: {what}", quote(text)));
    if text.len() > LONGEST {
        return Err(wrong("it is longer than 4096 bytes"));
    }
    let mut rest = text.trim();
    if let Some(inner) = rest.strip_prefix('{') {
        rest = inner.strip_suffix('}').ok_or_else(|| wrong("the { has no }"))?.trim();
    }
    let mut matchers = Vec::new();
    while !rest.is_empty() {
        let in_quotes = rest.starts_with('"');
        let (name, after) = if in_quotes {
            quoted(rest).ok_or_else(|| wrong("a quote is not closed"))?
        } else {
            let end = rest.find(['=', '!', '~', ',']).unwrap_or(rest.len());
            (rest[..end].trim().to_owned(), &rest[end..])
        };
        let odd = |c: char| c.is_whitespace() || matches!(c, '{' | '}' | '"');
        let name_ok = !name.is_empty() && (in_quotes || !name.contains(odd));
        if !name_ok {
            return Err(wrong("expected a label name first"));
        }
        let after = after.trim_start();
        let (is_equal, is_regex, after) = if let Some(a) = after.strip_prefix("=~") {
            (true, true, a)
        } else if let Some(a) = after.strip_prefix("!~") {
            (false, true, a)
        } else if let Some(a) = after.strip_prefix("!=") {
            (false, false, a)
        } else if let Some(a) = after.strip_prefix('=') {
            (true, false, a)
        } else {
            return Err(wrong("expected =, !=, =~ or !~ after the name"));
        };
        let after = after.trim_start();
        let (value, after) = if after.starts_with('"') {
            quoted(after).ok_or_else(|| wrong("a quote is not closed"))?
        } else {
            let end = after.find(',').unwrap_or(after.len());
            (after[..end].trim().to_owned(), &after[end..])
        };
        let matcher = Matcher { name, value, is_regex, is_equal };
        matcher.check().map_err(|e| wrong(e.lines().next_back().unwrap_or("its pattern cannot be read")))?;
        matchers.push(matcher);
        if matchers.len() > MOST {
            return Err(wrong("it holds more than 64 matchers"));
        }
        rest = match after.trim_start() {
            "" => "",
            more => {
                more.strip_prefix(',').ok_or_else(|| wrong("expected a comma between matchers"))?.trim_start()
            }
        };
    }
    Ok(matchers)
}

/// The text in quotes at the start of `text`, unescaped, and what follows.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut out = String::new();
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((out, &text[at + 1..])),
            '\\' => match chars.next()?.1 {
                'n' => out.push('\n'),
                escaped @ ('"' | '\\') => out.push(escaped),
                // Patterns are full of backslashes that people forget to double.
                other => {
                    out.push('\\');
                    out.push(other);
                }
            },
            _ => out.push(c),
        }
    }
    None
}
