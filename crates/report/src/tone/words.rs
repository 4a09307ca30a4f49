//! A text as sentences and words, for rules to look through.

/// Sentences and lines, without the marks of lists and emphasis.
pub(super) fn sentences(text: &str) -> Vec<&str> {
    let mut all = Vec::new();
    for line in text.lines() {
        let mut from = 0;
        let bytes = line.as_bytes();
        for (at, c) in line.char_indices() {
            let ends = matches!(c, '.' | '!' | '?' | ';')
                && bytes.get(at + 1).is_none_or(|b| b.is_ascii_whitespace());
            if ends {
                all.push(&line[from..=at]);
                from = at + 1;
            }
        }
        all.push(&line[from..]);
    }
    all.into_iter().map(str::trim).filter(|s| !s.is_empty()).collect()
}

/// Words as they stand between white space, without the punctuation around them.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    let edge = |c: char| !(c.is_alphanumeric() || matches!(c, '+' | '/'));
    text.split(|c: char| c.is_whitespace() || matches!(c, '–' | '—' | '|'))
        .map(move |w| w.trim_matches(edge))
        .filter(|w| !w.is_empty())
}

/// Whether one of these phrases is in a sentence, as whole words; the first that is.
pub(super) fn phrase<'p>(sentence: &str, phrases: &[&'p str]) -> Option<&'p str> {
    let lower = sentence.to_lowercase();
    phrases.iter().copied().find(|phrase| {
        lower.match_indices(phrase).any(|(at, _)| {
            let edge = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
            edge(lower[..at].chars().next_back()) && edge(lower[at + phrase.len()..].chars().next())
        })
    })
}

/// `14:05`, `14:05:09`: hours and minutes as digits.
pub(super) fn is_time(word: &str) -> bool {
    let parts: Vec<&str> = word.split(':').collect();
    let number = |text: &str, most: u32| text.len() <= 2 && text.parse::<u32>().is_ok_and(|n| n <= most);
    match parts.as_slice() {
        [h, m] | [h, m, _] if m.len() == 2 => {
            number(h, 24) && number(m, 59) && parts.iter().all(|p| number(p, 60))
        }
        _ => false,
    }
}

/// The start of a sentence, to show.
pub(super) fn shown(text: &str) -> String {
    crate::text::line(text, 120)
}
