//! One trace: a bar a span, under each other as they called each other.

use super::{Size, Svg, clip, esc};

/// A span.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Who recorded it; may hold outside text.
    pub component: String,
    /// What it did; may hold outside text.
    pub operation: String,
    /// How deep in the calls, from 0.
    pub depth: usize,
    /// Microseconds since the trace began.
    pub start_us: i64,
    /// Microseconds.
    pub duration_us: i64,
    /// Whether it failed.
    pub failed: bool,
}

/// What is drawn.
pub struct Waterfall<'a> {
    /// Names it.
    pub title: &'a str,
    /// Says what it shows.
    pub desc: &'a str,
    /// In the order of the calls.
    pub rows: &'a [Row],
}

const ROW: f64 = 34.0;
const MARGIN: f64 = 12.0;

/// Draws it, or `None` where there is no span.
pub fn waterfall(chart: &Waterfall<'_>, size: Size) -> Option<String> {
    let end = chart.rows.iter().map(|r| r.start_us.saturating_add(r.duration_us)).max()?.max(1);
    let width = size.width();
    let plot = width - 2.0 * MARGIN;
    let x = |us: i64| MARGIN + plot * us.clamp(0, end) as f64 / end as f64;
    let mut svg = Svg::new(chart.title, chart.desc, width);
    let height = 24.0 + chart.rows.len() as f64 * ROW;
    for n in 0..=4 {
        let us = end / 4 * n;
        let at = x(us);
        svg.put(format_args!(
            "<line class=\"grid\" x1=\"{at:.1}\" y1=\"18\" x2=\"{at:.1}\" y2=\"{height:.1}\"/>"
        ));
        let class = match n {
            0 => "axis start",
            4 => "axis end",
            _ => "axis middle",
        };
        svg.text(class, at, 12.0, &took(us));
    }
    let mut tones: Vec<&str> = Vec::new();
    let letters = if size == Size::Wide { 96 } else { 44 };
    for (n, row) in chart.rows.iter().enumerate() {
        if !tones.contains(&row.component.as_str()) {
            tones.push(&row.component);
        }
        let tone = tones.iter().position(|t| *t == row.component).unwrap_or(0) % 6 + 1;
        let y = 22.0 + n as f64 * ROW;
        let indent = MARGIN + (row.depth.min(8) * if size == Size::Wide { 14 } else { 8 }) as f64;
        let failed = if row.failed { " failed" } else { "" };
        svg.put(format_args!(
            "<line class=\"row\" x1=\"{MARGIN}\" y1=\"{y:.1}\" x2=\"{:.1}\" y2=\"{y:.1}\"/><g><title>{}</title>",
            width - MARGIN,
            esc(&format!(
                "{} {}: {} after {}{}",
                row.component,
                row.operation,
                took(row.duration_us),
                took(row.start_us),
                if row.failed { ", failed" } else { "" }
            ))
        ));
        svg.put(format_args!(
            "<text class=\"op\" x=\"{indent:.1}\" y=\"{:.1}\"><tspan class=\"who\">{}</tspan> {}</text>",
            y + 14.0,
            esc(&clip(&row.component, 24)),
            esc(&clip(
                &row.operation,
                letters - row.component.chars().count().min(24) - row.depth.min(8) * 2
            ))
        ));
        let told = if row.failed { "axis end bad" } else { "axis end" };
        let words =
            if row.failed { format!("failed, {}", took(row.duration_us)) } else { took(row.duration_us) };
        svg.text(told, width - MARGIN, y + 14.0, &words);
        svg.put(format_args!(
            "<rect class=\"f{tone}{failed}\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"9\" rx=\"2\"/></g>",
            x(row.start_us),
            y + 20.0,
            (x(row.start_us.saturating_add(row.duration_us)) - x(row.start_us)).max(2.0)
        ));
    }
    Some(svg.finish(height + 4.0))
}

/// Microseconds in words.
pub fn took(us: i64) -> String {
    match us {
        us if us < 1000 => format!("{us} µs"),
        us if us < 1_000_000 => format!("{:.1} ms", us as f64 / 1e3),
        us => format!("{:.2} s", us as f64 / 1e6),
    }
}
