//! Accounts: customers, sign-in, sessions. Passwords are kept as salted, iterated SHA-256.

use std::{sync::Arc, time::Duration};

use axum::{
    Extension, Json, Router,
    extract::{Path, State},
    http::StatusCode,
    routing::{get, post},
};
use jiff::Timestamp;
use rusqlite::Connection;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::common::text;
use crate::{
    Error, seed,
    service::{Answer, Cx, Failure, Service},
    telemetry::Level,
};

/// Registered customers.
pub(crate) const ACCOUNTS: usize = 400;
/// Rounds of hashing: enough to be real work, little enough for a toy.
const ROUNDS: usize = 300;
/// How long a request waits for the session store.
const LOCK_WAIT: Duration = Duration::from_millis(700);

type Accounts = State<Arc<Service>>;

pub(super) fn routes() -> Router<Arc<Service>> {
    Router::new()
        .route("/sessions", post(sign_in))
        .route("/sessions/{token}", get(session))
        .route("/customers/{account}", get(customer))
}

/// The name of the n-th customer.
pub(crate) fn account_name(n: usize) -> String {
    format!("user-{n:04}")
}

/// The password of a customer after so many replacements. The customers know it; the database holds a hash.
pub(crate) fn password_of(seed: u64, account: &str, rotations: u32) -> String {
    seed::commit(seed, &format!("password/{account}/{rotations}"))[..14].to_owned()
}

fn hash(salt: &str, password: &str) -> String {
    let mut digest = Sha256::digest(format!("{salt}:{password}").as_bytes());
    for _ in 0..ROUNDS {
        digest = Sha256::digest(digest);
    }
    hex::encode(digest)
}

pub(super) fn setup(service: &Service) -> Result<(), Error> {
    let seed = service.shared.options.seed;
    service.setup(|db| {
        db.execute_batch(
            "CREATE TABLE IF NOT EXISTS accounts (name TEXT PRIMARY KEY, salt TEXT, hash TEXT, tier TEXT);
             CREATE TABLE IF NOT EXISTS sessions (token TEXT PRIMARY KEY, account TEXT, until INTEGER);
             CREATE INDEX IF NOT EXISTS sessions_account ON sessions (account);
             BEGIN",
        )?;
        let known: i64 = db.query_row("SELECT count(*) FROM accounts", [], |r| r.get(0))?;
        for n in 0..ACCOUNTS {
            if known > 0 {
                break;
            }
            let name = account_name(n);
            let salt = seed::commit(seed, &format!("salt/{name}"))[..12].to_owned();
            let hash = hash(&salt, &password_of(seed, &name, 0));
            let tier = ["basic", "silver", "gold"][n % 3];
            db.execute("INSERT INTO accounts VALUES (?1, ?2, ?3, ?4)", (&name, &salt, &hash, tier))?;
        }
        db.execute_batch("COMMIT")
    })
}

/// Takes part in the process's session store, as every request must.
async fn store(service: &Service) -> Result<tokio::sync::OwnedRwLockReadGuard<()>, Failure> {
    tokio::time::timeout(LOCK_WAIT, service.lock().read_owned()).await.map_err(|_| {
        let wait = LOCK_WAIT.as_millis();
        Failure::unavailable(format!(
            "timed out after {wait} ms waiting for the session store lock held by session-sweeper"
        ))
    })
}

fn audit(service: &Service, cx: &Cx, account: &str, result: &str) {
    let account: String = account.chars().filter(|c| c.is_ascii_graphic()).take(60).collect();
    let line = format!("{:.3} ip={} account={account} result={result}", Timestamp::now(), cx.client_ip);
    service.shared.logs.raw("auth", &line, false);
    service.metrics.inc("signins_total", &[("result", result)]);
}

async fn sign_in(State(service): Accounts, Extension(cx): Extension<Cx>, Json(body): Json<Value>) -> Answer {
    const FIND: &str = "SELECT salt, hash FROM accounts WHERE name = ?1";
    const INSERT: &str = "INSERT INTO sessions (token, account, until) VALUES (?1, ?2, ?3)";
    let (account, password) = (text(&body, "account")?, text(&body, "password")?);
    let _store = store(&service).await?;
    let lease = service.database(&cx).await?;
    let found = service
        .query(&cx, &lease, FIND, |db| {
            let mut statement = db.prepare_cached(FIND)?;
            let mut rows = statement.query([account])?;
            rows.next()?.map(|r| Ok((r.get::<_, String>(0)?, r.get::<_, String>(1)?))).transpose()
        })
        .await?;
    // An unknown account takes as long as a known one.
    let (salt, known) = found.unwrap_or_default();
    if hash(&salt, password) != known {
        audit(&service, &cx, account, "failed");
        return Err(Failure::new(StatusCode::UNAUTHORIZED, "wrong account or password"));
    }
    let token = hex::encode(rand::random::<[u8; 16]>());
    let ttl = i64::try_from(service.config("session_ttl_s", 1800)).unwrap_or(1800);
    let until = Timestamp::now().as_second().saturating_add(ttl);
    service
        .write(&cx, &lease, INSERT, |db| db.prepare_cached(INSERT)?.execute((&token, account, until)))
        .await?;
    audit(&service, &cx, account, "success");
    Ok((StatusCode::CREATED, Json(json!({"token": token, "account": account}))))
}

async fn session(
    State(service): Accounts,
    Extension(cx): Extension<Cx>,
    Path(token): Path<String>,
) -> Answer {
    const FIND: &str = "SELECT account FROM sessions WHERE token = ?1 AND until > ?2";
    let _store = store(&service).await?;
    let lease = service.database(&cx).await?;
    let now = Timestamp::now().as_second();
    let account = service
        .query(&cx, &lease, FIND, |db| {
            let mut statement = db.prepare_cached(FIND)?;
            let mut rows = statement.query((&token, now))?;
            rows.next()?.map(|r| r.get::<_, String>(0)).transpose()
        })
        .await?;
    match account {
        Some(account) => Ok((StatusCode::OK, Json(json!({"account": account})))),
        None => Err(Failure::new(StatusCode::NOT_FOUND, "no such session")),
    }
}

async fn customer(
    State(service): Accounts,
    Extension(cx): Extension<Cx>,
    Path(account): Path<String>,
) -> Answer {
    const FIND: &str = "SELECT tier FROM accounts WHERE name = ?1";
    let _store = store(&service).await?;
    let lease = service.database(&cx).await?;
    let tier = service
        .query(&cx, &lease, FIND, |db| {
            let mut statement = db.prepare_cached(FIND)?;
            let mut rows = statement.query([&account])?;
            rows.next()?.map(|r| r.get::<_, String>(0)).transpose()
        })
        .await?;
    match tier {
        Some(tier) => Ok((StatusCode::OK, Json(json!({"account": account, "tier": tier})))),
        None => Err(Failure::new(StatusCode::NOT_FOUND, format!("no account {account}"))),
    }
}

/// Gives accounts the password of their newest rotation and ends their sessions.
pub(crate) fn rotate(service: &Service, rotations: &[(String, u32)]) -> Result<(), Error> {
    let seed = service.shared.options.seed;
    service.setup(|db: &Connection| {
        for (account, count) in rotations {
            let salt = hex::encode(rand::random::<[u8; 6]>());
            let hash = hash(&salt, &password_of(seed, account, *count));
            db.execute("UPDATE accounts SET salt = ?2, hash = ?3 WHERE name = ?1", (account, &salt, &hash))?;
            db.execute("DELETE FROM sessions WHERE account = ?1", [account])?;
        }
        Ok(())
    })
}

/// Ends the sessions of accounts; gives how many there were.
pub(crate) fn revoke(service: &Service, accounts: &[String]) -> Result<usize, Error> {
    let mut ended = 0;
    service.setup(|db: &Connection| {
        for account in accounts {
            ended += db.execute("DELETE FROM sessions WHERE account = ?1", [account])?;
        }
        Ok(())
    })?;
    Ok(ended)
}

/// The sweeper removes expired sessions under the store's write lock. When the condition of the accounts service is
/// `hung` it waits for an answer that never comes and keeps the lock; when `crashed` the process ends and stays down.
pub(crate) async fn run_sweeper(service: Arc<Service>) {
    let mut restarts = service.restarts.subscribe();
    let mut ticks = tokio::time::interval(Duration::from_millis(500));
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        match service.shared.read(|w| w.conditions.accounts.clone()).as_deref() {
            Some("hung") => {
                let lock = service.lock();
                let _held = lock.write().await;
                let message = "session sweep started, waiting for the archive to confirm";
                service.log(Level::Info, message, &[("job", "session-sweeper")], None);
                // Only the end of the process ends this, or the fault being taken out.
                loop {
                    let restarted =
                        tokio::time::timeout(Duration::from_millis(300), restarts.changed()).await;
                    if restarted.is_ok() || service.shared.read(|w| w.conditions.accounts.is_none()) {
                        break;
                    }
                }
            }
            Some(_) if service.fleet.ready() > 0 => {
                let fields = [("exit_code", "101"), ("state", "CrashLoopBackOff")];
                let message =
                    "thread 'main' panicked: session index is corrupt; back-off restarting failed process";
                service.log(Level::Error, message, &fields, None);
                for replica in service.fleet.all() {
                    replica.stop();
                }
            }
            _ => {
                let now = Timestamp::now().as_second();
                let lock = service.lock();
                let _held = lock.write().await;
                let swept = service
                    .setup(|db| db.execute("DELETE FROM sessions WHERE until < ?1", [now]).map(|_| ()));
                if let Err(error) = swept {
                    service.log(Level::Warn, "session sweep failed", &[("error", &error.to_string())], None);
                }
            }
        }
    }
}
