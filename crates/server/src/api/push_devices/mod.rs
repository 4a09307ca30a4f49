//! Devices that show notifications to the person who asks.

mod add;
mod change;
mod list;
mod remove;
mod test;

use serde_json::{Value, json};

use super::spec::{Operation, schema};
use crate::post::push::Device;
use crate::ui::browser;

/// Their declarations.
pub(super) fn operations() -> [Operation; 5] {
    [list::operation(), add::operation(), change::operation(), remove::operation(), test::operation()]
}

/// A device without what is needed to send to it.
fn shown(device: &Device) -> Value {
    json!({
        "id": device.id,
        "name": browser(&device.agent),
        "news": device.news,
        "created_at": device.created_at,
    })
}

/// Its schema.
pub(super) fn device_schema() -> Value {
    schema::growing(&[
        schema::need("id", schema::text()),
        schema::need("name", schema::text()),
        schema::need("news", schema::flag()),
        schema::need("created_at", schema::time()),
    ])
}
