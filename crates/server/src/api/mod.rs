//! The JSON API below `/api/v1`: one folder a resource, one file an endpoint. The acting person is the token's.

mod agents;
mod alerts;
mod audit;
mod blobs;
mod calendar_feeds;
mod changes;
mod dead_letters;
mod events;
mod fields;
mod gate;
mod health;
mod heartbeats;
pub(crate) mod incidents;
mod maintenances;
mod now;
mod overrides;
mod paging;
mod people;
mod postmortems;
mod push_devices;
mod reports;
mod schedules;
mod segments;
mod services;
mod sessions;
mod silences;
pub(crate) mod spec;
mod subscribers;
mod systems;
mod tokens;
mod webhooks;

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;

pub(crate) use fields::Fields;
pub(crate) use spec::Operation;

use crate::state::Shared;

/// What operations are about.
pub(crate) const TAGS: [(&str, &str); 15] = [
    ("Incidents", "Incidents: lists, the whole record, and what people do with them."),
    ("Events", "The timeline as it grows, as server-sent events."),
    ("Alerts", "Alerts, as they were folded from signals."),
    ("Silences", "Silences, made and ended by people."),
    ("Maintenance", "Maintenance, as the status page announces it, and who hears of what it says."),
    ("On call", "Who is on call when, what was agreed beside the rotations, and calendars of it."),
    ("Dead letters", "Effects that were given up."),
    ("Changes", "The change ledger."),
    ("Services", "Services: how they do, and what is left of what they promised."),
    ("Reports", "Reports over many incidents."),
    ("Evidence", "Agents, and evidence by its hash."),
    ("People", "Accounts, sessions, tokens, and who did what."),
    ("Webhooks", "Posts to systems that asked for them."),
    ("Notifications", "Devices that show one's notifications."),
    ("Server", "The server itself."),
];

/// All operations that need a token.
fn operations() -> Vec<Operation> {
    let mut all = incidents::operations();
    all.extend([
        events::operation(),
        alerts::operation(),
        silences::list::operation(),
        silences::create::operation(),
        silences::expire::operation(),
        dead_letters::list::operation(),
        dead_letters::retry::operation(),
        changes::operation(),
        now::operation(),
        postmortems::operation(),
        agents::operation(),
        blobs::operation(),
        audit::operation(),
        crate::metrics::operation(),
    ]);
    all.extend(maintenances::operations());
    all.extend(heartbeats::operations());
    all.extend(schedules::operations());
    all.extend(overrides::operations());
    all.extend(calendar_feeds::operations());
    all.extend(subscribers::operations());
    all.extend(services::operations());
    all.extend(reports::operations());
    all.extend(people::operations());
    all.extend(sessions::operations());
    all.extend(tokens::operations());
    all.extend(systems::operations());
    all.extend(webhooks::operations());
    all.extend(push_devices::operations());
    all
}

/// All operations. The router and the document are made of them.
pub(crate) fn all_operations() -> Vec<Operation> {
    let mut all = operations();
    all.extend(health::operations());
    all
}

/// All routes of the API that need a token, each behind the gate.
pub(crate) fn routes(app: &Shared) -> Router<Shared> {
    let mut router = Router::new();
    for operation in operations() {
        let gate = gate::Gate {
            app: Arc::clone(app),
            permission: operation.permission,
            writes: operation.is_write(),
        };
        let handler = operation.handler.route_layer(from_fn_with_state(gate, gate::gate));
        router = router.route(operation.path, handler);
    }
    router
}

/// Open to all, and telling nothing.
pub(crate) fn open_routes() -> Router<Shared> {
    health::operations()
        .into_iter()
        .fold(Router::new(), |router, operation| router.route(operation.path, operation.handler))
}
