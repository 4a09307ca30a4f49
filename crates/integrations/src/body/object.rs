//! A JSON object whose fields are read one by one, so that each error names its field.

use std::borrow::Cow;
use std::fmt;

use firebell_core::telemetry::Labels;
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::labels::labels_of;
use super::limits;
use super::problem::{Problem, quote};
use super::text::{Items, kind_of};
use super::time::rfc3339;

/// An object, its values unread. `null` is the same as absent.
#[derive(Debug)]
pub(crate) struct Object<'a> {
    fields: Vec<(Cow<'a, str>, &'a RawValue)>,
}

impl<'a> Object<'a> {
    /// The object in `raw`.
    pub(crate) fn parse(raw: &'a RawValue) -> Result<Self, Problem> {
        if !raw.get().starts_with('{') {
            return Err(Problem::new("", format!("expected an object, found {}", kind_of(raw))));
        }
        let Fields { fields, seen } =
            serde_json::from_str(raw.get()).map_err(|e| Problem::new("", format!("is not JSON: {e}")))?;
        if seen > limits::FIELDS {
            let reason = format!("holds {seen} fields: at most {} are read from one object", limits::FIELDS);
            return Err(Problem::new("", reason));
        }
        for (i, (name, _)) in fields.iter().enumerate() {
            if fields[..i].iter().any(|(other, _)| other == name) {
                return Err(Problem::new(name.as_ref(), "is given twice"));
            }
        }
        Ok(Self { fields })
    }

    /// A field's raw value.
    pub(crate) fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.fields.iter().find(|(n, _)| n == name).map(|(_, raw)| *raw).filter(|raw| raw.get() != "null")
    }

    /// A text field.
    pub(crate) fn text(&self, name: &str) -> Result<Option<Cow<'a, str>>, Problem> {
        self.text_up_to(name, limits::TEXT)
    }

    fn text_up_to(&self, name: &str, most: usize) -> Result<Option<Cow<'a, str>>, Problem> {
        let Some(raw) = self.get(name) else { return Ok(None) };
        let text = text_of(raw).map_err(|p| p.within(name))?;
        if text.len() > most { Err(too_long(name, text.len(), most)) } else { Ok(Some(text)) }
    }

    /// A text field with a cap of its own, for the few that are long by nature.
    pub(crate) fn long_text(&self, name: &str, most: usize) -> Result<Option<String>, Problem> {
        Ok(self.text_up_to(name, most)?.filter(|t| !t.is_empty()).map(Cow::into_owned))
    }

    /// A text field that says something; the empty text is absent.
    pub(crate) fn filled(&self, name: &str) -> Result<Option<String>, Problem> {
        Ok(self.text(name)?.filter(|t| !t.trim().is_empty()).map(Cow::into_owned))
    }

    /// A text field that must be there and say something.
    pub(crate) fn need(&self, name: &str) -> Result<String, Problem> {
        self.filled(name)?.ok_or_else(|| Problem::new(name, "is required: expected a text that is not empty"))
    }

    /// A text, number or truth value, as text.
    pub(crate) fn text_or_number(&self, name: &str) -> Result<Option<String>, Problem> {
        match self.get(name) {
            Some(raw) if matches!(kind_of(raw), "a number" | "true or false") => {
                Ok(Some(raw.get().to_owned()))
            }
            _ => self.filled(name),
        }
    }

    /// A truth value.
    pub(crate) fn flag(&self, name: &str) -> Result<Option<bool>, Problem> {
        match self.get(name) {
            None => Ok(None),
            Some(raw) => match raw.get() {
                "true" => Ok(Some(true)),
                "false" => Ok(Some(false)),
                _ => Err(Problem::new(name, format!("expected true or false, found {}", kind_of(raw)))),
            },
        }
    }

    /// An RFC 3339 time.
    pub(crate) fn time(&self, name: &str) -> Result<Option<Timestamp>, Problem> {
        let Some(text) = self.text(name)?.filter(|t| !t.is_empty()) else { return Ok(None) };
        rfc3339(&text)
            .map(Some)
            .ok_or_else(|| Problem::new(name, format!("{} is not an RFC 3339 time", quote(&text))))
    }

    /// A time that must be there.
    pub(crate) fn need_time(&self, name: &str) -> Result<Timestamp, Problem> {
        self.time(name)?.ok_or_else(|| {
            Problem::new(name, "is required: expected an RFC 3339 time such as 2026-01-05T10:00:00Z")
        })
    }

    /// An object field.
    pub(crate) fn object(&self, name: &str) -> Result<Option<Self>, Problem> {
        self.get(name).map(|raw| Object::parse(raw).map_err(|p| p.within(name))).transpose()
    }

    /// An object field that must be there.
    pub(crate) fn need_object(&self, name: &str) -> Result<Self, Problem> {
        self.object(name)?.ok_or_else(|| Problem::new(name, "is required: expected an object"))
    }

    /// A list field, its items unread.
    pub(crate) fn list(&self, name: &str) -> Result<Option<Vec<&'a RawValue>>, Problem> {
        self.get(name)
            .map(|raw| Items::parse(raw).and_then(Items::within_cap).map_err(|p| p.within(name)))
            .transpose()
    }

    /// A set of labels or annotations; empty if absent.
    pub(crate) fn labels(&self, name: &str) -> Result<Labels, Problem> {
        self.get(name).map_or_else(|| Ok(Labels::new()), |raw| labels_of(raw).map_err(|p| p.within(name)))
    }

    /// All fields, in the sender's order.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&str, &'a RawValue)> {
        self.fields.iter().map(|(name, raw)| (name.as_ref(), *raw))
    }
}

pub(super) fn too_long(name: &str, is: usize, most: usize) -> Problem {
    Problem::new(name, format!("is {is} bytes long: at most {most} are kept"))
}

/// The text in `raw`.
pub(super) fn text_of(raw: &RawValue) -> Result<Cow<'_, str>, Problem> {
    let json = raw.get();
    let Some(inner) = json.strip_prefix('"').and_then(|j| j.strip_suffix('"')) else {
        return Err(Problem::new("", format!("expected a text, found {}", kind_of(raw))));
    };
    if !inner.as_bytes().contains(&b'\\') {
        return Ok(Cow::Borrowed(inner));
    }
    serde_json::from_str::<String>(json)
        .map(Cow::Owned)
        .map_err(|_| Problem::new("", "holds an escape that stands for no character"))
}

/// Every field of an object, in order; no more are kept than may be used.
struct Fields<'a> {
    fields: Vec<(Cow<'a, str>, &'a RawValue)>,
    seen: usize,
}

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FieldsVisitor;
        impl<'de> Visitor<'de> for FieldsVisitor {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::with_capacity(8);
                while fields.len() < limits::FIELDS {
                    match map.next_entry::<Key<'de>, &'de RawValue>()? {
                        Some((Key(name), raw)) => fields.push((name, raw)),
                        None => return Ok(Fields { seen: fields.len(), fields }),
                    }
                }
                let mut seen = fields.len();
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {
                    seen += 1;
                }
                Ok(Fields { fields, seen })
            }
        }
        deserializer.deserialize_map(FieldsVisitor)
    }
}

/// A field's name, borrowed where it holds no escape (serde's own `Cow` never borrows here).
pub(super) struct Key<'a>(pub(super) Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Key<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;
        impl<'de> Visitor<'de> for KeyVisitor {
            type Value = Key<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a field name")
            }

            fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Borrowed(name)))
            }

            fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Owned(name.to_owned())))
            }
        }
        deserializer.deserialize_str(KeyVisitor)
    }
}
