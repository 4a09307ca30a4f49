//! journald's export format: `KEY=value` lines, an empty line between records, binary values by their length.

use firebell_core::telemetry::Labels;

use super::line::{Context, Parsed};
use super::{MAX_FIELDS, MAX_TEXT, cut, json};

/// Whether bytes look like an export.
pub(super) fn is_export(head: &[u8]) -> bool {
    head.starts_with(b"__CURSOR=")
}

/// Reads the records that begin in `bytes`.
pub(super) fn records(bytes: &[u8], cx: &Context<'_>, each: &mut dyn FnMut(Parsed<'static>)) {
    let mut rest = bytes;
    let mut number = 0u64;
    let mut first = 1u64;
    let mut fields = Labels::new();
    while !rest.is_empty() {
        number += 1;
        let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        let line = &rest[..end];
        rest = rest.get(end + 1..).unwrap_or(&[]);
        if line.is_empty() {
            finish(std::mem::take(&mut fields), first, cx, each);
            first = number + 1;
            continue;
        }
        let (key, value) = match memchr::memchr(b'=', line) {
            Some(i) => (&line[..i], &line[i + 1..]),
            // The length follows in eight bytes, then the value and a line's end.
            None => {
                let Some((size, after)) = rest.split_first_chunk::<8>() else { break };
                let Some(size) =
                    usize::try_from(u64::from_le_bytes(*size)).ok().filter(|s| *s <= after.len())
                else {
                    break;
                };
                number += memchr::memchr_iter(b'\n', &after[..size]).count() as u64 + 1;
                let value = &after[..size];
                rest = after.get(size + 1..).unwrap_or(&[]);
                (line, value)
            }
        };
        let key = String::from_utf8_lossy(key);
        // What the journal knows of the process is many times what it said.
        let wanted = !key.starts_with("__") || key == "__REALTIME_TIMESTAMP";
        let wanted = wanted
            && !key.starts_with("_SYSTEMD_C")
            && !key.starts_with("_AUDIT")
            && fields.len() < MAX_FIELDS;
        if wanted {
            let value = &value[..value.len().min(MAX_TEXT)];
            fields.insert(key.into_owned(), cut(&String::from_utf8_lossy(value)).to_owned());
        }
    }
    finish(fields, first, cx, each);
}

fn finish(fields: Labels, number: u64, cx: &Context<'_>, each: &mut dyn FnMut(Parsed<'static>)) {
    if fields.is_empty() {
        return;
    }
    let mut out = Parsed { begins: true, ..Parsed::new(number, cx) };
    json::take(fields, "", cx, &mut out);
    each(out);
}
