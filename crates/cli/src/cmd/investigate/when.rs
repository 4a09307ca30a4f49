//! Which time to look at.

use firebell_core::telemetry::Window;
use jiff::{SignedDuration, Timestamp};

/// Longest time that is looked at.
const LONGEST: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Where nothing is said.
const USUAL: &str = "1h";

/// The window of `--from`, `--to` and `--since`.
///
/// # Errors
/// A sentence: which of them cannot be used and why.
pub(super) fn window(
    from: Option<&str>,
    to: Option<&str>,
    since: Option<&str>,
    now: Timestamp,
) -> Result<Window, String> {
    let end = match to {
        Some(text) => instant("--to", text)?.min(now),
        None => now,
    };
    let start = match (from, since) {
        (Some(_), Some(_)) => {
            return Err("--from and --since exclude each other: give one of them".to_owned());
        }
        (Some(text), None) => instant("--from", text)?,
        (None, since) => {
            let back = span(since.unwrap_or(USUAL))?;
            end.checked_sub(back).map_err(|_| "--since lies before all time".to_owned())?
        }
    };
    if start >= end {
        return Err(format!("--from {start} is not before --to {end}"));
    }
    if end.duration_since(start) > LONGEST {
        return Err("more than seven days is too much to look at: give a shorter time".to_owned());
    }
    Ok(Window { start, end })
}

fn instant(option: &str, text: &str) -> Result<Timestamp, String> {
    text.parse().map_err(|_| format!("{option} {text:?} is not a time as in 2026-01-05T14:00:00Z"))
}

/// `90s`, `30m`, `2h`, `1d`.
fn span(text: &str) -> Result<SignedDuration, String> {
    let bad = || format!("--since {text:?} is not a time span as in 30m, 2h or 1d");
    let unit = text.chars().last().ok_or_else(bad)?;
    let number = text.strip_suffix(unit).unwrap_or("");
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        _ => return Err(bad()),
    };
    let n: i64 = number.parse::<u32>().map_err(|_| bad())?.into();
    if n == 0 { Err(bad()) } else { Ok(SignedDuration::from_secs(n * seconds)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_and_refused_by_name() {
        let now: Timestamp = "2026-01-05T15:00:00Z".parse().expect("a time");
        let of = |from, to, since| window(from, to, since, now);
        let hour = of(None, None, None).expect("the last hour");
        assert_eq!((hour.start.to_string().as_str(), hour.end), ("2026-01-05T14:00:00Z", now));
        assert_eq!(of(None, None, Some("30m")).expect("read").seconds(), 1800.0);
        let past = of(Some("2026-01-05T10:00:00Z"), Some("2026-01-05T11:00:00Z"), None).expect("read");
        assert_eq!(past.seconds(), 3600.0);
        for (from, to, since, word) in [
            (Some("yesterday"), None, None, "--from"),
            (None, Some("later"), None, "--to"),
            (None, None, Some("30"), "--since"),
            (None, None, Some("0m"), "--since"),
            (None, None, Some("30日"), "--since"),
            (None, None, Some(""), "--since"),
            (None, None, Some("30d"), "seven days"),
            (Some("2026-01-05T10:00:00Z"), None, Some("1h"), "exclude"),
            (Some("2026-01-05T16:00:00Z"), None, None, "not before"),
        ] {
            let error = of(from, to, since).expect_err("refused");
            assert!(error.contains(word), "{error}");
        }
    }
}
