//! A message as Slack shows it: Block Kit, with outside text that cannot mention anybody or hide a link. Pure.
//! Limits: <https://docs.slack.dev/reference/block-kit/blocks/>.

use firebell_core::ports::notifier::Message;
use serde_json::{Value, json};

use super::controls::actions;
use crate::notice::Lines;
use crate::notice::text::{Unit, all, angled, cut, fit};
use crate::replies::{PAGE, Press, value};

/// Header blocks, characters.
const HEADER: usize = 150;
/// Section texts, characters.
const SECTION: usize = 3000;
/// The text for notifications; Slack cuts at 40,000 characters, lock screens far earlier.
const TEXT: usize = 3000;
/// Addresses of buttons, characters.
const BUTTON_URL: usize = 3000;

/// Plain text for notifications and screen readers.
pub(super) fn text(message: &Message) -> String {
    fit(angled(&Lines::of(message).title()), TEXT, Unit::Chars)
}

/// The blocks. `answered` says whether buttons come back to us.
pub(super) fn blocks(message: &Message, answered: bool) -> Value {
    let lines = Lines::of(message);
    let title = cut(&lines.title(), HEADER, Unit::Chars);
    let mut blocks = vec![json!({
        "type": "header",
        "text": {"type": "plain_text", "text": title, "emoji": false},
    })];
    if !lines.body.is_empty() {
        // `verbatim`: names and addresses are not turned into mentions and links.
        let text = json!({"type": "mrkdwn", "text": section(&lines), "verbatim": true});
        blocks.push(json!({"type": "section", "text": text}));
    }
    let mut buttons = Vec::new();
    match lines.button.filter(|_| answered) {
        Some(reference) => {
            for (press, label) in PAGE {
                let value = value(press, reference);
                let mut button = json!({
                    "type": "button",
                    "action_id": format!("firebell_{}", value.split(':').next().unwrap_or_default()),
                    "text": {"type": "plain_text", "text": label, "emoji": false},
                    "value": value,
                });
                if press == Press::Acknowledge {
                    button["style"] = json!("primary");
                }
                buttons.push(button);
            }
        }
        None => buttons.extend(lines.ack_link.map(|url| link_button("Acknowledge", url))),
    }
    buttons.extend(lines.link.filter(|l| l.len() <= BUTTON_URL).map(|url| link_button("Open", url)));
    if !buttons.is_empty() {
        blocks.push(json!({"type": "actions", "elements": buttons}));
    }
    if answered {
        blocks.extend(actions(&message.controls));
    }
    Value::Array(blocks)
}

fn link_button(label: &str, url: &str) -> Value {
    json!({
        "type": "button",
        "action_id": format!("firebell_link_{}", label.to_ascii_lowercase()),
        "text": {"type": "plain_text", "text": label, "emoji": false},
        "url": url,
    })
}

fn section(lines: &Lines<'_>) -> String {
    let whole = all(angled(&lines.body));
    if Unit::Chars.of(&whole) <= SECTION {
        return whole;
    }
    let more = lines.link.map(|l| format!("\n<{}|Read on>", all(angled(l)))).unwrap_or_default();
    let room = SECTION.saturating_sub(Unit::Chars.of(&more));
    format!("{}{more}", fit(angled(&lines.body), room, Unit::Chars))
}
