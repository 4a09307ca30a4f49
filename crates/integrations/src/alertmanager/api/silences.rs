//! Silences: reading what is posted, deciding what it does, showing what there is.

use firebell_core::ports::alert_source::ParseError;
use firebell_core::silence::{Matcher, Silence};
use firebell_core::telemetry::Labels;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;

use super::filter::SilenceFilter;
use crate::body::{Body, Object, Problem, Root, is_zero, quote};

/// Matchers of one silence.
const MOST: usize = 64;

/// A silence of `GET /api/v2/silences`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GettableSilence {
    /// Id.
    pub id: String,
    /// State at the time of the answer.
    pub status: SilenceStatus,
    /// Last change.
    pub updated_at: Timestamp,
    /// Texts; Firebell keeps none.
    pub annotations: Labels,
    /// Why.
    pub comment: String,
    /// Who.
    pub created_by: String,
    /// Until.
    pub ends_at: Timestamp,
    /// All must match.
    pub matchers: Vec<Matcher>,
    /// From.
    pub starts_at: Timestamp,
}

/// A silence's state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SilenceStatus {
    /// `pending`, `active` or `expired`.
    pub state: &'static str,
}

/// The answer of `POST /api/v2/silences`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SilenceCreated {
    /// Id of the new or changed silence.
    #[serde(rename = "silenceID")]
    pub silence_id: String,
}

/// The body of `POST /api/v2/silences`, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostableSilence {
    /// The silence to change; none for a new one.
    pub id: Option<String>,
    /// At least one, of which at least one matches something.
    pub matchers: Vec<Matcher>,
    /// From; not before now for a new one.
    pub starts_at: Timestamp,
    /// Until; in the future.
    pub ends_at: Timestamp,
    /// Who.
    pub created_by: String,
    /// Why.
    pub comment: String,
}

/// What storing a posted silence means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SilenceWrite {
    /// Insert, or replace by id.
    pub store: Silence,
    /// An old silence that the new one takes over from, ended.
    pub expired: Option<Silence>,
}

/// One silence, shown.
pub fn gettable_silence(silence: &Silence, now: Timestamp) -> GettableSilence {
    GettableSilence {
        id: silence.id.clone(),
        status: SilenceStatus { state: silence.state(now) },
        updated_at: silence.updated_at,
        annotations: Labels::new(),
        comment: silence.comment.clone(),
        created_by: silence.created_by.clone(),
        ends_at: silence.ends_at,
        matchers: silence.matchers.clone(),
        starts_at: silence.starts_at,
    }
}

/// The silences that pass the filter: active, then pending, then expired; by end within each, as Alertmanager sorts.
pub fn gettable_silences<'a>(
    silences: impl IntoIterator<Item = &'a Silence>,
    filter: &SilenceFilter,
    now: Timestamp,
) -> Vec<GettableSilence> {
    let mut out: Vec<_> = silences
        .into_iter()
        .filter(|silence| match silence.state(now) {
            "active" => filter.active,
            "pending" => filter.pending,
            _ => filter.expired,
        })
        .filter(|silence| filter.matchers.iter().all(|wanted| speaks_of(silence, wanted)))
        .map(|silence| gettable_silence(silence, now))
        .collect();
    out.sort_by(|a, b| {
        let rank = |s: &GettableSilence| match s.status.state {
            "active" => 0,
            "pending" => 1,
            _ => 2,
        };
        rank(a).cmp(&rank(b)).then(a.ends_at.cmp(&b.ends_at)).then(a.id.cmp(&b.id))
    });
    out
}

/// A filter of a silence query asks about the silence's own matchers: `alertname="x"` finds the silences that have a
/// matcher for `alertname` whose value is `x`.
fn speaks_of(silence: &Silence, wanted: &Matcher) -> bool {
    silence
        .matchers
        .iter()
        .any(|m| m.name == wanted.name && wanted.matches(&Labels::from([(m.name.clone(), m.value.clone())])))
}

/// Reads and checks the body of `POST /api/v2/silences`.
///
/// # Errors
/// Names the field.
pub fn postable_silence(body: &[u8], now: Timestamp) -> Result<PostableSilence, ParseError> {
    let body = Body::read(body)?;
    let Root::Object(raw) = body.root()? else {
        return Err(ParseError::new("body", "expected a silence, found a list"));
    };
    body.check_utf8(raw).and_then(|()| read(raw, now)).map_err(Problem::fatal)
}

fn read(raw: &RawValue, now: Timestamp) -> Result<PostableSilence, Problem> {
    let silence = Object::parse(raw)?;
    let raw_matchers = silence.list("matchers")?.unwrap_or_default();
    if raw_matchers.is_empty() {
        return Err(Problem::new("matchers", "at least one matcher is required"));
    }
    if raw_matchers.len() > MOST {
        return Err(Problem::new(
            "matchers",
            format!("holds {} matchers: at most {MOST} are kept", raw_matchers.len()),
        ));
    }
    let mut matchers = Vec::with_capacity(raw_matchers.len());
    for (i, raw) in raw_matchers.iter().enumerate() {
        matchers.push(matcher(raw).map_err(|p| p.within(&format!("matchers[{i}]")))?);
    }
    if matchers.iter().all(|m| m.matches(&Labels::new())) {
        let reason =
            "at least one matcher must not match the empty text: this silence would cover every alert";
        return Err(Problem::new("matchers", reason));
    }
    let set = |at: Option<Timestamp>| at.filter(|at| !is_zero(*at));
    let starts_at = set(silence.time("startsAt")?).unwrap_or(now);
    let Some(ends_at) = set(silence.time("endsAt")?) else {
        return Err(Problem::new("endsAt", "is required: a silence must end"));
    };
    if ends_at <= starts_at {
        return Err(Problem::new("endsAt", format!("{ends_at} is not after startsAt {starts_at}")));
    }
    if ends_at <= now {
        return Err(Problem::new("endsAt", format!("{ends_at} is in the past")));
    }
    let said = |name: &str, what: &str| {
        let text = silence.text(name)?;
        text.map(std::borrow::Cow::into_owned)
            .ok_or_else(|| Problem::new(name, format!("is required: a text that says {what}")))
    };
    Ok(PostableSilence {
        id: silence.filled("id")?,
        matchers,
        starts_at,
        ends_at,
        created_by: said("createdBy", "who silences")?,
        comment: said("comment", "why")?,
    })
}

fn matcher(raw: &RawValue) -> Result<Matcher, Problem> {
    let matcher = Object::parse(raw)?;
    let matcher = Matcher {
        name: matcher.need("name")?,
        value: matcher
            .text("value")?
            .ok_or_else(|| Problem::new("value", "is required: expected a text"))?
            .into_owned(),
        is_regex: matcher.flag("isRegex")?.unwrap_or(false),
        is_equal: matcher.flag("isEqual")?.unwrap_or(true),
    };
    matcher.check().map_err(|_| {
        Problem::new("value", format!("{} is not a regular expression", quote(&matcher.value)))
    })?;
    Ok(matcher)
}

/// What a posted silence does. `existing` is the silence that its `id` names, `new_id` is used where a new one is made: a
/// silence that has not ended and keeps its matchers is changed in place, any other is replaced, as Alertmanager does.
///
/// # Errors
/// If the id names no silence.
pub fn put(
    posted: PostableSilence,
    existing: Option<&Silence>,
    new_id: &str,
    now: Timestamp,
) -> Result<SilenceWrite, ParseError> {
    let PostableSilence { id, matchers, starts_at, ends_at, created_by, comment } = posted;
    let fresh = |id: &str, starts_at: Timestamp, matchers| Silence {
        id: id.to_owned(),
        matchers,
        starts_at,
        ends_at,
        updated_at: now,
        created_by: created_by.clone(),
        comment: comment.clone(),
    };
    let Some(id) = id else {
        return Ok(SilenceWrite { store: fresh(new_id, starts_at.max(now), matchers), expired: None });
    };
    let Some(old) = existing.filter(|old| old.id == id) else {
        return Err(ParseError::new(
            "id",
            format!("{} is not a silence here: leave it out to make a new one", quote(&id)),
        ));
    };
    let in_place = old.matchers == matchers
        && match old.state(now) {
            // What has begun has begun. By the second: clients hand the start back rounded.
            "active" => starts_at.as_second() == old.starts_at.as_second(),
            "pending" => true,
            _ => false,
        };
    if in_place {
        let starts_at = if old.state(now) == "active" { old.starts_at } else { starts_at.max(now) };
        return Ok(SilenceWrite { store: fresh(&id, starts_at, matchers), expired: None });
    }
    let expired = (old.state(now) != "expired").then(|| expire(old, now));
    Ok(SilenceWrite { store: fresh(new_id, starts_at.max(now), matchers), expired })
}

/// A silence, ended now. One that has ended already stays as it is.
pub fn expire(silence: &Silence, now: Timestamp) -> Silence {
    let mut out = silence.clone();
    match silence.state(now) {
        "expired" => return out,
        "pending" => out.starts_at = now,
        _ => {}
    }
    out.ends_at = now;
    out.updated_at = now;
    out
}
