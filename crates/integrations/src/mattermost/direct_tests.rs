//! Messages to people, against a double that answers as Mattermost's API is documented.

use firebell_core::effect::Outcome;
use firebell_core::ports::notifier::{Message, Notifier as _};
use serde_json::{Value, json};

use super::{Config, Mattermost};
use crate::doubles::channel::page;
use crate::doubles::provider::{Provider, Reply, Seen, all_of};

const BOT: &str = "bot45678901234567890123456";
const ANN: &str = "ann45678901234567890123456";
const OLD: &str = "old45678901234567890123456";
const CHANNEL: &str = "4xp9fdt77pncbef59f4k1qe83o";
const DIRECT: &str = "dm345678901234567890123456";

fn mattermost(url: &str) -> Mattermost {
    let config = json!({"name": "ops", "url": url, "token": "not-a-real-token", "timeout_s": 0.4});
    let config: Config = serde_json::from_value(config).expect("a configuration");
    Mattermost::new(&config).expect("builds")
}

/// <https://developers.mattermost.com/api-documentation/#/operations/CreateDirectChannel>.
fn documented(seen: &Seen) -> Result<(), String> {
    if seen.path != "/api/v4/channels/direct" {
        return Ok(());
    }
    let ids: Vec<String> = serde_json::from_slice(&seen.body).map_err(|e| e.to_string())?;
    all_of(&[
        (seen.method == "POST", "POST"),
        (ids.len() == 2 && ids.iter().all(|id| id.len() == 26), "two ids"),
        (ids.first().is_some_and(|id| id == BOT), "one of them the bot's"),
    ])
}

fn answer(seen: &Seen) -> Reply {
    let is = |status: u16, value: Value| Reply::Is(status, value.to_string());
    let missing = || {
        is(
            404,
            json!({"id": "app.user.missing_account.const", "message": "Unable to find the user.", "status_code": 404}),
        )
    };
    match seen.path.trim_start_matches("/api/v4/") {
        "users/me" => is(200, json!({"id": BOT, "username": "firebell", "delete_at": 0})),
        "users/username/ann" => is(200, json!({"id": ANN, "username": "ann", "delete_at": 0})),
        p if p == format!("users/{ANN}") => is(200, json!({"id": ANN, "username": "ann", "delete_at": 0})),
        p if p == format!("users/{OLD}") => {
            is(200, json!({"id": OLD, "username": "old", "delete_at": 1_700_000_000_000_u64}))
        }
        p if p.starts_with("users/") => missing(),
        "channels/direct" => is(201, json!({"id": DIRECT, "type": "D", "name": format!("{BOT}__{ANN}")})),
        "posts" => {
            is(201, json!({"id": "mrxhuzsyzbd19e6z1ekoywhwqo", "channel_id": seen.json()["channel_id"]}))
        }
        _ => is(
            404,
            json!({"id": "api.context.404.app_error", "message": "Sorry, we could not find the page."}),
        ),
    }
}

fn to(address: &str, key: &str) -> Message {
    Message { key: key.into(), to: vec![address.into(), "ann@example.com".into()], ..page() }
}

#[tokio::test]
async fn a_person_is_written_to_by_name_or_id_and_a_channel_by_its_id() {
    let provider = Provider::start(documented, |seen, _| answer(seen)).await;
    let mattermost = mattermost(&provider.url);
    for (n, (address, channel)) in
        [("@ann", DIRECT), ("ann", DIRECT), (ANN, DIRECT), (CHANNEL, CHANNEL), ("@ann", DIRECT)]
            .into_iter()
            .enumerate()
    {
        let outcome = mattermost.send(&to(address, &n.to_string())).await;
        assert!(matches!(outcome, Outcome::Done { .. }), "{address}: {outcome:?}");
        assert_eq!(provider.last().json()["channel_id"], channel, "{address}");
    }
    let asked = provider.taken().into_iter().filter(|s| s.path.ends_with("users/username/ann")).count();
    assert_eq!(asked, 2, "each way of writing it once");
}

#[tokio::test]
async fn who_is_not_there_is_told_by_name_and_a_server_that_is_down_is_asked_again() {
    let provider = Provider::start(documented, |seen, _| answer(seen)).await;
    for (address, said) in [("@bo", "nobody there is called @bo"), (OLD, "deactivated"), ("Ann Lee", "@ana")]
    {
        let outcome = mattermost(&provider.url).send(&to(address, "k")).await;
        assert!(matches!(&outcome, Outcome::Permanent { reason } if reason.contains(said)), "{outcome:?}");
    }
    assert!(provider.taken().iter().all(|s| !s.path.ends_with("/posts")), "nobody else gets it");
    let down = Provider::start(documented, |seen, n| match n {
        0 => Reply::Is(503, String::new()),
        _ => answer(seen),
    })
    .await;
    let mattermost = mattermost(&down.url);
    assert!(matches!(mattermost.send(&to("@ann", "k")).await, Outcome::Retry { .. }));
    assert!(matches!(mattermost.send(&to("@ann", "k")).await, Outcome::Done { .. }));
    assert_eq!(down.last().json()["channel_id"], DIRECT);
}
