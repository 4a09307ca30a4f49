//! What a line of code or configuration consists of: words and signs, without comments; pairs of name and value;
//! names that are called.

use std::collections::BTreeMap;

/// A word, number, text or sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Token<'a> {
    Word(&'a str),
    Number(&'a str),
    /// With what is between the quotes only.
    Text(&'a str),
    Sign(char),
}

/// The line without what follows a sign of comment outside quotes; empty for a line that is all comment.
pub(crate) fn bare(line: &str) -> &str {
    let trimmed = line.trim();
    let sql = trimmed.starts_with("-- ") || trimmed == "--";
    if ["#!", "#include", "#define", "#[", "#if"].iter().any(|p| trimmed.starts_with(p)) {
        return trimmed;
    }
    if sql
        || ["//", "#", "/*", "* ", "*/", "<!--", "\"\"\"", "rem "].iter().any(|p| trimmed.starts_with(p))
        || trimmed == "*"
    {
        return "";
    }
    let mut quote: Option<char> = None;
    let mut before = ' ';
    for (i, c) in trimmed.char_indices() {
        match quote {
            Some(q) => {
                if c == q && before != '\\' {
                    quote = None;
                }
            }
            None if matches!(c, '"' | '\'' | '`') => quote = Some(c),
            None => {
                let rest = &trimmed[i..];
                let spaced = before == ' ' || before == '\t';
                if rest.starts_with("/*")
                    || (spaced && ["//", "# ", "-- "].iter().any(|p| rest.starts_with(p)))
                {
                    return trimmed[..i].trim_end();
                }
            }
        }
        before = c;
    }
    trimmed
}

/// Tokens of a line without comments.
pub(crate) fn tokens(line: &str) -> Vec<Token<'_>> {
    let line = bare(line);
    let mut out = Vec::new();
    let mut rest = line;
    while let Some(c) = rest.chars().next() {
        if c.is_whitespace() {
            rest = &rest[c.len_utf8()..];
        } else if c.is_alphabetic() || c == '_' || c == '$' {
            let end =
                rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$')).unwrap_or(rest.len());
            out.push(Token::Word(&rest[..end]));
            rest = &rest[end..];
        } else if c.is_ascii_digit() {
            let end =
                rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.')).unwrap_or(rest.len());
            out.push(Token::Number(&rest[..end]));
            rest = &rest[end..];
        } else if matches!(c, '"' | '\'' | '`') {
            let body = &rest[1..];
            match body.find(c) {
                Some(end) => {
                    out.push(Token::Text(&body[..end]));
                    rest = &body[end + 1..];
                }
                None => {
                    out.push(Token::Sign(c));
                    rest = body;
                }
            }
        } else {
            out.push(Token::Sign(c));
            rest = &rest[c.len_utf8()..];
        }
    }
    out
}

/// Names with the values that the line gives them, in the notations of code and of configuration.
pub(crate) fn pairs(line: &str) -> Vec<(String, String)> {
    let line = bare(line);
    let mut out = Vec::new();
    xml(line, &mut out);
    directive(line, &mut out);
    let mut at = 0;
    while let Some((key, after)) = next_word(line, at) {
        at = after;
        let rest = line[after..].trim_start_matches(['"', '\'']).trim_start();
        let assigned = ["=>", ":=", "=", ":"].iter().find_map(|s| {
            let r = rest.strip_prefix(s)?;
            // Comparisons and paths of names are no assignments.
            let more = r.starts_with(['=', ':']) || (*s == "=" && r.starts_with('>'));
            (!more).then_some(r)
        });
        let value = match assigned {
            // `name: Type = value`, as in annotated languages.
            Some(r) => {
                let typed = r.trim_start();
                let ty = typed.find(" = ").filter(|i| {
                    typed[..*i]
                        .chars()
                        .all(|c| c.is_alphanumeric() || matches!(c, '_' | '<' | '>' | '[' | ']' | '?'))
                });
                value_of(ty.map_or(typed, |i| &typed[i + 3..]))
            }
            // A figure handed to a call or a word of SQL: `limit(100)`, `LIMIT 100`.
            None if rest.starts_with('(') => {
                let inner = value_of(&rest[1..]);
                super::quantity::parse(inner).map(|_| inner).unwrap_or("")
            }
            None if key.eq_ignore_ascii_case("limit") && rest.starts_with(|c: char| c.is_ascii_digit()) => {
                value_of(rest)
            }
            None => "",
        };
        if !value.is_empty() {
            out.push((key.to_owned(), value.to_owned()));
        }
    }
    out.dedup();
    out
}

/// `<timeout>30</timeout>` and `name="x" value="y"`.
fn xml(line: &str, out: &mut Vec<(String, String)>) {
    let attribute = |name: &str| {
        let at = line.find(&format!("{name}=\""))? + name.len() + 2;
        line[at..].split('"').next()
    };
    if let (Some(name), Some(value)) = (attribute("name").or(attribute("key")), attribute("value")) {
        out.push((name.to_owned(), value.to_owned()));
    }
    if let Some(rest) = line.strip_prefix('<')
        && let Some((tag, rest)) = rest.split_once('>')
        && let Some((value, end)) = rest.split_once("</")
        && end.starts_with(tag)
    {
        out.push((tag.to_owned(), value.to_owned()));
    }
}

/// `proxy_read_timeout 60s;`, `maxmemory 2gb`, `ENV A b`: a name and a value, nothing else.
fn directive(line: &str, out: &mut Vec<(String, String)>) {
    let line = line.trim_end_matches(';');
    let words: Vec<&str> = line.split_whitespace().collect();
    let name =
        |w: &str| w.len() > 2 && w.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'));
    let pair = match words.as_slice() {
        [k, v] => Some((*k, *v)),
        ["ENV" | "set" | "export", k, v] => Some((*k, *v)),
        _ => None,
    };
    if let Some((k, v)) = pair.filter(|(k, _)| name(k) && !k.ends_with(':'))
        && (super::quantity::parse(v).is_some()
            || matches!(v, "on" | "off" | "yes" | "no" | "true" | "false"))
    {
        out.push((k.to_owned(), v.to_owned()));
    }
}

fn next_word(line: &str, from: usize) -> Option<(&str, usize)> {
    let begin = from + line[from..].find(|c: char| c.is_alphabetic() || c == '_')?;
    let inside = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    let end = begin + line[begin..].find(|c: char| !inside(c)).unwrap_or(line.len() - begin);
    Some((line[begin..end].trim_end_matches(['-', '.']), end))
}

/// The value at the start of what follows an assignment: to the comma or bracket that ends it.
fn value_of(rest: &str) -> &str {
    let rest = rest.trim_start();
    let mut depth = 0i32;
    let mut quote: Option<char> = None;
    for (i, c) in rest.char_indices() {
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'' | '`') => quote = Some(c),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') if depth == 0 => return rest[..i].trim(),
            (None, ')' | ']' | '}') => depth -= 1,
            (None, ',' | ';') if depth == 0 => return rest[..i].trim(),
            _ => {}
        }
    }
    rest.trim()
}

/// Words of control flow that stand before a bracket and are no calls.
const NO_CALLS: [&str; 22] = [
    "if", "for", "while", "switch", "catch", "return", "func", "function", "def", "fn", "elif", "match",
    "select", "and", "or", "not", "in", "with", "values", "sizeof", "new", "class",
];

/// Names that the lines call, with how often; of `a.b.c()` the last.
pub(crate) fn calls<'a>(lines: impl Iterator<Item = &'a str>) -> BTreeMap<String, usize> {
    let mut out = BTreeMap::new();
    for line in lines {
        let tokens = tokens(line);
        for (i, pair) in tokens.windows(2).enumerate() {
            let (Token::Word(name), Token::Sign('(' | '!')) = (pair[0], pair[1]) else { continue };
            let defined = i > 0
                && matches!(
                    tokens[i - 1],
                    Token::Word("func" | "function" | "def" | "fn" | "class" | "interface")
                );
            if !defined && !NO_CALLS.contains(&name.to_lowercase().as_str()) {
                *out.entry(name.to_owned()).or_default() += 1;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(line: &str) -> Vec<(String, String)> {
        pairs(line)
    }

    #[test]
    fn names_and_values_are_read_in_many_notations() {
        for (line, key, value) in [
            ("  default_ttl: 15m", "default_ttl", "15m"),
            ("  \"max_entries\": 100,", "max_entries", "100"),
            ("DefaultTTL: 15 * time.Second,", "DefaultTTL", "15 * time.Second"),
            (
                "spring.datasource.hikari.maximum-pool-size=5",
                "spring.datasource.hikari.maximum-pool-size",
                "5",
            ),
            ("CHART_CACHE_TTL_SECONDS: int = 120", "CHART_CACHE_TTL_SECONDS", "120"),
            ("proxy_read_timeout 60s;", "proxy_read_timeout", "60s"),
            ("maxmemory 2gb", "maxmemory", "2gb"),
            ("<timeout>30</timeout>", "timeout", "30"),
            ("<property name=\"poolSize\" value=\"4\"/>", "poolSize", "4"),
            ("const maxRetries = 3;", "maxRetries", "3"),
            ("db.SetMaxOpenConns(5)", "db.SetMaxOpenConns", "5"),
            ("let t = Duration::from_secs(3); // wait", "t", "Duration::from_secs(3)"),
            ("SELECT a FROM b LIMIT 100", "LIMIT", "100"),
        ] {
            assert!(pair(line).iter().any(|(k, v)| k == key && v == value), "{line} {:?}", pair(line));
        }
        assert!(pair("if a == b {").is_empty());
    }

    #[test]
    fn comments_are_none_of_it() {
        assert_eq!(bare("x = 1 // wait 5"), "x = 1");
        assert_eq!(bare("url = \"http://a/b\""), "url = \"http://a/b\"");
        assert_eq!(bare("  # all of it"), "");
        assert_eq!(bare("* in a block"), "");
        assert_eq!(bare("*p = 1"), "*p = 1");
    }

    #[test]
    fn calls_are_told_from_definitions_and_control_flow() {
        let found =
            calls(["func A(x) {", "  if (b) return r.Do(ctx)", "lock.lock(); lock.lock()"].into_iter());
        assert_eq!(found.keys().collect::<Vec<_>>(), ["Do", "lock"]);
        assert_eq!(found["lock"], 2);
    }
}
