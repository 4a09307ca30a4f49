//! The company's own sign-in: against a provider of the test that misbehaves at will, and against a real one.

mod fake;
mod flow;
mod real;

use std::sync::Arc;

use serde_json::{Value, json};

use super::world::World;
use crate::{AppState, Oidc};

/// The same world with a sign-in; `more` changes its configuration.
fn with_sign_in(w: World, issuer: &str, more: Value) -> World {
    let mut config = json!({
        "issuer": issuer, "client_id": "firebell", "client_secret": "a secret: 100%+ safe",
        "roles": {"incident-leads": "commander", "sre": "responder"}
    });
    for (name, value) in more.as_object().expect("an object") {
        config[name] = value.clone();
    }
    config.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
    let config = serde_json::from_value(config).expect("a configuration");
    let oidc = Some(Arc::new(Oidc::new(&config).expect("a sign-in")));
    let state = AppState { oidc, ..w.state.clone() };
    w.behind(state)
}
