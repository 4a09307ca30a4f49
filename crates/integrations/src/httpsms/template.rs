//! Templates with `{names}`. Pure. Whatever is put in stays inside the string, parameter or element that it was put in.

use std::collections::BTreeMap;

use serde_json::Value;

use super::config::Format;
use crate::notice::text::{all, marked_up};

/// What may stand in a template; `{secret.NAME}` besides.
pub(super) const NAMES: [&str; 8] = ["to", "to_digits", "text", "subject", "key", "incident", "link", "code"];

/// A part of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Name(String),
}

/// A text with names in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Template(Vec<Part>);

impl Template {
    /// Reads a template. A brace that opens no name of letters is a brace; `known` decides about the others.
    ///
    /// # Errors
    /// Which name is not known.
    pub(super) fn read(text: &str, known: &dyn Fn(&str) -> bool) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(at) = rest.find('{') {
            let name = rest[at + 1..].split_once('}').map(|(name, _)| name);
            let word = |n: &&str| {
                !n.is_empty()
                    && n.chars().all(|c| c.is_ascii_alphanumeric() || "_.".contains(c))
                    && n.len() <= 64
            };
            let Some(name) = name.filter(word) else {
                parts.push(Part::Text(rest[..=at].to_owned()));
                rest = &rest[at + 1..];
                continue;
            };
            if !known(name) {
                let names = NAMES.map(|n| format!("{{{n}}}")).join(", ");
                return Err(format!(
                    "{{{name}}} is unknown: one of {names}, or {{secret.NAME}} of `secrets`"
                ));
            }
            parts.push(Part::Text(rest[..at].to_owned()));
            parts.push(Part::Name(name.to_owned()));
            rest = &rest[at + name.len() + 2..];
        }
        parts.push(Part::Text(rest.to_owned()));
        Ok(Self(parts))
    }

    /// Whether a name stands in it.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains(&Part::Name(name.to_owned()))
    }

    pub(super) fn fill(&self, values: &BTreeMap<String, String>, escape: fn(&str) -> String) -> String {
        let part = |p: &Part| match p {
            Part::Text(text) => text.clone(),
            Part::Name(name) => escape(values.get(name).map(String::as_str).unwrap_or_default()),
        };
        self.0.iter().map(part).collect()
    }
}

/// A body.
#[derive(Debug, Clone)]
pub(super) enum Body {
    Json(Value, Vec<(String, Template)>),
    Form(Vec<(String, Template)>),
    Plain(Format, Template),
}

impl Body {
    /// Reads a body's template.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn read(format: Format, text: &str, known: &dyn Fn(&str) -> bool) -> Result<Self, String> {
        match format {
            Format::Json => {
                let value: Value = serde_json::from_str(text)
                    .map_err(|e| format!("is no JSON: {e}; names stand in strings, like \"{{text}}\""))?;
                let mut places = Vec::new();
                strings(&value, String::new(), &mut |place, text| {
                    places.push((place, Template::read(text, known)?));
                    Ok(())
                })?;
                Ok(Self::Json(value, places))
            }
            Format::Form => {
                let mut url = reqwest::Url::parse("http://localhost/").map_err(|e| e.to_string())?;
                url.set_query(Some(text));
                let pair = |(n, v): (std::borrow::Cow<'_, str>, std::borrow::Cow<'_, str>)| {
                    Ok((n.into_owned(), Template::read(&v, known)?))
                };
                Ok(Self::Form(url.query_pairs().map(pair).collect::<Result<_, String>>()?))
            }
            Format::Xml | Format::Text => Ok(Self::Plain(format, Template::read(text, known)?)),
        }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        match self {
            Self::Json(_, all) | Self::Form(all) => all.iter().any(|(_, t)| t.has(name)),
            Self::Plain(_, t) => t.has(name),
        }
    }

    pub(super) fn content_type(&self) -> &'static str {
        match self {
            Self::Json(..) => "application/json",
            Self::Form(_) => "application/x-www-form-urlencoded",
            Self::Plain(Format::Xml, _) => "application/xml; charset=utf-8",
            Self::Plain(..) => "text/plain; charset=utf-8",
        }
    }

    pub(super) fn fill(&self, values: &BTreeMap<String, String>) -> Vec<u8> {
        match self {
            Self::Json(value, places) => {
                let mut out = value.clone();
                for (place, template) in places {
                    if let Some(found) = out.pointer_mut(place) {
                        *found = Value::String(template.fill(values, str::to_owned));
                    }
                }
                out.to_string().into_bytes()
            }
            Self::Form(pairs) => {
                let Ok(mut url) = reqwest::Url::parse("http://localhost/") else { return Vec::new() };
                {
                    let mut query = url.query_pairs_mut();
                    for (name, template) in pairs {
                        query.append_pair(name, &template.fill(values, str::to_owned));
                    }
                }
                url.query().unwrap_or_default().as_bytes().to_vec()
            }
            Self::Plain(Format::Xml, t) => t.fill(values, |s| all(marked_up(s))).into_bytes(),
            Self::Plain(_, t) => t.fill(values, str::to_owned).into_bytes(),
        }
    }
}

/// Every string of a value with its place.
fn strings(
    value: &Value,
    place: String,
    each: &mut dyn FnMut(String, &str) -> Result<(), String>,
) -> Result<(), String> {
    match value {
        Value::String(text) => each(place, text),
        Value::Array(items) => {
            items.iter().enumerate().try_for_each(|(i, v)| strings(v, format!("{place}/{i}"), each))
        }
        Value::Object(fields) => fields.iter().try_for_each(|(name, v)| {
            strings(v, format!("{place}/{}", name.replace('~', "~0").replace('/', "~1")), each)
        }),
        _ => Ok(()),
    }
}
