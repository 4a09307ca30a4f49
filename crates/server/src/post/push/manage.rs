//! What people do with their devices.

use std::collections::BTreeSet;
use std::sync::Arc;

use firebell_core::audit::Act;
use firebell_core::ports::office::{Change, Deed, Expect};
use firebell_integrations::http::address;
use firebell_integrations::webpush::{SubscriberKeys, encrypt};
use serde_json::json;

use super::device::{Device, KIND};
use super::{CHANNEL, TEST};
use crate::post::publisher::delivery;
use crate::post::receiver::well;
use crate::problem::Problem;
use crate::state::App;
use crate::ui::clean;

/// Devices of one person.
const MOST: usize = 20;

/// What a browser hands in.
#[derive(Debug, Clone)]
pub(crate) struct NewDevice {
    pub(crate) endpoint: String,
    pub(crate) p256dh: String,
    pub(crate) auth: String,
    pub(crate) agent: String,
    pub(crate) news: bool,
}

/// Devices of a person, the oldest first.
pub(crate) async fn of_person(app: &App, person: &str) -> Result<Vec<Device>, Problem> {
    let office = Arc::clone(&app.state.office);
    let mut all = app.read(move |_| Device::all(office.as_ref())).await?;
    all.retain(|d| d.person == person);
    all.sort_by(|a, b| a.created_at.cmp(&b.created_at).then_with(|| a.id.cmp(&b.id)));
    Ok(all)
}

/// People who have a device.
pub(crate) async fn people(app: &App) -> Result<BTreeSet<String>, Problem> {
    let office = Arc::clone(&app.state.office);
    let all = app.read(move |_| Device::all(office.as_ref())).await?;
    Ok(all.into_iter().map(|d| d.person).collect())
}

/// Adds a device. One that somebody else used before is theirs no more.
pub(crate) async fn add(app: &App, person: &str, new: NewDevice) -> Result<Device, Problem> {
    if app.state.post.vapid.is_none() {
        return Err(Problem::unavailable("this server has no keys for notifications: its log says why"));
    }
    let url = address::checked(&new.endpoint, app.state.post.allow_private)
        .map_err(|why| Problem::invalid("endpoint", why))?;
    if url.scheme() != "https" {
        return Err(Problem::invalid("endpoint", "must begin with https://"));
    }
    // A key that is none would be found out when it matters.
    SubscriberKeys::read(&new.p256dh, &new.auth)
        .and_then(|keys| encrypt(&keys, b"is it a key?"))
        .map_err(|error| Problem::invalid("p256dh", error.to_string()))?;
    let device = Device {
        id: Device::id_of(&new.endpoint),
        person: person.to_owned(),
        endpoint: new.endpoint,
        p256dh: new.p256dh,
        auth: new.auth,
        agent: clean(&new.agent).chars().take(300).collect(),
        news: new.news,
        created_at: app.now(),
    };
    let others = of_person(app, person).await?;
    if others.len() >= MOST && !others.iter().any(|d| d.id == device.id) {
        return Err(Problem::conflict(format!("you have {MOST} devices: remove one first")));
    }
    let act = Act::new(person, "device.add", &device.id);
    write(app, act, &device, vec![well(&device.id)]).await?;
    Ok(device)
}

/// Sets whether a device hears of every new SEV1 and SEV2.
pub(crate) async fn set_news(app: &App, person: &str, id: &str, news: bool) -> Result<Device, Problem> {
    let device = Device { news, ..own(app, person, id).await? };
    write(app, Act::new(person, "device.change", id), &device, Vec::new()).await?;
    Ok(device)
}

/// Removes one.
pub(crate) async fn remove(app: &App, person: &str, id: &str) -> Result<(), Problem> {
    own(app, person, id).await?;
    let changes = vec![Change::Remove { kind: KIND, id: id.to_owned() }, well(id)];
    let act = Act::new(person, "device.remove", id);
    Ok(app.state.handle.perform(Deed { act: Some(act), changes }).await?)
}

/// Sends a notification that says that it is a test.
pub(crate) async fn send_test(app: &App, person: &str, id: &str) -> Result<(), Problem> {
    own(app, person, id).await?;
    let what = format!("{TEST}-{}", hex::encode(rand::random::<[u8; 8]>()));
    let test = delivery(CHANNEL, id, &what, TEST, json!({}), app.now());
    let changes = vec![well(id), Change::Deliver(Box::new(test))];
    Ok(app.state.handle.perform(Deed { act: None, changes }).await?)
}

/// A person's own device; that of somebody else does not exist for them.
async fn own(app: &App, person: &str, id: &str) -> Result<Device, Problem> {
    let mine = of_person(app, person).await?.into_iter().find(|d| d.id == id);
    mine.ok_or_else(|| Problem::not_found("that device is gone already"))
}

async fn write(app: &App, act: Act, device: &Device, more: Vec<Change>) -> Result<(), Problem> {
    let body = serde_json::to_value(device).map_err(|e| Problem::internal(&e))?;
    let put = Change::Put { kind: KIND, id: device.id.clone(), body, expect: Expect::Any };
    let changes = std::iter::once(put).chain(more).collect();
    Ok(app.state.handle.perform(Deed { act: Some(act), changes }).await?)
}
