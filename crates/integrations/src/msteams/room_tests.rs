//! Rooms against a double of Microsoft Graph and of a workflow.

use std::sync::{Arc, Mutex, PoisonError};

use firebell_core::ports::chat::{ChatRooms, Control, Does, Guest, OPEN, Post, RoomWish, Trouble};
use serde_json::{Value, json};

use super::{Config, MsTeamsRooms};
use crate::doubles::provider::{Provider, Reply, Seen, all_of};

type Channels = Arc<Mutex<Vec<Value>>>;

fn rooms(url: &str) -> MsTeamsRooms {
    let graph = json!({"tenant": "t", "client_id": "c", "client_secret": "s", "url": url, "login_url": url, "timeout_s": 0.5});
    let config: Config = serde_json::from_value(
        json!({"name": "ops", "webhook_url": format!("{url}/workflow"), "timeout_s": 0.5,
        "rooms": {"graph": graph, "team": "team-1", "owner": "u-owner", "files": format!("{url}/sites/ops/")}}),
    )
    .expect("a configuration");
    MsTeamsRooms::new(&config).expect("builds").expect("opens rooms")
}

fn wish(key: &str, private: bool) -> RoomWish {
    RoomWish {
        key: key.to_owned(),
        name: "inc-2027-0001-checkout is down for everybody on earth".to_owned(),
        purpose: "SEV1 INC-2027-0001".to_owned(),
        private,
        asked_at: jiff::Timestamp::UNIX_EPOCH,
    }
}

/// <https://learn.microsoft.com/graph/api/channel-post>.
fn documented(seen: &Seen) -> Result<(), String> {
    if seen.path == "/t/oauth2/v2.0/token" || seen.path == "/workflow" {
        return Ok(());
    }
    if seen.path == "/download" {
        return all_of(&[(seen.header("authorization").is_empty(), "our token stays with Graph")]);
    }
    all_of(&[(seen.header("authorization") == "Bearer t1", "the token")])?;
    let body = seen.json();
    if seen.path == "/teams/team-1/channels" && seen.method == "POST" {
        let private = body["membershipType"] == "private";
        return all_of(&[
            (body["displayName"].as_str().is_some_and(|n| n.chars().count() <= 50), "a name"),
            (body["description"].as_str().is_some_and(|d| d.chars().count() <= 1024), "a description"),
            (private == body["members"][0]["roles"][0].is_string(), "an owner of private ones"),
        ]);
    }
    Ok(())
}

fn answer(channels: &Channels, seen: &Seen) -> Reply {
    let mut all = channels.lock().unwrap_or_else(PoisonError::into_inner);
    let is = |status: u16, value: &Value| Reply::Is(status, value.to_string());
    let parts: Vec<&str> = seen.path.trim_start_matches('/').split('/').collect();
    match (seen.method.as_str(), parts.as_slice()) {
        (_, ["t", ..]) => is(200, &json!({"access_token": "t1", "expires_in": 3600})),
        (_, ["workflow"]) => Reply::Is(202, String::new()),
        // <https://learn.microsoft.com/graph/api/shares-get>: the address, base64url without padding, behind `u!`.
        ("GET", ["shares", token, "driveItem"]) => {
            use base64::Engine as _;
            let token = token.strip_prefix("u!").unwrap_or_default();
            let address = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(token).unwrap_or_default();
            let address = String::from_utf8_lossy(&address).into_owned();
            let host = format!("http://{}", seen.header("host"));
            let size = if address.ends_with("/large.bin") { 6 << 20 } else { 5 };
            let known = address.starts_with(&format!("{host}/sites/ops/Shared%20Documents/"));
            match known && !address.ends_with("/gone.txt") {
                true => is(
                    200,
                    &json!({"id": "1", "size": size, "@microsoft.graph.downloadUrl": format!("{host}/download?tempauth=v1.e")}),
                ),
                false => is(404, &json!({"error": {"code": "itemNotFound", "message": address}})),
            }
        }
        ("GET", ["download"]) => Reply::Is(200, "12345".to_owned()),
        ("GET", ["teams", _, "channels"]) => {
            let filter = seen.query.iter().find(|(n, _)| n == "$filter").map_or("", |(_, v)| v);
            let found: Vec<&Value> = all
                .iter()
                .filter(|c| {
                    filter == format!("displayName eq '{}'", c["displayName"].as_str().unwrap_or_default())
                })
                .collect();
            is(200, &json!({ "value": found }))
        }
        ("POST", ["teams", _, "channels"]) => {
            let mut body = seen.json();
            if all.iter().any(|c| c["displayName"] == body["displayName"]) {
                return is(
                    400,
                    &json!({"error": {"code": "BadRequest", "message": "Channel name already existed, please use other name."}}),
                );
            }
            body["id"] = json!(format!("19:c{}@thread.tacv2", all.len()));
            body["webUrl"] = json!("https://teams.microsoft.com/l/channel/1");
            all.push(body.clone());
            is(201, &body)
        }
        (method, ["teams", _, "channels", id, rest @ ..]) => {
            let Some(at) = all.iter().position(|c| c["id"] == *id) else {
                return is(404, &json!({"error": {"code": "NotFound", "message": "no thread"}}));
            };
            match (method, rest) {
                ("PATCH", []) => {
                    all[at]["description"] = seen.json()["description"].clone();
                    Reply::Is(204, String::new())
                }
                (_, ["archive"]) => {
                    all[at]["isArchived"] = json!(true);
                    Reply::Is(202, String::new())
                }
                (_, ["members"]) => is(201, &json!({})),
                // What changed last comes first, in pages; what was deleted has lost who said it.
                (_, ["messages"]) if all[at]["long"].is_number() => {
                    let skip = seen.query.iter().find(|(n, _)| n == "$skiptoken");
                    let from: i64 = skip.map_or(0, |(_, v)| v.parse().unwrap_or(0));
                    let message = |n: i64| {
                        let time = format!("2027-01-15T{:02}:{:02}:00.000Z", 20 - n / 60, 59 - n % 60);
                        json!({"id": n.to_string(), "messageType": "message", "createdDateTime": "2027-01-15T08:00:00.000Z",
                            "lastModifiedDateTime": time, "deletedDateTime": if n == 70 { json!(time) } else { Value::Null },
                            "from": if n == 70 { Value::Null } else { json!({"user": {"id": "u-bo", "displayName": "Bo"}}) },
                            "body": {"content": format!("!note {n}")}, "attachments": []})
                    };
                    let next = format!(
                        "https://graph.microsoft.com/v1.0/x?$top=50&$expand=replies&$skiptoken={}",
                        from + 50
                    );
                    let value: Vec<Value> = (from..from + 50).map(message).collect();
                    is(200, &json!({"value": value, "@odata.nextLink": next}))
                }
                (_, ["messages"]) => is(
                    200,
                    &json!({"value": [
                        {"id": "2", "messageType": "message", "createdDateTime": "2027-01-15T08:02:00.000Z", "lastModifiedDateTime": "2027-01-15T08:05:00.000Z",
                            "from": {"user": {"id": "u-ann", "displayName": "Ann"}}, "body": {"content": "<p>the deploy &amp; more</p>"},
                            "reactions": [{"reactionType": "📌"}], "attachments": [],
                            "replies": [{"id": "3", "messageType": "message", "createdDateTime": "2027-01-15T08:04:00.000Z", "lastModifiedDateTime": "2027-01-15T08:06:00.000Z",
                                "from": {"user": {"id": "u-bo", "displayName": "Bo"}}, "body": {"content": "!note rolled back"}, "attachments": []}]},
                        {"id": "1", "messageType": "message", "createdDateTime": "2027-01-15T08:01:00.000Z", "lastModifiedDateTime": "2027-01-15T08:01:00.000Z",
                            "from": {"user": {"id": "u-ann", "displayName": "Ann"}}, "body": {"content": "!note full"}, "attachments": [
                                {"contentType": "reference", "name": "graph.png",
                                    "contentUrl": format!("http://{}/sites/ops/Shared Documents/graph.png", seen.header("host"))},
                                {"contentType": "reference", "name": "salaries.xlsx", "contentUrl": "https://example.sharepoint.com/sites/hr/salaries.xlsx"},
                                {"contentType": "messageReference", "name": "a quote"}]},
                        {"id": "0", "messageType": "systemEventMessage", "createdDateTime": "2027-01-15T08:00:00.000Z", "lastModifiedDateTime": "2027-01-15T08:00:00.000Z"},
                    ]}),
                ),
                _ => is(200, &all[at]),
            }
        }
        _ => is(501, &json!({})),
    }
}

async fn teams() -> (Provider, Channels, MsTeamsRooms) {
    let channels: Channels = Arc::default();
    let shared = Arc::clone(&channels);
    let provider = Provider::start(documented, move |seen, _| answer(&shared, seen)).await;
    let rooms = rooms(&provider.url);
    (provider, channels, rooms)
}

fn post() -> Post {
    Post {
        key: "k".to_owned(),
        again: false,
        text: "it is down".to_owned(),
        links: Vec::new(),
        controls: Vec::new(),
    }
}

#[tokio::test]
async fn a_channel_is_opened_once_spoken_of_by_the_workflow_and_archived() {
    let (provider, channels, rooms) = teams().await;
    let room = rooms.open(&wish("a", false)).await.expect("opens");
    assert_eq!(
        rooms.open(&wish("a", false)).await.map(|r| r.id),
        Ok(room.id.clone()),
        "the same wish is the same room"
    );
    assert!(rooms.open(&wish("b", false)).await.expect("opens").name.ends_with("-2"));
    rooms.set_topic(&room.id, "SEV2 · IC ada").await.expect("is set");
    let described = channels.lock().expect("not poisoned")[0]["description"].clone();
    assert_eq!(described, "SEV2 · IC ada [a]", "the key stays");
    rooms.post(&room.id, &post()).await.expect("is posted");
    let said = provider.taken().into_iter().find(|s| s.path == "/workflow").expect("by the workflow");
    assert!(String::from_utf8_lossy(&said.body).contains("it is down"));
    let heard = rooms.since(&room.id, "").await.expect("is heard");
    let texts: Vec<&str> = heard.messages.iter().map(|m| m.said.text.as_str()).collect();
    assert_eq!(
        (texts, heard.cursor.as_str()),
        (vec!["!note full", "the deploy & more", "!note rolled back"], "2027-01-15T08:06:00.000Z")
    );
    assert!(rooms.since(&room.id, &heard.cursor).await.expect("is heard").messages.is_empty());
    rooms.archive(&room.id).await.expect("is archived");
    assert!(matches!(rooms.since(&room.id, "").await, Err(Trouble::Gone { .. })));
    assert!(matches!(rooms.set_topic("19:gone", "x").await, Err(Trouble::Gone { .. })));
}

#[tokio::test]
async fn files_of_the_teams_own_site_are_fetched_and_no_other() {
    let (provider, _, rooms) = teams().await;
    let room = rooms.open(&wish("a", false)).await.expect("opens");
    let heard = rooms.since(&room.id, "").await.expect("is heard");
    let files = &heard.messages[0].said.attachments;
    let shown: Vec<(&str, bool)> = files.iter().map(|f| (f.name.as_str(), f.source.is_empty())).collect();
    assert_eq!(shown, [("graph.png", false), ("salaries.xlsx", true)]);
    assert_eq!(rooms.fetch(&files[0].source, 5 << 20).await, Ok(Some(b"12345".to_vec())));
    let at = |path: &str| format!("{}{path}", provider.url);
    let large = at("/sites/ops/Shared%20Documents/large.bin");
    assert_eq!(rooms.fetch(&large, 5 << 20).await, Ok(None), "is larger than is kept");
    let gone = rooms.fetch(&at("/sites/ops/Shared%20Documents/gone.txt"), 5 << 20).await;
    assert!(matches!(gone, Err(Trouble::Gone { .. })), "{gone:?}");
    // Whoever writes a message could name any file that the app may read.
    let asked = provider.taken().len();
    for other in ["/sites/hr/salaries.xlsx", "/sites/ops/../hr/salaries.xlsx", "/sites/opsx/a", "/sites/ops"]
    {
        assert_eq!(rooms.fetch(&at(other), 5 << 20).await, Ok(None), "{other}");
    }
    assert_eq!(provider.taken().len(), asked, "nobody was asked for them");
}

#[tokio::test]
async fn what_changed_while_firebell_was_away_is_read_page_by_page_deletions_too() {
    let (provider, channels, rooms) = teams().await;
    let room = rooms.open(&wish("a", false)).await.expect("opens");
    channels.lock().expect("not poisoned")[0]["long"] = json!(1);
    let heard = rooms.since(&room.id, "2027-01-15T18:59:00.000Z").await.expect("is heard");
    assert_eq!(heard.messages.len(), 120, "two hours of one a minute");
    let gone: Vec<&str> = heard.messages.iter().filter(|m| m.deleted).map(|m| m.said.id.as_str()).collect();
    assert_eq!(gone, [format!("{}:70", room.id)]);
    let pages = || provider.taken().iter().filter(|s| s.path.ends_with("/messages")).count();
    assert_eq!(pages(), 3);
    rooms.since(&room.id, &heard.cursor).await.expect("is heard");
    assert_eq!(pages(), 4, "nothing is new");
    rooms.since(&room.id, "").await.expect("is heard");
    assert_eq!(pages(), 14, "not without end");
}

#[tokio::test]
async fn nothing_of_a_private_room_goes_through_the_workflow() {
    let (provider, _channels, rooms) = teams().await;
    let room = rooms.open(&wish("a", true)).await.expect("opens");
    let guests = [Guest { name: "ann".into(), account: Some("u-ann".into()), email: None }];
    assert_eq!(rooms.invite(&room.id, &guests).await.expect("is invited").present, ["ann"]);
    let refused = rooms.post(&room.id, &post()).await;
    assert!(matches!(refused, Err(Trouble::Permanent { .. })), "{refused:?}");
    assert!(provider.taken().iter().all(|s| s.path != "/workflow"));
}

#[tokio::test]
async fn what_can_be_done_leads_to_its_place_on_the_page_and_never_to_the_bridge() {
    let (provider, _, rooms) = teams().await;
    let room = rooms.open(&wish("a", false)).await.expect("opens");
    let bridge = ("https://meet.example/a".to_owned(), "Join the bridge".to_owned());
    let page = ("https://firebell.example/incidents/INC-1".to_owned(), OPEN.to_owned());
    let go = Control::new("Approve 3f9a", Does::Give("approve INC-1 3f9a".to_owned()));
    for (key, links) in [("1", vec![bridge.clone(), page]), ("2", vec![bridge])] {
        let post = Post { key: key.to_owned(), links, controls: vec![go.clone()], ..post() };
        rooms.post(&room.id, &post).await.expect("is posted");
    }
    let said = provider.taken().into_iter().filter(|s| s.path == "/workflow");
    let said: Vec<String> = said.map(|s| String::from_utf8_lossy(&s.body).into_owned()).collect();
    assert!(said[0].contains("https://firebell.example/incidents/INC-1#mitigation"), "{}", said[0]);
    assert!(!said[1].contains("Action.OpenUrl"), "{}", said[1]);
    for text in said {
        assert!(text.contains("Join the bridge: https://meet.example/a"), "{text}");
        assert!(!text.contains("meet.example/a#"), "{text}");
    }
}
