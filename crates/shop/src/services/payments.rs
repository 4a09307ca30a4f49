//! Payments: charges a customer through the payment provider in use, synchronously.

use std::sync::Arc;

use axum::{Extension, Json, Router, extract::State, http::StatusCode, routing::post};
use serde_json::{Value, json};

use super::common::{number, text};
use crate::{
    Error,
    service::{Answer, Call, Cx, Failure, Service},
    telemetry::Level,
    world::{ACQUIRERS, Defect},
};

type Payments = State<Arc<Service>>;

pub(super) fn routes() -> Router<Arc<Service>> {
    Router::new().route("/charges", post(charge))
}

pub(super) fn setup(service: &Service) -> Result<(), Error> {
    service.setup(|db| {
        db.execute_batch(
            "CREATE TABLE IF NOT EXISTS charges
               (id INTEGER PRIMARY KEY, ord INTEGER, cents INTEGER, provider TEXT, state TEXT);",
        )
    })
}

async fn charge(State(service): Payments, Extension(cx): Extension<Cx>, Json(body): Json<Value>) -> Answer {
    const INSERT: &str = "INSERT INTO charges (ord, cents, provider, state) VALUES (?1, ?2, ?3, ?4)";
    let (order, cents) = (number(&body, "order")?, number(&body, "amount_cents")?);
    text(&body, "account")?;
    if service.has(Defect::MinorUnits) && cents % 100 != 0 {
        return Err(Failure::exception(
            format!(
                "java.lang.NumberFormatException: For input string: \"{}.{:02}\"",
                cents / 100,
                cents % 100
            ),
            &[
                "com.shop.payments.Money.minorUnits(Money.java:57)",
                "com.shop.payments.AcquirerRequest.of(AcquirerRequest.java:33)",
                "com.shop.payments.ChargeHandler.handle(ChargeHandler.java:81)",
            ],
        ));
    }
    let active = service.shared.service(service.name, |s| s.active.clone()).flatten();
    let provider = active.as_deref().unwrap_or(ACQUIRERS[0]);
    let request = json!({"reference": format!("order-{order}"), "amount_cents": cents});
    let timeout = service.config("acquirer_timeout_ms", 4500);
    let (status, answer) = service.call(&cx, Call::post(provider, "/authorise", request, timeout)).await?;
    let approved = status.is_success() && answer["approved"] == json!(true);
    let state = if approved { "captured" } else { "declined" };
    let lease = service.database(&cx).await?;
    service
        .write(&cx, &lease, INSERT, |db| db.prepare_cached(INSERT)?.execute((order, cents, provider, state)))
        .await?;
    let order = order.to_string();
    service.log(
        Level::Info,
        &format!("Charge {state}"),
        &[("order", &order), ("provider", provider)],
        Some(&cx),
    );
    if approved {
        return Ok((StatusCode::CREATED, Json(json!({"state": state}))));
    }
    Err(Failure::new(StatusCode::PAYMENT_REQUIRED, "the card was declined"))
}
