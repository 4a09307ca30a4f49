//! Times as they stand in front of log lines, read by hand: a million lines a second leave no room for a pattern
//! engine. A time without zone is taken for UTC.

const MONTHS: [&[u8]; 12] =
    [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];
const DAYS: [&[u8]; 7] = [b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat", b"Sun"];

/// Reads a time at the start of `b`: unix milliseconds (`None` for a time of day without date) and its length.
/// `year` is for formats without one.
pub(super) fn read(b: &[u8], year: i16) -> Option<(Option<i64>, usize)> {
    let figures = b.iter().take(20).take_while(|c| c.is_ascii_digit()).count();
    match figures {
        0 => words(b, year),
        1 | 2 => short(b, figures, year),
        4 => iso(b),
        6 if b.get(6) == Some(&b' ') && all(b, 7, 6) && !digit(b, 13) => {
            let date = days(2000 + num(b, 0, 2)?, num(b, 2, 2)?, num(b, 4, 2)?)?;
            Some((at(date, num(b, 7, 2)?, num(b, 9, 2)?, num(b, 11, 2)?, 0), 13))
        }
        8 => {
            let date = days(num(b, 0, 4)?, num(b, 4, 2)?, num(b, 6, 2)?)?;
            if !matches!(b.get(8), Some(b'T' | b'-' | b' ' | b'_')) {
                return None;
            }
            if let Some((ms, end)) = clock(b, 9) {
                return Some((Some(date * 86_400_000 + ms), end));
            }
            all(b, 9, 6).then_some(())?;
            let end = 15 + usize::from(b.get(15) == Some(&b'Z'));
            Some((at(date, num(b, 9, 2)?, num(b, 11, 2)?, num(b, 13, 2)?, 0), end))
        }
        10 | 13 | 16 | 19 => epoch(b, figures),
        _ => None,
    }
}

fn epoch(b: &[u8], figures: usize) -> Option<(Option<i64>, usize)> {
    let n = num(b, 0, figures)?;
    let mut end = figures;
    let mut ms = match figures {
        10 => n * 1000,
        13 => n,
        16 => n / 1000,
        _ => n / 1_000_000,
    };
    if figures == 10 && b.get(10) == Some(&b'.') {
        let (fraction, after) = fraction(b, 11);
        ms += fraction;
        end = after;
    }
    // 1998 to 2096: other large numbers are no times.
    (900_000_000_000..4_000_000_000_000).contains(&ms).then_some((Some(ms), end))
}

/// `2026-01-05T10:00:00.123Z`, `2026/01/05 10:00:00,123`, `2005-06-03-15.42.50.675872`, `2026-01-05`.
fn iso(b: &[u8]) -> Option<(Option<i64>, usize)> {
    let sign = *b.get(4)?;
    if !matches!(sign, b'-' | b'/' | b'.') || b.get(7) != Some(&sign) {
        return None;
    }
    let date = days(num(b, 0, 4)?, num(b, 5, 2)?, num(b, 8, 2)?)?;
    if digit(b, 10) {
        return None;
    }
    if matches!(b.get(10), Some(b'T' | b't' | b' ' | b'-' | b'_' | b','))
        && let Some((ms, end)) = clock(b, if b.get(11) == Some(&b' ') { 12 } else { 11 })
    {
        let (shift, end) = zone(b, end);
        return Some((Some(date * 86_400_000 + ms - shift), end));
    }
    Some((Some(date * 86_400_000), 10))
}

/// `05/Jan/2026:10:00:00 +0000`, `17/06/09 20:10:40`, `10.30 16:49:06`, `01-05 10:00:00.123`, `5 Jan 2026 10:00:00`,
/// `10:00:00`.
fn short(b: &[u8], figures: usize, year: i16) -> Option<(Option<i64>, usize)> {
    let first = num(b, 0, figures)?;
    let sign = *b.get(figures)?;
    if sign == b':' {
        let (_, end) = clock(b, 0)?;
        return Some((None, end));
    }
    if !matches!(sign, b'/' | b'-' | b'.' | b' ') {
        return None;
    }
    let next = figures + 1;
    if let Some(month) = month(b, next) {
        let year_at = next + 4;
        if b.get(next + 3) != Some(&sign) && b.get(next + 3) != Some(&b' ') || !all(b, year_at, 4) {
            return None;
        }
        let date = days(num(b, year_at, 4)?, month, first)?;
        let (ms, end) = clock(b, year_at + 5)?;
        let (shift, end) = zone(b, end);
        return Some((Some(date * 86_400_000 + ms - shift), end));
    }
    if sign == b' ' || figures != 2 || !all(b, next, 2) {
        return None;
    }
    let second = num(b, next, 2)?;
    if b.get(next + 2) == Some(&sign) {
        let long = all(b, next + 3, 4);
        let third = num(b, next + 3, if long { 4 } else { 2 })?;
        let date = match (long, first > 12) {
            (false, _) => days(2000 + first, second, third),
            (true, true) => days(third, second, first),
            (true, false) => days(third, first, second),
        }?;
        let after = next + 3 + if long { 4 } else { 2 };
        let (ms, end) = clock(b, after + 1)?;
        return Some((Some(date * 86_400_000 + ms), end));
    }
    if !matches!(b.get(next + 2), Some(b' ' | b'-')) {
        return None;
    }
    let date = days(i64::from(year), first, second)?;
    let (ms, end) = clock(b, next + 3)?;
    Some((Some(date * 86_400_000 + ms), end))
}

/// `Jan  5 10:00:00`, `Mon Jan 05 10:00:00 2026`, `Mon, 05 Jan 2026 10:00:00 GMT`.
fn words(b: &[u8], year: i16) -> Option<(Option<i64>, usize)> {
    let head = b.get(..3)?;
    if DAYS.contains(&head) {
        let skip = 3 + b[3..].iter().take_while(|c| matches!(c, b' ' | b',')).count();
        let (at, end) = match b.get(skip)? {
            c if c.is_ascii_digit() => short(b.get(skip..)?, if digit(b, skip + 1) { 2 } else { 1 }, year)?,
            _ => words(b.get(skip..)?, year)?,
        };
        return (skip > 3).then_some((at, skip + end));
    }
    let month = month(b, 0)?;
    let mut i = 3 + b[3..].iter().take_while(|c| **c == b' ').count();
    let width = 1 + usize::from(digit(b, i + 1));
    let day = num(b, i, width)?;
    i += width;
    i += b.get(i..)?.iter().take_while(|c| matches!(c, b' ' | b',')).count();
    let mut of = i64::from(year);
    if all(b, i, 4) && b.get(i + 4) == Some(&b' ') {
        of = num(b, i, 4)?;
        i += 5;
    }
    let (ms, mut end) = clock(b, i)?;
    if b.get(end) == Some(&b' ') && all(b, end + 1, 4) && !digit(b, end + 5) {
        let said = num(b, end + 1, 4)?;
        if (1970..2100).contains(&said) {
            of = said;
            end += 5;
        }
    }
    Some((Some(days(of, month, day)? * 86_400_000 + ms), end))
}

/// `HH:MM:SS` with a fraction; milliseconds of the day and where it ends.
fn clock(b: &[u8], from: usize) -> Option<(i64, usize)> {
    let sign = *b.get(from + 2)?;
    if !matches!(sign, b':' | b'.') || b.get(from + 5) != Some(&sign) {
        return None;
    }
    let (h, m, s) = (num(b, from, 2)?, num(b, from + 3, 2)?, num(b, from + 6, 2)?);
    if h > 23 || m > 59 || s > 60 {
        return None;
    }
    let ms = (h * 3600 + m * 60 + s) * 1000;
    let end = from + 8;
    if matches!(b.get(end), Some(b'.' | b',' | b':')) && digit(b, end + 1) {
        let (fraction, end) = fraction(b, end + 1);
        return Some((ms + fraction, end));
    }
    Some((ms, end))
}

/// Milliseconds of a decimal fraction.
fn fraction(b: &[u8], from: usize) -> (i64, usize) {
    let mut ms = 0;
    let mut weight = 100;
    let mut i = from;
    while digit(b, i) {
        ms += i64::from(b[i] - b'0') * weight;
        weight /= 10;
        i += 1;
    }
    (ms, i)
}

/// Milliseconds that a zone is ahead of UTC, and where it ends.
fn zone(b: &[u8], at: usize) -> (i64, usize) {
    let i = at + usize::from(b.get(at) == Some(&b' ') && matches!(b.get(at + 1), Some(b'+' | b'-')));
    match b.get(i) {
        Some(b'Z') => (0, i + 1),
        Some(sign @ (b'+' | b'-')) if all(b, i + 1, 2) => {
            let colon = usize::from(b.get(i + 3) == Some(&b':'));
            if !all(b, i + 3 + colon, 2) {
                return (0, at);
            }
            let of = |from| num(b, from, 2).unwrap_or(0);
            let ms = (of(i + 1) * 60 + of(i + 3 + colon)) * 60_000;
            (if *sign == b'-' { -ms } else { ms }, i + 5 + colon)
        }
        _ => (0, at),
    }
}

fn month(b: &[u8], at: usize) -> Option<i64> {
    let word = b.get(at..at + 3)?;
    MONTHS.iter().position(|m| *m == word).map(|i| i as i64 + 1)
}

fn digit(b: &[u8], at: usize) -> bool {
    b.get(at).is_some_and(u8::is_ascii_digit)
}

fn all(b: &[u8], from: usize, n: usize) -> bool {
    b.get(from..from + n).is_some_and(|s| s.iter().all(u8::is_ascii_digit))
}

fn num(b: &[u8], from: usize, n: usize) -> Option<i64> {
    let mut out = 0i64;
    for c in b.get(from..from + n)? {
        out = out.checked_mul(10)?.checked_add(i64::from(c.checked_sub(b'0').filter(|d| *d < 10)?))?;
    }
    Some(out)
}

fn at(date: i64, h: i64, m: i64, s: i64, ms: i64) -> Option<i64> {
    (h < 24 && m < 60 && s <= 60).then_some(date * 86_400_000 + (h * 3600 + m * 60 + s) * 1000 + ms)
}

/// Days since 1970 of a civil date (Hinnant, "chrono-compatible low-level date algorithms").
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    if !(1970..=2100).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let yoe = y.rem_euclid(400);
    let doy = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    Some(era * 146_097 + doe - 719_468)
}
