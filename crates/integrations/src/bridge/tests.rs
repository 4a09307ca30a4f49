//! Each bridge against a double of its API: requests as documented, tokens that lapse, faults.

use firebell_core::ports::chat::{Bridges, Meeting, MeetingWish, Trouble};
use serde_json::{Value, json};

use super::{BridgeConfig, build};
use crate::doubles::provider::{Provider, Reply, Seen, all_of};

fn wish() -> MeetingWish {
    MeetingWish {
        key: "INC-2027-0001:3:0".to_owned(),
        title: "INC-2027-0001 checkout is down".to_owned(),
        at: "2027-01-15T08:00:00Z".parse().expect("a time"),
    }
}

fn bridge(config: Value) -> std::sync::Arc<dyn Bridges> {
    let config: BridgeConfig = serde_json::from_value(config).expect("a configuration");
    build(&config).expect("builds")
}

fn refused(config: Value) -> String {
    let config: BridgeConfig = serde_json::from_value(config).expect("a configuration");
    build(&config).err().expect("is refused").field
}

#[tokio::test]
async fn jitsi_rooms_are_the_same_for_the_same_incident_and_nobody_guesses_them() {
    let make = |key: &str| {
        bridge(json!({"kind": "jitsi", "name": "own", "url": "https://meet.example.com/", "key": key}))
    };
    let first = make("0123456789abcdef").open(&wish()).await.expect("is there");
    assert_eq!(make("0123456789abcdef").open(&wish()).await, Ok(first.clone()));
    assert_ne!(make("0123456789abcdeg").open(&wish()).await, Ok(first.clone()));
    let other = MeetingWish { key: "INC-2027-0002:3:0".to_owned(), ..wish() };
    assert_ne!(make("0123456789abcdef").open(&other).await, Ok(first.clone()));
    let room = first.link.strip_prefix("https://meet.example.com/firebell-").expect("on that server");
    assert!(room.len() == 32 && !first.link.contains("2027"), "{room}");
    let built_in = super::default("0123456789abcdef").expect("builds");
    assert!(
        built_in.open(&wish()).await.expect("is there").link.starts_with("https://meet.jit.si/firebell-")
    );
    assert_eq!(refused(json!({"kind": "jitsi", "name": "x", "key": "short"})), "key");
}

#[tokio::test]
async fn a_fixed_address_is_the_same_for_all() {
    let link = bridge(
        json!({"kind": "link", "name": "all", "url": "https://meet.example.com/war", "detail": "passcode 12"}),
    );
    let there = Meeting { link: "https://meet.example.com/war".to_owned(), detail: "passcode 12".to_owned() };
    assert_eq!(link.open(&wish()).await, Ok(there));
    assert_eq!(refused(json!({"kind": "link", "name": "all", "url": "javascript:x"})), "url");
}

/// <https://developers.zoom.us/docs/api/meetings/>.
fn zoom_documented(seen: &Seen) -> Result<(), String> {
    if seen.path == "/oauth/token" {
        let query: Vec<(&str, &str)> = seen.query.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        return all_of(&[
            (seen.method == "POST", "POST"),
            (query == [("grant_type", "account_credentials"), ("account_id", "acc")], "the grant"),
            (seen.header("authorization") == "Basic Y2xpZW50OnNlY3JldA==", "client and secret"),
        ]);
    }
    all_of(&[
        (seen.path == "/users/ops@example.com/meetings", "the path"),
        (seen.header("authorization").starts_with("Bearer t"), "the token"),
    ])?;
    if seen.method == "GET" {
        return Ok(());
    }
    let body = seen.json();
    all_of(&[
        (body["type"] == 2, "a scheduled meeting"),
        (body["topic"].as_str().is_some_and(|t| t.chars().count() <= 200), "a topic"),
        (body["start_time"] == "2027-01-15T08:00:00Z", "a time"),
        (body["agenda"].as_str().is_some_and(|a| a.contains(&wish().key)), "the key"),
    ])
}

fn zoom(url: &str) -> std::sync::Arc<dyn Bridges> {
    bridge(
        json!({"kind": "zoom", "name": "main", "account_id": "acc", "client_id": "client", "client_secret": "secret",
        "user": "ops@example.com", "url": url, "login_url": url, "timeout_s": 0.5}),
    )
}

#[tokio::test]
async fn zoom_makes_one_meeting_though_an_answer_was_lost() {
    let made = std::sync::Arc::new(std::sync::Mutex::new(Vec::<Value>::new()));
    let kept = std::sync::Arc::clone(&made);
    let provider = Provider::start(zoom_documented, move |seen, _| {
        let mut made = kept.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match (seen.path.as_str(), seen.method.as_str()) {
            ("/oauth/token", _) => {
                Reply::Is(200, json!({"access_token": "t1", "expires_in": 3600}).to_string())
            }
            (_, "GET") => Reply::Is(200, json!({"meetings": *made}).to_string()),
            _ => {
                let mut meeting =
                    json!({"id": 1, "join_url": "https://example.zoom.us/j/1?pwd=x", "password": "4711"});
                meeting["agenda"] = seen.json()["agenda"].clone();
                made.push(meeting);
                Reply::Cut
            }
        }
    })
    .await;
    let zoom = zoom(&provider.url);
    assert!(matches!(zoom.open(&wish()).await, Err(Trouble::Retry { .. })));
    let meeting = zoom.open(&wish()).await.expect("is found");
    assert_eq!(
        (meeting.link.as_str(), meeting.detail.as_str()),
        ("https://example.zoom.us/j/1?pwd=x", "passcode 4711")
    );
    assert_eq!(made.lock().expect("not poisoned").len(), 1);
    let tokens = provider.taken().iter().filter(|s| s.path == "/oauth/token").count();
    assert_eq!(tokens, 1, "a token that holds is kept");
}

#[tokio::test]
async fn zoom_obeys_limits_and_says_what_to_do_about_a_lost_secret() {
    let provider = Provider::start(zoom_documented, |seen, n| match (seen.path.as_str(), n) {
        ("/oauth/token", 0) => Reply::Is(200, json!({"access_token": "t1", "expires_in": 3600}).to_string()),
        ("/oauth/token", _) => Reply::Is(
            400,
            json!({"reason": "Invalid client_id or client_secret", "error": "invalid_client"}).to_string(),
        ),
        _ if seen.method == "GET" => Reply::Is(200, json!({"meetings": []}).to_string()),
        (_, n) if n < 3 => Reply::With(429, vec![("retry-after", "9".to_owned())], "{}".to_owned()),
        _ => Reply::Is(401, json!({"code": 124, "message": "Invalid access token."}).to_string()),
    })
    .await;
    let zoom = zoom(&provider.url);
    let limited = zoom.open(&wish()).await;
    assert!(matches!(limited, Err(Trouble::Retry { after_s: Some(9), .. })), "{limited:?}");
    let revoked = zoom.open(&wish()).await;
    assert!(
        matches!(&revoked, Err(Trouble::Permanent { reason }) if reason.contains("`client_secret`")),
        "{revoked:?}"
    );
    let unknown = zoom.open(&wish()).await;
    assert!(
        matches!(&unknown, Err(Trouble::Permanent { reason }) if !reason.contains("secret=")),
        "{unknown:?}"
    );
    provider.taken();
}

#[tokio::test]
async fn meet_signs_as_google_asks() {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let provider = Provider::start(
        |seen| match seen.path.as_str() {
            "/token" => all_of(&[
                (seen.field("grant_type") == "urn:ietf:params:oauth:grant-type:jwt-bearer", "the grant"),
                (seen.field("assertion").split('.').count() == 3, "a JWT"),
            ]),
            _ => all_of(&[
                (seen.path == "/v2/spaces" && seen.method == "POST", "the path"),
                (seen.header("authorization") == "Bearer t1", "the token"),
                (seen.json() == json!({}), "an empty space"),
            ]),
        },
        |seen, _| match seen.path.as_str() {
            "/token" => Reply::Is(200, json!({"access_token": "t1", "expires_in": 3599}).to_string()),
            _ => Reply::Is(
                200,
                json!({"name": "spaces/x", "meetingUri": "https://meet.google.com/abc-mnop-xyz"}).to_string(),
            ),
        },
    )
    .await;
    let pem = include_str!("test_key.pem");
    let key = json!({"client_email": "firebell@example.iam.gserviceaccount.com", "private_key": pem,
        "token_uri": format!("{}/token", provider.url)});
    let config = json!({"kind": "meet", "name": "main", "key": key.to_string(), "user": "ops@example.com",
        "url": format!("{}/v2", provider.url), "timeout_s": 2});
    let meeting = bridge(config.clone()).open(&wish()).await.expect("is there");
    assert_eq!(meeting.link, "https://meet.google.com/abc-mnop-xyz");
    let assertion = provider.taken()[0].field("assertion");
    let parts: Vec<&str> = assertion.split('.').collect();
    let claims: Value =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[1]).expect("base64")).expect("JSON");
    assert_eq!(
        (claims["sub"].as_str(), claims["exp"].as_i64()),
        (Some("ops@example.com"), Some(1_800_000_600))
    );
    // It holds against the public half.
    let der: String = pem.lines().filter(|l| !l.starts_with("-----")).collect();
    let der = base64::engine::general_purpose::STANDARD.decode(der).expect("base64");
    let pair = ring::signature::RsaKeyPair::from_pkcs8(&der).expect("a key");
    let public =
        ring::signature::UnparsedPublicKey::new(&ring::signature::RSA_PKCS1_2048_8192_SHA256, pair.public());
    let tag = URL_SAFE_NO_PAD.decode(parts[2]).expect("base64");
    public.verify(format!("{}.{}", parts[0], parts[1]).as_bytes(), &tag).expect("holds");
    let mut wrong = config;
    wrong["key"] = json!("{}");
    assert_eq!(refused(wrong), "key");
}

#[tokio::test]
async fn teams_gets_the_same_meeting_for_the_same_key() {
    let provider = Provider::start(
        |seen| match seen.path.as_str() {
            "/tenant/oauth2/v2.0/token" => all_of(&[
                (seen.field("grant_type") == "client_credentials", "the grant"),
                (seen.field("scope") == "https://graph.microsoft.com/.default", "the scope"),
                (seen.field("client_secret") == "secret", "the secret"),
            ]),
            _ => all_of(&[
                (seen.path == "/users/u-1/onlineMeetings/createOrGet", "the path"),
                (seen.json()["externalId"] == wish().key.as_str(), "the key"),
                (seen.json()["endDateTime"] == "2027-01-15T12:00:00Z", "an end"),
            ]),
        },
        |seen, n| match seen.path.as_str() {
            "/tenant/oauth2/v2.0/token" => {
                Reply::Is(200, json!({"access_token": "t1", "expires_in": 3599}).to_string())
            }
            _ if n < 2 => Reply::Is(
                403,
                json!({"error": {"code": "Forbidden", "message": "No application access policy found"}})
                    .to_string(),
            ),
            _ => Reply::Is(
                201,
                json!({"joinWebUrl": "https://teams.microsoft.com/l/meetup-join/1"}).to_string(),
            ),
        },
    )
    .await;
    let graph = json!({"tenant": "tenant", "client_id": "app", "client_secret": "secret", "url": provider.url, "login_url": provider.url});
    let teams = bridge(json!({"kind": "teams", "name": "main", "user": "u-1", "graph": graph}));
    let forbidden = teams.open(&wish()).await;
    assert!(
        matches!(&forbidden, Err(Trouble::Permanent { reason }) if reason.contains("access policy")),
        "{forbidden:?}"
    );
    assert_eq!(
        teams.open(&wish()).await.expect("is there").link,
        "https://teams.microsoft.com/l/meetup-join/1"
    );
    provider.taken();
}
