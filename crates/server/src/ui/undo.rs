//! What can be taken back: the form that does it, offered beside the word on how it went.

use serde::Serialize;

use firebell_core::incident::Incident;

/// A form that takes something back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Undo {
    /// Where it is sent.
    path: String,
    /// Its hidden fields.
    fields: Vec<(&'static str, String)>,
    /// What the button says.
    button: String,
}

impl Undo {
    /// Of a silence that was made just now.
    pub(crate) fn silence(id: &str) -> Self {
        Self { path: format!("/alerts/silences/{id}/expire"), fields: Vec::new(), button: "Undo".to_owned() }
    }

    /// Of what a form did to an incident that was like this before; none where nothing takes it back.
    pub(super) fn incident(verb: &str, before: &Incident, form: &dyn Fn(&str) -> String) -> Option<Self> {
        let reason = ("reason", "undone".to_owned());
        let (verb, fields, button) = match verb {
            "severity" => {
                let severity = before.severity.severity.as_str();
                ("severity", vec![("severity", severity.to_owned()), reason], format!("Back to {severity}"))
            }
            "kind" => {
                let restricted = if before.restricted { "yes" } else { "no" };
                let fields =
                    vec![("kind", before.kind.as_str().to_owned()), ("restricted", restricted.to_owned())];
                ("kind", fields, "Undo".to_owned())
            }
            "role" => {
                let role = form("role");
                let person = before.roles.get(&role)?.person.clone()?;
                ("role", vec![("role", role), ("person", person.clone())], format!("Back to {person}"))
            }
            "resolve" | "cancel" => ("reopen", vec![reason], "Undo: reopen it".to_owned()),
            _ => return None,
        };
        Some(Self { path: format!("/incidents/{}/do/{verb}", before.id), fields, button })
    }
}
