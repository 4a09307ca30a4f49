//! Overrides, covers, swaps and shadows that people entered.

mod create;
mod list;
mod remove;

use serde_json::{Value, json};

use super::spec::{Operation, schema};
use crate::oncall::Kept;

/// Their declarations.
pub(super) fn operations() -> [Operation; 3] {
    [list::operation(), create::operation(), remove::operation()]
}

/// The kinds.
const KINDS: [&str; 4] = ["override", "cover", "swap", "shadow"];

/// As it is answered.
fn shown(kept: &Kept) -> Value {
    let mut shown = json!({"schedule": kept.schedule, "created_at": kept.created_at});
    let own = serde_json::to_value(&kept.replacement).unwrap_or_default();
    if let (Some(fields), Value::Object(own)) = (shown.as_object_mut(), own) {
        fields.extend(own);
    }
    shown
}

/// Fields that say what is agreed.
fn fields() -> Vec<schema::Field> {
    vec![
        schema::need("schedule", schema::text()),
        schema::need("kind", schema::one_of(&KINDS)),
        schema::may("people", schema::list(schema::text())),
        schema::may("person", schema::text()),
        schema::may("instead_of", schema::text()),
        schema::may("of", schema::text()),
        schema::may("from", schema::text()),
        schema::may("until", schema::text()),
        schema::may("first", schema::text()),
        schema::may("first_from", schema::text()),
        schema::may("first_until", schema::text()),
        schema::may("second", schema::text()),
        schema::may("second_from", schema::text()),
        schema::may("second_until", schema::text()),
        schema::may("reason", schema::up_to(500)),
    ]
}

/// The schema of one.
pub(super) fn override_schema() -> Value {
    let mut all = fields();
    all.extend([
        schema::need("id", schema::text()),
        schema::may("by", schema::text()),
        schema::need("created_at", schema::time()),
    ]);
    schema::growing(&all)
}
