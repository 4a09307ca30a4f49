//! A business partner whose system places bulk orders, several at a time.

use std::time::Duration;

use axum::http::Method;
use rand::RngExt;
use serde_json::json;

use super::door::Outside;
use crate::seed;

/// After an order failed or its connection broke, the partner's client waits this long before it sends it again.
const PAUSE: std::ops::Range<f64> = 0.15..0.5;
/// After the shop was away altogether it comes back gently.
const COMEBACK: std::ops::Range<f64> = 2.0..5.0;
/// More orders at a time than any partner of ours sends.
const MOST: u32 = 40;

/// The `n`-th of the partner's parallel senders, until the task is dropped.
async fn sender(outside: Outside, n: u32) {
    let mut rng = seed::rng(outside.shared.options.seed, &format!("partner/{n}"));
    loop {
        let partner = outside.shared.read(|w| w.conditions.partner.clone()).filter(|p| n < p.concurrency);
        let Some(partner) = partner else {
            tokio::time::sleep(Duration::from_millis(400)).await;
            continue;
        };
        let body = json!({"partner": partner.name, "batches": partner.batches});
        let headers = [("x-caller", partner.name.as_str())];
        let reply = outside.ask(Method::POST, "/partner/orders", Some(body), "192.0.2.40", &headers).await;
        let cut_off =
            reply.as_ref().is_some_and(|(_, b)| b["error"].as_str().is_some_and(|e| e.contains("stopped")));
        let pause = match reply {
            Some((status, _)) if status.is_success() => 0.05,
            _ if cut_off => rng.random_range(COMEBACK),
            _ => rng.random_range(PAUSE),
        };
        tokio::time::sleep(Duration::from_secs_f64(pause)).await;
    }
}

/// All senders.
pub(crate) async fn run_partner(outside: Outside) {
    let senders = (0..MOST).map(|n| sender(outside.clone(), n));
    futures_util::future::join_all(senders).await;
}
