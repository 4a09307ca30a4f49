//! What templates may say, each with an example: the all-clear of an incident that is made up, or the first word on it
//! where that says more.

use firebell_core::comms::{Audience, UpdateReason};
use firebell_core::cx::Cx;
use firebell_core::policy::Policy;
use serde::Serialize;

use super::sample;
use super::view::{Escape, VARIABLES, context};

/// A field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Field {
    /// As templates write it.
    pub name: &'static str,
    /// What it is for colleagues, by example.
    pub internal: String,
    /// What it is for customers; empty where they do not hear of it.
    pub public: String,
}

/// All of them, by name.
pub fn fields(policy: &Policy) -> Vec<Field> {
    let moments =
        [UpdateReason::Declared, UpdateReason::Mitigated, UpdateReason::AllClear, UpdateReason::Merged];
    let example = |audience: Audience, name: &str| {
        let texts = moments.map(|reason| {
            let (incident, policy, now) = sample::at(policy, reason);
            let values = context(&incident, audience, reason, &Cx::new(now, &policy), Escape::Line);
            match values.get_attr(name) {
                Ok(value) if !value.is_none() => value.to_string(),
                _ => String::new(),
            }
        });
        texts.into_iter().find(|text| !text.is_empty() && text != "false").unwrap_or_default()
    };
    VARIABLES
        .into_iter()
        .map(|name| Field {
            name,
            internal: example(Audience::Internal, name),
            public: example(Audience::Public, name),
        })
        .collect()
}
