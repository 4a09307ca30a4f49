//! What the receiver answers to `/v1/traces`, `/v1/metrics` and `/v1/logs`. The server hands over bytes and sends back
//! the reply; authentication and the body's cap on the wire are its own.

use firebell_core::secrets::Mask;
use jiff::Timestamp;
use opentelemetry_proto::tonic::collector::logs::v1::{
    ExportLogsPartialSuccess, ExportLogsServiceRequest, ExportLogsServiceResponse,
};
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsPartialSuccess, ExportMetricsServiceRequest, ExportMetricsServiceResponse,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use prost::Message;
use serde::Serialize;

use super::clean;
use super::convert::{self, Rejects};
use super::decode::{Encoding, Rejected, encoding, expand, message};
use super::journal::Record;
use super::store::OtlpStore;

/// Which end point was posted to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// `/v1/traces`.
    Traces,
    /// `/v1/metrics`.
    Metrics,
    /// `/v1/logs`.
    Logs,
}

/// The answer to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status: 200, or a 4xx (do not repeat).
    pub status: u16,
    /// In the encoding of the request.
    pub content_type: &'static str,
    /// The export response, or a status message.
    pub body: Vec<u8>,
}

/// `google.rpc.Status`, as OTLP wants errors to be told.
#[derive(Clone, PartialEq, Message, Serialize)]
struct Status {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
}

/// Decodes a body, stores what is good in it and answers; what was refused is counted in the partial success.
pub fn handle(
    store: &OtlpStore,
    signal: Signal,
    content_type: &str,
    content_encoding: &str,
    body: &[u8],
    now: Timestamp,
) -> Reply {
    let form = match encoding(content_type) {
        Ok(form) => form,
        Err(rejected) => return failed(Encoding::Json, rejected),
    };
    match accept(store, signal, form, content_encoding, body, now) {
        Ok((answer, clean)) => {
            // What was masked is kept as it was made of it, the rest as it came.
            let (content_type, content_encoding) = match clean {
                Some(_) => (Encoding::Protobuf.content_type(), ""),
                None => (content_type, content_encoding),
            };
            store.keep(&Record {
                signal,
                at: now,
                content_type: content_type.to_owned(),
                content_encoding: content_encoding.to_owned(),
                body: clean.unwrap_or_else(|| body.to_vec()),
            });
            Reply { status: 200, content_type: form.content_type(), body: answer }
        }
        Err(rejected) => failed(form, rejected),
    }
}

/// The answer, and what is kept on disk in place of the body where that may hold secrets.
fn accept(
    store: &OtlpStore,
    signal: Signal,
    form: Encoding,
    content_encoding: &str,
    body: &[u8],
    now: Timestamp,
) -> Result<(Vec<u8>, Option<Vec<u8>>), Rejected> {
    let body = expand(content_encoding, body, store.config.max_body_bytes)?;
    let mut rejects = Rejects::default();
    match signal {
        Signal::Traces => {
            let mut request: ExportTraceServiceRequest = message(form, &body)?;
            clean::traces(&mut request, &store.mask);
            let kept = store.keeps().then(|| request.encode_to_vec());
            let spans = convert::spans(request.resource_spans, &mut rejects);
            store.add_spans(spans, &rejects, now);
            let partial = partial(rejects)
                .map(|(n, error_message)| ExportTracePartialSuccess { rejected_spans: n, error_message });
            Ok((encode(form, &ExportTraceServiceResponse { partial_success: partial })?, kept))
        }
        Signal::Metrics => {
            let mut request: ExportMetricsServiceRequest = message(form, &body)?;
            let masked = clean::metrics(&mut request, &store.mask);
            let kept = (masked && store.keeps()).then(|| request.encode_to_vec());
            let points = convert::points(request.resource_metrics, &mut rejects);
            store.add_points(points, &mut rejects, now);
            let partial = partial(rejects).map(|(n, error_message)| ExportMetricsPartialSuccess {
                rejected_data_points: n,
                error_message,
            });
            Ok((encode(form, &ExportMetricsServiceResponse { partial_success: partial })?, kept))
        }
        Signal::Logs => {
            let mut request: ExportLogsServiceRequest = message(form, &body)?;
            clean::logs(&mut request, &store.mask);
            let kept = store.keeps().then(|| request.encode_to_vec());
            store.add_logs(convert::logs(request.resource_logs, now), now);
            let partial = partial(rejects).map(|(n, error_message)| ExportLogsPartialSuccess {
                rejected_log_records: n,
                error_message,
            });
            Ok((encode(form, &ExportLogsServiceResponse { partial_success: partial })?, kept))
        }
    }
}

/// A record that was kept before all that is masked now was, as it would be kept now; nothing where it cannot be read.
pub(super) fn masked(record: Record, mask: &Mask, max_bytes: usize) -> Option<Record> {
    let form = encoding(&record.content_type).ok()?;
    let body = expand(&record.content_encoding, &record.body, max_bytes).ok()?;
    let body = match record.signal {
        Signal::Traces => {
            let mut request: ExportTraceServiceRequest = message(form, &body).ok()?;
            clean::traces(&mut request, mask);
            request.encode_to_vec()
        }
        Signal::Metrics => {
            let mut request: ExportMetricsServiceRequest = message(form, &body).ok()?;
            if !clean::metrics(&mut request, mask) {
                return Some(record);
            }
            request.encode_to_vec()
        }
        Signal::Logs => {
            let mut request: ExportLogsServiceRequest = message(form, &body).ok()?;
            clean::logs(&mut request, mask);
            request.encode_to_vec()
        }
    };
    let content_type = Encoding::Protobuf.content_type().to_owned();
    Some(Record { content_type, content_encoding: String::new(), body, ..record })
}

fn partial(rejects: Rejects) -> Option<(i64, String)> {
    (rejects.count > 0).then(|| (rejects.count, rejects.reason.unwrap_or_default()))
}

fn encode<M: Message + Serialize>(form: Encoding, message: &M) -> Result<Vec<u8>, Rejected> {
    match form {
        Encoding::Protobuf => Ok(message.encode_to_vec()),
        Encoding::Json => serde_json::to_vec(message)
            .map_err(|e| Rejected { status: 500, message: format!("the answer cannot be written: {e}") }),
    }
}

fn failed(form: Encoding, rejected: Rejected) -> Reply {
    // INVALID_ARGUMENT; RESOURCE_EXHAUSTED would make exporters repeat.
    let status = Status { code: 3, message: rejected.message };
    let body = match form {
        Encoding::Protobuf => status.encode_to_vec(),
        Encoding::Json => serde_json::to_vec(&status).unwrap_or_default(),
    };
    Reply { status: rejected.status, content_type: form.content_type(), body }
}
