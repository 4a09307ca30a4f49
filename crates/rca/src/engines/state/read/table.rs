//! Tables as `kubectl get` prints them: columns stand where their headings stand.

use std::collections::BTreeMap;

/// One row: cells by heading.
pub(super) type Row = BTreeMap<String, String>;

/// All tables of an output, each with its rows. Lines that belong to no table are skipped.
pub(super) fn tables(text: &str) -> Vec<Vec<Row>> {
    let mut out: Vec<Vec<Row>> = Vec::new();
    let mut head: Option<Vec<(usize, String)>> = None;
    for line in text.lines() {
        if line.trim().is_empty() {
            head = None;
        } else if let Some(columns) = heading(line) {
            head = Some(columns);
            out.push(Vec::new());
        } else if let (Some(columns), Some(rows)) = (&head, out.last_mut()) {
            rows.push(row(line, columns));
        }
    }
    out
}

/// Headings with their places, if the line is one: upper-case words, two blanks or more between columns.
fn heading(line: &str) -> Option<Vec<(usize, String)>> {
    let name = line.trim_start();
    let known = ["NAME ", "NAMESPACE ", "LAST SEEN ", "NAME\t"].iter().any(|h| name.starts_with(h))
        || name.trim_end() == "NAME";
    let upper = !line.chars().any(|c| c.is_lowercase() && !"coresbyt".contains(c));
    let columns = cells(line);
    // Reflowed: one blank between headings.
    let flat = || line.split_whitespace().map(|w| (0, w.to_owned())).collect();
    (known && upper).then(|| if columns.len() == 1 { flat() } else { columns })
}

/// Parts of a line between runs of two blanks or more, with the character at which each starts.
pub(super) fn cells(line: &str) -> Vec<(usize, String)> {
    let mut out: Vec<(usize, String)> = Vec::new();
    let mut blanks = 2;
    for (i, c) in line.chars().enumerate() {
        if c == ' ' || c == '\t' {
            blanks += if c == '\t' { 2 } else { 1 };
            continue;
        }
        match out.last_mut() {
            Some((_, text)) if blanks < 2 => {
                if blanks == 1 {
                    text.push(' ');
                }
                text.push(c);
            }
            _ => out.push((i, c.to_string())),
        }
        blanks = 0;
    }
    out
}

fn row(line: &str, columns: &[(usize, String)]) -> Row {
    let chars: Vec<char> = line.chars().collect();
    let aligned =
        columns.iter().skip(1).all(|(at, _)| *at > 0 && chars.get(at - 1).is_none_or(|c| c.is_whitespace()));
    if aligned {
        return columns
            .iter()
            .enumerate()
            .map(|(i, (at, name))| {
                let end = columns.get(i + 1).map_or(chars.len(), |c| c.0).min(chars.len());
                let cell: String = chars.get((*at).min(end)..end).unwrap_or(&[]).iter().collect();
                (name.clone(), cell.trim().to_owned())
            })
            .collect();
    }
    // The text was reflowed on its way: the order of the parts is all there is.
    let mut parts: Vec<String> = cells(line).into_iter().map(|c| c.1).collect();
    if parts.len() < columns.len() {
        parts = line.split_whitespace().map(str::to_owned).collect();
        // `5 (2m ago)` is one cell.
        if let Some(i) = parts.iter().position(|p| p.starts_with('(') && !p.ends_with(')'))
            && i > 0
            && parts.get(i + 1).is_some_and(|p| p == "ago)")
        {
            let joined = format!("{} {} {}", parts[i - 1], parts[i], parts[i + 1]);
            parts.splice(i - 1..=i + 1, [joined]);
        }
    }
    columns.iter().map(|c| c.1.clone()).zip(parts).collect()
}

/// Seconds of an age as printed: `5m`, `3d4h`, `2m30s`.
pub(super) fn age(text: &str) -> Option<i64> {
    let mut total = 0i64;
    let mut number: Option<i64> = None;
    for c in text.trim().chars() {
        if let Some(d) = c.to_digit(10) {
            number = Some(number.unwrap_or(0).checked_mul(10)?.checked_add(i64::from(d))?);
            continue;
        }
        let unit = match c {
            's' => 1,
            'm' => 60,
            'h' => 3_600,
            'd' => 86_400,
            'y' => 31_536_000,
            _ => return None,
        };
        total = total.checked_add(number.take()?.checked_mul(unit)?)?;
    }
    (number.is_none() && !text.trim().is_empty()).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_stand_under_their_headings() {
        let text = "NAME      READY   STATUS             RESTARTS      AGE\ncart-1    0/1     CrashLoopBackOff   5 (2m ago)    10m\nredis-2   1/1     Running            0             3d";
        let t = tables(text);
        assert_eq!(t.len(), 1);
        assert_eq!((t[0][0]["RESTARTS"].as_str(), t[0][1]["STATUS"].as_str()), ("5 (2m ago)", "Running"));
        let flat = "NAME READY STATUS RESTARTS AGE\n";
        assert_eq!(tables(flat).len(), 1);
        let t = tables("NAME     READY   STATUS    RESTARTS   AGE\ncart-1234567890 0/1 Error 3 (1m ago) 5m");
        assert_eq!((t[0][0]["STATUS"].as_str(), t[0][0]["RESTARTS"].as_str()), ("Error", "3 (1m ago)"));
    }

    #[test]
    fn ages_are_seconds() {
        assert_eq!((age("5m"), age("3d4h"), age("2m30s")), (Some(300), Some(273_600), Some(150)));
        assert_eq!((age("<unknown>"), age(""), age("7")), (None, None, None));
    }
}
