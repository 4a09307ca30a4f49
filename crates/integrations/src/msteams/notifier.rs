//! The notifier port over a Workflows webhook:
//! <https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using>.

use firebell_core::effect::Outcome;
use firebell_core::ports::chat::Control;
use firebell_core::ports::notifier::{Message, Notifier, Urgency};
use firebell_core::ports::{BoxFuture, Health};
use serde_json::{Value, json};

use super::config::Config;
use super::inbound::Settings;
use crate::answers::error_text;
use crate::http::{Http, HttpError, Redirects, Reply};
use crate::notice::text::{Unit, cut};
use crate::notice::{Again, Hints, Lines, Once, Tally, retry};
use crate::settings::{ConfigError, adapter_name};

/// A whole message, bytes of JSON; Teams takes about 28 KiB.
const MESSAGE: usize = 26 << 10;
/// A title, characters.
const TITLE: usize = 300;
/// Links of a card besides the incident's own, and what each says, characters.
const DOORS: usize = 5;
const LABEL: usize = 60;

const HINTS: Hints = Hints {
    provider: "Microsoft Teams",
    again: Again::Doubtful,
    revoked: "the workflow does not know this address: copy its address anew and set `webhook_url`",
    forbidden: "the workflow is switched off or its owner has left: see Workflows in Teams",
    gone: "the workflow or its channel was deleted: make a new one and set `webhook_url`",
};

/// A configured workflow.
pub struct MsTeams {
    name: String,
    http: Http,
    /// Whether what is written to the outgoing webhook comes back to us.
    pub(super) answered: bool,
    once: Once,
}

impl MsTeams {
    /// Builds the notifier; calls nothing.
    ///
    /// # Errors
    /// Names the field that cannot be used.
    pub fn new(config: &Config) -> Result<Self, ConfigError> {
        let name = adapter_name("msteams", &config.name)?;
        let url = config.webhook_url.resolve(&name, "webhook_url")?;
        let answered = Settings::new(config)?.is_some();
        let http = Http::hidden(&name, "webhook_url", &url, &config.connection(), Redirects::None)?;
        Ok(Self { name, http, answered, once: Once::default() })
    }

    async fn deliver(&self, message: &Message) -> Outcome {
        let mut tally = Tally::new(&self.once, &message.key);
        if !tally.has("webhook") {
            let answer = self.http.post_json("", &body(message, self.answered), &[]).await;
            tally.note("webhook", read(&answer));
        }
        tally.outcome("Microsoft Teams")
    }
}

/// What is posted, small enough.
fn body(message: &Message, answered: bool) -> Value {
    let mut room = 16 << 10;
    loop {
        let body = card(message, answered, room);
        // Each round halves it; a card without a text is far below the limit.
        if body.to_string().len() <= MESSAGE || room == 0 {
            return body;
        }
        room /= 2;
    }
}

/// An Adaptive Card. Runs of text know no Markdown, so outside text is what it is.
fn card(message: &Message, answered: bool, room: usize) -> Value {
    let lines = Lines::of(message);
    let colour = if message.urgency == Urgency::High { "attention" } else { "default" };
    let title = cut(&lines.title(), TITLE, Unit::Chars);
    let mut blocks = vec![rich(&json!({
        "type": "TextRun", "text": title, "size": "large", "weight": "bolder", "color": colour,
    }))];
    if !lines.body.is_empty() && room > 0 {
        let text = cut(&lines.body, room, Unit::Bytes);
        blocks.extend(
            text.split("\n\n")
                .filter(|p| !p.trim().is_empty())
                .map(|p| rich(&json!({"type": "TextRun", "text": p}))),
        );
    }
    if let Some(code) = lines.code.filter(|_| answered) {
        let hint = format!("Mention the webhook with: ack {code}");
        blocks.push(rich(&json!({"type": "TextRun", "text": hint, "isSubtle": true})));
    }
    let links = [("Acknowledge", lines.ack_link), ("Open the incident", lines.link)];
    let open = |(title, url): (&str, Option<&str>)| {
        url.map(|url| json!({"type": "Action.OpenUrl", "title": title, "url": url}))
    };
    let mut actions: Vec<Value> = links.into_iter().filter_map(open).collect();
    actions.extend(lines.link.map(|page| doors(page, &message.controls)).unwrap_or_default());
    let card = json!({
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "fallbackText": title,
        "msteams": {"width": "Full"},
        "body": blocks,
        "actions": actions,
    });
    let attachment = json!({"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": null, "content": card});
    json!({"type": "message", "summary": title, "attachments": [attachment]})
}

/// A card of a workflow sends nothing back, so what can be done is done on the incident's page: each link leads to its place
/// there.
fn doors(page: &str, controls: &[Control]) -> Vec<Value> {
    let mut places: Vec<&str> = Vec::new();
    let mut doors = Vec::new();
    for control in controls {
        let place = control.place();
        if places.contains(&place) {
            continue;
        }
        places.push(place);
        let title = if place == "mitigation" { "Decide on the plan" } else { &control.label };
        let url = if place.is_empty() { page.to_owned() } else { format!("{page}#{place}") };
        doors.push(json!({"type": "Action.OpenUrl", "title": cut(title, LABEL, Unit::Chars), "url": url}));
    }
    // More than six are hidden behind three dots, or not shown at all.
    doors.truncate(DOORS);
    doors
}

fn rich(run: &Value) -> Value {
    json!({"type": "RichTextBlock", "inlines": [run]})
}

fn read(answer: &Result<Reply, HttpError>) -> Outcome {
    let reply = match answer {
        Ok(reply) => reply,
        Err(error) => return HINTS.unanswered(error),
    };
    if !reply.ok() {
        return HINTS.status(reply, &error_text(reply), None);
    }
    // Some gateways answer 200 and tell in the text that Teams refused.
    let said = String::from_utf8_lossy(&reply.body);
    if said.contains("returned HTTP error 429") {
        return retry("Microsoft Teams: too many messages, told in an answer with status 200", Some(30));
    }
    if said.contains("returned HTTP error") || said.trim_start().starts_with('<') {
        return HINTS.refused(&reply.excerpt(), "is `webhook_url` the address of a workflow?");
    }
    let detail = format!(
        "Microsoft Teams took it, status {}; whether it was posted is in the workflow's runs",
        reply.status
    );
    Outcome::Done { detail, data: Value::Null }
}

impl Notifier for MsTeams {
    fn name(&self) -> &str {
        &self.name
    }

    fn health(&self) -> BoxFuture<'_, Health> {
        let detail =
            format!("{} is not asked: every call to a workflow posts something", self.http.address());
        Box::pin(async move { Health { name: self.name.clone(), ok: true, detail } })
    }

    fn send<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Outcome> {
        Box::pin(self.deliver(message))
    }
}
