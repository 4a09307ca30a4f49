//! What administrators do with webhooks. Who may is asked by the callers.

use firebell_core::audit::Act;
use firebell_core::ports::office::{Change, Deed, Delivery};
use firebell_core::ports::store::OutboxState;
use firebell_integrations::webhook::standard;
use jiff::SignedDuration;
use serde_json::json;

use super::hook::{Hook, HookFields, KIND};
use super::{CHANNEL, TEST};
use crate::post::publisher::delivery;
use crate::post::receiver::{Receiver, well};
use crate::problem::Problem;
use crate::state::App;

/// Webhooks of one installation.
const MOST: usize = 100;
/// An old secret signs for so long beside the new one.
const CHANGEOVER: SignedDuration = SignedDuration::from_hours(24);

/// All, the oldest first.
pub(crate) async fn list(app: &App) -> Result<Vec<Hook>, Problem> {
    let office = std::sync::Arc::clone(&app.state.office);
    app.read(move |_| Hook::all(office.as_ref())).await
}

/// One.
pub(crate) async fn get(app: &App, id: &str) -> Result<Hook, Problem> {
    let (office, id) = (std::sync::Arc::clone(&app.state.office), id.to_owned());
    app.read(move |_| Hook::of(office.as_ref(), &id))
        .await?
        .ok_or_else(|| Problem::not_found("there is no such webhook: it was removed"))
}

/// Makes one; answers it with its secret, which is shown once.
pub(crate) async fn create(app: &App, by: &str, fields: HookFields) -> Result<(Hook, String), Problem> {
    let fields = fields.checked(app.state.post.allow_private)?;
    if list(app).await?.len() >= MOST {
        return Err(Problem::conflict(format!("there are {MOST} webhooks: remove one first")));
    }
    let secret = standard::secret(&rand::random());
    let hook = Hook {
        id: format!("wh_{}", hex::encode(rand::random::<[u8; 8]>())),
        fields,
        secret: secret.clone(),
        old_secret: None,
        note: None,
        created_by: by.to_owned(),
        created_at: app.now(),
        version: 0,
    };
    write(app, by, "webhook.create", &hook, Vec::new()).await?;
    Ok((hook, secret))
}

/// Changes what can be set. Switching it on forgets that it failed.
pub(crate) async fn update(app: &App, by: &str, id: &str, fields: HookFields) -> Result<Hook, Problem> {
    let fields = fields.checked(app.state.post.allow_private)?;
    let mut hook = get(app, id).await?;
    if fields.enabled {
        hook.note = None;
    }
    hook.fields = fields;
    write(app, by, "webhook.change", &hook, vec![well(id)]).await?;
    get(app, id).await
}

/// Takes one away; what waits for it is not sent.
pub(crate) async fn remove(app: &App, by: &str, id: &str) -> Result<(), Problem> {
    let hook = get(app, id).await?;
    let act = Act::new(by, "webhook.remove", id).with(json!({"name": hook.fields.name, "host": hook.host()}));
    let gone = Change::Remove { kind: KIND, id: id.to_owned() };
    Ok(app.state.handle.perform(Deed { act: Some(act), changes: vec![gone, well(id)] }).await?)
}

/// Gives it another secret, which is answered once. The old one signs beside it for a day.
pub(crate) async fn rotate_secret(app: &App, by: &str, id: &str) -> Result<String, Problem> {
    let mut hook = get(app, id).await?;
    let secret = standard::secret(&rand::random());
    let until = app.now().saturating_add(CHANGEOVER).map_err(|e| Problem::internal(&e))?;
    hook.old_secret = Some((std::mem::replace(&mut hook.secret, secret.clone()), until));
    write(app, by, "webhook.rotate_secret", &hook, Vec::new()).await?;
    Ok(secret)
}

/// What was sent to one and is to be, newest first.
pub(crate) async fn deliveries(app: &App, id: &str, limit: usize) -> Result<Vec<Delivery>, Problem> {
    let (office, id) = (std::sync::Arc::clone(&app.state.office), id.to_owned());
    app.read(move |_| office.deliveries_to(&id, limit)).await
}

/// Since when one has failed; none where it is well.
pub(crate) async fn failing(app: &App, id: &str) -> Result<Option<jiff::Timestamp>, Problem> {
    let (office, id) = (std::sync::Arc::clone(&app.state.office), id.to_owned());
    Ok(app.read(move |_| Receiver::of(office.as_ref(), &id)).await?.map(|r| r.failing_since))
}

/// Sends something again, at once and with all its attempts, under the same key.
pub(crate) async fn redeliver(app: &App, by: &str, id: &str, delivery: &str) -> Result<(), Problem> {
    get(app, id).await?;
    let (office, wanted) = (std::sync::Arc::clone(&app.state.office), delivery.to_owned());
    let found = app.read(move |_| office.delivery(&wanted)).await?.filter(|d| d.to == id);
    let before = found
        .ok_or_else(|| Problem::not_found("there is no such delivery: they are forgotten after a month"))?;
    let again =
        Delivery { state: OutboxState::Waiting, attempts: 0, next_at: app.now(), ended_at: None, ..before };
    send(app, Act::new(by, "webhook.redeliver", id).with(json!({"delivery": delivery})), again).await
}

/// Sends something that says that it is a test; also where it is switched off.
pub(crate) async fn send_test(app: &App, by: &str, id: &str) -> Result<(), Problem> {
    get(app, id).await?;
    let now = app.now();
    let message = format!("{by} pressed the test button. Nothing else has happened.");
    let body = json!({"type": TEST, "timestamp": now, "data": {"message": message}});
    let what = format!("{TEST}-{}", hex::encode(rand::random::<[u8; 8]>()));
    let test = delivery(CHANNEL, id, &what, TEST, body, now);
    send(app, Act::new(by, "webhook.test", id), test).await
}

async fn send(app: &App, act: Act, delivery: Delivery) -> Result<(), Problem> {
    // A person waits for it: a receiver that is left alone after failures is asked at once.
    let changes = vec![well(&delivery.to), Change::Deliver(Box::new(delivery))];
    Ok(app.state.handle.perform(Deed { act: Some(act), changes }).await?)
}

async fn write(app: &App, by: &str, action: &str, hook: &Hook, more: Vec<Change>) -> Result<(), Problem> {
    let fields = &hook.fields;
    let detail = json!({
        "name": fields.name,
        // Not the whole address: what follows the host may be as good as a password.
        "host": hook.host(),
        "events": fields.events,
        "restricted": fields.restricted,
        "enabled": fields.enabled,
    });
    let put = hook.put().map_err(|e| Problem::internal(&e))?;
    let changes = std::iter::once(put).chain(more).collect();
    let act = Act::new(by, action, &hook.id).with(detail);
    Ok(app.state.handle.perform(Deed { act: Some(act), changes }).await?)
}
