//! The catalog: products, prices, ratings.

use std::sync::Arc;

use axum::{
    Extension, Json, Router,
    extract::{Path, RawQuery, State},
    http::StatusCode,
    routing::get,
};
use rand::RngExt;
use serde_json::{Value, json};

use super::common::number;
use crate::{
    Error, seed,
    service::{Answer, Call, Cx, Failure, Lease, Service},
    world::Defect,
};

/// Products on sale.
pub(crate) const PRODUCTS: i64 = 240;

type Catalog = State<Arc<Service>>;

const LIST: &str = "SELECT p.id, p.name, c.cents, r.stars FROM products p JOIN prices c ON c.product = p.id \
                    LEFT JOIN ratings r ON r.product = p.id WHERE p.id > ?1 ORDER BY p.id LIMIT ?2";
const ONE: &str = "SELECT p.id, p.name, c.cents, r.stars FROM products p JOIN prices c ON c.product = p.id \
                   LEFT JOIN ratings r ON r.product = p.id WHERE p.id = ?1";

pub(super) fn routes() -> Router<Arc<Service>> {
    Router::new()
        .route("/featured", get(featured))
        .route("/products", get(list))
        .route("/products/{id}", get(product))
        .route("/prices/{id}", get(price))
}

pub(super) fn setup(service: &Service) -> Result<(), Error> {
    let mut rng = seed::rng(service.shared.options.seed, "catalog");
    service.setup(|db| {
        db.execute_batch(
            "CREATE TABLE IF NOT EXISTS products (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
             CREATE TABLE IF NOT EXISTS prices (product INTEGER PRIMARY KEY, cents INTEGER NOT NULL);
             CREATE TABLE IF NOT EXISTS ratings (product INTEGER PRIMARY KEY, stars REAL);
             CREATE TABLE IF NOT EXISTS images (product INTEGER PRIMARY KEY, file TEXT NOT NULL);
             BEGIN",
        )?;
        for id in 1..=PRODUCTS {
            let cents = rng.random_range(5..140) * 100 + [0, 50, 95][rng.random_range(0..3)];
            db.execute("INSERT OR IGNORE INTO products VALUES (?1, ?2)", (id, format!("Product {id}")))?;
            db.execute("INSERT OR IGNORE INTO prices VALUES (?1, ?2)", (id, cents))?;
            db.execute("INSERT OR IGNORE INTO images VALUES (?1, ?2)", (id, format!("p/{id}.avif")))?;
            // Some products nobody has rated yet.
            if id % 3 != 0 {
                let stars = f64::from(rng.random_range(20..50)) / 10.0;
                db.execute("INSERT OR IGNORE INTO ratings VALUES (?1, ?2)", (id, stars))?;
            }
        }
        db.execute_batch("COMMIT")
    })
}

type Row = (i64, String, i64, Option<f64>);

fn row(row: &rusqlite::Row<'_>) -> rusqlite::Result<Row> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
}

fn json_of((id, name, cents, stars): Row) -> Value {
    json!({"id": id, "name": name, "price_cents": cents, "rating": stars})
}

async fn page(
    service: &Service,
    cx: &Cx,
    lease: &Lease,
    after: i64,
    size: i64,
) -> Result<Vec<Value>, Failure> {
    let rows = service
        .query(cx, lease, LIST, |db| {
            db.prepare_cached(LIST)?.query_map((after, size), row)?.collect::<Result<Vec<_>, _>>()
        })
        .await?;
    Ok(rows.into_iter().map(json_of).collect())
}

/// The same page as the newer code builds it: lazily, through the object mapper.
async fn page_one_by_one(
    service: &Service,
    cx: &Cx,
    lease: &Lease,
    after: i64,
    size: i64,
) -> Result<Vec<Value>, Failure> {
    const IDS: &str = "SELECT id, name FROM products WHERE id > ?1 ORDER BY id LIMIT ?2";
    const PRICE: &str = "SELECT cents FROM prices WHERE product = ?1";
    const STARS: &str = "SELECT stars FROM ratings WHERE product = ?1";
    const IMAGE: &str = "SELECT file FROM images WHERE product = ?1";
    let names = service
        .query(cx, lease, IDS, |db| {
            let mut statement = db.prepare_cached(IDS)?;
            let rows =
                statement.query_map((after, size), |r| Ok((r.get::<_, i64>(0)?, r.get::<_, String>(1)?)))?;
            rows.collect::<Result<Vec<_>, _>>()
        })
        .await?;
    let mut items = Vec::with_capacity(names.len());
    for (id, name) in names {
        let cents = service
            .query(cx, lease, PRICE, |db| db.prepare_cached(PRICE)?.query_row([id], |r| r.get(0)))
            .await?;
        let stars = service
            .query(cx, lease, STARS, |db| {
                let mut statement = db.prepare_cached(STARS)?;
                let mut rows = statement.query([id])?;
                rows.next()?.map(|r| r.get::<_, Option<f64>>(0)).transpose()
            })
            .await?;
        let image: String = service
            .query(cx, lease, IMAGE, |db| db.prepare_cached(IMAGE)?.query_row([id], |r| r.get(0)))
            .await?;
        let mut item = json_of((id, name, cents, stars.flatten()));
        item["image"] = json!(image);
        items.push(item);
    }
    Ok(items)
}

async fn stock(service: &Service, cx: &Cx, ids: &[i64]) -> Result<Value, Failure> {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let mut call = Call::get(
        "inventory",
        "/stock",
        format!("/stock?ids={}", ids.join(",")),
        service.config("inventory_timeout_ms", 1000),
    );
    let elsewhere = service.shared.service(service.name, |s| {
        s.config.get("inventory_url").and_then(Value::as_str).filter(|u| !u.is_empty()).map(ToOwned::to_owned)
    });
    call.base = elsewhere.flatten();
    Ok(service.call(cx, call.retried(1)).await?.1)
}

async fn featured(State(service): Catalog, Extension(cx): Extension<Cx>) -> Answer {
    let lease = service.database(&cx).await?;
    let day = i64::try_from(crate::telemetry::now_ns() / 1_000_000_000 / 20).unwrap_or(0);
    let items = page(&service, &cx, &lease, (day * 8) % (PRODUCTS - 8), 8).await?;
    let badges = service.flag("new_badges", cx.account.as_deref().unwrap_or(&cx.client_ip));
    Ok((StatusCode::OK, Json(json!({"featured": items, "badges": badges}))))
}

async fn list(State(service): Catalog, Extension(cx): Extension<Cx>, RawQuery(query): RawQuery) -> Answer {
    let number = query.as_deref().and_then(|q| q.strip_prefix("page=")).and_then(|p| p.parse::<i64>().ok());
    let size = i64::try_from(service.config("page_size", 40)).unwrap_or(40).clamp(1, 100);
    let after = (number.unwrap_or(0).max(0) * size) % PRODUCTS;
    let customer = cx.account.as_deref().unwrap_or(&cx.client_ip);
    let lease = service.database(&cx).await?;
    let items = if service.has(Defect::ListsOneByOne) && !service.flag("eager_loading", customer) {
        page_one_by_one(&service, &cx, &lease, after, size).await?
    } else {
        page(&service, &cx, &lease, after, size).await?
    };
    Ok((StatusCode::OK, Json(json!({"items": items}))))
}

async fn find(service: &Service, cx: &Cx, id: i64) -> Result<Row, Failure> {
    let lease = service.database(cx).await?;
    let found = service
        .query(cx, &lease, ONE, |db| {
            let mut statement = db.prepare_cached(ONE)?;
            let mut rows = statement.query([id])?;
            rows.next()?.map(row).transpose()
        })
        .await?;
    found.ok_or_else(|| Failure::new(StatusCode::NOT_FOUND, format!("no product {id}")))
}

async fn product(State(service): Catalog, Extension(cx): Extension<Cx>, Path(id): Path<i64>) -> Answer {
    let found = find(&service, &cx, id).await?;
    if service.has(Defect::MissingRating) && found.3.is_none() {
        return Err(Failure::exception(
            format!("RatingBadge: called `rating.stars` on a product without rating (product {id})"),
            &[
                "catalog::view::RatingBadge::render (services/catalog/src/view/badge.rs:41:22)",
                "catalog::view::ProductPage::build (services/catalog/src/view/page.rs:118:14)",
                "catalog::handlers::product (services/catalog/src/handlers.rs:77:9)",
            ],
        ));
    }
    let stock = stock(&service, &cx, &[id]).await?;
    let mut tier = Value::Null;
    if let Some(account) = &cx.account {
        // The price shown depends on the customer's tier.
        let call =
            Call::get("accounts", "/customers/{account}", format!("/customers/{account}"), 800).retried(2);
        tier = service.call(&cx, call).await?.1["tier"].clone();
    }
    let compact = service.flag("compact_product_page", cx.account.as_deref().unwrap_or(&cx.client_ip));
    let mut page = json_of(found);
    page["stock"] = stock["stock"][id.to_string()].clone();
    page["tier"] = tier;
    // The compact page was built without its button.
    page["actions"] = if compact { json!(["share"]) } else { json!(["buy", "share"]) };
    Ok((StatusCode::OK, Json(page)))
}

async fn price(State(service): Catalog, Extension(cx): Extension<Cx>, Path(id): Path<i64>) -> Answer {
    let found = json_of(find(&service, &cx, id).await?);
    let cents = number(&found, "price_cents")?;
    Ok((StatusCode::OK, Json(json!({"id": id, "price_cents": cents}))))
}
