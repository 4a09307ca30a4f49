//! Drawing: a chart to SVG. Ink is the page's text colour, lines are of middle tones that read on white and on black.

use plotters::prelude::{
    ChartBuilder, Color, IntoDrawingArea, IntoFont, LineSeries, PathElement, RGBColor, SVGBackend,
    SeriesLabelPosition, Text,
};
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::derive::{Points, clean};
use super::marker::{Marker, caption, inside};
use crate::error::Error;
use crate::{text, words};

/// Lines of one chart.
pub(super) const MAX_LINES: usize = 4;
const WIDTH: u32 = 760;
const HEIGHT: u32 = 300;
const FONT: &str = "system-ui, sans-serif";
/// Stands for the page's text colour; no line has it.
const INK: RGBColor = RGBColor(1, 2, 3);
/// Middle tones, told apart also by people who see few colours.
const TONES: [RGBColor; MAX_LINES] = [
    RGBColor(0x0a, 0x7b, 0xc2),
    RGBColor(0xd1, 0x69, 0x0c),
    RGBColor(0x2e, 0x8b, 0x57),
    RGBColor(0xa0, 0x4f, 0xb0),
];
const MARK: RGBColor = RGBColor(0xc2, 0x3b, 0x3b);

/// What values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A number.
    Plain,
    /// A number a second.
    PerSecond,
    /// Seconds.
    Seconds,
    /// Bytes.
    Bytes,
    /// 0 to 1, shown in per cent.
    Ratio,
}

impl Unit {
    /// A value with its unit, short enough for an axis.
    pub fn show(self, value: f64) -> String {
        value_label(value, self)
    }
}

/// What to draw: lines with their names.
#[derive(Debug, Clone, PartialEq)]
pub struct ChartSpec {
    /// Heading.
    pub title: String,
    /// What the values are.
    pub unit: Unit,
    /// Name and `(unix milliseconds, value)` in order of time; the first four are drawn.
    pub lines: Vec<(String, Vec<(i64, f64)>)>,
}

/// A drawn chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chart {
    /// Heading; plain text.
    pub title: String,
    /// What it shows, with figures, for people who cannot see it; plain text.
    pub summary: String,
    /// The numbered markers in words; plain text.
    pub notes: Vec<String>,
    /// One `<svg>` element, scalable, without styles or scripts.
    pub svg: String,
}

/// Draws a chart with those markers that lie in its span of time.
///
/// # Errors
/// [`Error::Chart`] if there is nothing to draw.
pub fn render(spec: &ChartSpec, markers: &[Marker]) -> Result<Chart, Error> {
    let title = text::line(&spec.title, 120);
    let fail = |detail: String| Error::Chart { title: title.clone(), detail };
    let lines: Vec<(String, Points)> = spec
        .lines
        .iter()
        .take(MAX_LINES)
        .map(|(name, points)| (text::line(name, 90), sane(points)))
        .filter(|(_, points)| !points.is_empty())
        .collect();
    let instants = || lines.iter().flat_map(|(_, points)| points.iter().map(|p| p.0));
    let (Some(from), Some(to)) = (instants().min(), instants().max()) else {
        return Err(fail("none of its series has a sample in the window".to_owned()));
    };
    let to = to.max(from + 1000);
    let shown = inside(markers, from, to);
    let mut svg = String::new();
    draw(&mut svg, &lines, spec.unit, (from, to), &shown).map_err(|e| fail(e.to_string()))?;
    let notes = shown.iter().enumerate().map(|(n, m)| caption(n + 1, m)).collect();
    let summary =
        lines.iter().map(|(name, points)| reading(name, points, spec.unit)).collect::<Vec<_>>().join("; ");
    let svg = finish(&svg, &format!("{title}. {summary}"));
    Ok(Chart { title, summary, notes, svg })
}

fn draw(
    svg: &mut String,
    lines: &[(String, Points)],
    unit: Unit,
    (from, to): (i64, i64),
    markers: &[Marker],
) -> Result<(), Box<dyn std::error::Error>> {
    let area = SVGBackend::with_string(svg, (WIDTH, HEIGHT)).into_drawing_area();
    let values = || lines.iter().flat_map(|(_, points)| points.iter().map(|p| p.1));
    let low = values().fold(0.0f64, f64::min);
    let high = values().fold(low, f64::max);
    // A flat line still needs a span; headroom keeps the legend and the markers' numbers off the lines.
    let span = if high - low > f64::EPSILON * high.abs().max(1.0) { high - low } else { high.abs().max(1.0) };
    let top = high + span * 0.18;
    let font = |size: i32| (FONT, size).into_font().color(&INK);
    // The x axis counts seconds from the start: whole numbers that a float holds exactly.
    let seconds = |at: i64| (at - from) as f64 / 1000.0;
    let mut chart = ChartBuilder::on(&area)
        .margin(8)
        .margin_right(24)
        .x_label_area_size(34)
        .y_label_area_size(78)
        .build_cartesian_2d(0.0..seconds(to), low..top)?;
    let long = seconds(to) > 2.0 * 86_400.0;
    chart
        .configure_mesh()
        .x_labels(6)
        .y_labels(5)
        .light_line_style(INK.mix(0.0))
        .bold_line_style(INK.mix(0.15))
        .axis_style(INK.mix(0.6))
        .label_style(font(19))
        .x_label_formatter(&|s| time_label(from, *s, long))
        .y_label_formatter(&|v| value_label(*v, unit))
        .draw()?;
    for (n, (name, points)) in lines.iter().enumerate() {
        let tone = TONES[n % TONES.len()];
        chart
            .draw_series(LineSeries::new(
                points.iter().map(|(at, v)| (seconds(*at), *v)),
                tone.stroke_width(3),
            ))?
            .label(text::line(name, 44))
            .legend(move |(x, y)| PathElement::new(vec![(x, y), (x + 22, y)], tone.stroke_width(4)));
    }
    for (n, marker) in markers.iter().enumerate() {
        let x = seconds(marker.at.as_millisecond());
        chart
            .draw_series(std::iter::once(PathElement::new(vec![(x, low), (x, top)], MARK.stroke_width(2))))?;
        let style = (FONT, 20).into_font().color(&MARK).pos(Pos::new(HPos::Left, VPos::Top));
        // Numbers of markers that stand close would cover each other: three heights.
        let y = top - span * 0.01 - span * 0.08 * (n % 3) as f64;
        chart.draw_series(std::iter::once(Text::new(
            (n + 1).to_string(),
            (x + seconds(to) * 0.006, y),
            style,
        )))?;
    }
    if lines.len() > 1 {
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperRight)
            .label_font(font(17))
            .border_style(INK.mix(0.0))
            .draw()?;
    }
    area.present()?;
    drop(chart);
    Ok(())
}

/// Points that a plotter can place: of a size that leaves room for arithmetic.
fn sane(points: &[(i64, f64)]) -> Points {
    let mut points = clean(points);
    points.retain(|(_, v)| v.abs() < 1e18);
    points
}

/// Makes the element scale with its place, take the page's ink, and tell screen readers what it shows.
fn finish(svg: &str, label: &str) -> String {
    let body = svg.split_once('>').map_or("", |(_, rest)| rest);
    let ink = format!("\"#{:02X}{:02X}{:02X}\"", INK.0, INK.1, INK.2);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{}\">{}",
        text::html(label),
        body.replace(&ink, "\"currentColor\"")
    )
}

fn reading(name: &str, points: &Points, unit: Unit) -> String {
    let first = points.first().map_or(0.0, |p| p.1);
    let last = points.last().map_or(0.0, |p| p.1);
    let peak = points.iter().fold((0, f64::NEG_INFINITY), |best, p| if p.1 > best.1 { *p } else { best });
    let at = jiff::Timestamp::from_millisecond(peak.0).map(words::clock).unwrap_or_default();
    let show = |v| value_label(v, unit);
    format!("{name}: {} at first, at most {} at {at} UTC, {} at last", show(first), show(peak.1), show(last))
}

fn time_label(from: i64, seconds: f64, long: bool) -> String {
    let Ok(at) = jiff::Timestamp::from_millisecond(from.saturating_add((seconds * 1000.0) as i64)) else {
        return String::new();
    };
    at.strftime(if long { "%m-%d %H:%M" } else { "%H:%M:%S" }).to_string()
}

fn value_label(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Plain => short(value),
        Unit::PerSecond => format!("{}/s", short(value)),
        Unit::Seconds if value.abs() < 1.0 => format!("{} ms", short(value * 1000.0)),
        Unit::Seconds => format!("{} s", short(value)),
        Unit::Ratio => format!("{} %", short(value * 100.0)),
        Unit::Bytes => match value.abs() {
            v if v >= 1e9 => format!("{} GB", short(value / 1e9)),
            v if v >= 1e6 => format!("{} MB", short(value / 1e6)),
            v if v >= 1e3 => format!("{} kB", short(value / 1e3)),
            _ => format!("{} B", short(value)),
        },
    }
}

fn short(value: f64) -> String {
    let text = match value.abs() {
        v if v >= 1e9 => return format!("{value:.1e}"),
        v if v >= 1e6 => return format!("{:.1} M", value / 1e6),
        v if v >= 1e4 => return format!("{:.0} k", value / 1e3),
        v if v >= 100.0 => return format!("{value:.0}"),
        v if v >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    };
    let trimmed = text.trim_end_matches('0').trim_end_matches('.');
    if trimmed == "-0" { "0".to_owned() } else { trimmed.to_owned() }
}
