//! `firebell trace explain FILE`.

use std::path::Path;

use firebell_integrations::bundle::{self, TraceFile};
use firebell_rca::{Call, TraceReport, TraceView, explain_traces_against};

use crate::args::{Format, TraceCommand, TraceExplainArgs};
use crate::exit_code::{ExitCode, coded};
use crate::output::{self, Tone, paint};

/// Width of a bar.
const BAR: usize = 28;
/// Lines of a path that are printed; what takes least of the path goes first.
const LINES: usize = 40;
/// Rows of a list that are printed.
const ROWS: usize = 15;

pub(super) fn run(command: TraceCommand) -> anyhow::Result<ExitCode> {
    match command {
        TraceCommand::Explain(args) => explain(&args),
    }
}

fn explain(args: &TraceExplainArgs) -> anyhow::Result<ExitCode> {
    let now = read(&args.file)?;
    let normal = args.normal.as_deref().map(read).transpose()?;
    let report = explain_traces_against(
        &now.spans,
        normal.as_ref().map(|n| n.spans.as_slice()),
        args.trace.as_deref(),
    );
    if let Some(id) = &args.trace
        && report.shown.is_empty()
    {
        let file = args.file.display();
        return Err(coded(
            ExitCode::NotFound,
            format!("{file}: no trace {id} among {} traces", report.traces),
        ));
    }
    if args.json || args.format == Format::Json {
        output::line(&serde_json::to_string_pretty(&report)?);
    } else {
        for line in text(&report, args.normal.is_some()) {
            output::line(&line);
        }
    }
    Ok(ExitCode::Ok)
}

fn read(path: &Path) -> anyhow::Result<TraceFile> {
    let read = bundle::read_traces(path).map_err(|e| {
        let source = std::error::Error::source(&e).map(|s| format!(": {s}")).unwrap_or_default();
        coded(ExitCode::Usage, format!("{e}{source}"))
    })?;
    for b in &read.broken {
        let place = if b.line > 0 { format!("{}:{}", b.file, b.line) } else { b.file.clone() };
        output::note(&format!("left out: {}: {}", one_line(&place), one_line(&b.reason)));
    }
    if read.spans.is_empty() {
        return Err(coded(ExitCode::Usage, format!("{}: no spans in it", path.display())));
    }
    Ok(read)
}

fn text(r: &TraceReport, compared: bool) -> Vec<String> {
    let mut out = vec![format!(
        "{} spans in {} traces, {} of them with a failure; a trace takes {} (median), {} (95th percentile)",
        r.spans,
        r.traces,
        r.failed,
        took(r.median_us),
        took(r.p95_us)
    )];
    let mut list = |heading: &str, lines: Vec<String>, more: usize| {
        if !lines.is_empty() {
            out.push(String::new());
            out.push(paint(Tone::Strong, heading));
            out.extend(lines);
            if more > 0 {
                out.push(paint(Tone::Dim, &format!("  … {more} more: --format json has all")));
            }
        }
    };
    list(
        "Wrong with the spans",
        r.defects.iter().map(|d| format!("  {} {}", paint(Tone::Warn, "!"), one_line(&d.text))).collect(),
        0,
    );
    if compared {
        let lines: Vec<String> =
            r.differences.iter().take(ROWS).map(|d| format!("  {}", one_line(&d.text))).collect();
        let none = vec!["  nothing that chance would not bring".to_owned()];
        let more = r.differences.len().saturating_sub(ROWS);
        list("Different from normal traces", if lines.is_empty() { none } else { lines }, more);
    }
    list(
        "Where failures begin",
        r.origins
            .iter()
            .take(ROWS)
            .map(|o| {
                let message = o.message.as_deref().map(|m| format!(": {}", one_line(m))).unwrap_or_default();
                format!(
                    "  {} {} {}{message} {}",
                    paint(Tone::Bad, &format!("{:>5}×", o.traces)),
                    one_line(&o.component),
                    one_line(&o.operation),
                    paint(Tone::Dim, &format!("({})", one_line(&o.example)))
                )
            })
            .collect(),
        r.origins.len().saturating_sub(ROWS),
    );
    list(
        "Patterns",
        r.patterns
            .iter()
            .take(ROWS)
            .map(|p| {
                format!(
                    "  {} {}",
                    one_line(&p.text),
                    paint(Tone::Dim, &format!("({})", one_line(&p.example)))
                )
            })
            .collect(),
        r.patterns.len().saturating_sub(ROWS),
    );
    for v in &r.shown {
        list(&heading(v), path(v), 0);
    }
    list("Calls", calls(&r.calls), r.calls.len().saturating_sub(ROWS));
    list(
        "Time spent in itself",
        r.operations
            .iter()
            .take(ROWS)
            .map(|o| {
                format!(
                    "  {:>9} in {:>6} spans  {:>9} median  {:>9} p95  {} {}",
                    took(o.self_us),
                    o.count,
                    took(o.median_us),
                    took(o.p95_us),
                    one_line(&o.component),
                    one_line(&o.operation)
                )
            })
            .collect(),
        0,
    );
    out
}

fn heading(v: &TraceView) -> String {
    let parts = if v.roots > 1 { format!(", in {} parts", v.roots) } else { String::new() };
    format!(
        "{} trace {}: {} {}, {}, {} spans{parts}",
        if v.failed { "Failing" } else { "Slow" },
        one_line(&v.trace_id),
        one_line(&v.component),
        one_line(&v.operation),
        took(v.duration_us),
        v.spans
    )
}

/// The critical path as an indented tree beside bars over the time of the trace.
fn path(v: &TraceView) -> Vec<String> {
    // Failures, and what the path spends most of its time with.
    let mut kept: Vec<usize> = (0..v.path.len()).collect();
    kept.sort_by_key(|i| {
        let p = &v.path[*i];
        (!p.origin, !p.error, std::cmp::Reverse(p.through_us), *i)
    });
    kept.truncate(LINES);
    kept.sort_unstable();
    let mut out = vec![paint(
        Tone::Dim,
        &format!("  {:BAR$} {:>9} {:>9} {:>9}", "on the critical path", "took", "itself", "waited"),
    )];
    for i in &kept {
        let p = &v.path[*i];
        let bar = bar(p.start_us, p.duration_us, v.duration_us);
        let flag = match (p.origin, p.error) {
            (true, _) => paint(Tone::Bad, "  <- the failure begins here"),
            (false, true) => paint(Tone::Bad, "  failed"),
            _ => String::new(),
        };
        out.push(format!(
            "  {} {:>9} {:>9} {:>9}  {}{} {}{flag}",
            paint(if p.error { Tone::Bad } else { Tone::Link }, &bar),
            took(p.duration_us),
            took(p.self_us),
            took(p.wait_us),
            "  ".repeat(p.depth.min(20)),
            one_line(&p.component),
            one_line(&p.operation),
        ));
    }
    let more = v.path.len() - kept.len() + v.left_out;
    if more > 0 {
        out.push(paint(Tone::Dim, &format!("  … {more} more that take little of it")));
    }
    if let Some(message) = &v.message {
        out.push(format!("  it says: {}", one_line(message)));
    }
    out
}

fn bar(start: i64, duration: i64, whole: i64) -> String {
    let cell = |us: i64| ((us.max(0) as f64 / whole.max(1) as f64 * BAR as f64) as usize).min(BAR);
    let from = cell(start).min(BAR - 1);
    let to = cell(start.saturating_add(duration)).clamp(from + 1, BAR);
    format!("{}{}{}", " ".repeat(from), "━".repeat(to - from), " ".repeat(BAR - to))
}

fn calls(calls: &[Call]) -> Vec<String> {
    let name = |c: &Call| format!("{} → {}", one_line(&c.caller), one_line(&c.callee));
    let rows = &calls[..calls.len().min(ROWS)];
    let width = rows.iter().map(|c| name(c).chars().count()).max().unwrap_or(0);
    let mut out = Vec::new();
    if !rows.is_empty() {
        out.push(paint(
            Tone::Dim,
            &format!(
                "  {:width$} {:>7} {:>9} {:>9} {:>7} {:>9} {:>9} {:>9}",
                "", "calls", "a second", "a request", "failed", "median", "p95", "on way"
            ),
        ));
    }
    out.extend(rows.iter().map(|c| {
        let failed = format!("{:.1} %", c.errors as f64 / c.calls.max(1) as f64 * 100.0);
        let failed = format!("{failed:>7}");
        format!(
            "  {:width$} {:>7} {:>9.2} {:>9.2} {} {:>9} {:>9} {:>9}",
            name(c),
            c.calls,
            c.per_second,
            c.per_request,
            if c.errors > 0 { paint(Tone::Bad, &failed) } else { failed },
            took(c.median_us),
            took(c.p95_us),
            c.gap_us.map_or("-".to_owned(), took)
        )
    }));
    out
}

/// Microseconds for people.
fn took(us: i64) -> String {
    match us {
        i64::MIN..1_000 => format!("{us} µs"),
        1_000..10_000 => format!("{:.1} ms", us as f64 / 1e3),
        10_000..1_000_000 => format!("{:.0} ms", us as f64 / 1e3),
        _ => format!("{:.2} s", us as f64 / 1e6),
    }
}

/// Outside text on one line, without what steers a terminal, and not without end.
fn one_line(text: &str) -> String {
    const MOST: usize = 200;
    let mut out: String = output::clean(text).split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((end, _)) = out.char_indices().nth(MOST) {
        out.truncate(end);
        out.push('…');
    }
    out
}
