//! Values with units, as code and configuration write them: `15 * time.Second`, `512Mi`, `"30s"`, `5 * 60 * 1000`.

/// What a number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Seconds.
    Time,
    /// Bytes.
    Size,
    /// No unit.
    Plain,
}

/// A value in its base unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Quantity {
    pub value: f64,
    pub unit: Unit,
}

/// Reads a value; `None` for what is no number, a sum of several or a call of something unknown.
pub(crate) fn parse(text: &str) -> Option<Quantity> {
    let text = text.trim().trim_matches(|c| matches!(c, '"' | '\'' | '`' | ',' | ';'));
    if text.is_empty() || text.len() > 80 {
        return None;
    }
    let mut value: Option<f64> = None;
    let mut unit = Unit::Plain;
    let mut factor = 1.0;
    for part in text
        .split(|c: char| matches!(c, '*' | '(' | ')' | ' ' | '.' | '=' | ':') && c != '.')
        .flat_map(dotted)
        .filter(|p| !p.is_empty())
    {
        let (number, word) = split_number(part);
        match number {
            Some(n) => value = Some(value.unwrap_or(1.0) * n),
            None if word.is_empty() => return None,
            None => {}
        }
        if word.is_empty() {
            continue;
        }
        match unit_of(word) {
            Some((u, f)) => (unit, factor) = (u, factor * f),
            None if matches!(
                word.to_ascii_lowercase().as_str(),
                "time"
                    | "duration"
                    | "timedelta"
                    | "timeunit"
                    | "timespan"
                    | "datasize"
                    | "chrono"
                    | "std"
                    | "of"
            ) => {}
            None => return None,
        }
    }
    value.map(|v| Quantity { value: v * factor, unit }).filter(|q| q.value.is_finite())
}

/// `time.Second` is two words, `0.5` one number.
fn dotted(part: &str) -> impl Iterator<Item = &str> {
    let number = part.starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '.');
    part.split(move |c: char| c == '.' && !number)
}

/// `15m` is 15 and `m`; `30_000` a number; `Second` a word.
fn split_number(part: &str) -> (Option<f64>, &str) {
    let end = part
        .char_indices()
        .find(|(i, c)| !(c.is_ascii_digit() || *c == '.' || *c == '_' || (*i == 0 && *c == '-')))
        .map_or(part.len(), |(i, _)| i);
    if end == 0 || !part[..end].contains(|c: char| c.is_ascii_digit()) {
        return (None, part);
    }
    let digits: String = part[..end].chars().filter(|c| *c != '_').collect();
    match digits.parse::<f64>() {
        Ok(n) => {
            let word = part[end..].trim_start_matches('_');
            // Literals of programming languages: 3L, 0.5f, 10u32.
            let typed = ["L", "l", "f", "F", "d", "u8", "u16", "u32", "u64", "i32", "i64", "f64", "usize"];
            (Some(n), if typed.contains(&word) && word != "d" { "" } else { word })
        }
        Err(_) => (None, part),
    }
}

fn unit_of(word: &str) -> Option<(Unit, f64)> {
    let lower = word.to_ascii_lowercase();
    let stem = lower
        .trim_start_matches("of")
        .trim_start_matches("from_")
        .trim_start_matches("from")
        .trim_start_matches("time_");
    let time = |f: f64| Some((Unit::Time, f));
    let size = |f: f64| Some((Unit::Size, f));
    // `m` is a minute, `M` a million bytes, as in settings of memory.
    match word {
        "M" => return size(1e6),
        "K" | "k" => return size(1e3),
        "G" => return size(1e9),
        _ => {}
    }
    match stem {
        "ns" | "nano" | "nanos" | "nanosecond" | "nanoseconds" => time(1e-9),
        "us" | "micro" | "micros" | "microsecond" | "microseconds" => time(1e-6),
        "ms" | "milli" | "millis" | "millisecond" | "milliseconds" | "msec" => time(1e-3),
        "s" | "sec" | "secs" | "second" | "seconds" => time(1.0),
        "m" | "min" | "mins" | "minute" | "minutes" => time(60.0),
        "h" | "hr" | "hour" | "hours" => time(3_600.0),
        "d" | "day" | "days" => time(86_400.0),
        "w" | "week" | "weeks" => time(604_800.0),
        "b" | "bytes" => size(1.0),
        "kb" => size(1e3),
        "ki" | "kib" => size(1024.0),
        "mb" | "megabytes" => size(1e6),
        "mi" | "mib" => size(1_048_576.0),
        "gb" | "gigabytes" => size(1e9),
        "g" => size(1e9),
        "gi" | "gib" => size(1_073_741_824.0),
        "tb" | "ti" | "tib" => size(1e12),
        "%" | "percent" => Some((Unit::Plain, 0.01)),
        _ => None,
    }
}

/// The factor from one value to the other, where both count the same; processors may be written in thousandths.
pub(crate) fn ratio(from: &str, to: &str) -> Option<f64> {
    let (a, b) = (parse(from)?, parse(to)?);
    let comparable = a.unit == b.unit || a.unit == Unit::Plain || b.unit == Unit::Plain;
    if !comparable || a.value == b.value {
        return None;
    }
    // Zero and minus one often mean that there is no limit; what they mean is for the setting to say.
    if a.value <= 0.0 {
        return Some(f64::INFINITY);
    }
    if b.value <= 0.0 {
        return Some(0.0);
    }
    Some(b.value / a.value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_in_the_notations_of_many_languages() {
        for (text, value) in [
            ("15 * time.Minute", 900.0),
            ("15*time.Second", 15.0),
            ("15m", 900.0),
            ("\"30s\"", 30.0),
            ("500ms", 0.5),
            ("5 * 60 * 1000", 300_000.0),
            ("30_000", 30_000.0),
            ("Duration.ofSeconds(30)", 30.0),
            ("Duration::from_millis(250)", 0.25),
            ("timedelta(minutes=5)", 300.0),
            ("512Mi", 536_870_912.0),
            ("2gb", 2e9),
            ("0.25", 0.25),
            ("10L", 10.0),
            ("-1", -1.0),
        ] {
            let read = parse(text).map(|q| q.value);
            assert!(read.is_some_and(|v| (v - value).abs() < 1e-9 * value.abs().max(1.0)), "{text} {read:?}");
        }
        for text in ["debug", "https://a.b:80/", "", "a + b", "v1.2.3"] {
            assert!(parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn ratios_compare_like_with_like() {
        assert_eq!(ratio("15m", "15s"), Some(1.0 / 60.0));
        assert_eq!(ratio("512Mi", "1Gi"), Some(2.0));
        assert_eq!(ratio("8", "2"), Some(0.25));
        assert_eq!(ratio("1s", "2Gi"), None);
        assert_eq!(ratio("on", "off"), None);
        assert_eq!(ratio("30", "0"), Some(0.0));
    }
}
