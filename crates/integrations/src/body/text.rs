//! A request's body as text, and what it holds at the top.

use std::borrow::Cow;
use std::fmt;

use firebell_core::ports::alert_source::ParseError;
use serde::Deserialize;
use serde::de::{IgnoredAny, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::limits;
use super::problem::Problem;

/// Stands for bytes that are not UTF-8 until the item that holds them is known. A noncharacter: never in honest text.
const MARK: char = '\u{FFFF}';

/// A body as text.
pub(crate) struct Body<'a> {
    text: Cow<'a, str>,
    /// Offset of the first byte that is not UTF-8.
    invalid_at: Option<usize>,
}

/// The top of a JSON body.
#[derive(Debug)]
pub(crate) enum Root<'a> {
    /// `{…}`, unread.
    Object(&'a RawValue),
    /// `[…]`, its items unread.
    List(Vec<&'a RawValue>),
}

impl<'a> Body<'a> {
    /// Reads bytes as text. Bytes that are not UTF-8 are marked, so that only the item that holds them is lost.
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Self, ParseError> {
        let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Err(ParseError::new("body", "is empty: expected JSON"));
        }
        let error = match std::str::from_utf8(bytes) {
            Ok(text) => return Ok(Self { text: Cow::Borrowed(text), invalid_at: None }),
            Err(error) => error,
        };
        let invalid_at = error.valid_up_to();
        let mut text = String::with_capacity(bytes.len());
        for chunk in bytes.utf8_chunks() {
            if chunk.valid().contains(MARK) {
                return Err(not_utf8(invalid_at));
            }
            text.push_str(chunk.valid());
            if !chunk.invalid().is_empty() {
                text.push(MARK);
            }
        }
        Ok(Self { text: Cow::Owned(text), invalid_at: Some(invalid_at) })
    }

    /// The object or the list at the top.
    pub(crate) fn root(&self) -> Result<Root<'_>, ParseError> {
        let syntax = |e: &serde_json::Error| match self.invalid_at {
            Some(at) => not_utf8(at),
            None => ParseError::new("body", format!("is not JSON: {e}")),
        };
        match self.text.trim_start().as_bytes().first() {
            Some(b'{') => serde_json::from_str(&self.text).map(Root::Object).map_err(|e| syntax(&e)),
            Some(b'[') => {
                let items: Items<'_> = serde_json::from_str(&self.text).map_err(|e| syntax(&e))?;
                items.within_cap().map(Root::List).map_err(Problem::fatal)
            }
            _ => match serde_json::from_str::<&RawValue>(&self.text) {
                Ok(raw) => Err(ParseError::new(
                    "body",
                    format!("expected an object or a list, found {}", kind_of(raw)),
                )),
                Err(e) => Err(syntax(&e)),
            },
        }
    }

    /// Where `item` holds bytes that are not UTF-8, if it does.
    pub(crate) fn check_utf8(&self, item: &RawValue) -> Result<(), Problem> {
        if self.invalid_at.is_none() || !item.get().contains(MARK) {
            return Ok(());
        }
        let field =
            serde_json::from_str(item.get()).ok().and_then(|value| marked(&value)).unwrap_or_default();
        Err(Problem::new(field, "holds bytes that are not UTF-8"))
    }
}

fn not_utf8(at: usize) -> ParseError {
    ParseError::new("body", format!("is not UTF-8 text: byte {at} is not part of any character"))
}

/// Path of the first marked text.
fn marked(value: &serde_json::Value) -> Option<String> {
    let below = |key: &str, value| marked(value).map(|field| Problem::new(field, "").within(key).field);
    match value {
        serde_json::Value::String(text) => text.contains(MARK).then(String::new),
        serde_json::Value::Array(items) => {
            items.iter().enumerate().find_map(|(i, item)| below(&format!("[{i}]"), item))
        }
        // A broken name cannot be shown: its parent is named.
        serde_json::Value::Object(fields) => fields
            .iter()
            .find_map(|(key, item)| if key.contains(MARK) { Some(String::new()) } else { below(key, item) }),
        _ => None,
    }
}

/// What a JSON value is, in words.
pub(crate) fn kind_of(raw: &RawValue) -> &'static str {
    match raw.get().as_bytes().first() {
        Some(b'{') => "an object",
        Some(b'[') => "a list",
        Some(b'"') => "a text",
        Some(b't' | b'f') => "true or false",
        Some(b'n') => "null",
        _ => "a number",
    }
}

/// The items of a list, unread. No more are kept than may be used.
pub(crate) struct Items<'a> {
    items: Vec<&'a RawValue>,
    seen: usize,
}

impl<'a> Items<'a> {
    /// The list in `raw`.
    pub(crate) fn parse(raw: &'a RawValue) -> Result<Self, Problem> {
        if !raw.get().starts_with('[') {
            return Err(Problem::new("", format!("expected a list, found {}", kind_of(raw))));
        }
        serde_json::from_str(raw.get()).map_err(|e| Problem::new("", format!("is not JSON: {e}")))
    }

    pub(crate) fn within_cap(self) -> Result<Vec<&'a RawValue>, Problem> {
        if self.seen > limits::ITEMS {
            let reason = format!(
                "holds {} items: at most {} are read from one request, send the rest in another",
                self.seen,
                limits::ITEMS
            );
            return Err(Problem::new("", reason));
        }
        Ok(self.items)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Items<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ItemsVisitor;
        impl<'de> Visitor<'de> for ItemsVisitor {
            type Value = Items<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut items = Vec::new();
                while items.len() < limits::ITEMS {
                    match seq.next_element::<&'de RawValue>()? {
                        Some(item) => items.push(item),
                        None => return Ok(Items { seen: items.len(), items }),
                    }
                }
                let mut seen = items.len();
                while seq.next_element::<IgnoredAny>()?.is_some() {
                    seen += 1;
                }
                Ok(Items { items, seen })
            }
        }
        deserializer.deserialize_seq(ItemsVisitor)
    }
}
