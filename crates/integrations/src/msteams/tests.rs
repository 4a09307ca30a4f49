//! Cards held against the Adaptive Cards schema's rules and Teams' size, faults, and signed messages.

use std::sync::Arc;

use firebell_core::ports::chat::{Control, Does};
use firebell_core::ports::notifier::{Message, Notifier};
use jiff::Timestamp;
use serde_json::json;

use super::{Config, MsTeams, Settings, parse};
use crate::doubles::channel::{Channel, decisions, page};
use crate::doubles::provider::{Provider, Reply, Seen, all_of};
use crate::replies::tests::{header, request};
use crate::replies::{Received, Reference, ReplyError, Said, base64_hmac_sha256};

const KEY: &[u8] = b"not a real key of Teams, 32 long";

fn config(base: &str) -> Config {
    use base64::Engine as _;
    serde_json::from_value(json!({
        "name": "ops",
        "webhook_url": format!("{base}/workflows/1/triggers/manual/paths/invoke?api-version=2016-06-01&sig=s3cr3t"),
        "outgoing_token": base64::engine::general_purpose::STANDARD.encode(KEY),
        "timeout_s": 0.4,
    }))
    .expect("a configuration")
}

fn teams(url: &str) -> Arc<dyn Notifier> {
    Arc::new(MsTeams::new(&config(url)).expect("builds"))
}

/// <https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using>,
/// <https://adaptivecards.io/explorer/RichTextBlock.html>, <https://adaptivecards.io/explorer/Action.OpenUrl.html>,
/// <https://learn.microsoft.com/connectors/teams/#known-issues-and-limitations> (28 KB).
fn documented(seen: &Seen) -> Result<(), String> {
    let body = seen.json();
    let attachment = &body["attachments"][0];
    let card = &attachment["content"];
    let query = seen.query.iter().any(|(n, v)| n == "sig" && v == "s3cr3t");
    all_of(&[
        (
            seen.method == "POST" && seen.path == "/workflows/1/triggers/manual/paths/invoke" && query,
            "the address",
        ),
        (seen.header("content-type") == "application/json", "JSON"),
        (seen.body.len() <= 28_000, "the size"),
        (body["type"] == "message", "type"),
        (attachment["contentType"] == "application/vnd.microsoft.card.adaptive", "contentType"),
        (card["type"] == "AdaptiveCard" && card["version"] == "1.4", "a card"),
        (card["body"].as_array().is_some_and(|b| !b.is_empty()), "a body"),
    ])?;
    for block in card["body"].as_array().into_iter().flatten() {
        let run = &block["inlines"][0];
        all_of(&[
            (block["type"] == "RichTextBlock", "text without Markdown"),
            (run["type"] == "TextRun" && run["text"].as_str().is_some_and(|t| !t.is_empty()), "a run"),
        ])?;
    }
    for action in card["actions"].as_array().into_iter().flatten() {
        let web = action["url"].as_str().is_some_and(|u| u.starts_with("https://"));
        all_of(&[(action["type"] == "Action.OpenUrl" && web, "an action")])?;
    }
    Ok(())
}

fn taken(_: &Seen) -> Reply {
    Reply::Is(202, String::new())
}

#[tokio::test]
async fn what_a_card_cannot_send_back_is_a_link_to_its_place_on_the_page() {
    let provider = Provider::start(documented, |seen, _| taken(seen)).await;
    let role = Control::new(
        "Take a role",
        Does::Choose(vec![("I am scribe".to_owned(), "role scribe me INC-2027-0001".to_owned())]),
    );
    let update = Control::new("Post an update", Does::Ask("update INC-2027-0001".to_owned()));
    let controls = decisions().into_iter().chain([role, update]).collect();
    teams(&provider.url).send(&Message { controls, ..page() }).await;
    let card = provider.last().json()["attachments"][0]["content"].clone();
    let doors: Vec<(&str, &str)> = card["actions"]
        .as_array()
        .expect("actions")
        .iter()
        .filter_map(|a| Some((a["title"].as_str()?, a["url"].as_str()?.split_once('#')?.1)))
        .collect();
    let expected = [
        ("Decide on the plan", "mitigation"),
        ("Take a role", "f-role"),
        ("Post an update", "write-internal"),
    ];
    assert_eq!(doors, expected);
}

#[tokio::test]
async fn teams_stands_everything() {
    let channel = Channel {
        make: teams,
        check: documented,
        taken,
        revoked: (
            Reply::Is(
                401,
                json!({"error": {"code": "DirectApiAuthorizationRequired", "message": "sig"}}).to_string(),
            ),
            "`webhook_url`",
        ),
        gone: (
            Reply::Is(404, json!({"error": {"code": "WorkflowNotFound", "message": "gone"}}).to_string()),
            "was deleted",
        ),
        safe: false,
        looks: false,
        secret: "s3cr3t",
        reads: true,
    };
    channel.stands_everything().await;
}

#[tokio::test]
async fn a_page_is_a_card_with_links() {
    let provider = Provider::start(documented, |seen, _| taken(seen)).await;
    teams(&provider.url).send(&page()).await;
    let card = provider.last().json()["attachments"][0]["content"].clone();
    assert_eq!(card["body"][0]["inlines"][0]["text"], "SEV1: checkout is down");
    assert_eq!(card["actions"][0]["url"], page().ack.expect("an ack").link);
    assert!(card["body"].to_string().contains("ack 4711"));
}

#[tokio::test]
async fn a_refusal_in_an_answer_with_status_200_is_one() {
    use firebell_core::effect::Outcome;
    let said = |code: u16| {
        Reply::Is(
            200,
            format!(
                "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error {code}"
            ),
        )
    };
    for (code, retry) in [(429, true), (403, false)] {
        let provider = Provider::start(documented, move |_, _| said(code)).await;
        let outcome = teams(&provider.url).send(&page()).await;
        assert_eq!(matches!(outcome, Outcome::Retry { .. }), retry, "{outcome:?}");
        assert_eq!(matches!(outcome, Outcome::Permanent { .. }), !retry, "{outcome:?}");
    }
}

fn settings() -> Settings {
    Settings::new(&config("https://x.example")).expect("a token").expect("configured")
}

fn read(body: &str) -> Result<Received, ReplyError> {
    let headers = [header("Authorization", &format!("HMAC {}", base64_hmac_sha256(KEY, body.as_bytes())))];
    parse(&request("", &headers, body), &settings(), Timestamp::UNIX_EPOCH)
}

#[test]
fn what_is_written_to_the_webhook_is_read() {
    let body = |text: &str| {
        json!({"type": "message", "id": "1485983408511", "text": text, "from": {"id": "29:1", "name": "Ann",
            "aadObjectId": "0c2d"}, "conversation": {"id": "19:c253@thread"}})
        .to_string()
    };
    let said = |text: &str| match read(&body(text)) {
        Ok(Received::Answer(a)) => (a.what, a.reference, a.account),
        other => panic!("{other:?}"),
    };
    let ack = said("<p><at>Firebell</at>&nbsp;ack 4711</p>");
    assert_eq!(ack, (Said::Acknowledge, Reference::Code("4711".into()), "0c2d".into()));
    assert_eq!(
        said("<at>Firebell</at> declare a &lt;b&gt; &amp;amp; c").0,
        Said::Command("declare a <b> &amp; c".into())
    );
    assert_eq!(said("<at id=\"1\">x</at> note it<br>is back").0, Said::Command("note it\nis back".into()));
    let genuine = body("x");
    let tag = base64_hmac_sha256(KEY, genuine.as_bytes());
    for (authorization, text) in [
        (format!("HMAC {tag}"), body("y")),
        (tag.clone(), genuine.clone()),
        ("HMAC !".into(), genuine.clone()),
    ] {
        let headers = [header("Authorization", &authorization)];
        let refused = parse(&request("", &headers, &text), &settings(), Timestamp::UNIX_EPOCH);
        assert!(matches!(refused, Err(ReplyError::Unauthenticated(_))));
    }
}

#[test]
fn configuration_is_checked_and_shows_nothing() {
    let bad =
        json!({"name": "x", "webhook_url": "https://x.example/?sig=s3cr3t", "outgoing_token": "no base64!"});
    let error = MsTeams::new(&serde_json::from_value(bad).expect("parses")).err().expect("refused");
    assert_eq!(error.field, "outgoing_token");
    assert!(!format!("{:?}", settings()).contains("110"), "the key is shown");
}

#[test]
fn no_bytes_make_it_fall() {
    crate::replies::tests::hammer(|body| {
        let text = String::from_utf8_lossy(body).into_owned();
        let _ = read(&text);
        let _ = read(&json!({"type": "message", "text": text, "id": "1", "from": {"id": "1"}}).to_string());
    });
}
