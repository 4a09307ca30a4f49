//! Where a sender's fields are, as configuration.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::body::{Object, Problem, scalar_text};

/// `[sources.mapping]`. Each field is a path (`$.host.name`, `$.tags[0]`, `$["odd key"]`), a constant (any text that does not
/// begin with `$`; `$$` stands for a `$` at its start), or a list of these of which the first that is there is taken.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// Where the list of alerts is: `alerts` or `$.data.alerts`. Absent: the body itself, an object or a list.
    #[serde(default)]
    pub items: Option<String>,
    /// `alertname`. Required.
    pub name: Choice,
    /// What makes two signals the same alert. Absent: the labels.
    #[serde(default)]
    pub dedup_key: Option<Choice>,
    /// Firing, resolved or acknowledged. Absent: firing.
    #[serde(default)]
    pub state: Option<Choice>,
    /// The sender's words for the states: `{ PROBLEM = "firing", OK = "resolved" }`.
    #[serde(default)]
    pub state_values: BTreeMap<String, State>,
    /// Label `severity`.
    #[serde(default)]
    pub severity: Option<Choice>,
    /// The sender's words for severities: `{ 5 = "critical" }`; words that are not there stay as they are.
    #[serde(default)]
    pub severity_values: BTreeMap<String, String>,
    /// Label `service`.
    #[serde(default)]
    pub service: Option<Choice>,
    /// Since when. Absent: the time of receipt.
    #[serde(default)]
    pub starts_at: Option<Choice>,
    /// Until when.
    #[serde(default)]
    pub ends_at: Option<Choice>,
    /// How times are written.
    #[serde(default)]
    pub time_format: TimeFormat,
    /// Link back to the sender.
    #[serde(default)]
    pub link: Option<Choice>,
    /// Further labels.
    #[serde(default)]
    pub labels: BTreeMap<String, Choice>,
    /// Annotations: `summary`, `description`, …
    #[serde(default)]
    pub annotations: BTreeMap<String, Choice>,
    /// An object of the item, all of whose fields become labels.
    #[serde(default)]
    pub all_labels: Option<String>,
}

/// A state, as configuration writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Fires.
    Firing,
    /// Has ended.
    Resolved,
    /// Taken by a person.
    Acknowledged,
}

/// How a sender writes times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeFormat {
    /// `2026-01-05T10:00:00Z`
    #[default]
    Rfc3339,
    /// Seconds since 1970, with or without a fraction, number or text.
    UnixS,
    /// Milliseconds since 1970, number or text.
    UnixMs,
}

/// One path or constant, or several of which the first that is there is taken.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Choice {
    /// One.
    One(String),
    /// In order of preference.
    Several(Vec<String>),
}

impl Default for Choice {
    fn default() -> Self {
        Self::Several(Vec::new())
    }
}

/// A choice, ready to read.
#[derive(Debug, Clone)]
pub(super) struct Getter(Vec<Expr>);

#[derive(Debug, Clone)]
enum Expr {
    Constant(String),
    Path(Path),
}

/// A way into a JSON value.
#[derive(Debug, Clone)]
pub(super) struct Path(Vec<Step>);

#[derive(Debug, Clone)]
enum Step {
    Key(String),
    Index(usize),
}

/// A text that was found, and its path for messages.
pub(super) struct Found {
    pub(super) text: String,
    pub(super) field: String,
}

impl Getter {
    pub(super) fn new(choice: &Choice) -> Result<Self, String> {
        let texts = match choice {
            Choice::One(text) => std::slice::from_ref(text),
            Choice::Several(texts) => texts.as_slice(),
        };
        if texts.is_empty() {
            return Err("is empty: give a path such as \"$.title\" or a constant".to_owned());
        }
        texts.iter().map(|text| Expr::new(text)).collect::<Result<_, _>>().map(Self)
    }

    /// The first choice that is there and not empty.
    pub(super) fn get(&self, item: &Value) -> Option<Found> {
        self.0.iter().find_map(|expr| match expr {
            Expr::Constant(text) => Some(Found { text: text.clone(), field: String::new() }),
            Expr::Path(path) => {
                let text = scalar_text(path.find(item)?)?;
                (!text.is_empty()).then(|| Found { text, field: path.field() })
            }
        })
    }

    /// The field that a message names when nothing was found.
    pub(super) fn field(&self) -> String {
        self.0
            .iter()
            .find_map(|e| if let Expr::Path(path) = e { Some(path.field()) } else { None })
            .unwrap_or_default()
    }
}

impl Expr {
    fn new(text: &str) -> Result<Self, String> {
        match text.strip_prefix('$') {
            None => Ok(Self::Constant(text.to_owned())),
            Some(rest) if rest.starts_with('$') => Ok(Self::Constant(rest.to_owned())),
            Some(_) => Path::new(text).map(Self::Path),
        }
    }
}

impl Path {
    /// Reads `$.a.b[0]["odd key"]`; the leading `$.` may be missing.
    pub(super) fn new(text: &str) -> Result<Self, String> {
        let wrong = |what: &str| format!("{text:?} is not a path: {what}; write $.a.b[0][\"odd key\"]");
        let mut rest = text.strip_prefix('$').unwrap_or(text);
        let mut steps = Vec::new();
        if !text.starts_with('$') && !text.is_empty() && !text.starts_with(['.', '[']) {
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            steps.push(Step::Key(rest[..end].to_owned()));
            rest = &rest[end..];
        }
        while !rest.is_empty() {
            if let Some(after) = rest.strip_prefix('.') {
                let end = after.find(['.', '[']).unwrap_or(after.len());
                if end == 0 {
                    return Err(wrong("a name is missing after a dot"));
                }
                steps.push(Step::Key(after[..end].to_owned()));
                rest = &after[end..];
            } else if let Some(after) = rest.strip_prefix("[\"") {
                let (key, after) = after.split_once("\"]").ok_or_else(|| wrong("a [\" has no \"]"))?;
                steps.push(Step::Key(key.to_owned()));
                rest = after;
            } else if let Some(after) = rest.strip_prefix('[') {
                let (index, after) = after.split_once(']').ok_or_else(|| wrong("a [ has no ]"))?;
                steps.push(Step::Index(index.parse().map_err(|_| wrong("between [ and ] is no number"))?));
                rest = after;
            } else {
                return Err(wrong("after the $ comes a dot or a bracket"));
            }
        }
        Ok(Self(steps))
    }

    pub(super) fn find<'v>(&self, item: &'v Value) -> Option<&'v Value> {
        self.0.iter().try_fold(item, |value, step| match step {
            Step::Key(key) => value.get(key),
            Step::Index(index) => value.get(*index),
        })
    }

    /// As messages write it: `host.tags[0]`.
    pub(super) fn field(&self) -> String {
        let mut out = String::new();
        for step in &self.0 {
            match step {
                Step::Index(index) => out.push_str(&format!("[{index}]")),
                Step::Key(key) => {
                    if !out.is_empty() {
                        out.push('.');
                    }
                    out.push_str(key);
                }
            }
        }
        out
    }
}

impl Path {
    /// The list at this path in an unread object; none if the path leads nowhere.
    pub(super) fn find_raw<'a>(&self, root: &'a RawValue) -> Result<Option<Vec<&'a RawValue>>, Problem> {
        let Some((last, steps)) = self.0.split_last() else { return Ok(None) };
        let mut at = Object::parse(root)?;
        let mut field = String::new();
        for step in steps {
            let Step::Key(key) = step else {
                return Err(Problem::new(
                    self.field(),
                    "goes through a list: mapping.items may only go through objects",
                ));
            };
            at = match at.object(key).map_err(|p| p.within(&field))? {
                Some(object) => object,
                None => return Ok(None),
            };
            field = Problem::new(key.as_str(), "").within(&field).field;
        }
        let Step::Key(key) = last else { return Ok(None) };
        at.list(key).map_err(|p| p.within(&field))
    }
}
