//! The sections of the report, in the order in which they are needed.

use firebell_core::verdict::{EvidenceRef, Outcome};

use super::chart::spark;
use super::layout::{Page, columns, cut, pad, piece};
use super::{Piece, Tone};
use crate::investigation::Investigation;
use crate::investigation::changes::{self, Finding};
use crate::investigation::facts::{self, Claim};
use crate::investigation::figures::{Figure, figures};
use crate::investigation::path::{Check, Edge, edges};
use crate::text;
use crate::words::{clock, second, span};

pub(super) fn write(i: &Investigation<'_>, page: &mut Page) {
    verdict(i, page);
    ruled_out(i, page);
    path(i, page);
    charts(i, page);
    evidence(i, page);
    changed(i, page);
    mitigations(i, page);
    next(i, page);
    gaps(i, page);
    stats(i, page);
}

fn verdict(i: &Investigation<'_>, page: &mut Page) {
    let (word, what) = facts::headline(i.verdict);
    let tone = match i.verdict.verdict {
        Outcome::Cause => Tone::Bad,
        Outcome::Healthy | Outcome::Recovered => Tone::Good,
        Outcome::InsufficientEvidence => Tone::Warn,
    };
    let mut line = vec![piece(Tone::Strong, &what)];
    if let Some(h) = i.verdict.hypotheses.first().filter(|_| facts::blames(i.verdict)) {
        line.push(piece(
            tone,
            &format!("{}, {}", facts::percent(h.confidence), facts::sureness(h.confidence)),
        ));
    }
    page.paragraph(2, vec![piece(tone, word), piece(Tone::Plain, "  ")], &line);
    let onset = i.verdict.onset.map_or(String::new(), |o| format!("onset {}, ", second(o)));
    page.paragraph(0, Vec::new(), &[piece(Tone::Dim, &format!("{onset}seen: {}", text::line(i.of, 200)))]);
    for line in i.beside {
        page.paragraph(2, Vec::new(), &[piece(Tone::Plain, &text::line(line, 400))]);
    }
    let claims = facts::explanation(i);
    if !claims.is_empty() {
        page.blank();
        let pieces: Vec<Piece> = claims.iter().flat_map(said).collect();
        page.paragraph(0, Vec::new(), &pieces);
    }
}

/// A claim with its ids.
fn said(c: &Claim) -> Vec<Piece> {
    let mut out = vec![piece(Tone::Plain, &c.text)];
    if !c.ids.is_empty() {
        out.push(piece(Tone::Dim, &format!("[{}]", c.ids.join(" "))));
    }
    out
}

fn bullet(page: &mut Page, indent: usize, mark: Piece, pieces: &[Piece]) {
    let lead = vec![piece(Tone::Plain, &" ".repeat(indent)), mark, piece(Tone::Plain, " ")];
    let inner = lead.iter().map(|p| columns(&p.text)).sum();
    page.paragraph(inner, lead, pieces);
}

fn ruled_out(i: &Investigation<'_>, page: &mut Page) {
    let Some(leader) = i.verdict.hypotheses.first().filter(|_| facts::blames(i.verdict)) else { return };
    let doubts = facts::doubts(leader);
    let rivals = facts::ruled_out(i.verdict);
    if doubts.is_empty() && rivals.is_empty() {
        return;
    }
    page.heading("What speaks against it, and what was ruled out");
    for d in &doubts {
        bullet(page, 2, piece(Tone::Warn, "!"), &said(d));
    }
    if let Some(text) = facts::separates(i.verdict) {
        bullet(page, 2, piece(Tone::Dim, "="), &[piece(Tone::Plain, &text)]);
    }
    for r in &rivals {
        let head = [piece(Tone::Strong, &r.what), piece(Tone::Dim, &facts::percent(r.confidence))];
        bullet(page, 2, piece(Tone::Dim, &format!("{}.", r.rank)), &head);
        for why in &r.why {
            bullet(page, 5, piece(Tone::Bad, "×"), &said(why));
        }
    }
}

fn path(i: &Investigation<'_>, page: &mut Page) {
    let steps = edges(i.verdict, i.telemetry);
    let (Some(first), Some(leader)) = (steps.first(), i.verdict.hypotheses.first()) else { return };
    page.heading("From the cause to what is felt");
    let began = i.verdict.onset.map(clock).unwrap_or_default();
    let cause = cut(&leader.cause, page.width.saturating_sub(32));
    let room = page.width.saturating_sub(4 + columns(&cause) + 2 + 8);
    page.raw(vec![
        piece(Tone::Plain, "  "),
        piece(Tone::Bad, &cut(&first.from, room.max(12))),
        piece(Tone::Plain, &format!("  {cause}  ")),
        piece(Tone::Dim, &began),
    ]);
    for step in &steps {
        page.raw(vec![piece(Tone::Plain, "    │")]);
        step_notes(page, step);
        page.raw(vec![piece(Tone::Plain, "    ▼")]);
        let at = step.at.map(clock).unwrap_or_else(|| "time unknown".to_owned());
        page.raw(vec![
            piece(Tone::Plain, "  "),
            piece(Tone::Strong, &cut(&step.to, page.width.saturating_sub(18))),
            piece(Tone::Dim, &format!("  {at}")),
        ]);
    }
}

fn step_notes(page: &mut Page, step: &Edge) {
    let order = match (step.order, step.after_s) {
        (Check::Holds, Some(s)) if s > 0.0 => format!("{} later", span(s)),
        (Check::Holds, _) => "at the same time".to_owned(),
        (Check::Fails, Some(s)) => format!("{} EARLIER than its cause", span(-s)),
        _ => "its time is not known".to_owned(),
    };
    let call = match step.call {
        Check::Holds => "the call is known",
        _ => "no telemetry shows the call",
    };
    let mark = |c: Check| match c {
        Check::Holds => piece(Tone::Good, "✓"),
        Check::Fails => piece(Tone::Bad, "✗"),
        Check::Unknown => piece(Tone::Warn, "?"),
    };
    let lead = vec![piece(Tone::Plain, "    │  ")];
    let mut told = vec![
        mark(step.order),
        piece(Tone::Plain, &format!("{order},")),
        mark(step.call),
        piece(Tone::Plain, &format!("{call}:")),
        piece(Tone::Dim, &step.why),
    ];
    if !step.ids.is_empty() {
        told.push(piece(Tone::Dim, &format!("[{}]", step.ids.join(" "))));
    }
    page.paragraph_beside("    │  ", lead, &told);
}

fn charts(i: &Investigation<'_>, page: &mut Page) {
    let figures = figures(i.verdict, i.telemetry);
    if figures.is_empty() {
        return;
    }
    page.heading("What moved");
    let onset = i.verdict.onset.map(|o| o.as_millisecond());
    let instants = || figures.iter().flat_map(|f| f.points.iter().map(|p| p.0));
    let (Some(from), Some(to)) = (instants().min(), instants().max()) else { return };
    let width = page.width.saturating_sub(24).min(72);
    for f in &figures {
        chart(page, f, (from, to), onset, width);
    }
    let at = |ms| jiff::Timestamp::from_millisecond(ms).map(clock).unwrap_or_default();
    let (a, b) = (at(from), at(to));
    let gap = width.saturating_sub(columns(&a) + columns(&b));
    page.raw(vec![piece(Tone::Dim, &format!("  {a}{}{b} UTC", " ".repeat(gap)))]);
}

fn chart(page: &mut Page, f: &Figure, window: (i64, i64), onset: Option<i64>, width: usize) {
    let (line, mark) = spark(&f.points, window, onset, width);
    let title = cut(&f.title, page.width.saturating_sub(f.id.len() + 5));
    page.raw(vec![piece(Tone::Plain, &format!("  {title} ")), piece(Tone::Dim, &format!("[{}]", f.id))]);
    let (calm, ill): (String, String) = match mark {
        Some(at) => (line.chars().take(at).collect(), line.chars().skip(at).collect()),
        None => (line, String::new()),
    };
    page.raw(vec![
        piece(Tone::Plain, "  "),
        piece(Tone::Dim, &calm),
        piece(Tone::Bad, &ill),
        piece(Tone::Plain, "  "),
        piece(Tone::Strong, &cut(&f.change(), page.width.saturating_sub(width + 5))),
    ]);
    if let Some(at) = mark {
        page.raw(vec![piece(
            Tone::Warn,
            &format!("  {}▲ onset", " ".repeat(at.min(width.saturating_sub(7)))),
        )]);
    }
}

fn evidence(i: &Investigation<'_>, page: &mut Page) {
    if i.verdict.hypotheses.is_empty() {
        return;
    }
    page.heading("Evidence");
    for h in &i.verdict.hypotheses {
        let head = [piece(Tone::Strong, &facts::named(h)), piece(Tone::Dim, &facts::percent(h.confidence))];
        bullet(page, 0, piece(Tone::Dim, &format!("{}.", h.rank)), &head);
        for e in &h.evidence {
            cited(page, e, piece(Tone::Good, "+"));
        }
        for e in &h.against {
            cited(page, e, piece(Tone::Bad, "−"));
        }
    }
}

fn cited(page: &mut Page, e: &EvidenceRef, sign: Piece) {
    let lead = vec![piece(Tone::Plain, "  "), sign, piece(Tone::Dim, &format!(" {} ", pad(&e.id, 4)))];
    let window = e.window.map_or(String::new(), |w| format!(", {} to {}", clock(w.start), clock(w.end)));
    let asked = format!(
        "({}: {}{window}, sha256 {})",
        text::line(&e.source, 80),
        text::line(&e.query, 160),
        e.sha256.chars().take(8).collect::<String>()
    );
    page.paragraph(9, lead, &[piece(Tone::Plain, &text::line(&e.reading, 300)), piece(Tone::Dim, &asked)]);
}

fn changed(i: &Investigation<'_>, page: &mut Page) {
    let (rows, cut_off) = changes::rows(i.verdict, i.telemetry);
    if rows.is_empty() {
        return;
    }
    page.heading("Changes");
    for r in &rows {
        let (tone, word) = match r.finding {
            Finding::Blamed => (Tone::Bad, "BLAMED"),
            Finding::Suspected => (Tone::Warn, "suspected"),
            Finding::Rejected => (Tone::Dim, "rejected"),
        };
        let lead = vec![piece(Tone::Plain, &format!("  {}  ", r.at)), piece(tone, &format!("{word:<9}  "))];
        page.paragraph(
            12,
            lead,
            &[
                piece(Tone::Strong, &r.component),
                piece(Tone::Plain, &format!("{} {}", r.kind, r.what)),
                piece(Tone::Dim, &format!("({})", r.id)),
            ],
        );
        let mut why = vec![piece(Tone::Plain, &r.why)];
        if !r.ids.is_empty() {
            why.push(piece(Tone::Dim, &format!("[{}]", r.ids.join(" "))));
        }
        page.paragraph(14, vec![piece(Tone::Plain, "            ")], &why);
    }
    if cut_off > 0 {
        page.raw(vec![piece(Tone::Dim, &format!("  and {cut_off} more, further from the onset"))]);
    }
}

fn mitigations(i: &Investigation<'_>, page: &mut Page) {
    let Some(h) =
        i.verdict.hypotheses.first().filter(|h| facts::blames(i.verdict) && !h.mitigations.is_empty())
    else {
        return;
    };
    page.heading("What would help");
    for m in &h.mitigations {
        let back = match (&m.inverse, m.reversible) {
            (Some(inverse), true) => format!("can be undone by {}", text::line(inverse, 60)),
            _ => "cannot be undone".to_owned(),
        };
        bullet(
            page,
            2,
            piece(Tone::Link, "→"),
            &[
                piece(Tone::Strong, &text::line(&m.action, 60).replace('_', " ")),
                piece(Tone::Plain, &format!("on {};", text::line(&m.target, 80))),
                piece(if m.reversible { Tone::Dim } else { Tone::Warn }, &back),
            ],
        );
    }
}

fn next(i: &Investigation<'_>, page: &mut Page) {
    if !i.asked.is_empty() {
        page.heading("Asked to tell the hypotheses apart");
        for a in i.asked {
            bullet(page, 2, piece(Tone::Good, "✓"), &[piece(Tone::Plain, &text::line(a, 300))]);
        }
    }
    if i.next.is_empty() {
        return;
    }
    page.heading("What to look at next");
    for (n, q) in i.next.iter().enumerate() {
        bullet(
            page,
            2,
            piece(Tone::Dim, &format!("{}.", n + 1)),
            &[
                piece(Tone::Strong, &text::line(&q.question, 200)),
                piece(Tone::Dim, &format!("(expected to tell {:.2} bits)", q.gain_bits)),
            ],
        );
        for e in &q.expects {
            let said = format!(
                "if hypothesis {} holds: {} ({})",
                e.rank,
                text::line(&e.outcome, 120),
                facts::percent(e.probability)
            );
            bullet(page, 5, piece(Tone::Dim, "·"), &[piece(Tone::Plain, &said)]);
        }
        page.raw(vec![piece(Tone::Plain, "     "), piece(Tone::Link, &text::line(&q.command, 2000))]);
    }
}

fn gaps(i: &Investigation<'_>, page: &mut Page) {
    if i.verdict.gaps.is_empty() {
        return;
    }
    page.heading("What could not be seen");
    for g in &i.verdict.gaps {
        bullet(page, 2, piece(Tone::Warn, "?"), &[piece(Tone::Plain, &text::line(g, 600))]);
    }
}

fn stats(i: &Investigation<'_>, page: &mut Page) {
    let s = &i.verdict.stats;
    page.blank();
    let memory = match s.peak_rss_bytes {
        0 => String::new(),
        bytes => format!(", {} MB of memory", bytes / 1_000_000),
    };
    let line = format!(
        "{}, {}, {} in {} ms{memory}",
        text::count(s.series, "series").replace("seriess", "series"),
        text::count(s.log_lines, "log line"),
        text::count(s.spans, "span"),
        s.wall_ms
    );
    page.paragraph(0, Vec::new(), &[piece(Tone::Dim, &line)]);
}
