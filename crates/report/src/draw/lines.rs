//! Lines over time.

use super::axis;
use super::mark::{self, Mark, inside};
use super::{Size, Svg, clip, esc};

/// One line.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Name in the legend; may hold outside text.
    pub name: String,
    /// `(unix milliseconds, value)`, ascending, finite.
    pub points: Vec<(i64, f64)>,
    /// Drawn for comparison only.
    pub faint: bool,
}

/// What is drawn.
pub struct LineChart<'a> {
    /// Names it.
    pub title: &'a str,
    /// Says what it shows.
    pub desc: &'a str,
    /// The first six are drawn.
    pub lines: &'a [Line],
    /// Puts a value into words, with its unit.
    pub show: &'a dyn Fn(f64) -> String,
    /// What happened when.
    pub marks: &'a [Mark],
    /// The part of time that a claim is about, unix milliseconds.
    pub shade: Option<(i64, i64)>,
}

/// Lines of one chart.
const MOST_LINES: usize = 6;
const LEFT: f64 = 66.0;
const RIGHT: f64 = 14.0;
const LEGEND: f64 = 18.0;

/// Draws it, or `None` where there is nothing to draw.
pub fn lines(chart: &LineChart<'_>, size: Size) -> Option<String> {
    let drawn: Vec<&Line> = chart.lines.iter().filter(|l| !l.points.is_empty()).take(MOST_LINES).collect();
    let instants = || drawn.iter().flat_map(|l| l.points.iter().map(|p| p.0));
    let (from, to) = (instants().min()?, instants().max()?);
    let to = to.max(from.saturating_add(1000));
    let values = || drawn.iter().flat_map(|l| l.points.iter().map(|p| p.1));
    let low = values().fold(0.0f64, f64::min).max(-1e18);
    let high = values().fold(low, f64::max).min(1e18);
    let high = if high > low { high } else { low + 1.0 };
    let marks = inside(chart.marks, from, to);
    let (width, plot_height) = (size.width(), size.height());
    let top = if marks.is_empty() { 12.0 } else { 62.0 };
    let bottom = plot_height - 26.0;
    let ticks = axis::values(low, high, if size == Size::Wide { 4.0 } else { 3.0 });
    let (floor, ceiling) = (*ticks.first()?, *ticks.last()?);
    let span = to.saturating_sub(from).max(1) as f64;
    let x = |at: i64| LEFT + (width - LEFT - RIGHT) * (at.saturating_sub(from)) as f64 / span;
    let y = |v: f64| bottom - (bottom - top) * (v.clamp(floor, ceiling) - floor) / (ceiling - floor);

    let mut svg = Svg::new(chart.title, chart.desc, width);
    if let Some((a, b)) = chart.shade {
        let (a, b) = (x(a.clamp(from, to)), x(b.clamp(from, to)));
        svg.put(format_args!(
            "<rect class=\"shade\" x=\"{a:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{:.1}\"/>",
            b - a,
            bottom - top
        ));
    }
    for tick in &ticks {
        let at = y(*tick);
        svg.put(format_args!(
            "<line class=\"grid\" x1=\"{LEFT}\" y1=\"{at:.1}\" x2=\"{:.1}\" y2=\"{at:.1}\"/>",
            width - RIGHT
        ));
        svg.text("axis end", LEFT - 8.0, at + 4.0, &(chart.show)(*tick));
    }
    time_axis(&mut svg, (from, to), (width, bottom), size, &x);
    let mut named: Vec<(usize, &Line)> = drawn.into_iter().enumerate().collect();
    // The lines that the claim is about lie above the others.
    named.sort_by_key(|(n, l)| (!l.faint, std::cmp::Reverse(*n)));
    for (n, line) in &named {
        draw_line(&mut svg, n + 1, line, &x, &y, bottom);
    }
    mark::draw(&mut svg, &marks, 4.0, bottom, x);
    named.sort_by_key(|(n, _)| *n);
    let mut at = plot_height + 12.0;
    if named.len() > 1 || size == Size::Wide {
        let most = if size == Size::Wide { 118 } else { 52 };
        for (n, line) in &named {
            svg.put(format_args!(
                "<rect class=\"f{0}\" x=\"{LEFT}\" y=\"{1:.1}\" width=\"14\" height=\"4\" rx=\"2\"/>",
                n + 1,
                at - 6.0
            ));
            svg.text("axis start", LEFT + 20.0, at, &clip(&line.name, most));
            at += LEGEND;
        }
    }
    Some(svg.finish(at - 6.0))
}

/// Round instants under a plot, in UTC.
pub(super) fn time_axis(
    svg: &mut Svg,
    (from, to): (i64, i64),
    (width, bottom): (f64, f64),
    size: Size,
    x: &impl Fn(i64) -> f64,
) {
    let ticks = axis::times(from, to, if size == Size::Wide { 8 } else { 4 });
    for (at, words) in &ticks {
        let at = x(*at);
        svg.put(format_args!(
            "<line class=\"grid\" x1=\"{at:.1}\" y1=\"{bottom:.1}\" x2=\"{at:.1}\" y2=\"{:.1}\"/>",
            bottom + 5.0
        ));
        // Near the right edge the zone's name stands.
        if at < width - 62.0 && at > LEFT - 20.0 {
            svg.text("axis middle", at, bottom + 18.0, words);
        }
    }
    svg.text("axis end", width - RIGHT, bottom + 18.0, "UTC");
}

fn draw_line(
    svg: &mut Svg,
    tone: usize,
    line: &Line,
    x: &impl Fn(i64) -> f64,
    y: &impl Fn(f64) -> f64,
    bottom: f64,
) {
    use std::fmt::Write as _;
    let mut path = String::new();
    for (n, (at, value)) in line.points.iter().enumerate() {
        let _ = write!(path, "{}{:.1} {:.1}", if n == 0 { 'M' } else { 'L' }, x(*at), y(*value));
    }
    let faint = if line.faint { " faint" } else { "" };
    if let ([first, .., last], false) = (line.points.as_slice(), line.faint) {
        svg.put(format_args!(
            "<path class=\"area f{tone}\" d=\"{path}L{:.1} {bottom:.1}L{:.1} {bottom:.1}Z\"/>",
            x(last.0),
            x(first.0)
        ));
    }
    svg.put(format_args!("<g><title>{}</title>", esc(&line.name)));
    if let [(at, value)] = line.points.as_slice() {
        svg.put(format_args!(
            "<circle class=\"dot f{tone}\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"3\"/>",
            x(*at),
            y(*value)
        ));
    }
    svg.put(format_args!("<path class=\"line s{tone}{faint}\" d=\"{path}\"/></g>"));
}
