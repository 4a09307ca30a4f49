//! Short closed lists of words that are values, or parts of values, in logs of any system.

/// Units that are written behind a number, in their short forms; words such as `seconds` stay.
pub(super) fn is_unit(word: &[u8]) -> bool {
    matches!(
        word,
        b"B" | b"byte"
            | b"bytes"
            | b"Bytes"
            | b"KB"
            | b"MB"
            | b"GB"
            | b"TB"
            | b"kB"
            | b"KiB"
            | b"MiB"
            | b"GiB"
            | b"TiB"
            | b"kb"
            | b"mb"
            | b"gb"
            | b"ms"
            | b"us"
            | b"ns"
            | b"s"
            | b"sec"
            | b"secs"
            | b"min"
            | b"mins"
            | b"hrs"
            | b"MHz"
            | b"GHz"
            | b"%"
    )
}

/// Truth values and the absent value.
pub(super) fn is_truth(word: &[u8]) -> bool {
    match word.len() {
        4 => word.eq_ignore_ascii_case(b"true") || word.eq_ignore_ascii_case(b"null"),
        5 => word.eq_ignore_ascii_case(b"false"),
        _ => false,
    }
}

const MONTHS: &[u8] = b"JanFebMarAprMayJunJulAugSepOctNovDec";
const DAYS: &[u8] = b"MonTueWedThuFriSatSun";

fn among(list: &[u8], word: &[u8]) -> bool {
    list.chunks_exact(3).any(|w| w == word)
}

/// Whether a word is a month or the day of a week, and begins a date: a number follows (or, for a month, came before).
pub(super) fn starts_date(word: &[u8], rest: &[u8], after_value: bool) -> bool {
    if word.len() != 3 || !word[0].is_ascii_uppercase() {
        return false;
    }
    let from = rest.iter().position(|b| !matches!(b, b' ' | b'\t' | b',')).unwrap_or(rest.len());
    let rest = &rest[from..];
    let digit = rest.first().is_some_and(u8::is_ascii_digit);
    if among(MONTHS, word) {
        return digit || after_value;
    }
    among(DAYS, word) && (digit || rest.get(..3).is_some_and(|w| among(MONTHS, w)))
}

/// Names of zones and halves of the day, as they stand in dates; months that follow the day of a week.
pub(super) fn is_zone(word: &[u8]) -> bool {
    matches!(
        word,
        b"UTC" | b"GMT" | b"CET" | b"CEST" | b"PST" | b"PDT" | b"EST" | b"EDT" | b"CST" | b"AM" | b"PM"
    ) || among(MONTHS, word)
}

/// Names that end in figures and are names all the same.
pub(super) fn is_term(word: &[u8]) -> bool {
    const TERMS: [&[u8]; 40] = [
        b"amd64", b"arm64", b"base64", b"crc32", b"ed25519", b"float32", b"float64", b"h264", b"i386",
        b"i586", b"i686", b"int16", b"int32", b"int64", b"log4j", b"md5", b"mp3", b"mp4", b"oauth2", b"p50",
        b"p90", b"p95", b"p99", b"ppc64", b"sha1", b"sha256", b"sha384", b"sha512", b"slf4j", b"sse42",
        b"tls12", b"tls13", b"uint16", b"uint32", b"uint64", b"utf16", b"win32", b"win64", b"x509", b"x86",
    ];
    if word.len() > 8 {
        return false;
    }
    let mut lower = [0u8; 8];
    for (to, from) in lower.iter_mut().zip(word) {
        *to = from.to_ascii_lowercase();
    }
    TERMS.binary_search(&&lower[..word.len()]).is_ok()
}

/// Ends of source files: what stands before a line number.
pub(super) fn is_source(extension: &[u8]) -> bool {
    matches!(
        extension,
        b"c" | b"cc"
            | b"cpp"
            | b"cs"
            | b"cxx"
            | b"erl"
            | b"ex"
            | b"go"
            | b"h"
            | b"hpp"
            | b"java"
            | b"js"
            | b"kt"
            | b"lua"
            | b"m"
            | b"mjs"
            | b"php"
            | b"pl"
            | b"py"
            | b"rb"
            | b"rs"
            | b"scala"
            | b"sh"
            | b"swift"
            | b"ts"
            | b"tsx"
            | b"vb"
    )
}

/// Ends of host names that are hardly ever ends of anything else.
pub(super) fn is_domain(label: &[u8]) -> bool {
    matches!(
        label,
        b"com"
            | b"net"
            | b"org"
            | b"edu"
            | b"gov"
            | b"mil"
            | b"arpa"
            | b"info"
            | b"biz"
            | b"local"
            | b"internal"
            | b"lan"
            | b"localdomain"
    )
}

/// Countries' ends of host names; those that are words or file extensions are left out.
pub(super) fn is_country(label: &[u8]) -> bool {
    const ALL: &[u8] =
        b"aebebrcachclcncodedkesfifrgrhkhuieiljpkrltlvmxnlnzphplptrorusasesgskthtrtwuaukusvnza";
    label.len() == 2 && ALL.chunks_exact(2).any(|c| c == label)
}
