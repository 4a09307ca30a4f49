//! Which picture a piece of evidence gets.

use firebell_report::Unit;

use super::find::Cited;
use super::gather::Found;
use super::{logs, metric, trace};
use firebell_report::draw::{Bars, Line, LineChart, Mark, Row, Size, Waterfall, bars, lines, waterfall};

/// A picture before it has a size.
pub(super) struct Drawing {
    title: String,
    desc: String,
    what: What,
}

enum What {
    Lines { unit: Unit, lines: Vec<Line>, shade: Option<(i64, i64)> },
    Bars { at: Vec<i64>, window: (i64, i64) },
    Trace { rows: Vec<Row> },
}

/// `None` where there is nothing to draw.
pub(super) fn of(cited: &Cited, found: &Found) -> Option<Drawing> {
    let (title, what) = match found {
        Found::Metric { cited: series, beside } => {
            let chart = metric::lines(series, beside)?;
            let shade = cited.window.filter(|_| !cited.is_record());
            let shade = shade.map(|w| (w.start.as_millisecond(), w.end.as_millisecond()));
            (chart.name, What::Lines { unit: chart.unit, lines: chart.lines, shade })
        }
        Found::Logs { template, lines } => {
            let what =
                What::Bars { at: logs::times(template.as_deref(), lines), window: logs::window(lines)? };
            (template.clone().unwrap_or_else(|| "Log lines".to_owned()), what)
        }
        Found::Trace { spans, .. } => (
            spans.first().map(|s| format!("Trace {}", s.trace_id))?,
            What::Trace { rows: trace::rows(spans) },
        ),
        Found::Items(_) | Found::Nothing => return None,
    };
    Some(Drawing { title, desc: cited.reading.clone(), what })
}

impl Drawing {
    /// As SVG.
    pub(super) fn svg(&self, marks: &[Mark], size: Size) -> Option<String> {
        let (title, desc) = (self.title.as_str(), self.desc.as_str());
        match &self.what {
            What::Lines { unit, lines: drawn, shade } => {
                let show = |v: f64| unit.show(v);
                lines(&LineChart { title, desc, lines: drawn, show: &show, marks, shade: *shade }, size)
            }
            What::Bars { at, window } => bars(&Bars { title, desc, at, window: *window, marks }, size),
            What::Trace { rows } => {
                let most = if size == Size::Wide { rows.len() } else { rows.len().min(8) };
                waterfall(&Waterfall { title, desc, rows: &rows[..most] }, size)
            }
        }
    }

    /// The part of time that it shows, unix milliseconds; a trace has none that marks could stand in.
    pub(super) fn span(&self) -> Option<(i64, i64)> {
        match &self.what {
            What::Lines { lines, .. } => {
                let at = || lines.iter().flat_map(|l| l.points.iter().map(|p| p.0));
                Some((at().min()?, at().max()?))
            }
            What::Bars { window, .. } => Some(*window),
            What::Trace { .. } => None,
        }
    }
}
