//! Charts as inline SVG: bars and lines over a few steps, each with its figures as a table. Pure; colours come from the
//! style sheet by class, nothing is drawn that is not told.

use std::fmt::Write as _;

/// Values over the steps of a chart; `None` where there is none.
pub(super) struct Series<'a> {
    pub(super) name: &'a str,
    /// Class of its marks: `c-sev1`, `c-a`.
    pub(super) class: &'a str,
    pub(super) values: Vec<Option<f64>>,
}

/// A chart.
pub(super) struct Chart<'a> {
    /// Unique on the page.
    pub(super) id: &'a str,
    pub(super) title: &'a str,
    /// What it shows, in a sentence.
    pub(super) about: &'a str,
    /// Names of the steps.
    pub(super) steps: &'a [String],
    pub(super) series: &'a [Series<'a>],
    /// A value in words.
    pub(super) say: &'a dyn Fn(f64) -> String,
    /// Units that the axis is cut into: 1 for counts, 60 for minutes told in seconds.
    pub(super) unit: f64,
}

const WIDTH: f64 = 440.0;
const HEIGHT: f64 = 200.0;
const LEFT: f64 = 56.0;
const RIGHT: f64 = 8.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 26.0;
/// Names of steps that fit below each other.
const NAMES: usize = 6;

impl Chart<'_> {
    /// Stacked bars, one a step.
    pub(super) fn bars(&self) -> String {
        let sum = |step: usize| self.series.iter().filter_map(|s| value(s, step)).sum::<f64>();
        let most = (0..self.steps.len()).map(sum).fold(0.0, f64::max);
        let ceiling = ceiling(most, self.unit);
        let mut marks = String::new();
        let wide = self.wide();
        for step in 0..self.steps.len() {
            let mut below = 0.0;
            for series in self.series {
                let Some(v) = value(series, step).filter(|v| *v > 0.0) else { continue };
                let (top, bottom) = (y(below + v, ceiling), y(below, ceiling));
                let _ = write!(
                    marks,
                    "<rect class=\"{}\" x=\"{:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{:.1}\"><title>{}</title></rect>",
                    escape(series.class),
                    LEFT + wide * (step as f64 + 0.15),
                    wide * 0.7,
                    bottom - top,
                    escape(&self.told(series, step, v)),
                );
                below += v;
            }
        }
        self.figure(&marks, ceiling)
    }

    /// A line for each series, broken where there is no value.
    pub(super) fn lines(&self) -> String {
        let all = self.series.iter().flat_map(|s| (0..self.steps.len()).filter_map(|step| value(s, step)));
        let ceiling = ceiling(all.fold(0.0, f64::max), self.unit);
        let wide = self.wide();
        let x = |step: usize| LEFT + wide * (step as f64 + 0.5);
        let mut marks = String::new();
        for series in self.series {
            let mut path = String::new();
            let mut on = false;
            for step in 0..self.steps.len() {
                let Some(v) = value(series, step) else {
                    on = false;
                    continue;
                };
                let _ = write!(path, "{}{:.1} {:.1}", if on { "L" } else { "M" }, x(step), y(v, ceiling));
                on = true;
            }
            let class = escape(series.class);
            if !path.is_empty() {
                let _ = write!(marks, "<path class=\"line {class}\" d=\"{path}\"></path>");
            }
            for (step, v) in (0..self.steps.len()).filter_map(|step| Some((step, value(series, step)?))) {
                let _ = write!(
                    marks,
                    "<circle class=\"{class}\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"3.5\"><title>{}</title></circle>",
                    x(step),
                    y(v, ceiling),
                    escape(&self.told(series, step, v)),
                );
            }
        }
        self.figure(&marks, ceiling)
    }

    fn wide(&self) -> f64 {
        (WIDTH - LEFT - RIGHT) / self.steps.len().max(1) as f64
    }

    fn told(&self, series: &Series<'_>, step: usize, v: f64) -> String {
        let at = self.steps.get(step).map_or("", String::as_str);
        format!("{at}, {}: {}", series.name, (self.say)(v))
    }

    /// Axes around the marks, a legend where there are several series, and the figures.
    fn figure(&self, marks: &str, ceiling: f64) -> String {
        let (id, title, about) = (escape(self.id), escape(self.title), escape(self.about));
        let mut out = format!(
            "<figure class=\"chart\"><figcaption>{title}</figcaption><svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" \
             aria-labelledby=\"{id}-t {id}-d\"><title id=\"{id}-t\">{title}</title><desc id=\"{id}-d\">{about}</desc>"
        );
        for part in [0.0, 0.5, 1.0] {
            let at = y(ceiling * part, ceiling);
            let _ = write!(
                out,
                "<line class=\"rule\" x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{at:.1}\" y2=\"{at:.1}\"></line><text class=\"y\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                WIDTH - RIGHT,
                LEFT - 6.0,
                at + 4.0,
                escape(&(self.say)(ceiling * part)),
            );
        }
        // The last step is named always: it is what people look for.
        let every = self.steps.len().div_ceil(NAMES).max(1);
        let last = self.steps.len().saturating_sub(1);
        for (step, name) in self.steps.iter().enumerate().filter(|(step, _)| (last - step) % every == 0) {
            let at = LEFT + self.wide() * (step as f64 + 0.5);
            let _ = write!(
                out,
                "<text class=\"x\" x=\"{at:.1}\" y=\"{:.1}\">{}</text>",
                HEIGHT - 8.0,
                escape(name)
            );
        }
        let _ = write!(out, "{marks}</svg>");
        if self.series.len() > 1 {
            out.push_str("<ul class=\"legend\">");
            for s in self.series {
                let _ = write!(out, "<li><i class=\"{}\"></i>{}</li>", escape(s.class), escape(s.name));
            }
            out.push_str("</ul>");
        }
        let _ = write!(
            out,
            "<details class=\"small\"><summary>Figures</summary>{}</details></figure>",
            self.table()
        );
        out
    }

    fn table(&self) -> String {
        let mut out = String::from("<table class=\"grid plain\"><thead><tr><th scope=\"col\">Week</th>");
        for s in self.series {
            let _ = write!(out, "<th scope=\"col\">{}</th>", escape(s.name));
        }
        out.push_str("</tr></thead><tbody>");
        for (step, name) in self.steps.iter().enumerate() {
            let _ = write!(out, "<tr><th scope=\"row\">{}</th>", escape(name));
            for s in self.series {
                let said = value(s, step).map_or_else(|| "–".to_owned(), |v| (self.say)(v));
                let _ = write!(out, "<td>{}</td>", escape(&said));
            }
            out.push_str("</tr>");
        }
        out.push_str("</tbody></table>");
        out
    }
}

fn value(series: &Series<'_>, step: usize) -> Option<f64> {
    series.values.get(step).copied().flatten().filter(|v| v.is_finite() && *v >= 0.0)
}

fn y(value: f64, ceiling: f64) -> f64 {
    HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / ceiling
}

/// The end of the axis: the next even number of 1, 2 or 5 times a power of ten units.
fn ceiling(most: f64, unit: f64) -> f64 {
    let wanted = (most / unit).max(2.0);
    let power = 10f64.powf(wanted.log10().floor());
    let nice = [1.0, 2.0, 4.0, 6.0, 8.0, 10.0].into_iter().map(|n| n * power).find(|n| *n >= wanted);
    nice.unwrap_or(wanted) * unit
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in crate::ui::words::clean(text).chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(series: &[Series<'_>], steps: &[String], bars: bool) -> String {
        let say = |v: f64| format!("{v:.0}");
        let chart = Chart {
            id: "c",
            title: "A <b> & \"c\"",
            about: "All of it.",
            steps,
            series,
            say: &say,
            unit: 1.0,
        };
        if bars { chart.bars() } else { chart.lines() }
    }

    #[test]
    fn bars_stand_on_each_other() {
        let series = [
            Series { name: "SEV1", class: "c-sev1", values: vec![Some(1.0), None] },
            Series { name: "SEV2", class: "c-sev2", values: vec![Some(3.0), Some(0.0)] },
        ];
        let svg = chart(&series, &["W1".to_owned(), "W2".to_owned()], true);
        for part in [
            "<title id=\"c-t\">A &lt;b&gt; &amp; &quot;c&quot;</title><desc id=\"c-d\">All of it.</desc>",
            "<rect class=\"c-sev1\" x=\"84.2\" y=\"133.0\" width=\"131.6\" height=\"41.0\"><title>W1, SEV1: 1</title></rect>",
            "<rect class=\"c-sev2\" x=\"84.2\" y=\"10.0\" width=\"131.6\" height=\"123.0\"><title>W1, SEV2: 3</title></rect>",
            "<tr><th scope=\"row\">W2</th><td>–</td><td>0</td></tr>",
        ] {
            assert!(svg.contains(part), "{part} is not in {svg}");
        }
        assert_eq!(svg.matches("<rect").count(), 2, "nothing stands for nothing: {svg}");
    }

    #[test]
    fn lines_break_where_nothing_was_measured() {
        let series =
            [Series { name: "mean", class: "c-a", values: vec![Some(2.0), None, Some(4.0), Some(f64::NAN)] }];
        let steps: Vec<String> = ["a", "b", "c", "d"].map(str::to_owned).to_vec();
        let svg = chart(&series, &steps, false);
        assert_eq!(svg.matches('M').count(), 2, "{svg}");
        assert_eq!(svg.matches("<circle").count(), 2, "{svg}");
        assert!(!svg.contains("NaN") && !svg.contains("<b>") && !svg.contains("style="), "{svg}");
    }

    #[test]
    fn the_axis_ends_on_a_round_number() {
        let shown: Vec<f64> = [0.0, 1.0, 3.0, 7.0, 11.0, 95.0].into_iter().map(|m| ceiling(m, 1.0)).collect();
        assert_eq!(shown, [2.0, 2.0, 4.0, 8.0, 20.0, 100.0]);
        assert_eq!(ceiling(130.0, 60.0), 240.0);
        assert!(chart(&[], &[], true).contains("<svg"));
    }
}
