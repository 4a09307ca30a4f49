//! The answers' shapes. Samples are read straight into numbers: an answer may hold millions of them.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, IgnoredAny, SeqAccess, Visitor};

/// What every answer has around its data.
#[derive(Debug, Deserialize)]
pub(super) struct Envelope<T> {
    pub(super) status: String,
    #[serde(default = "Option::default")]
    pub(super) data: Option<T>,
    #[serde(default)]
    pub(super) error: Option<String>,
    #[serde(default)]
    pub(super) warnings: Option<Vec<String>>,
    #[serde(default)]
    pub(super) infos: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct QueryData {
    pub(super) result_type: String,
    pub(super) result: Vec<Matrix>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Matrix {
    pub(super) metric: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) values: Vec<Sample>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Metadata {
    #[serde(rename = "type", default)]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) unit: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct BuildInfo {
    #[serde(default)]
    pub(super) application: Option<String>,
    #[serde(default)]
    pub(super) version: String,
}

/// `[unix seconds, "value"]`; the value may be `NaN` or infinite.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sample {
    pub(super) at_ms: i64,
    pub(super) value: f64,
}

impl<'de> Deserialize<'de> for Sample {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Pair;
        impl<'de> Visitor<'de> for Pair {
            type Value = Sample;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a pair of unix seconds and a value as text")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Sample, A::Error> {
                let at: f64 = seq.next_element()?.ok_or_else(|| de::Error::invalid_length(0, &self))?;
                let Number(value) = seq.next_element()?.ok_or_else(|| de::Error::invalid_length(1, &self))?;
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                if !at.is_finite() || at.abs() > 2.5e11 {
                    return Err(de::Error::custom("time of a sample is out of range"));
                }
                Ok(Sample { at_ms: (at * 1000.0).round() as i64, value })
            }
        }
        d.deserialize_seq(Pair)
    }
}

struct Number(f64);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Number;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number as text")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Number, E> {
                // Rust reads NaN, +Inf and -Inf as Prometheus writes them.
                text.parse().map(Number).map_err(|_| E::custom("value of a sample is not a number"))
            }

            fn visit_f64<E: de::Error>(self, v: f64) -> Result<Number, E> {
                Ok(Number(v))
            }

            fn visit_u64<E: de::Error>(self, v: u64) -> Result<Number, E> {
                Ok(Number(v as f64))
            }

            fn visit_i64<E: de::Error>(self, v: i64) -> Result<Number, E> {
                Ok(Number(v as f64))
            }
        }
        d.deserialize_any(Text)
    }
}
