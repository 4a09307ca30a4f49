//! Somebody with a list of leaked passwords and a number of machines.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use axum::http::{Method, StatusCode};
use rand::RngExt;
use serde_json::json;
use tokio::{
    sync::{Mutex, Semaphore},
    time::Instant,
};

use super::door::Outside;
use crate::{seed, services::accounts};

/// Attempts under way at a time.
const PARALLEL: usize = 48;
/// How long a machine that was told to slow down stays quiet; four times as long each further time: there are easier
/// targets.
const QUIET: Duration = Duration::from_secs(6);
/// Longest quiet, in powers of four.
const PATIENCE: u32 = 3;

/// Attacks while there is an attack, until the task is dropped.
pub(crate) async fn run_attackers(outside: Outside) {
    let shop_seed = outside.shared.options.seed;
    let mut rng = seed::rng(shop_seed, "attack");
    let slots = Arc::new(Semaphore::new(PARALLEL));
    let quiet: Arc<Mutex<BTreeMap<String, (Instant, u32)>>> = Arc::default();
    loop {
        let Some(attack) = outside.shared.read(|w| w.conditions.attack.clone()) else {
            tokio::time::sleep(Duration::from_millis(300)).await;
            continue;
        };
        tokio::time::sleep(Duration::from_secs_f64(1.0 / f64::from(attack.per_second.max(1)))).await;
        if attack.ips.is_empty() {
            continue;
        }
        let ip = attack.ips[rng.random_range(0..attack.ips.len())].clone();
        if quiet.lock().await.get(&ip).is_some_and(|(until, _)| *until > Instant::now()) {
            continue;
        }
        let victim = !attack.victims.is_empty() && rng.random_bool(0.06);
        let (account, password) = if victim {
            let account = attack.victims[rng.random_range(0..attack.victims.len())].clone();
            // The leaked password is the one that its owner used everywhere, from the first day.
            let password = accounts::password_of(shop_seed, &account, 0);
            (account, password)
        } else {
            let n = rng.random_range(0..accounts::ACCOUNTS * 2);
            (accounts::account_name(n), format!("Summer{}!", rng.random_range(2010..2026)))
        };
        let Ok(slot) = Arc::clone(&slots).try_acquire_owned() else { continue };
        let (outside, quiet) = (outside.clone(), Arc::clone(&quiet));
        tokio::spawn(async move {
            let body = json!({"account": account, "password": password});
            let reply = outside.ask(Method::POST, "/signin", Some(body), &ip, &[]).await;
            if let Some((StatusCode::TOO_MANY_REQUESTS, _)) = reply {
                let mut quiet = quiet.lock().await;
                let (until, told) = quiet.entry(ip).or_insert_with(|| (Instant::now(), 0));
                // Answers to attempts that were under way already say nothing new.
                if *until <= Instant::now() {
                    *until = Instant::now() + QUIET * 4u32.pow((*told).min(PATIENCE));
                    *told += 1;
                }
            }
            drop(slot);
        });
    }
}
