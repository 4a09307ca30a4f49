//! A customer: looks around, fills a cart, signs in, buys, tries again when something fails, complains at times.

use std::time::{Duration, Instant};

use axum::http::{Method, StatusCode};
use rand::{RngExt, rngs::StdRng};
use serde_json::{Value, json};

use super::door::{Outside, Reply};
use crate::{seed, services::accounts};

/// Average pause between two clicks, in seconds.
const THINK: f64 = 0.9;
/// The crowd comes and goes in waves of this length, in seconds.
const WAVE: f64 = 12.0;
/// How often a customer tries a failed page again.
const RETRIES: u32 = 2;

struct Customer {
    outside: Outside,
    rng: StdRng,
    account: String,
    ip: String,
    token: Option<String>,
    opened: Instant,
    carts: u64,
}

/// A customer's day, until the task is dropped.
pub(crate) async fn run_customer(outside: Outside, n: usize, opened: Instant) {
    let seed = outside.shared.options.seed;
    let mut rng = seed::rng(seed, &format!("customer/{n}"));
    let ip = format!("10.{}.{}.{}", rng.random_range(16..32), rng.random_range(0..256), n % 250 + 1);
    let account = accounts::account_name(n % accounts::ACCOUNTS);
    let mut customer = Customer { outside, rng, account, ip, token: None, opened, carts: 0 };
    // Not everybody comes in at once.
    let first = customer.rng.random_range(0.0..3.0);
    tokio::time::sleep(Duration::from_secs_f64(first)).await;
    loop {
        customer.visit().await;
    }
}

impl Customer {
    async fn think(&mut self) {
        let phase = self.opened.elapsed().as_secs_f64() / WAVE * std::f64::consts::TAU;
        let pause = THINK * self.rng.random_range(0.4..1.6) * (1.0 - 0.35 * phase.sin());
        tokio::time::sleep(Duration::from_secs_f64(pause)).await;
    }

    /// One page; tries again as people and browsers do. `None` when it did not work out.
    async fn page(&mut self, method: Method, path: &str, body: Option<Value>) -> Option<(StatusCode, Value)> {
        let mut attempt = 0;
        loop {
            let bearer = self.token.as_ref().map(|t| format!("Bearer {t}"));
            let headers: Vec<(&str, &str)> = bearer.iter().map(|b| ("authorization", b.as_str())).collect();
            let begun = Instant::now();
            let reply: Reply = self.outside.ask(method.clone(), path, body.clone(), &self.ip, &headers).await;
            if begun.elapsed() > Duration::from_millis(1500) && self.rng.random_bool(0.03) {
                self.complain(
                    "The shop is very slow",
                    &format!("I waited {} seconds.", begun.elapsed().as_secs()),
                );
            }
            let failed = reply.as_ref().is_none_or(|(status, _)| status.is_server_error());
            if !failed {
                return reply;
            }
            if self.rng.random_bool(0.04) {
                let what = if path == "/checkout" { "I cannot pay" } else { "The site shows an error" };
                self.complain(what, "It says that something went wrong, and trying again does not help.");
            }
            attempt += 1;
            if attempt > RETRIES {
                return None;
            }
            let pause = self.rng.random_range(0.2..0.9);
            tokio::time::sleep(Duration::from_secs_f64(pause)).await;
        }
    }

    fn complain(&self, title: &str, text: &str) {
        self.outside.shared.complaints.add(&self.account, title, text);
    }

    async fn visit(&mut self) -> Option<()> {
        let begun = Instant::now();
        self.think().await;
        self.page(Method::GET, "/", None).await;
        self.think().await;
        let page = self.rng.random_range(0..6);
        self.page(Method::GET, &format!("/products?page={page}"), None).await;
        self.carts += 1;
        let cart = format!("{}-{}-{}", self.account, self.carts, begun.elapsed().as_nanos());
        let (mut expected, mut lines) = (0, 0);
        for _ in 0..self.rng.random_range(1..=3) {
            self.think().await;
            let id = self.rng.random_range(1..=240);
            let Some((_, product)) = self.page(Method::GET, &format!("/products/{id}"), None).await else {
                continue;
            };
            if !product["actions"].as_array().is_some_and(|a| a.contains(&json!("buy"))) {
                if product["id"].is_i64() && self.rng.random_bool(0.5) {
                    self.complain(
                        "No buy button",
                        &format!("The page of product {id} has no button to buy it."),
                    );
                }
                continue;
            }
            self.think().await;
            let quantity = self.rng.random_range(1..=2);
            let body = json!({"cart": cart, "product": id, "quantity": quantity});
            if let Some((StatusCode::CREATED, line)) = self.page(Method::POST, "/cart", Some(body)).await {
                expected += line["price_cents"].as_i64()? * quantity;
                lines += 1;
            }
        }
        if lines == 0 {
            return None;
        }
        self.sign_in().await?;
        self.think().await;
        let answer = self.page(Method::POST, "/checkout", Some(json!({"cart": cart}))).await?;
        match answer {
            (StatusCode::CREATED, order) => {
                let wanted = expected - expected * 5 / 100;
                let charged = order["total_cents"].as_i64()?;
                // A retried request may have put a line into the cart twice; people do not see one cent either.
                if charged > expected && charged - wanted > 2 && self.rng.random_bool(0.6) {
                    let text = format!(
                        "Order {}: the cart said {:.2} EUR with my discount, I was charged {:.2} EUR.",
                        order["order"],
                        wanted as f64 / 100.0,
                        charged as f64 / 100.0
                    );
                    self.complain("Charged too much", &text);
                }
            }
            (StatusCode::UNAUTHORIZED, _) => self.token = None,
            _ => {}
        }
        if self.rng.random_bool(0.3) {
            self.think().await;
            self.page(Method::GET, "/orders", None).await;
        }
        if self.rng.random_bool(0.4) {
            self.token = None;
        }
        Some(())
    }

    async fn sign_in(&mut self) -> Option<()> {
        for _ in 0..3 {
            if self.token.is_some() {
                return Some(());
            }
            self.think().await;
            let shared = &self.outside.shared;
            // Who got a new password by mail uses it.
            let mut password =
                accounts::password_of(shared.options.seed, &self.account, shared.rotations(&self.account));
            if self.rng.random_bool(0.03) {
                password.push('x');
            }
            let body = json!({"account": self.account, "password": password});
            let (status, answer) = self.page(Method::POST, "/signin", Some(body)).await?;
            if status == StatusCode::CREATED {
                self.token = answer["token"].as_str().map(ToOwned::to_owned);
            }
        }
        self.token.as_ref().map(|_| ())
    }
}
