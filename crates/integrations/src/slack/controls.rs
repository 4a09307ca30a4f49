//! What can be pressed below a post in a room, and the form that asks for a text:
//! <https://docs.slack.dev/reference/block-kit/block-elements/>, <https://docs.slack.dev/reference/views/modal-views/>. Pure.

use firebell_core::ports::chat::{Control, Does};
use serde_json::{Value, json};

use crate::notice::text::{Unit, cut};
use crate::replies::{Form, at, carried, gives};

/// Labels of buttons and options, characters.
const LABEL: usize = 75;
/// Questions before something is done, characters.
const QUESTION: usize = 300;
/// Controls of one block.
const CONTROLS: usize = 25;
/// Options of one menu.
const OPTIONS: usize = 100;
/// Titles of forms, characters.
const TITLE: usize = 24;
/// Longest text of a form, characters.
const TEXT: usize = 3000;

/// The block with all of them; none where there are none.
pub(super) fn actions(controls: &[Control]) -> Option<Value> {
    let elements: Vec<Value> = controls.iter().take(CONTROLS).enumerate().map(element).collect();
    (!elements.is_empty()).then(|| json!({"type": "actions", "elements": elements}))
}

fn element((n, control): (usize, &Control)) -> Value {
    let id = format!("firebell_do_{n}");
    let mut element = match &control.does {
        Does::Choose(options) => {
            let options: Vec<Value> = options
                .iter()
                .take(OPTIONS)
                .map(|(label, command)| json!({"text": plain(label, LABEL), "value": gives(command)}))
                .collect();
            json!({"type": "static_select", "action_id": id, "placeholder": plain(&control.label, LABEL), "options": options})
        }
        Does::Give(_) | Does::Ask(_) => json!({
            "type": "button", "action_id": id, "text": plain(&control.label, LABEL), "value": carried(control),
        }),
    };
    if let Some(question) = &control.confirm {
        element["style"] = json!("primary");
        element["confirm"] = json!({
            "title": plain("Are you sure?", 100),
            "text": plain(question, QUESTION),
            "confirm": plain("Yes", 30),
            "deny": plain("No", 30),
        });
    }
    element
}

/// The form. What it is for comes back with what is sent; Slack signs both.
pub(super) fn view(form: &Form, place: &str) -> Value {
    json!({
        "type": "modal",
        "callback_id": "firebell_form",
        "private_metadata": json!({"command": form.command, "place": place}).to_string(),
        "title": plain(&form.title, TITLE),
        "submit": plain("Send", 24),
        "close": plain("Cancel", 24),
        "blocks": [{
            "type": "input",
            "block_id": "text",
            "label": plain(&form.label, 2000),
            "element": {"type": "plain_text_input", "action_id": "text", "multiline": true, "max_length": TEXT},
        }],
    })
}

/// What stands in a form that was sent: the command with its text, and where the button was. None if it is none of ours.
pub(super) fn sent(view: &Value) -> Option<(String, String)> {
    if at(view, "/callback_id") != "firebell_form" {
        return None;
    }
    let kept: Value = serde_json::from_str(at(view, "/private_metadata")).ok()?;
    let (command, text) = (at(&kept, "/command"), at(view, "/state/values/text/text/value").trim());
    (!command.is_empty()).then(|| (format!("{command} {text}"), at(&kept, "/place").to_owned()))
}

/// What a form turns into once it was sent: what came of it.
pub(super) fn told(text: &str) -> Value {
    let view = json!({
        "type": "modal",
        "title": plain("Firebell", TITLE),
        "close": plain("Close", 24),
        "blocks": [{"type": "section", "text": plain(text, TEXT)}],
    });
    json!({"response_action": "update", "view": view})
}

fn plain(text: &str, longest: usize) -> Value {
    json!({"type": "plain_text", "text": cut(text, longest, Unit::Chars), "emoji": false})
}
