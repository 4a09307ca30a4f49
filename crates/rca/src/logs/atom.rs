//! What one run of letters, digits and joining punctuation is: a value as a whole, a name, or a name with values in it.

use super::scan::{CLASS, DIGIT, LETTER, MASK};
use super::words;

/// If an address (URL, path, mail address) begins here, its length. It may go on over punctuation that elsewhere stands
/// between values.
pub(super) fn address(text: &[u8]) -> Option<usize> {
    let scheme = text
        .iter()
        .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.' | b'_'))
        .count();
    if scheme > 1 && text[scheme..].starts_with(b"://") {
        let end = text
            .iter()
            .position(|b| matches!(b, b'"' | b'\'' | b'<' | b'>' | b')' | b']' | b'}' | b'|' | b'`'));
        let end = end.unwrap_or(text.len());
        return Some(end - trailing(&text[..end], b",;:."));
    }
    let drive =
        text.len() > 3 && text[0].is_ascii_alphabetic() && text[1] == b':' && matches!(text[2], b'\\' | b'/');
    let unc = text.len() > 2 && text[0] == b'\\' && (text[1] == b'\\' || text[1].is_ascii_alphanumeric());
    let rooted = text.len() > 1
        && (text[0] == b'/' || (text[0] == b'~' && text[1] == b'/'))
        && (text[1].is_ascii_alphanumeric()
            || matches!(text[1], b'.' | b'_' | b'-' | b'/' | b'$' | b'*' | MASK));
    if drive || unc || rooted {
        // A query has signs of its own.
        let mut query = false;
        let stop = |b: &u8| {
            query |= *b == b'?';
            match b {
                b'"' | b'\'' | b'<' | b'>' | b')' | b'(' | b']' | b'[' | b'}' | b'{' | b'|' | b'`' | b','
                | b';' => true,
                b'=' => !query,
                _ => false,
            }
        };
        let end = text.iter().position(stop).unwrap_or(text.len());
        let mut end = end - trailing(&text[..end], b":.!");
        // `/name: text` without blank, and `/host/path?query`.
        if rooted
            && let Some(colon) =
                text[..end].windows(2).position(|w| w[0] == b':' && w[1].is_ascii_alphabetic())
        {
            end = colon;
        }
        return (end > 1).then_some(end);
    }
    None
}

fn trailing(text: &[u8], of: &[u8]) -> usize {
    text.iter().rev().take_while(|b| of.contains(b)).count()
}

/// Writes an atom, masked. Returns whether it was a number with a size's unit.
pub(super) fn write(atom: &[u8], out: &mut Vec<u8>) -> bool {
    let tail = trailing(atom, b".:-/#+@_~$\\");
    let (body, tail) = atom.split_at(atom.len() - tail);
    let lead = body
        .iter()
        .take_while(|b| matches!(b, b'.' | b'#' | b':' | b'@' | b'%' | b'$' | b'_' | b'~'))
        .count();
    let (lead, body) = body.split_at(lead);
    out.extend_from_slice(lead);
    let mut sized = false;
    if !body.is_empty() {
        sized = core(body, out);
    }
    // A sign in front of a number that was left at the end of nothing stays.
    out.extend_from_slice(tail);
    sized
}

fn core(a: &[u8], out: &mut Vec<u8>) -> bool {
    let mut letters = 0usize;
    let mut digits = 0usize;
    let mut hex = true;
    let (mut dots, mut dashes, mut under, mut colons, mut slashes, mut ats, mut marks) =
        (0, 0, 0, 0, 0, 0, 0);
    for b in a {
        match CLASS[*b as usize] & !32 {
            LETTER => {
                letters += 1;
                hex &= b.is_ascii_hexdigit();
            }
            DIGIT => digits += 1,
            _ => match b {
                b'.' => dots += 1,
                b'-' => dashes += 1,
                b'_' => under += 1,
                b':' => colons += 1,
                b'/' | b'\\' => slashes += 1,
                b'@' => ats += 1,
                _ => marks += 1,
            },
        }
    }
    if letters == 0 {
        if digits > 0 {
            out.push(MASK);
        } else {
            out.extend_from_slice(a);
        }
        return false;
    }
    if words::is_truth(a) {
        out.push(MASK);
        return false;
    }
    if ats == 1 && mail(a) {
        out.push(MASK);
        return false;
    }
    if dots > 0 && host(a) {
        out.push(MASK);
        return false;
    }
    if digits == 0 {
        if slashes >= 2 {
            out.push(MASK);
        } else if colons > 0 && dots + colons + slashes + dashes + under > 1 {
            parts(a, b':', out);
        } else {
            out.extend_from_slice(a);
        }
        return false;
    }
    let joints = dots + dashes + under + colons + slashes + ats + marks;
    if joints == 0 {
        return word(a, letters, digits, hex, out);
    }
    // Numbers: 12.5ms, -3.4e10, 2026-01-05T10:00:00Z, 0x1f:0x2c.
    if number(a, letters) || (hex && colons >= 2) || (hex && dashes >= 2 && digits + letters >= 16) {
        out.push(MASK);
        return a.len() > 1 && letters <= 3 && a[a.len() - 1] == b'B';
    }
    if slashes > 0 {
        out.push(MASK);
        return false;
    }
    // `name~hash~arch~~version`: one identifier, whatever its parts.
    if a.contains(&b'~') {
        out.push(MASK);
        return false;
    }
    for joint in [b':', b'@', b'#', b'$', b'%', b'+'] {
        if a.contains(&joint) {
            parts(a, joint, out);
            return false;
        }
    }
    if version(a) {
        out.push(MASK);
        return false;
    }
    if dots > 0 {
        parts(a, b'.', out);
        return false;
    }
    if dashes > 0 {
        let with_digits = a.split(|b| *b == b'-').filter(|p| p.iter().any(u8::is_ascii_digit)).count();
        // An identifier with a negative number is one value: `blk_-16`.
        if with_digits >= 2 || a.windows(2).any(|w| w == b"_-") {
            out.push(MASK);
            return false;
        }
        let from = out.len();
        parts(a, b'-', out);
        generated(out, from);
        return false;
    }
    // Underscores: an identifier with a number of its own is a value.
    let own = a.split(|b| *b == b'_').any(|p| {
        let figures = p.iter().filter(|b| b.is_ascii_digit()).count();
        (figures == p.len() && figures > 0) || (figures > 1 && !words::is_term(p))
    });
    if own && a != b"x86_64" {
        out.push(MASK);
    } else {
        out.extend_from_slice(a);
    }
    false
}

/// A word of letters and digits.
fn word(a: &[u8], letters: usize, digits: usize, hex: bool, out: &mut Vec<u8>) -> bool {
    let keep = |out: &mut Vec<u8>| {
        out.extend_from_slice(a);
        false
    };
    if a[0].is_ascii_digit() || a[0] == MASK {
        // 30ms, 4G, 0x1f, 1st.
        out.push(MASK);
        return letters <= 3 && a[a.len() - 1] == b'B';
    }
    if words::is_term(a) {
        return keep(out);
    }
    let tail = a.iter().rev().take_while(|b| CLASS[**b as usize] == DIGIT).count();
    if (hex && a.len() >= 6 && digits >= 2)
        || digits >= 3
        || tail >= 2
        || digits * 2 > a.len()
        || a.len() > 24
    {
        out.push(MASK);
        return false;
    }
    keep(out)
}

/// Writes the parts between joints, each for itself.
fn parts(a: &[u8], joint: u8, out: &mut Vec<u8>) {
    for (i, part) in a.split(|b| *b == joint).enumerate() {
        if i > 0 {
            out.push(joint);
        }
        if !part.is_empty() {
            write(part, out);
        }
    }
}

/// `checkout-<*>-wqgrl`: what follows a generated part in a pod's name is generated too.
fn generated(out: &mut Vec<u8>, from: usize) {
    let written = &out[from..];
    if let Some(dash) = written.iter().rposition(|b| *b == b'-')
        && dash > 0
        && written[dash - 1] == MASK
        && written.len() - dash - 1 == 5
        && written[dash + 1..].iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    {
        let keep = from + dash;
        out.truncate(keep);
    }
}

/// A number with joints and at most a short unit, sign or exponent; a date; a time.
fn number(a: &[u8], letters: usize) -> bool {
    let unsigned = if matches!(a[0], b'-' | b'+') { &a[1..] } else { a };
    if !unsigned.first().is_some_and(|b| b.is_ascii_digit()) {
        return false;
    }
    if unsigned.starts_with(b"0x") || unsigned.starts_with(b"0X") {
        return true;
    }
    // An ISO time has a T and perhaps a Z.
    let iso = a.len() >= 16 && a.get(10) == Some(&b'T') && letters <= 2;
    let end = unsigned.iter().rev().take_while(|b| b.is_ascii_alphabetic() || **b == b'%').count();
    let only_at_end = end == letters || (end + 1 == letters && a.contains(&b'e'));
    iso || (letters <= 5 && only_at_end) || (a.len() > 4 && a[4] == b'-' && letters <= 3)
}

/// `v1.2.3`, `2.6.9-5.ELsmp`, `1.0-SNAPSHOT`.
fn version(a: &[u8]) -> bool {
    let a = match a[0] {
        b'v' | b'V' if a.len() > 1 => &a[1..],
        _ => a,
    };
    let first = a.iter().take_while(|b| b.is_ascii_digit()).count();
    first > 0 && first < a.len() && matches!(a[first], b'.' | b'-' | b'_')
}

/// `name@host.domain`.
fn mail(a: &[u8]) -> bool {
    let Some(at) = a.iter().position(|b| *b == b'@') else { return false };
    let (name, host) = (&a[..at], &a[at + 1..]);
    let last = host.rsplit(|b| *b == b'.').next().unwrap_or_default();
    !name.is_empty()
        && host.contains(&b'.')
        && last.len() >= 2
        && last.iter().all(u8::is_ascii_alphabetic)
        && !name.contains(&b':')
}

/// A host's name, with or without a port.
fn host(a: &[u8]) -> bool {
    let (name, port) = match a.iter().rposition(|b| *b == b':') {
        Some(i) if a.len() - i > 1 && a[i + 1..].iter().all(u8::is_ascii_digit) => (&a[..i], true),
        Some(_) => return false,
        None => (a, false),
    };
    if !name.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_')) {
        return false;
    }
    let upper = name.iter().any(u8::is_ascii_uppercase);
    let labels = name.split(|b| *b == b'.').count();
    let first = name.split(|b| *b == b'.').next().unwrap_or_default();
    let last = name.rsplit(|b| *b == b'.').next().unwrap_or_default();
    if labels < 2 || last.is_empty() || first.is_empty() || (labels < 3 && words::is_source(last)) {
        return false;
    }
    // Packages begin with what domains end with.
    let package = matches!(first, b"com" | b"org" | b"net" | b"edu" | b"java" | b"javax" | b"sun" | b"io");
    // `Namespace.Class.com` is hardly a host; `dsl-Chn-static-1.example.net` is.
    if upper && !(labels >= 3 && name.iter().any(u8::is_ascii_digit)) {
        return false;
    }
    if port {
        return !package && last.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-');
    }
    !package && (words::is_domain(last) || (labels >= 3 && words::is_country(last)))
}
