//! The two JSON forms that are large, read without a tree in between: range answers of Prometheus and traces of Jaeger.
//! What is not exactly of the form is left to the readers that take more.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use firebell_core::telemetry::{Labels, MetricKind, Series, Span, SpanKind};
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, SeqAccess, Visitor};

use super::{jaeger, prometheus};

/// Reads a range answer; `None` if it is not exactly one.
pub(super) fn matrix(bytes: &[u8], source: &str) -> Option<Vec<Series>> {
    #[derive(Deserialize)]
    struct Answer {
        #[serde(default)]
        status: String,
        data: Data,
    }
    #[derive(Deserialize)]
    struct Data {
        result: Vec<Item>,
    }
    #[derive(Deserialize)]
    struct Item {
        metric: Labels,
        values: Vec<Sample>,
        firebell_component: Option<String>,
        firebell_kind: Option<MetricKind>,
    }
    let answer: Answer = serde_json::from_slice(bytes).ok().filter(|a: &Answer| a.status != "error")?;
    let series = answer.data.result.into_iter().map(|item| {
        let mut labels = item.metric;
        let name = labels.remove("__name__").unwrap_or_default();
        let mut points: Vec<(i64, f64)> = item.values.into_iter().filter_map(|s| s.0).collect();
        prometheus::order(&mut points);
        let kind = item.firebell_kind.unwrap_or_else(|| prometheus::kind_of(&name, &labels));
        Series { source: source.to_owned(), name, labels, component: item.firebell_component, kind, points }
    });
    Some(series.filter(|s| !s.points.is_empty()).collect())
}

/// `[1767607200, "0.5"]`; `None` for what is no finite number.
struct Sample(Option<(i64, f64)>);

impl<'de> Deserialize<'de> for Sample {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Pair;
        impl<'de> Visitor<'de> for Pair {
            type Value = Sample;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a time and a value")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Sample, A::Error> {
                let at: f64 = seq.next_element()?.ok_or_else(|| A::Error::custom("no time"))?;
                let value: Scalar<'de> = seq.next_element()?.ok_or_else(|| A::Error::custom("no value"))?;
                let value = value.0.parse::<f64>().ok().filter(|v| v.is_finite() && at.abs() < 2.5e11);
                Ok(Sample(value.map(|v| ((at * 1000.0).round() as i64, v))))
            }
        }
        d.deserialize_seq(Pair)
    }
}

/// A text, number or truth value as text.
struct Scalar<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Scalar<'a> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Scalar<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, a number or a truth value")
            }
            fn visit_borrowed_str<E>(self, v: &'de str) -> Result<Scalar<'de>, E> {
                Ok(Scalar(Cow::Borrowed(v)))
            }
            fn visit_str<E>(self, v: &str) -> Result<Scalar<'de>, E> {
                Ok(Scalar(Cow::Owned(v.to_owned())))
            }
            fn visit_bool<E>(self, v: bool) -> Result<Scalar<'de>, E> {
                Ok(Scalar(Cow::Borrowed(if v { "true" } else { "false" })))
            }
            fn visit_i64<E>(self, v: i64) -> Result<Scalar<'de>, E> {
                Ok(Scalar(Cow::Owned(v.to_string())))
            }
            fn visit_u64<E>(self, v: u64) -> Result<Scalar<'de>, E> {
                Ok(Scalar(Cow::Owned(v.to_string())))
            }
            fn visit_f64<E>(self, v: f64) -> Result<Scalar<'de>, E> {
                Ok(Scalar(Cow::Owned(serde_json::Value::from(v).to_string())))
            }
        }
        d.deserialize_any(Any)
    }
}

#[derive(Deserialize)]
struct Tag<'a> {
    #[serde(borrow)]
    key: Cow<'a, str>,
    #[serde(borrow)]
    value: Scalar<'a>,
}

#[derive(Deserialize)]
struct Process<'a> {
    #[serde(borrow, rename = "serviceName")]
    service: Cow<'a, str>,
    #[serde(borrow, default)]
    tags: Vec<Tag<'a>>,
}

#[derive(Deserialize)]
struct Reference<'a> {
    #[serde(borrow, rename = "refType")]
    kind: Cow<'a, str>,
    #[serde(borrow, rename = "spanID")]
    span: Cow<'a, str>,
}

#[derive(Deserialize)]
struct RawSpan<'a> {
    #[serde(borrow, rename = "traceID")]
    trace: Cow<'a, str>,
    #[serde(borrow, rename = "spanID")]
    id: Cow<'a, str>,
    #[serde(borrow, rename = "operationName")]
    operation: Cow<'a, str>,
    #[serde(borrow, default)]
    references: Vec<Reference<'a>>,
    #[serde(rename = "startTime")]
    start: i64,
    duration: i64,
    #[serde(borrow, default)]
    tags: Vec<Tag<'a>>,
    #[serde(borrow, rename = "processID")]
    process_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    process: Option<Process<'a>>,
    #[serde(borrow, rename = "parentSpanID")]
    parent: Option<Cow<'a, str>>,
}

/// Reads an answer of Jaeger's query API; `None` if it is not exactly one.
pub(super) fn jaeger(bytes: &[u8], source: &str) -> Option<Vec<Span>> {
    #[derive(Deserialize)]
    struct Answer<'a> {
        #[serde(borrow)]
        data: Vec<Trace<'a>>,
    }
    #[derive(Deserialize)]
    struct Trace<'a> {
        #[serde(borrow)]
        spans: Vec<RawSpan<'a>>,
        #[serde(borrow, default)]
        processes: BTreeMap<Cow<'a, str>, Process<'a>>,
    }
    let answer: Answer<'_> = serde_json::from_slice(bytes).ok()?;
    let mut out = Vec::with_capacity(answer.data.iter().map(|t| t.spans.len()).sum());
    for trace in answer.data {
        for raw in trace.spans {
            let by_id = trace.processes.get(raw.process_id.as_deref().unwrap_or("p1"));
            out.push(span(&raw, raw.process.as_ref().or(by_id), source));
        }
    }
    Some(out)
}

fn span(raw: &RawSpan<'_>, process: Option<&Process<'_>>, source: &str) -> Span {
    let mut attributes = Labels::new();
    let mut kind = SpanKind::Internal;
    let mut error = false;
    for tag in &raw.tags {
        let value = &*tag.value.0;
        match &*tag.key {
            "span.kind" => kind = jaeger::kind_of(value),
            "error" => error |= value == "true",
            key => {
                error |= key == "otel.status_code" && value.eq_ignore_ascii_case("error");
                attributes.insert(key.to_owned(), value.to_owned());
            }
        }
    }
    for tag in process.map_or(&[][..], |p| &p.tags) {
        attributes.entry(tag.key.clone().into_owned()).or_insert_with(|| tag.value.0.clone().into_owned());
    }
    let parent = raw.references.iter().find(|r| r.kind == "CHILD_OF").or_else(|| raw.references.first());
    let parent = parent.map(|r| &r.span).or(raw.parent.as_ref()).filter(|p| !p.is_empty());
    Span {
        source: source.to_owned(),
        trace_id: raw.trace.to_lowercase(),
        span_id: raw.id.to_lowercase(),
        parent_id: parent.map(|p| p.to_lowercase()),
        component: process.map(|p| p.service.clone().into_owned()).unwrap_or_default(),
        operation: raw.operation.clone().into_owned(),
        kind,
        start_us: raw.start,
        duration_us: raw.duration,
        error,
        attributes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_read_what_the_readers_of_trees_read() {
        let text = r#"{"status":"success","data":{"resultType":"matrix","result":[
            {"metric":{"__name__":"x_total","a":"b\"c"},"values":[[2,"2"],[1.5,"NaN"],[1,3]]},{"metric":{},"values":[]}]}}"#;
        let tree = serde_json::from_str(text).expect("JSON");
        assert_eq!(matrix(text.as_bytes(), "s"), prometheus::matrix(&tree, "s").ok());
        let text = r#"{"data":[{"traceID":"A1","processes":{"p1":{"serviceName":"web","tags":[{"key":"host","value":"h"}]}},"spans":[
            {"traceID":"A1","spanID":"B1","operationName":"GET","references":[],"startTime":5,"duration":-1,"processID":"p1","tags":[{"key":"span.kind","value":"server"},{"key":"error","value":true},{"key":"n","value":1.5}]},
            {"traceID":"A1","spanID":"B2","operationName":"q","references":[{"refType":"CHILD_OF","traceID":"A1","spanID":"B1"}],"startTime":6,"duration":1,"process":{"serviceName":"db"}}]}]}"#;
        let tree = serde_json::from_str(text).expect("JSON");
        assert_eq!(jaeger(text.as_bytes(), "s"), super::jaeger::spans(&tree, "s").ok());
        assert_eq!(jaeger(br#"{"data":[{"spans":[{"traceID":1}]}]}"#, "s"), None);
        assert_eq!(matrix(br#"{"status":"error","data":{"result":[]}}"#, "s"), None);
    }
}
