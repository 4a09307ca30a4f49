//! The platform API: what runs, actions with idempotency keys, smoke tests, the change history. `control` adds the
//! routes that drills use. All of it behind a bearer token.

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Request, State},
    http::{StatusCode, header},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use tokio::sync::Mutex;

use super::{
    actions::{Action, Refusal},
    control, smoke,
};
use crate::{
    crowd::Outside,
    monitor::Monitor,
    service::Service,
    shared::Shared,
    world::{StoredAnswer, World},
};

/// Answers kept; the oldest go first.
const MAX_ANSWERS: usize = 2_000;
const MAX_BODY: usize = 64 * 1024;

/// Everything that the operators of the shop can reach.
pub(crate) struct Platform {
    pub(crate) shared: Arc<Shared>,
    pub(crate) services: Vec<Arc<Service>>,
    pub(crate) monitor: Arc<Monitor>,
    pub(crate) outside: Outside,
    /// One action at a time, so that a key that comes twice at once acts once.
    pub(super) turn: Mutex<()>,
}

impl Platform {
    pub(crate) fn new(
        shared: Arc<Shared>,
        services: Vec<Arc<Service>>,
        monitor: Arc<Monitor>,
        outside: Outside,
    ) -> Arc<Self> {
        Arc::new(Self { shared, services, monitor, outside, turn: Mutex::new(()) })
    }

    pub(super) fn service(&self, name: &str) -> Option<&Arc<Service>> {
        self.services.iter().find(|s| s.name == name)
    }
}

/// The router of the platform's port.
pub(crate) fn router(platform: Arc<Platform>) -> Router {
    Router::new()
        .route("/platform/v1/services", get(services))
        .route("/platform/v1/actions", post(act))
        .route("/platform/v1/smoke", post(run_smoke))
        .route("/platform/v1/changes", get(changes))
        .merge(control::routes())
        .route_layer(from_fn_with_state(Arc::clone(&platform), authorise))
        .route("/healthz", get(|| async { Json(json!({"status": "ok"})) }))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(platform)
}

async fn authorise(State(platform): State<Arc<Platform>>, request: Request, next: Next) -> Response {
    let given = request.headers().get(header::AUTHORIZATION).and_then(|v| v.to_str().ok());
    let given = given.and_then(|v| v.strip_prefix("Bearer ")).unwrap_or_default();
    // Digests take the same time to compare whatever was sent.
    let wanted = &platform.shared.options.platform_token;
    if wanted.is_empty() || Sha256::digest(given.as_bytes()) != Sha256::digest(wanted.as_bytes()) {
        let body =
            json!({"error": "send the platform token as Authorization: Bearer", "field": "authorization"});
        return (StatusCode::UNAUTHORIZED, Json(body)).into_response();
    }
    next.run(request).await
}

pub(super) fn refusal(status: StatusCode, refusal: &Refusal) -> Response {
    (status, Json(json!({"error": refusal.error, "field": refusal.field}))).into_response()
}

pub(super) fn broken(error: &crate::Error) -> Response {
    tracing::error!(%error, "the platform could not carry out an action");
    (StatusCode::INTERNAL_SERVER_ERROR, Json(json!({"error": error.to_string()}))).into_response()
}

async fn services(State(platform): State<Arc<Platform>>) -> Json<Value> {
    Json(platform.services_json())
}

async fn changes(State(platform): State<Arc<Platform>>) -> Json<Value> {
    Json(platform.shared.read(|w| json!(w.changes)))
}

async fn run_smoke(State(platform): State<Arc<Platform>>) -> Json<Value> {
    Json(json!({"checks": smoke::run(&platform).await}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    key: String,
    action: String,
    target: String,
    #[serde(default)]
    params: Map<String, Value>,
    #[serde(default)]
    dry_run: bool,
}

async fn act(State(platform): State<Arc<Platform>>, body: Bytes) -> Response {
    let order: Order = match serde_json::from_slice(&body) {
        Ok(order) => order,
        Err(error) => {
            return refusal(
                StatusCode::BAD_REQUEST,
                &Refusal { field: "body".into(), error: error.to_string() },
            );
        }
    };
    if order.key.is_empty() || order.key.len() > 200 {
        let error = "must be a text of 1 to 200 bytes".to_owned();
        return refusal(StatusCode::BAD_REQUEST, &Refusal { field: "key".into(), error });
    }
    // An operator that gives up waiting must not stop an action half-way.
    let work = tokio::spawn(async move { carry_out(&platform, order).await });
    match work.await {
        Ok(response) => response,
        Err(_) => {
            (StatusCode::INTERNAL_SERVER_ERROR, Json(json!({"error": "the action broke off; repeat it"})))
                .into_response()
        }
    }
}

async fn carry_out(platform: &Platform, order: Order) -> Response {
    let action = match Action::read(&order.action, &order.params) {
        Ok(action) => action,
        Err(wrong) => return refusal(StatusCode::BAD_REQUEST, &wrong),
    };
    let name = match action.target(&order.target) {
        Ok(name) => name,
        Err(wrong) => return refusal(StatusCode::BAD_REQUEST, &wrong),
    };
    let _turn = platform.turn.lock().await;
    let request =
        hex::encode(Sha256::digest(json!([order.action, name, order.params]).to_string().as_bytes()));
    if order.dry_run {
        let effect = platform.shared.read(|world| action.change(&mut world.clone(), name));
        return match effect {
            Ok(effect) => {
                let status = if effect.already { "already_done" } else { "done" };
                let output = format!("dry run, nothing changed: {}", effect.output);
                Json(answer(status, &output, effect.inverse)).into_response()
            }
            Err(wrong) => refusal(StatusCode::BAD_REQUEST, &wrong),
        };
    }
    let known = platform.shared.read(|w| w.answers.iter().find(|a| a.key == order.key).cloned());
    let Some(service) = platform.service(name) else {
        let wrong = Refusal { field: "target".into(), error: "there is no such service".into() };
        return refusal(StatusCode::BAD_REQUEST, &wrong);
    };
    let stored = match known {
        Some(known) if known.request != request => {
            let error = "this key was used for another action; use a new one".to_owned();
            return refusal(StatusCode::CONFLICT, &Refusal { field: "key".into(), error });
        }
        Some(known) => known,
        None => match platform.shared.update(|world| record(world, &action, name, &order.key, request)) {
            Ok(Ok(stored)) => stored,
            Ok(Err(wrong)) => return refusal(StatusCode::BAD_REQUEST, &wrong),
            Err(error) => return broken(&error),
        },
    };
    if stored.applied {
        return Json(stored.answer).into_response();
    }
    let mut answer = stored.answer;
    match platform.apply(&action, service).await {
        Ok(Some(more)) => {
            let output = answer["output"].as_str().unwrap_or_default();
            answer["output"] = json!(format!("{output}: {more}"));
        }
        Ok(None) => {}
        Err(error) => return broken(&error),
    }
    tracing::info!(action = order.action, target = name, "carried out a platform action");
    let kept = platform.shared.update(|world| {
        if let Some(stored) = world.answers.iter_mut().find(|a| a.key == order.key) {
            stored.answer = answer.clone();
            stored.applied = true;
        }
    });
    match kept {
        Ok(()) => Json(answer).into_response(),
        Err(error) => broken(&error),
    }
}

/// Changes the state and keeps the answer with it, so that a crash loses both or neither.
fn record(
    world: &mut World,
    action: &Action,
    service: &str,
    key: &str,
    request: String,
) -> Result<StoredAnswer, Refusal> {
    // On a copy first: an action that is refused half-way must leave nothing behind.
    let mut next = world.clone();
    let effect = action.change(&mut next, service)?;
    let status = if effect.already { "already_done" } else { "done" };
    let inverse = effect.inverse.filter(|_| !effect.already);
    let answer = answer(status, &effect.output, inverse);
    let stored = StoredAnswer { key: key.to_owned(), request, answer, applied: effect.already };
    next.answers.push(stored.clone());
    let surplus = next.answers.len().saturating_sub(MAX_ANSWERS);
    next.answers.drain(..surplus);
    *world = next;
    Ok(stored)
}

fn answer(status: &str, output: &str, inverse: Option<Value>) -> Value {
    let mut answer = json!({"status": status, "output": output});
    if let Some(inverse) = inverse {
        answer["inverse"] = inverse;
    }
    answer
}
