//! Who calls whom, with the way of the harm drawn on it.

use std::collections::BTreeMap;

use super::layers::layers;
use super::{Svg, clip, esc};

/// A component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Name; may hold outside text.
    pub name: String,
    /// `service`, `database`, …
    pub kind: String,
    /// The cause is here.
    pub cause: bool,
    /// It is affected.
    pub ill: bool,
    /// Alerts that fire or fired on it.
    pub alerts: usize,
}

/// A call, by indexes of the nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    /// Who calls.
    pub caller: usize,
    /// Who is called.
    pub callee: usize,
}

impl Edge {
    /// The calls between nodes that are drawn; `index` says where each stands.
    pub fn between<'a>(
        index: &BTreeMap<&String, usize>,
        calls: impl IntoIterator<Item = &'a (String, String)>,
    ) -> Vec<Self> {
        calls
            .into_iter()
            .filter_map(|(a, b)| Some(Self { caller: *index.get(a)?, callee: *index.get(b)? }))
            .collect()
    }
}

/// A step of the harm, by indexes of the nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Where the harm comes from.
    pub from: usize,
    /// Where it arrives.
    pub to: usize,
    /// Why it is believed; may hold outside text.
    pub why: String,
}

impl Step {
    /// The steps between nodes that are drawn, from, to and why; `index` says where each stands.
    pub fn between(index: &BTreeMap<&String, usize>, path: &[(String, String, String)]) -> Vec<Self> {
        path.iter()
            .filter_map(|(a, b, why)| {
                Some(Self { from: *index.get(a)?, to: *index.get(b)?, why: why.clone() })
            })
            .collect()
    }
}

/// What is drawn.
pub struct Graph<'a> {
    /// Names it.
    pub title: &'a str,
    /// Says what it shows.
    pub desc: &'a str,
    /// The components.
    pub nodes: &'a [Node],
    /// The calls.
    pub edges: &'a [Edge],
    /// From cause to symptom.
    pub path: &'a [Step],
}

const BOX: (f64, f64) = (112.0, 44.0);
const GAP: (f64, f64) = (18.0, 46.0);

/// Draws it, or `None` where there is no node.
pub fn graph(g: &Graph<'_>) -> Option<String> {
    if g.nodes.is_empty() {
        return None;
    }
    let calls: Vec<(usize, usize)> = g.edges.iter().map(|e| (e.caller, e.callee)).collect();
    let rows = layers(g.nodes.len(), &calls);
    let across = rows.iter().map(Vec::len).max()? as f64;
    // Room at both sides for lines that go around and for badges.
    let width = across * (BOX.0 + GAP.0) + 36.0;
    let mut place = vec![(0.0, 0.0); g.nodes.len()];
    for (r, row) in rows.iter().enumerate() {
        let left = (width - row.len() as f64 * (BOX.0 + GAP.0) + GAP.0) / 2.0;
        for (n, node) in row.iter().enumerate() {
            place[*node] = (left + n as f64 * (BOX.0 + GAP.0), 16.0 + r as f64 * (BOX.1 + GAP.1));
        }
    }
    let height = 16.0 + rows.len() as f64 * (BOX.1 + GAP.1) - GAP.1 + 22.0;
    let mut svg = Svg::new(g.title, g.desc, width);
    for edge in g.edges.iter().filter(|e| e.caller != e.callee) {
        let on_path = g.path.iter().any(|s| (s.to, s.from) == (edge.caller, edge.callee));
        if !on_path {
            let curve = curve(place[edge.caller], place[edge.callee]);
            arrow(&mut svg, "edge", "tip", &curve);
        }
    }
    for (n, node) in g.nodes.iter().enumerate() {
        draw_node(&mut svg, node, place[n]);
    }
    for (n, step) in g.path.iter().enumerate().filter(|(_, s)| s.from != s.to) {
        let curve = curve(place[step.from], place[step.to]);
        svg.put(format_args!("<g><title>{}</title>", esc(&step.why)));
        arrow(&mut svg, "harm", "harmtip", &curve);
        let (x, y) = curve.middle();
        svg.put(format_args!(
            "<g class=\"step\"><circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"9\"/><text x=\"{x:.1}\" y=\"{:.1}\">{}</text></g></g>",
            y + 4.0,
            n + 1
        ));
    }
    Some(svg.finish(height))
}

fn draw_node(svg: &mut Svg, node: &Node, (x, y): (f64, f64)) {
    let class = match (node.cause, node.ill) {
        (true, _) => "node ill cause",
        (false, true) => "node ill",
        (false, false) => "node",
    };
    let state = match (node.cause, node.ill) {
        (true, _) => ", the cause",
        (false, true) => ", affected",
        (false, false) => "",
    };
    let alerts = match node.alerts {
        0 => String::new(),
        1 => ", 1 alert".to_owned(),
        n => format!(", {n} alerts"),
    };
    let middle = x + BOX.0 / 2.0;
    svg.put(format_args!(
        "<g class=\"{class}\"><title>{}</title><rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{}\" height=\"{}\" rx=\"8\"/>",
        esc(&format!("{} {}{state}{alerts}", node.kind, node.name)),
        BOX.0,
        BOX.1
    ));
    svg.text("name", middle, y + 20.0, &clip(&node.name, 15));
    svg.text(
        if node.cause { "tagged" } else { "kind" },
        middle,
        y + 36.0,
        if node.cause { "CAUSE" } else { &node.kind },
    );
    if node.alerts > 0 {
        let at = x + BOX.0 - 4.0;
        svg.put(format_args!(
            "<g class=\"badge\"><circle cx=\"{at:.1}\" cy=\"{:.1}\" r=\"10\"/><text x=\"{at:.1}\" y=\"{:.1}\">{}</text></g>",
            y + 3.0,
            y + 7.0,
            if node.alerts > 99 { "99".to_owned() } else { node.alerts.to_string() }
        ));
    }
    svg.put(format_args!("</g>"));
}

/// A bend between two boxes.
struct Curve([(f64, f64); 4]);

impl Curve {
    fn middle(&self) -> (f64, f64) {
        let [a, b, c, d] = self.0;
        let mix = |a: f64, b: f64, c: f64, d: f64| (a + 3.0 * b + 3.0 * c + d) / 8.0;
        (mix(a.0, b.0, c.0, d.0), mix(a.1, b.1, c.1, d.1))
    }
}

fn curve(from: (f64, f64), to: (f64, f64)) -> Curve {
    let half = BOX.0 / 2.0;
    let (fx, tx) = (from.0 + half, to.0 + half);
    if (from.1 - to.1).abs() < 1.0 {
        // Side by side: over the top.
        let lift = from.1 - 18.0;
        return Curve([(fx, from.1), (fx, lift), (tx, lift), (tx, to.1)]);
    }
    let (fy, ty) = if from.1 < to.1 { (from.1 + BOX.1, to.1) } else { (from.1, to.1 + BOX.1) };
    let bend = (ty - fy) * 0.5;
    Curve([(fx, fy), (fx, fy + bend), (tx, ty - bend), (tx, ty)])
}

fn arrow(svg: &mut Svg, line: &str, tip: &str, Curve([a, b, c, d]): &Curve) {
    // The tip points along the last stretch, which is upright.
    let back = if d.1 >= c.1 { -8.0 } else { 8.0 };
    svg.put(format_args!(
        "<path class=\"{line}\" d=\"M{:.1} {:.1}C{:.1} {:.1} {:.1} {:.1} {:.1} {:.1}\"/>\
         <path class=\"{tip}\" d=\"M{:.1} {:.1}l-4.5 {back}h9Z\"/>",
        a.0,
        a.1,
        b.0,
        b.1,
        c.0,
        c.1,
        d.0,
        d.1 + back / 2.0,
        d.0,
        d.1
    ));
}
