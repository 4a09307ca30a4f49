//! Checkout: carts, orders, and the bulk orders of partners.

use std::{sync::Arc, time::Duration};

use axum::{
    Extension, Json, Router,
    extract::State,
    http::StatusCode,
    routing::{get, post},
};
use rusqlite::Connection;
use serde_json::{Value, json};

use super::common::{number, text};
use crate::{
    Error, seed,
    service::{Answer, Call, Cx, Failure, Service},
    telemetry::Level,
    world::Defect,
};

/// Partners may send at most two batches a second by contract, and confirm each.
const BATCH_PAUSE: Duration = Duration::from_millis(500);
/// Discount of every registered customer.
const LOYALTY_PERCENT: i64 = 5;

type Checkout = State<Arc<Service>>;

pub(super) fn routes() -> Router<Arc<Service>> {
    Router::new()
        .route("/carts", post(add_line))
        .route("/orders", get(orders).post(place))
        .route("/bulk-orders", post(bulk))
}

pub(super) fn setup(service: &Service) -> Result<(), Error> {
    service.setup(|db: &Connection| {
        db.execute_batch(
            "CREATE TABLE IF NOT EXISTS carts (cart TEXT, product INTEGER, quantity INTEGER, cents INTEGER);
             CREATE INDEX IF NOT EXISTS carts_cart ON carts (cart);
             CREATE TABLE IF NOT EXISTS orders (id INTEGER PRIMARY KEY, account TEXT, cents INTEGER, state TEXT);
             CREATE INDEX IF NOT EXISTS orders_account ON orders (account);",
        )
    })
}

async fn add_line(State(service): Checkout, Extension(cx): Extension<Cx>, Json(body): Json<Value>) -> Answer {
    const INSERT: &str = "INSERT INTO carts (cart, product, quantity, cents) VALUES (?1, ?2, ?3, ?4)";
    let cart = text(&body, "cart")?;
    let (product, quantity) = (number(&body, "product")?, number(&body, "quantity")?);
    if !(1..=99).contains(&quantity) {
        return Err(Failure::bad_request("field quantity must be 1 to 99"));
    }
    let call = Call::get("catalog", "/prices/{id}", format!("/prices/{product}"), 2000).retried(1);
    let (status, price) = service.call(&cx, call).await?;
    if status != StatusCode::OK {
        return Err(Failure::new(StatusCode::NOT_FOUND, format!("no product {product}")));
    }
    let cents = number(&price, "price_cents")?;
    let lease = service.database(&cx).await?;
    service
        .write(&cx, &lease, INSERT, |db| db.prepare_cached(INSERT)?.execute((cart, product, quantity, cents)))
        .await?;
    let answer = json!({"cart": cart, "price_cents": cents, "discount_percent": LOYALTY_PERCENT});
    Ok((StatusCode::CREATED, Json(answer)))
}

/// What an order costs, in cents: the sum less the loyalty discount.
fn total(service: &Service, account: &str, lines: &[(i64, i64, i64)]) -> Result<i64, Failure> {
    let sum: i64 = lines.iter().map(|(_, quantity, cents)| quantity * cents).sum();
    let discount = sum * LOYALTY_PERCENT / 100;
    if service.has(Defect::TaxOfManyLines) && lines.len() > 1 {
        return Err(Failure::exception(
            format!("index out of bounds: the len is 1 but the index is {} (tax table)", lines.len() - 1),
            &[
                "checkout::tax::TaxTable::rate_for_line (services/checkout/src/tax.rs:63:17)",
                "checkout::order::Order::total (services/checkout/src/order.rs:142:31)",
                "checkout::handlers::place_order (services/checkout/src/handlers.rs:58:20)",
            ],
        ));
    }
    // The new path for several discounts books them with the wrong sign.
    Ok(if service.flag("combined_discounts", account) { sum + discount } else { sum - discount })
}

async fn place(State(service): Checkout, Extension(cx): Extension<Cx>, Json(body): Json<Value>) -> Answer {
    const LINES: &str = "SELECT product, quantity, cents FROM carts WHERE cart = ?1";
    const OPEN: &str = "INSERT INTO orders (account, cents, state) VALUES (?1, ?2, 'open')";
    const PAID: &str = "UPDATE orders SET state = 'paid' WHERE id = ?1";
    const DONE: &str = "DELETE FROM carts WHERE cart = ?1";
    let (cart, account) = (text(&body, "cart")?, text(&body, "account")?);
    let call = Call::get("accounts", "/customers/{account}", format!("/customers/{account}"), 800).retried(2);
    service.call(&cx, call).await?;
    let (order, lines, cents) = {
        // Short: nothing is waited for while this connection is held.
        let lease = service.database(&cx).await?;
        let lines = service
            .query(&cx, &lease, LINES, |db| {
                let mut statement = db.prepare_cached(LINES)?;
                statement
                    .query_map([cart], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))?
                    .collect::<Result<Vec<_>, _>>()
            })
            .await?;
        if lines.is_empty() {
            return Err(Failure::bad_request("the cart is empty"));
        }
        let cents = total(&service, account, &lines)?;
        let order = service
            .write(&cx, &lease, OPEN, |db| {
                db.prepare_cached(OPEN)?.execute((account, cents))?;
                Ok(db.last_insert_rowid())
            })
            .await?;
        (order, lines, cents)
    };
    let wanted: Vec<Value> = lines.iter().map(|(p, q, _)| json!({"product": p, "quantity": q})).collect();
    let reservation = json!({"order": order, "lines": wanted});
    let timeout = service.config("inventory_timeout_ms", 1500);
    let (status, answer) =
        service.call(&cx, Call::post("inventory", "/reservations", reservation, timeout).retried(1)).await?;
    if !status.is_success() {
        return Ok((status, Json(answer)));
    }
    let charge = json!({"order": order, "amount_cents": cents, "account": account});
    let timeout = service.config("payments_timeout_ms", 6000);
    let (status, answer) = service.call(&cx, Call::post("payments", "/charges", charge, timeout)).await?;
    if !status.is_success() {
        return Ok((status, Json(answer)));
    }
    {
        let lease = service.database(&cx).await?;
        service.write(&cx, &lease, PAID, |db| db.prepare_cached(PAID)?.execute([order])).await?;
        service.write(&cx, &lease, DONE, |db| db.prepare_cached(DONE)?.execute([cart])).await?;
    }
    service.metrics.inc("orders_completed_total", &[]);
    service.metrics.add("orders_value_total", &[], cents as f64 / 100.0);
    let (order_text, cents_text) = (order.to_string(), cents.to_string());
    let fields = [("order", order_text.as_str()), ("account", account), ("total_cents", cents_text.as_str())];
    service.log(Level::Info, "order placed", &fields, Some(&cx));
    // The customer does not wait for the mail.
    let (mailer, mail_cx) = (Arc::clone(&service), cx.clone());
    let mail = json!({"account": account, "kind": "order_confirmation", "order": order});
    tokio::spawn(async move {
        let call = Call::post("notifications", "/messages", mail, 4000).retried(2);
        if let Err(failure) = mailer.call(&mail_cx, call).await {
            let fields = [("error", failure.message.as_str())];
            mailer.log(Level::Warn, "could not hand over a confirmation", &fields, Some(&mail_cx));
        }
    });
    Ok((StatusCode::CREATED, Json(json!({"order": order, "total_cents": cents, "lines": wanted}))))
}

async fn orders(State(service): Checkout, Extension(cx): Extension<Cx>) -> Answer {
    const LIST: &str = "SELECT id, cents, state FROM orders WHERE account = ?1 ORDER BY id DESC LIMIT 20";
    let account = cx.account.clone().unwrap_or_default();
    let lease = service.database(&cx).await?;
    let orders = service
        .query(&cx, &lease, LIST, |db| {
            let mut statement = db.prepare_cached(LIST)?;
            let rows = statement.query_map([&account], |r| {
                let (id, cents, state): (i64, i64, String) = (r.get(0)?, r.get(1)?, r.get(2)?);
                Ok(json!({"order": id, "total_cents": cents, "state": state}))
            })?;
            rows.collect::<Result<Vec<_>, _>>()
        })
        .await?;
    Ok((StatusCode::OK, Json(json!({"orders": orders}))))
}

/// A bulk order gathers its lines in a temporary table, which lives on one connection: that connection is held until
/// the partner has sent its last batch.
async fn bulk(State(service): Checkout, Extension(cx): Extension<Cx>, Json(body): Json<Value>) -> Answer {
    const BATCH: &str = "INSERT INTO bulk_lines (product, quantity) VALUES (?1, 10)";
    const TAKE: &str =
        "INSERT INTO orders (account, cents, state) SELECT ?1, 100 * count(*), 'bulk' FROM bulk_lines";
    let partner = text(&body, "partner")?;
    let batches = number(&body, "batches")?.clamp(1, 60);
    let lease = service.database(&cx).await?;
    let begin = "CREATE TEMP TABLE IF NOT EXISTS bulk_lines (product INTEGER, quantity INTEGER); DELETE FROM bulk_lines";
    service.query(&cx, &lease, "CREATE TEMP TABLE bulk_lines", |db| db.execute_batch(begin)).await?;
    let total = batches.to_string();
    service.log(Level::Info, "bulk order begun", &[("partner", partner), ("batches", &total)], Some(&cx));
    let begun = std::time::Instant::now();
    for batch in 0..batches {
        let product = i64::try_from(seed::bucket(&format!("{partner}/{batch}"), 200)).unwrap_or(0) + 1;
        let call = Call::get("inventory", "/stock", format!("/stock?ids={product}"), 1000);
        service.call(&cx, call).await?;
        service.query(&cx, &lease, BATCH, |db| db.prepare_cached(BATCH)?.execute([product])).await?;
        tokio::time::sleep(BATCH_PAUSE).await;
    }
    let order = service
        .write(&cx, &lease, TAKE, |db| {
            db.prepare_cached(TAKE)?.execute([partner])?;
            db.execute_batch("DELETE FROM bulk_lines")?;
            Ok(db.last_insert_rowid())
        })
        .await?;
    let held = begun.elapsed().as_millis().to_string();
    let fields = [("partner", partner), ("batches", total.as_str()), ("connection_held_ms", held.as_str())];
    service.log(Level::Info, "bulk order taken", &fields, Some(&cx));
    Ok((StatusCode::CREATED, Json(json!({"order": order}))))
}
