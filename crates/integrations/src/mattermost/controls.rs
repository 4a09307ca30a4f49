//! What can be pressed below a post in a room, and the form that asks for a text:
//! <https://developers.mattermost.com/integrate/plugins/interactive-messages/>,
//! <https://developers.mattermost.com/integrate/plugins/interactive-dialogs/>. Mattermost signs nothing, so each carries a
//! signature of ours. Pure.

use firebell_core::ports::chat::{Control, Does};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::inbound::Settings;
use crate::notice::digest;
use crate::notice::text::{Unit, cut};
use crate::replies::{Answer, Form, at, carried_twice, equal, gives};

/// Labels, characters.
const LABEL: usize = 75;
/// Titles of forms, characters.
const TITLE: usize = 24;
/// Longest text of a form, characters.
const TEXT: usize = 3000;

/// The actions of an attachment.
pub(super) fn actions(controls: &[Control], url: &str, settings: &Settings) -> Vec<Value> {
    controls
        .iter()
        .enumerate()
        .map(|(n, control)| {
            // Letters and digits only, or nothing happens when it is pressed.
            let id = format!("firebelldo{n}");
            let name = cut(&control.label, LABEL, Unit::Chars);
            match &control.does {
                Does::Choose(options) => {
                    let option = |(label, command): &(String, String)| {
                        let value = gives(command);
                        let signed = format!("{value}|{}", settings.key(&value));
                        json!({"text": cut(label, LABEL, Unit::Chars), "value": signed})
                    };
                    let options: Vec<Value> = options.iter().map(option).collect();
                    let integration = json!({"url": url, "context": {"menu": n}});
                    json!({"id": id, "type": "select", "name": name, "options": options, "integration": integration})
                }
                Does::Give(_) | Does::Ask(_) => {
                    let value = carried_twice(control).unwrap_or_default();
                    let context = json!({"value": value, "key": settings.key(&value)});
                    json!({"id": id, "type": "button", "name": name, "integration": {"url": url, "context": context}})
                }
            }
        })
        .collect()
}

/// The request that shows a form.
pub(super) fn dialog(form: &Form, answer: &Answer, trigger: &str, url: &str, settings: &Settings) -> Value {
    // Each press has a form of its own, which is sent once.
    let callback = digest(trigger);
    // What is sent names the account alone, and people may be known by the name that it has there.
    let kept =
        Kept { command: form.command.clone(), account: answer.account.clone(), name: answer.name.clone() };
    let mut state = json!(kept);
    state["key"] = json!(key(&kept, &callback, settings));
    let state = state.to_string();
    json!({
        "trigger_id": trigger,
        "url": url,
        "dialog": {
            "callback_id": callback,
            "title": cut(&form.title, TITLE, Unit::Chars),
            "elements": [{
                "display_name": cut(&form.label, TITLE, Unit::Chars),
                "name": "text",
                "type": "textarea",
                "max_length": TEXT,
            }],
            "submit_label": "Send",
            "state": state,
        },
    })
}

/// What is kept in a form.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Kept {
    /// What the text is put behind.
    pub(super) command: String,
    /// Who pressed the button.
    pub(super) account: String,
    /// What they are called there.
    pub(super) name: String,
}

/// What was kept in a form that was sent; none if it is none of ours, or another's.
pub(super) fn sent(body: &Value, settings: &Settings) -> Option<Kept> {
    let state: Value = serde_json::from_str(at(body, "/state")).ok()?;
    let kept: Kept = serde_json::from_value(state.clone()).ok()?;
    let key = key(&kept, at(body, "/callback_id"), settings);
    let ours = !key.is_empty() && equal(at(&state, "/key"), &key) && kept.account == at(body, "/user_id");
    ours.then_some(kept)
}

fn key(kept: &Kept, callback: &str, settings: &Settings) -> String {
    settings.key(&json!(["form", callback, kept]).to_string())
}
