//! Fields of a JSON body, read one by one: a wrong one is named with what would be right, an unknown one is refused.

use std::str::FromStr;

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use serde_json::{Map, Value};

use crate::body;
use crate::problem::Problem;
use crate::state::Shared;

/// Largest body.
pub(crate) const MAX_BODY: usize = 1 << 20;

/// The fields that have not been read yet.
#[derive(Debug)]
pub(crate) struct Fields(Map<String, Value>);

impl FromRequest<Shared> for Fields {
    type Rejection = Problem;

    async fn from_request(request: Request<Body>, _: &Shared) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let bytes = body::read_expanded(&parts.headers, body, MAX_BODY).await?;
        Self::parse(&bytes)
    }
}

impl Fields {
    /// Reads an object; an empty body is one without fields.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, Problem> {
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Ok(Self(Map::new()));
        }
        match serde_json::from_slice(bytes) {
            Ok(Value::Object(fields)) => Ok(Self(fields)),
            Ok(_) => Err(Problem::bad_request("body", "expected a JSON object")),
            Err(error) => Err(Problem::bad_request("body", format!("is not JSON: {error}"))),
        }
    }

    /// A text, if it is there.
    pub(crate) fn text(&mut self, name: &str) -> Result<Option<String>, Problem> {
        match self.0.shift_remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(Problem::invalid(name, format!("expected a text, found {}", what(&other)))),
        }
    }

    /// A text that must be there.
    pub(crate) fn need(&mut self, name: &str) -> Result<String, Problem> {
        self.text(name)?.ok_or_else(|| Problem::invalid(name, "is required: expected a text"))
    }

    /// A text with a meaning.
    pub(crate) fn read<T: FromStr>(&mut self, name: &str, right: &str) -> Result<Option<T>, Problem> {
        match self.text(name)? {
            None => Ok(None),
            Some(text) => {
                text.trim().parse().map(Some).map_err(|_| Problem::invalid(name, format!("is not {right}")))
            }
        }
    }

    /// A value of a closed set, as JSON has it.
    pub(crate) fn choose<T: serde::de::DeserializeOwned>(
        &mut self,
        name: &str,
        right: &str,
    ) -> Result<T, Problem> {
        let text = self.need(name)?;
        serde_json::from_value(Value::String(text))
            .map_err(|_| Problem::invalid(name, format!("is not one of {right}")))
    }

    /// True or false.
    pub(crate) fn flag(&mut self, name: &str) -> Result<Option<bool>, Problem> {
        match self.0.shift_remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(flag)),
            Some(other) => {
                Err(Problem::invalid(name, format!("expected true or false, found {}", what(&other))))
            }
        }
    }

    /// A whole number.
    pub(crate) fn whole(&mut self, name: &str) -> Result<Option<i64>, Problem> {
        match self.0.shift_remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => value.as_i64().map(Some).ok_or_else(|| {
                Problem::invalid(name, format!("expected a whole number, found {}", what(&value)))
            }),
        }
    }

    /// A list of texts, at most `most`.
    pub(crate) fn texts(&mut self, name: &str, most: usize) -> Result<Vec<String>, Problem> {
        let values = match self.0.shift_remove(name) {
            None | Some(Value::Null) => return Ok(Vec::new()),
            Some(Value::Array(values)) => values,
            Some(other) => {
                return Err(Problem::invalid(
                    name,
                    format!("expected a list of texts, found {}", what(&other)),
                ));
            }
        };
        if values.len() > most {
            return Err(Problem::invalid(
                name,
                format!("holds {} texts: at most {most} are taken", values.len()),
            ));
        }
        values
            .into_iter()
            .enumerate()
            .map(|(i, value)| match value {
                Value::String(text) if text.len() <= 1024 => Ok(text),
                Value::String(_) => {
                    Err(Problem::invalid(&format!("{name}[{i}]"), "is longer than 1024 bytes"))
                }
                other => Err(Problem::invalid(
                    &format!("{name}[{i}]"),
                    format!("expected a text, found {}", what(&other)),
                )),
            })
            .collect()
    }

    /// Whatever is there.
    pub(crate) fn take(&mut self, name: &str) -> Option<Value> {
        self.0.shift_remove(name)
    }

    /// Refuses what nobody has read: a misspelt field must not be lost in silence.
    pub(crate) fn end(self) -> Result<(), Problem> {
        match self.0.keys().next() {
            None => Ok(()),
            Some(name) => {
                let name: String = name.chars().take(64).collect();
                Err(Problem::invalid(&name, "is not known here: check its spelling"))
            }
        }
    }
}

fn what(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
