//! Label sets and annotations: texts by name, capped.

use std::fmt;

use firebell_core::telemetry::Labels;
use serde::Deserialize;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::limits;
use super::object::{Key, text_of, too_long};
use super::problem::{Problem, quote};
use super::text::kind_of;

/// The label set in `raw`. A label with an empty value is the same as none, as everywhere around Prometheus.
pub(crate) fn labels_of(raw: &RawValue) -> Result<Labels, Problem> {
    if !raw.get().starts_with('{') {
        return Err(Problem::new("", format!("expected an object of texts, found {}", kind_of(raw))));
    }
    let Read(read) =
        serde_json::from_str(raw.get()).map_err(|e| Problem::new("", format!("is not JSON: {e}")))?;
    read
}

/// Puts one text into a set if the set has room for it; texts that are too long are cut. For what Firebell itself
/// adds from less important fields, where losing the alert would be worse than losing the text.
pub(crate) fn insert_capped(set: &mut Labels, name: &str, value: &str) {
    if value.is_empty() || name.is_empty() || name.len() > limits::LABEL_NAME {
        return;
    }
    if set.len() < limits::LABELS || set.contains_key(name) {
        let cut = (0..=value.len().min(limits::TEXT)).rev().find(|i| value.is_char_boundary(*i)).unwrap_or(0);
        set.insert(name.to_owned(), value[..cut].to_owned());
    }
}

/// A label set or what is wrong with it: JSON's own errors are the deserialiser's, ours are kept apart so that they
/// keep their field.
struct Read(Result<Labels, Problem>);

impl<'de> Deserialize<'de> for Read {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ReadVisitor;
        impl<'de> Visitor<'de> for ReadVisitor {
            type Value = Read;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of texts")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Read, A::Error> {
                let mut labels = Labels::new();
                let mut seen = 0_usize;
                let mut problem = None;
                while problem.is_none() {
                    let Some((Key(name), raw)) = map.next_entry::<Key<'de>, &'de RawValue>()? else {
                        return Ok(Read(Ok(labels)));
                    };
                    seen += 1;
                    problem = if seen > limits::LABELS { None } else { add(&mut labels, &name, raw).err() };
                    if seen > limits::LABELS {
                        break;
                    }
                }
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {
                    seen += 1;
                }
                // The count outranks: it is the same whatever the order.
                if seen > limits::LABELS {
                    let reason = format!("holds {seen} entries: at most {} are kept", limits::LABELS);
                    problem = Some(Problem::new("", reason));
                }
                Ok(Read(problem.map_or(Ok(labels), Err)))
            }
        }
        deserializer.deserialize_map(ReadVisitor)
    }
}

fn add(labels: &mut Labels, name: &str, raw: &RawValue) -> Result<(), Problem> {
    if name.is_empty() {
        return Err(Problem::new("", "holds an entry with an empty name"));
    }
    if name.len() > limits::LABEL_NAME {
        let reason = format!(
            "holds a name of {} bytes ({}): at most {} are kept",
            name.len(),
            quote(name),
            limits::LABEL_NAME
        );
        return Err(Problem::new("", reason));
    }
    let value = text_of(raw).map_err(|p| p.within(name))?;
    if value.len() > limits::TEXT {
        return Err(too_long(name, value.len(), limits::TEXT));
    }
    if labels.insert(name.to_owned(), value.into_owned()).is_some() {
        return Err(Problem::new(name, "is given twice"));
    }
    Ok(())
}
