//! Counts over time: as a chart, and as a line of small bars beside a text.

use super::lines::time_axis;
use super::mark::{self, Mark, inside};
use super::{Size, Svg, axis};

/// What is drawn.
pub struct Bars<'a> {
    /// Names it.
    pub title: &'a str,
    /// Says what it shows.
    pub desc: &'a str,
    /// When, unix milliseconds, in any order.
    pub at: &'a [i64],
    /// The part of time to show, unix milliseconds.
    pub window: (i64, i64),
    /// What happened when.
    pub marks: &'a [Mark],
}

const LEFT: f64 = 66.0;
const RIGHT: f64 = 14.0;

/// Draws it, or `None` where nothing lies in the window.
pub fn bars(chart: &Bars<'_>, size: Size) -> Option<String> {
    let (from, to) = (chart.window.0, chart.window.1.max(chart.window.0.saturating_add(1000)));
    let counts = counts(chart.at, (from, to), if size == Size::Wide { 60 } else { 36 });
    let most = counts.iter().copied().max().filter(|most| *most > 0)?;
    let (width, height) = (size.width(), size.height());
    let marks = inside(chart.marks, from, to);
    let top = if marks.is_empty() { 12.0 } else { 62.0 };
    let bottom = height - 26.0;
    let ticks: Vec<f64> =
        axis::values(0.0, f64::from(most), 3.0).into_iter().filter(|t| t.fract() == 0.0).collect();
    let ceiling = ticks.last().copied().unwrap_or(f64::from(most)).max(f64::from(most));
    let y = |v: f64| bottom - (bottom - top) * v / ceiling;
    let x = |at: i64| LEFT + (width - LEFT - RIGHT) * (at.saturating_sub(from)) as f64 / (to - from) as f64;
    let mut svg = Svg::new(chart.title, chart.desc, width);
    for tick in &ticks {
        let at = y(*tick);
        svg.put(format_args!(
            "<line class=\"grid\" x1=\"{LEFT}\" y1=\"{at:.1}\" x2=\"{:.1}\" y2=\"{at:.1}\"/>",
            width - RIGHT
        ));
        svg.text("axis end", LEFT - 8.0, at + 4.0, &format!("{tick:.0}"));
    }
    let step = (width - LEFT - RIGHT) / counts.len() as f64;
    for (n, count) in counts.iter().enumerate().filter(|(_, c)| **c > 0) {
        let at = y(f64::from(*count));
        svg.put(format_args!(
            "<rect class=\"f1\" x=\"{:.1}\" y=\"{at:.1}\" width=\"{:.1}\" height=\"{:.1}\"><title>{count}</title></rect>",
            LEFT + n as f64 * step + 0.5,
            (step - 1.0).max(1.0),
            (bottom - at).max(1.0)
        ));
    }
    time_axis(&mut svg, (from, to), (width, bottom), size, &x);
    mark::draw(&mut svg, &marks, 4.0, bottom, x);
    Some(svg.finish(height))
}

/// Small bars without axes, 120 by 20.
pub fn spark(title: &str, at: &[i64], (from, to): (i64, i64)) -> String {
    let to = to.max(from.saturating_add(1000));
    let counts = counts(at, (from, to), 30);
    let most = f64::from(counts.iter().copied().max().unwrap_or(0).max(1));
    let mut svg = Svg::new(title, "", 120.0);
    for (n, count) in counts.iter().enumerate().filter(|(_, c)| **c > 0) {
        let height = (19.0 * f64::from(*count) / most).max(1.5);
        svg.put(format_args!(
            "<rect class=\"f1\" x=\"{}\" y=\"{:.1}\" width=\"3\" height=\"{height:.1}\"/>",
            n * 4,
            20.0 - height
        ));
    }
    svg.finish(20.0).replacen("class=\"draw\"", "class=\"draw spark\"", 1)
}

fn counts(at: &[i64], (from, to): (i64, i64), bins: usize) -> Vec<u32> {
    let mut counts = vec![0u32; bins];
    let width = ((to - from) / bins as i64 + 1).max(1);
    for at in at.iter().filter(|at| (from..=to).contains(at)) {
        let bin = usize::try_from((at - from) / width).unwrap_or(0).min(bins - 1);
        counts[bin] = counts[bin].saturating_add(1);
    }
    counts
}
