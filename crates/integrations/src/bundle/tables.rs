//! The small tables: `topology.csv` and `traces/*.csv`.

use firebell_core::telemetry::{Labels, Span, SpanKind, TopologyEdge};

use super::error::Broken;

pub(super) fn topology(
    text: &str,
    name: &str,
    broken: &mut Vec<Broken>,
) -> Result<Vec<TopologyEdge>, String> {
    let mut reader =
        csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(text.as_bytes());
    let header = reader.headers().map_err(|e| format!("has no readable header: {e}"))?;
    if header.get(0) != Some("caller") || header.get(1) != Some("callee") {
        return Err("header must be caller,callee[,kind]".into());
    }
    let mut out = Vec::new();
    for (i, record) in reader.records().enumerate() {
        let line = i as u64 + 2;
        match record {
            Ok(r) if r.len() >= 2 && !r[0].is_empty() && !r[1].is_empty() => out.push(TopologyEdge {
                caller: r[0].to_owned(),
                callee: r[1].to_owned(),
                kind: r.get(2).unwrap_or("").to_owned(),
            }),
            Ok(_) => broken.push(row(name, line, "needs a caller and a callee".into())),
            Err(e) => broken.push(row(name, line, format!("cannot be parsed: {e}"))),
        }
    }
    Ok(out)
}

pub(super) fn spans(raw: &[u8], name: &str, broken: &mut Vec<Broken>) -> Result<Vec<Span>, String> {
    const COLUMNS: [&str; 8] =
        ["trace_id", "span_id", "parent_id", "component", "operation", "start_us", "duration_us", "status"];
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(raw);
    let header = reader.headers().map_err(|e| format!("has no readable header: {e}"))?.clone();
    let mut at = [0usize; 8];
    for (slot, column) in at.iter_mut().zip(COLUMNS) {
        *slot = header
            .iter()
            .position(|h| h.trim() == column)
            .or((column == "status").then_some(usize::MAX))
            .ok_or_else(|| format!("column {column} is missing"))?;
    }
    let mut out = Vec::new();
    let mut reported = 0;
    for record in reader.records() {
        let parsed =
            record.map_err(|e| (e.position().map_or(0, csv::Position::line), e.to_string())).and_then(|r| {
                let line = r.position().map_or(0, csv::Position::line);
                let cell = |i: usize| r.get(at[i]).unwrap_or("").trim();
                let number = |i: usize| {
                    cell(i)
                        .parse::<f64>()
                        .ok()
                        .filter(|v| v.is_finite() && v.abs() < 9e15)
                        .map(|v| v as i64)
                        .ok_or((line, format!("{} {:?} is not a number", COLUMNS[i], cell(i))))
                };
                Ok(Span {
                    source: name.to_owned(),
                    trace_id: cell(0).to_lowercase(),
                    span_id: cell(1).to_lowercase(),
                    parent_id: Some(cell(2)).filter(|p| !p.is_empty()).map(str::to_lowercase),
                    component: cell(3).to_owned(),
                    operation: cell(4).to_owned(),
                    kind: SpanKind::Internal,
                    start_us: number(5)?,
                    duration_us: number(6)?,
                    error: failed(cell(7)),
                    attributes: Labels::new(),
                })
            });
        match parsed {
            Ok(span) => out.push(span),
            Err((line, reason)) => {
                if reported < 5 {
                    broken.push(row(name, line, reason));
                }
                reported += 1;
            }
        }
    }
    Ok(out)
}

fn failed(status: &str) -> bool {
    let status = status.to_ascii_lowercase();
    match status.parse::<u32>() {
        // 2 is the error code of OpenTelemetry and gRPC's "unknown"; the rest are HTTP statuses.
        Ok(code) => code == 2 || (500..600).contains(&code),
        Err(_) => {
            status.contains("err")
                || status.contains("fail")
                || status == "false"
                || status.contains("exception")
        }
    }
}

fn row(file: &str, line: u64, reason: String) -> Broken {
    Broken { file: file.to_owned(), line, reason }
}
