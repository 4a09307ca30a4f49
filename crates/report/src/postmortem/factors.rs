//! Contributing factors by group, and the fishbone drawn from them. Every factor is taken from the record.

use super::clocks::{customers_first, lapses};
use super::document::Block;
use super::write::Record;
use crate::{text, words};

/// Factors of one group that the list shows.
const MAX_LISTED: usize = 10;
/// … that the drawing shows.
const MAX_DRAWN: usize = 3;
/// Characters of a factor in the drawing.
const MAX_LABEL: usize = 30;

struct Group {
    name: &'static str,
    /// Markdown.
    factors: Vec<String>,
    /// The same, short and plain.
    labels: Vec<String>,
}

impl Group {
    fn add(&mut self, factor: String, label: &str) {
        self.factors.push(factor);
        self.labels.push(text::line(label, MAX_LABEL));
    }
}

pub(super) fn factors(record: &Record<'_>) -> Vec<Block> {
    let groups = gather(record);
    let mut list = String::new();
    for group in &groups {
        list.push_str(&format!("**{}**\n\n", group.name));
        if group.factors.is_empty() {
            list.push_str("- none on the record\n");
        }
        list.extend(group.factors.iter().take(MAX_LISTED).map(|f| format!("- {f}\n")));
        if group.factors.len() > MAX_LISTED {
            list.push_str(&format!("- and {} more\n", group.factors.len() - MAX_LISTED));
        }
        list.push('\n');
    }
    let effect = words::issue_plain(record.incident);
    let html = format!("<figure>\n{}</figure>\n", fishbone(&effect, &groups));
    vec![Block::Figure { markdown: String::new(), html }, Block::Markdown(list)]
}

fn gather(record: &Record<'_>) -> Vec<Group> {
    let i = record.incident;
    let group = |name| Group { name, factors: Vec::new(), labels: Vec::new() };
    let mut change = group("Changes");
    let mut system = group("The system");
    let mut spread = group("Spread");
    let mut detection = group("Detection");
    let mut response = group("Response");
    let mut sight = group("Visibility");
    if let Some(h) = words::leader(i) {
        let title = words::cause_title(&h.cause);
        let told = format!("{} at {}", text::markdown(&title, 120), text::code(&h.component, 100));
        let ids: Vec<String> = h.evidence.iter().take(3).map(|e| text::code(&e.id, 40)).collect();
        let cited = if ids.is_empty() { String::new() } else { format!(" ({})", ids.join(", ")) };
        let whose = if h.cause.starts_with("change.") { &mut change } else { &mut system };
        whose.add(format!("{told}{cited}"), &title);
        if let Some(id) = &h.change {
            change.add(format!("Change {} brought it", text::code(id, 120)), &format!("change {id}"));
        }
        for step in &h.path {
            spread.add(
                format!(
                    "{} to {}: {}",
                    text::code(&step.from, 100),
                    text::code(&step.to, 100),
                    text::markdown(&step.why, 200)
                ),
                &format!("{} to {}", step.from, step.to),
            );
        }
    }
    if customers_first(record) {
        detection.add("Customers noticed before any alert fired".to_owned(), "customers noticed first");
    }
    if let Some(s) = record.times.detect_s.filter(|s| *s > 0.0) {
        let told = format!("{} from the start of impact to the opening", words::span(s));
        detection.add(told, &format!("{} to detect", words::span(s)));
    }
    for lapse in lapses(record) {
        let label = lapse.replace(['`', '\\'], "");
        response.add(lapse, &label);
    }
    for gap in gaps(record) {
        sight.add(text::markdown(&gap, 200), &gap);
    }
    vec![change, system, spread, detection, response, sight]
}

/// Gaps of the agents and of the verdict, each once.
pub(super) fn gaps(record: &Record<'_>) -> Vec<String> {
    let i = record.incident;
    let mut all = i.gaps.clone();
    for gap in i.verdict.iter().flat_map(|v| &v.gaps) {
        if !all.contains(gap) {
            all.push(gap.clone());
        }
    }
    all
}

/// A spine that leads to the effect, three ribs above and three below.
fn fishbone(effect: &str, groups: &[Group]) -> String {
    let mut out = String::from(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 760 360\" role=\"img\" \
         aria-label=\"Fishbone of the contributing factors; the list below says the same\" \
         font-family=\"system-ui, sans-serif\" font-size=\"13\" fill=\"currentColor\">\n\
         <g stroke=\"currentColor\" stroke-width=\"2\" fill=\"none\">\n<path d=\"M20 180 H 742 M732 174 L742 180 L732 186\"/>\n",
    );
    let x = |n: usize| 40 + (n % 3) as i32 * 236;
    for n in 0..groups.len().min(6) {
        let (from, y) = (x(n), if n < 3 { 26 } else { 334 });
        out.push_str(&format!("<path d=\"M{from} {y} L{} 180\" opacity=\"0.6\"/>\n", from + 70));
    }
    out.push_str("</g>\n");
    for (n, group) in groups.iter().take(6).enumerate() {
        let (left, top) = (x(n) + 34, if n < 3 { 22 } else { 280 });
        out.push_str(&format!(
            "<text x=\"{left}\" y=\"{top}\" font-weight=\"bold\">{}</text>\n",
            text::html(group.name)
        ));
        let none = ["none on the record".to_owned()];
        let labels = if group.labels.is_empty() { &none[..] } else { &group.labels[..] };
        for (row, label) in labels.iter().take(MAX_DRAWN).enumerate() {
            let (lx, ly) = (left, top + 20 + row as i32 * 19);
            out.push_str(&format!(
                "<text x=\"{lx}\" y=\"{ly}\" font-size=\"12\">{}</text>\n",
                text::html(label)
            ));
        }
        if labels.len() > MAX_DRAWN {
            let ly = top + 20 + MAX_DRAWN as i32 * 19;
            let more = labels.len() - MAX_DRAWN;
            out.push_str(&format!(
                "<text x=\"{}\" y=\"{ly}\" font-size=\"12\">and {more} more</text>\n",
                left
            ));
        }
    }
    let effect = text::html(&text::line(effect, 40));
    out.push_str(&format!(
        "<text x=\"736\" y=\"168\" text-anchor=\"end\" font-weight=\"bold\">{effect}</text>\n</svg>\n"
    ));
    out
}
