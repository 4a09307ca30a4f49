//! Going through a request's items: good ones are kept, bad ones set aside with their place.

use firebell_core::ports::alert_source::ParseError;
use firebell_core::signal::{Intake, Parsed, RejectedItem};
use serde_json::value::RawValue;

use super::limits;
use super::problem::Problem;
use super::text::Body;

/// Reads each item with `read`, which may leave an item out by `None`. `name` is the list's field, empty for a list at
/// the top of the body.
pub(crate) fn each<'a>(
    body: &Body<'_>,
    name: &str,
    items: &[&'a RawValue],
    mut read: impl FnMut(&'a RawValue) -> Result<Option<Intake>, Problem>,
) -> Result<Parsed, ParseError> {
    let mut parsed = Parsed { items: Vec::with_capacity(items.len()), rejected: Vec::new() };
    for (index, raw) in items.iter().enumerate() {
        match check(body, raw).and_then(|()| read(raw)) {
            Ok(item) => parsed.items.extend(item),
            Err(problem) => {
                let Problem { field, reason } = problem.within(&format!("{name}[{index}]"));
                parsed.rejected.push(RejectedItem { index, field, reason });
            }
        }
    }
    match parsed.rejected.first() {
        Some(first) if parsed.rejected.len() == items.len() => {
            let more = match items.len() {
                1 => String::new(),
                n => format!(" (none of the {n} items can be used)"),
            };
            Err(ParseError { field: first.field.clone(), reason: format!("{}{more}", first.reason) })
        }
        _ => Ok(parsed),
    }
}

/// Reads a body that is one item.
pub(crate) fn single<'a>(
    body: &Body<'_>,
    raw: &'a RawValue,
    read: impl FnOnce(&'a RawValue) -> Result<Option<Intake>, Problem>,
) -> Result<Parsed, ParseError> {
    let item = check(body, raw).and_then(|()| read(raw)).map_err(Problem::fatal)?;
    Ok(Parsed { items: item.into_iter().collect(), rejected: Vec::new() })
}

fn check(body: &Body<'_>, raw: &RawValue) -> Result<(), Problem> {
    if depth(raw.get()) > limits::DEPTH {
        return Err(Problem::new("", format!("is nested deeper than {} levels", limits::DEPTH)));
    }
    body.check_utf8(raw)
}

/// Levels of nesting in valid JSON.
fn depth(json: &str) -> usize {
    let (mut now, mut most) = (0_usize, 0);
    let mut bytes = json.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => loop {
                match bytes.next() {
                    Some(b'\\') => {
                        bytes.next();
                    }
                    Some(b'"') | None => break,
                    Some(_) => {}
                }
            },
            b'{' | b'[' => {
                now += 1;
                most = most.max(now);
            }
            b'}' | b']' => now = now.saturating_sub(1),
            _ => {}
        }
    }
    most
}
