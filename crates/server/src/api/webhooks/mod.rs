//! Outgoing webhooks: who is told, and what became of it.

mod create;
mod deliveries;
mod fields;
mod list;
mod redeliver;
mod remove;
mod rotate_secret;
mod show;
mod test;
mod update;

use serde_json::Value;

use super::spec::{Operation, schema};

/// Their declarations.
pub(super) fn operations() -> [Operation; 9] {
    [
        list::operation(),
        create::operation(),
        show::operation(),
        update::operation(),
        remove::operation(),
        rotate_secret::operation(),
        deliveries::operation(),
        redeliver::operation(),
        test::operation(),
    ]
}

/// A webhook's schema, without its secret.
pub(super) fn webhook_schema() -> Value {
    schema::growing(&[
        schema::need("id", schema::text()),
        schema::need("name", schema::text()),
        schema::need("url", schema::text()),
        schema::need("events", schema::list(schema::text())),
        schema::need("severities", schema::list(schema::text())),
        schema::need("services", schema::list(schema::text())),
        schema::need("restricted", schema::flag()),
        schema::need("enabled", schema::flag()),
        schema::need("note", schema::or_null(schema::text())),
        schema::need("created_by", schema::text()),
        schema::need("created_at", schema::time()),
    ])
}

/// A delivery's schema.
pub(super) fn delivery_schema() -> Value {
    schema::growing(&[
        schema::need("id", schema::text()),
        schema::need("about", schema::text()),
        schema::need("state", schema::one_of(&["waiting", "leased", "done", "dead"])),
        schema::need("attempts", schema::count()),
        schema::need("next_at", schema::time()),
        schema::need("answer", schema::or_null(schema::text())),
        schema::need("created_at", schema::time()),
        schema::need("ended_at", schema::or_null(schema::time())),
    ])
}
