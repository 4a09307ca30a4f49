//! Query parameters of the API v2.

use firebell_core::ports::alert_source::ParseError;
use firebell_core::silence::Matcher;
use regex::Regex;

use super::matcher::parse_matcher;
use crate::body::quote;

/// Which alerts a query asks for.
#[derive(Debug, Clone)]
pub struct AlertFilter {
    /// All must match the alert's labels.
    pub matchers: Vec<Matcher>,
    /// Alerts that are neither silenced nor inhibited.
    pub active: bool,
    /// Silenced ones.
    pub silenced: bool,
    /// Inhibited ones.
    pub inhibited: bool,
    /// Ones that no incident has taken up yet; Firebell has none such by the time it answers.
    pub unprocessed: bool,
    /// Groups whose alerts are all silenced or inhibited.
    pub muted: bool,
    /// The receiver's name must match.
    pub receiver: Option<Regex>,
    /// Conditions on the receiver's labels, of which Firebell's receiver has none.
    pub receiver_matchers: Vec<Matcher>,
}

impl Default for AlertFilter {
    fn default() -> Self {
        Self {
            matchers: Vec::new(),
            active: true,
            silenced: true,
            inhibited: true,
            unprocessed: true,
            muted: true,
            receiver: None,
            receiver_matchers: Vec::new(),
        }
    }
}

impl AlertFilter {
    /// Reads decoded query parameters; unknown ones are left aside, as Alertmanager does.
    ///
    /// # Errors
    /// Names the parameter.
    pub fn from_query<'q>(pairs: impl IntoIterator<Item = (&'q str, &'q str)>) -> Result<Self, ParseError> {
        let mut out = Self::default();
        for (name, value) in pairs {
            match name {
                "filter" => out.matchers.push(parse_matcher(value, name)?),
                "active" => out.active = truth(name, value)?,
                "silenced" => out.silenced = truth(name, value)?,
                "inhibited" => out.inhibited = truth(name, value)?,
                "unprocessed" => out.unprocessed = truth(name, value)?,
                "muted" => out.muted = truth(name, value)?,
                "receiver" if value.is_empty() => {}
                "receiver" => {
                    let pattern = Regex::new(&format!("^(?:{value})$"));
                    let pattern = pattern.map_err(|_| {
                        ParseError::new(name, format!("{} is not a regular expression", quote(value)))
                    })?;
                    out.receiver = Some(pattern);
                }
                "receiver_matchers" => out.receiver_matchers.push(parse_matcher(value, name)?),
                _ => {}
            }
        }
        Ok(out)
    }
}

/// Which silences a query asks for.
#[derive(Debug, Clone)]
pub struct SilenceFilter {
    /// Conditions on the silence's matchers, as `amtool silence query` gives them.
    pub matchers: Vec<Matcher>,
    /// Those that hold now.
    pub active: bool,
    /// Those that have ended.
    pub expired: bool,
    /// Those that have not begun.
    pub pending: bool,
}

impl Default for SilenceFilter {
    fn default() -> Self {
        Self { matchers: Vec::new(), active: true, expired: true, pending: true }
    }
}

impl SilenceFilter {
    /// Reads decoded query parameters.
    ///
    /// # Errors
    /// Names the parameter.
    pub fn from_query<'q>(pairs: impl IntoIterator<Item = (&'q str, &'q str)>) -> Result<Self, ParseError> {
        let mut out = Self::default();
        for (name, value) in pairs {
            match name {
                "filter" => out.matchers.push(parse_matcher(value, name)?),
                "active" => out.active = truth(name, value)?,
                "expired" => out.expired = truth(name, value)?,
                "pending" => out.pending = truth(name, value)?,
                _ => {}
            }
        }
        Ok(out)
    }
}

fn truth(name: &str, value: &str) -> Result<bool, ParseError> {
    match value {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err(ParseError::new(name, format!("{} is neither true nor false", quote(value)))),
    }
}
