//! Pages of lists. A cursor says after which row the next page begins, so that rows which come meanwhile neither shift
//! nor repeat what follows.

use axum::Json;
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::spec::{Operation, schema};
use crate::problem::Problem;
use crate::query::Pairs;

/// Longest cursor.
const MAX_CURSOR: usize = 4096;

/// How a list is paged: which list, and how it is sorted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Paging {
    /// Name of the list, as in the answer.
    pub(crate) field: &'static str,
    /// Rows where no limit is asked for.
    pub(crate) usual: usize,
    /// Most rows.
    pub(crate) most: usize,
    /// Orders; the first is the usual one.
    pub(crate) sorts: &'static [&'static str],
}

/// What a request asks for.
#[derive(Debug, Clone)]
pub(crate) struct Asked<K> {
    pub(crate) limit: usize,
    pub(crate) sort: &'static str,
    /// Key of the row after which the page begins.
    pub(crate) after: Option<K>,
}

/// A row whose key is not part of what is shown.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub(crate) struct Keyed<K> {
    #[serde(skip)]
    pub(crate) key: K,
    pub(crate) row: Value,
}

impl Paging {
    /// Declares the parameters that all lists have.
    pub(crate) fn declare(&self, operation: Operation, of: Value) -> Operation {
        let most = i64::try_from(self.most).unwrap_or(i64::MAX);
        let operation = operation.query("limit", "Rows of a page.", schema::whole(1, most)).query(
            "cursor",
            "`next_cursor` of the page before.",
            json!({"type": "string", "minLength": 1, "maxLength": MAX_CURSOR}),
        );
        let operation = if self.sorts.len() > 1 {
            operation.query(
                "sort",
                "Order; `-` is descending. The first is the usual one.",
                schema::one_of(self.sorts),
            )
        } else {
            operation
        };
        operation.answers(200, "One page.", schema::page(self.field, of))
    }

    /// Reads them.
    ///
    /// # Errors
    /// Names the parameter.
    pub(crate) fn read<K: DeserializeOwned>(&self, query: &Pairs) -> Result<Asked<K>, Problem> {
        let limit = match query.get("limit") {
            None => self.usual,
            // What is beyond is cut, as it always was; what is no number is not.
            Some(_) => query
                .read::<usize>("limit", &format!("a number of rows, 1 to {}", self.most))?
                .unwrap_or(self.usual)
                .clamp(1, self.most),
        };
        let sort = match query.get("sort") {
            None => self.sorts[0],
            Some(name) => *self.sorts.iter().find(|s| **s == name).ok_or_else(|| {
                Problem::bad_request("sort", format!("is none of {}", self.sorts.join(", ")))
            })?,
        };
        let after = match query.get("cursor") {
            None => None,
            Some(text) => Some(self.open(text, sort).ok_or_else(|| {
                Problem::bad_request(
                    "cursor",
                    "is not a next_cursor of this list in this order: take the one that the page before gave",
                )
            })?),
        };
        Ok(Asked { limit, sort, after })
    }

    fn open<K: DeserializeOwned>(&self, text: &str, sort: &str) -> Option<K> {
        if text.len() > MAX_CURSOR {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (list, order, key): (String, String, K) = serde_json::from_slice(&bytes).ok()?;
        (list == self.field && order == sort).then_some(key)
    }

    /// The answer: at most `limit` rows of those found, and where the next page begins if there are more.
    pub(crate) fn answer<R: Serialize, K: Serialize>(
        &self,
        uri: &Uri,
        asked: &Asked<K>,
        mut rows: Vec<R>,
        key: impl Fn(&R) -> K,
    ) -> Response {
        let more = rows.len() > asked.limit;
        rows.truncate(asked.limit);
        let cursor = rows.last().filter(|_| more).and_then(|row| {
            let text = serde_json::to_vec(&(self.field, asked.sort, key(row))).ok()?;
            Some(URL_SAFE_NO_PAD.encode(text))
        });
        let mut body = Map::new();
        body.insert(self.field.to_owned(), json!(rows));
        body.insert("next_cursor".to_owned(), json!(cursor));
        let mut headers = HeaderMap::new();
        if let Some(link) = cursor.and_then(|cursor| HeaderValue::from_str(&link(uri, &cursor)).ok()) {
            headers.insert(header::LINK, link);
        }
        (headers, Json(Value::Object(body))).into_response()
    }
}

/// The same address with another cursor.
fn link(uri: &Uri, cursor: &str) -> String {
    let others = uri.query().unwrap_or_default().split('&');
    let mut query: Vec<&str> =
        others.filter(|pair| !pair.is_empty() && *pair != "cursor" && !pair.starts_with("cursor=")).collect();
    let cursor = format!("cursor={cursor}");
    query.push(&cursor);
    format!("<{}?{}>; rel=\"next\"", uri.path(), query.join("&"))
}
