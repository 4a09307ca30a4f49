//! Inventory: stock, reservations, and the reconciliation that runs beside them. It logs to its own data volume.

use std::{fmt::Write as _, sync::Arc, time::Duration};

use axum::{
    Extension, Json, Router,
    extract::{RawQuery, State},
    http::StatusCode,
    routing::{get, post},
};
use serde_json::{Map, Value, json};

use crate::{
    Error,
    service::{Answer, Cx, Failure, Service},
    telemetry::Level,
    world::Defect,
};

/// Stock to which a product is refilled, and below which it is.
const FULL: i64 = 5_000;
const LOW: i64 = 200;
/// The log that the reconciliation writes.
const RECONCILE_LOG: &str = "reconcile.log";

type Inventory = State<Arc<Service>>;

pub(super) fn routes() -> Router<Arc<Service>> {
    Router::new().route("/stock", get(stock)).route("/reservations", post(reserve))
}

pub(super) fn setup(service: &Service) -> Result<(), Error> {
    service.setup(|db| {
        db.execute_batch(
            "CREATE TABLE IF NOT EXISTS stock (product INTEGER PRIMARY KEY, pieces INTEGER NOT NULL);
             CREATE TABLE IF NOT EXISTS movements (id INTEGER PRIMARY KEY, product INTEGER, delta INTEGER, ord INTEGER);
             BEGIN",
        )?;
        for product in 1..=240 {
            db.execute("INSERT OR IGNORE INTO stock VALUES (?1, ?2)", (product, FULL))?;
        }
        db.execute_batch("COMMIT")
    })
}

async fn stock(State(service): Inventory, Extension(cx): Extension<Cx>, RawQuery(query): RawQuery) -> Answer {
    const ONE: &str = "SELECT pieces FROM stock WHERE product = ?1";
    let ids: Vec<i64> = query
        .as_deref()
        .and_then(|q| q.strip_prefix("ids="))
        .map(|q| q.split([',', '%']).filter_map(|id| id.parse().ok()).take(100).collect())
        .unwrap_or_default();
    let lease = service.database(&cx).await?;
    let stock = service
        .query(&cx, &lease, ONE, |db| {
            let mut statement = db.prepare_cached(ONE)?;
            let mut stock = Map::new();
            for id in &ids {
                let mut rows = statement.query([id])?;
                if let Some(row) = rows.next()? {
                    stock.insert(id.to_string(), json!(row.get::<_, i64>(0)?));
                }
            }
            Ok(stock)
        })
        .await?;
    Ok((StatusCode::OK, Json(json!({"stock": stock}))))
}

async fn reserve(State(service): Inventory, Extension(cx): Extension<Cx>, Json(body): Json<Value>) -> Answer {
    const TAKE: &str = "UPDATE stock SET pieces = CASE WHEN pieces - ?2 < ?3 THEN ?4 ELSE pieces - ?2 END WHERE product = ?1";
    const MOVE: &str = "INSERT INTO movements (product, delta, ord) VALUES (?1, ?2, ?3)";
    let order = super::common::number(&body, "order")?;
    let lines: Vec<(i64, i64)> = body
        .get("lines")
        .and_then(Value::as_array)
        .map(|lines| {
            lines.iter().filter_map(|l| Some((l["product"].as_i64()?, l["quantity"].as_i64()?))).collect()
        })
        .unwrap_or_default();
    if lines.is_empty() || lines.len() > 100 {
        return Err(Failure::bad_request("field lines must hold 1 to 100 lines"));
    }
    if service.has(Defect::ReservationOverflow)
        && let Some((product, quantity)) = lines.iter().find(|(_, quantity)| *quantity > 1)
    {
        return Err(Failure::exception(
            format!("attempt to subtract with overflow: shelf of product {product}, wanted {quantity}"),
            &[
                "inventory::shelf::Shelf::take (services/inventory/src/shelf.rs:88:13)",
                "inventory::reserve::reserve_lines (services/inventory/src/reserve.rs:35:24)",
                "inventory::handlers::reservations (services/inventory/src/handlers.rs:49:12)",
            ],
        ));
    }
    let lease = service.database(&cx).await?;
    service
        .write(&cx, &lease, TAKE, |db| {
            let work = || -> rusqlite::Result<()> {
                for (product, quantity) in &lines {
                    db.prepare_cached(TAKE)?.execute((product, quantity, LOW, FULL))?;
                    db.prepare_cached(MOVE)?.execute((product, -quantity, order))?;
                }
                Ok(())
            };
            db.execute_batch("BEGIN IMMEDIATE")?;
            let result = work();
            db.execute_batch(if result.is_ok() { "COMMIT" } else { "ROLLBACK" })?;
            result
        })
        .await?;
    Ok((StatusCode::CREATED, Json(json!({"order": order, "reserved": lines.len()}))))
}

/// The reconciliation: compares movements with stock, and logs each difference at length. On a record that it cannot
/// settle it starts again, without end.
pub(crate) async fn run_reconciliation(service: Arc<Service>) {
    const STEP: Duration = Duration::from_millis(100);
    let mut ticks = tokio::time::interval(STEP);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let (mut attempt, mut last_word) = (0_u64, std::time::Instant::now());
    loop {
        ticks.tick().await;
        let rate = service.shared.read(|w| w.conditions.reconcile_loop);
        // The job runs on the primary's host; after a fail-over it is not ours.
        let on_primary =
            service.shared.service(service.name, |s| s.active.as_deref() != Some("replica")).unwrap_or(true);
        let (Some(rate), Some(volume), true) = (rate, &service.volume, on_primary) else { continue };
        let bytes = (rate * service.shared.options.time_scale * STEP.as_secs_f64() * 1_048_576.0) as usize;
        let mut text = String::with_capacity(bytes + 400);
        while text.len() < bytes {
            attempt += 1;
            let _ = writeln!(
                text,
                "time={} level=debug msg=\"reconcile: delta mismatch, retrying\" record=48213 attempt={attempt} \
                 expected=-3 found=-2 dump=\"{}\"",
                jiff::Timestamp::now(),
                "4f9a0b".repeat(40)
            );
        }
        let rotate = match service.config("log_rotation_max_mb", 0) {
            0 => None,
            mb => Some(mb * 1024 * 1024),
        };
        let result = volume.append(RECONCILE_LOG, text.as_bytes(), rotate);
        if result.is_err() {
            service.metrics.inc("disk_write_errors_total", &[]);
        }
        if last_word.elapsed() > Duration::from_secs(2) {
            last_word = std::time::Instant::now();
            let used = (volume.used() / 1024).to_string();
            let attempt = attempt.to_string();
            let mut fields = vec![("record", "48213"), ("attempt", &attempt), ("volume_used_kb", &used)];
            let error = result.err().map(|e| e.to_string());
            match &error {
                Some(error) => {
                    fields.push(("error", error));
                    service.log(
                        Level::Error,
                        "could not write reconcile.log: No space left on device",
                        &fields,
                        None,
                    );
                }
                None => {
                    service.log(Level::Warn, "reconcile: record 48213 not settled, retrying", &fields, None)
                }
            }
        }
    }
}
