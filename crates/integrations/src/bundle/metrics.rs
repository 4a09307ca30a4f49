//! `metrics/*.csv`: a wide table, first column time, one column a series.

use firebell_core::telemetry::{Labels, Series};
use jiff::Timestamp;

use super::error::Broken;
use super::prometheus;

/// Most columns of one table.
const MAX_COLUMNS: usize = 200_000;

pub(super) fn wide_csv(raw: &[u8], name: &str, broken: &mut Vec<Broken>) -> Result<Vec<Series>, String> {
    let mut reader = csv::ReaderBuilder::new().has_headers(true).flexible(true).from_reader(raw);
    let header = reader.headers().map_err(|e| format!("has no readable header: {e}"))?.clone();
    if header.get(0).map(str::trim) != Some("time") {
        return Err("first column must be named time".into());
    }
    if header.len() > MAX_COLUMNS {
        return Err(format!("has {} columns, more than {MAX_COLUMNS}", header.len()));
    }
    let mut series: Vec<Series> = header.iter().skip(1).map(|column| heading(column, name)).collect();
    let mut record = csv::StringRecord::new();
    let mut reported = 0;
    loop {
        let line = reader.position().line();
        let mut complain = |reason: String| {
            // One message a file for each kind of damage would still be a flood: the first few are enough.
            if reported < 5 {
                broken.push(Broken { file: name.to_owned(), line, reason });
            }
            reported += 1;
        };
        match reader.read_record(&mut record) {
            Ok(true) => {}
            Ok(false) => break,
            Err(e) => {
                complain(format!("cannot be parsed: {e}"));
                if e.is_io_error() {
                    break;
                }
                continue;
            }
        }
        let Some(at) = record.get(0).and_then(time_ms) else {
            complain(format!("time {:?} is neither unix seconds nor RFC 3339", record.get(0).unwrap_or("")));
            continue;
        };
        for (column, cell) in record.iter().skip(1).enumerate() {
            let Some(target) = series.get_mut(column) else {
                complain("has more cells than the header".into());
                break;
            };
            let cell = cell.trim();
            if cell.is_empty() {
                continue;
            }
            match cell.parse::<f64>() {
                Ok(v) if v.is_finite() => target.points.push((at, v)),
                Ok(_) => {}
                Err(_) => complain(format!("cell {cell:?} of column {:?} is not a number", target.name)),
            }
        }
    }
    for s in &mut series {
        prometheus::order(&mut s.points);
    }
    series.retain(|s| !s.points.is_empty());
    Ok(series)
}

fn heading(column: &str, source: &str) -> Series {
    let (name, labels) = prometheus::parse_selector(column).unwrap_or((column.to_owned(), Labels::new()));
    let kind = prometheus::kind_of(&name, &labels);
    Series { source: source.to_owned(), name, labels, component: None, kind, points: Vec::new() }
}

/// Unix seconds (fractions allowed) or RFC 3339, as unix milliseconds.
pub(super) fn time_ms(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<f64>() {
        // The range of years 1 to 9999; beyond it arithmetic on times would overflow.
        return (seconds.is_finite() && seconds.abs() < 2.5e11).then(|| (seconds * 1000.0).round() as i64);
    }
    text.parse::<Timestamp>().ok().map(Timestamp::as_millisecond)
}
