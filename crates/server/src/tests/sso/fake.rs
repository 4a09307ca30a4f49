//! A provider that says what the test wants.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::auth::Signer;

pub(super) struct Said {
    pub(super) issuer: String,
    /// Called so by itself in the discovery document.
    pub(super) called: String,
    pub(super) signer: Signer,
    /// Laid over the ID token.
    pub(super) claims: Value,
    pub(super) userinfo: Value,
    /// How often each address was asked.
    pub(super) asked: BTreeMap<&'static str, usize>,
    nonce: String,
    challenge: String,
    now: i64,
}

#[derive(Clone)]
pub(super) struct Fake(Arc<Mutex<Said>>);

impl Fake {
    pub(super) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let issuer = format!("http://{}", listener.local_addr().expect("an address"));
        let fake = Self(Arc::new(Mutex::new(Said {
            called: issuer.clone(),
            issuer,
            signer: Signer::new(),
            claims: json!({}),
            userinfo: json!({}),
            asked: BTreeMap::new(),
            nonce: String::new(),
            challenge: String::new(),
            now: 0,
        })));
        let routes = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/keys", get(keys))
            // With a slash at the end, as some have it.
            .route("/token/", post(token))
            .route("/userinfo", get(userinfo))
            .with_state(fake.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        fake
    }

    pub(super) fn with<T>(&self, change: impl FnOnce(&mut Said) -> T) -> T {
        change(&mut self.0.lock().expect("no panic"))
    }

    pub(super) fn issuer(&self) -> String {
        self.with(|said| said.issuer.clone())
    }

    /// Remembers what a browser was sent along with; answers its state.
    pub(super) fn sent(&self, location: &str, now: jiff::Timestamp) -> String {
        let (_, query) = location.split_once('?').expect("a query");
        let sent: BTreeMap<&str, &str> = query.split('&').filter_map(|pair| pair.split_once('=')).collect();
        assert_eq!((sent["response_type"], sent["code_challenge_method"]), ("code", "S256"));
        assert_eq!(sent["redirect_uri"], "http%3A%2F%2F127.0.0.1%3A7300%2Flogin%2Fsso%2Fcallback");
        self.with(|said| {
            said.nonce = sent["nonce"].to_owned();
            said.challenge = sent["code_challenge"].to_owned();
            said.now = now.as_second();
        });
        sent["state"].to_owned()
    }
}

async fn discovery(State(fake): State<Fake>) -> Json<Value> {
    fake.with(|said| {
        let issuer = &said.issuer;
        Json(json!({
            "issuer": said.called, "authorization_endpoint": format!("{issuer}/authorize?tenant=1"),
            "token_endpoint": format!("{issuer}/token/"), "jwks_uri": format!("{issuer}/keys"),
            "userinfo_endpoint": format!("{issuer}/userinfo")
        }))
    })
}

async fn keys(State(fake): State<Fake>) -> Json<Value> {
    fake.with(|said| {
        *said.asked.entry("keys").or_default() += 1;
        Json(said.signer.published())
    })
}

async fn token(
    State(fake): State<Fake>,
    headers: HeaderMap,
    Form(form): Form<BTreeMap<String, String>>,
) -> Response {
    fake.with(|said| {
        *said.asked.entry("token").or_default() += 1;
        // Each part is encoded before they are joined (RFC 6749, 2.3.1).
        let login = format!("Basic {}", STANDARD.encode("firebell:a%20secret%3A%20100%25%2B%20safe"));
        let proof = URL_SAFE_NO_PAD.encode(Sha256::digest(form["code_verifier"].as_bytes()));
        let good = headers.get("authorization").is_some_and(|v| v.as_bytes() == login.as_bytes())
            && proof == said.challenge
            && form["code"] == "the code"
            && form["redirect_uri"] == "http://127.0.0.1:7300/login/sso/callback";
        if !good {
            let error = json!({"error": "invalid_grant", "error_description": "no such <code>"});
            return (StatusCode::BAD_REQUEST, Json(error)).into_response();
        }
        let mut claims = json!({
            "iss": said.issuer, "aud": "firebell", "sub": "u-1", "nonce": said.nonce, "iat": said.now,
            "exp": said.now + 60
        });
        let laid = said.claims.as_object().expect("an object").clone();
        claims.as_object_mut().expect("an object").extend(laid);
        let id_token = said.signer.sign(json!({"alg": "ES256", "kid": said.signer.kid()}), &claims);
        Json(json!({"id_token": id_token, "access_token": "the token", "token_type": "Bearer"}))
            .into_response()
    })
}

async fn userinfo(State(fake): State<Fake>, headers: HeaderMap) -> Response {
    if headers.get("authorization").is_none_or(|v| v.as_bytes() != b"Bearer the token") {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    fake.with(|said| {
        *said.asked.entry("userinfo").or_default() += 1;
        Json(said.userinfo.clone()).into_response()
    })
}
