//! Universal masking: what varies between two lines of one statement becomes `<*>`. One set of rules for every
//! system.

/// The mask.
pub(crate) const ANY: &str = "<*>";
/// Tokens after this many count as the mask: long lines differ at their end.
const MAX_TOKENS: usize = 60;

/// A line's tokens with variable ones masked.
pub(crate) fn tokens(text: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    // Only the first lines of a stack trace tell one statement from another.
    for token in text.split(|c: char| c.is_whitespace()).filter(|t| !t.is_empty()).take(MAX_TOKENS) {
        let masked = mask(token);
        if masked == ANY && out.last().is_some_and(|l| l == ANY) {
            continue;
        }
        out.push(masked);
    }
    out
}

/// The template of one line alone.
pub(crate) fn template(text: &str) -> String {
    tokens(text).join(" ")
}

/// Whether a line is of a template, where `<*>` stands for any one run of masked or other tokens of that place.
pub(crate) fn matches(template: &str, text: &str) -> bool {
    let mut want = template.split(' ');
    let have = tokens(text);
    let mut have = have.iter();
    loop {
        match (want.next(), have.next()) {
            (None, None) => return true,
            (Some(w), Some(h)) if w == ANY || w == h => {}
            _ => return false,
        }
    }
}

fn mask(token: &str) -> String {
    let mut out = String::with_capacity(token.len());
    let mut word = String::new();
    for c in token.chars() {
        if c.is_alphanumeric() || c == '_' {
            word.push(c);
        } else {
            push(&mut out, &word);
            word.clear();
            out.push(c);
        }
    }
    push(&mut out, &word);
    // Addresses, times and paths leave runs of masks with punctuation between: one mask says as much.
    let stars = out.matches(ANY).count();
    let letters = out.replace(ANY, "").chars().filter(|c| c.is_alphabetic()).count();
    if stars > 0 && (letters <= 2 * stars || stars > 2) && !out.contains('=') { ANY.to_owned() } else { out }
}

fn push(out: &mut String, word: &str) {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let hexadecimal = word.len() >= 8 && digits > 0 && word.bytes().all(|b| b.is_ascii_hexdigit());
    let variable = digits > 0
        && (digits == word.len()
            || hexadecimal
            || digits * 2 >= word.len()
            || word.starts_with("0x")
            || word.len() > 20
            // Numbers with a unit: 30ms, 512MiB.
            || (word.starts_with(|c: char| c.is_ascii_digit()) && word.len() <= 8));
    if variable || word.len() > 48 {
        out.push_str(ANY);
    } else {
        out.push_str(word);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_what_varies_and_keeps_what_tells() {
        let check = |line: &str, want: &str| assert_eq!(template(line), want);
        check("took 35 ms for 10.0.0.1:8080", "took <*> ms for <*>");
        check("user 0f8fad5b-d9cb-469f-a165-70867728950e signed in", "user <*> signed in");
        check("http2 stream reset id=77", "http2 stream reset id=<*>");
        check("blk_-1608999687919862906 terminating", "blk_-<*> terminating");
        check("timeout after 30s", "timeout after <*>");
    }

    #[test]
    fn a_line_is_of_its_own_template() {
        for line in ["a 1 2 3 b", "", "x=5 y=10.0.0.1", "2026-01-05T10:00:00Z ERROR 5 times"] {
            assert!(matches(&template(line), line) || line.is_empty(), "{line}");
        }
    }
}
