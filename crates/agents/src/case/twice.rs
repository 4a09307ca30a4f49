//! Log lines that reach two sources: a service writes its file and sends the same lines by a collector.

use std::collections::BTreeMap;

use firebell_core::policy::Policy;
use firebell_core::telemetry::LogLine;

/// How far two records of one line may lie apart where both have fractions of a second, milliseconds.
const APART_MS: i64 = 2;

/// Each line once: of one component, at one time, with the same message. Of two records the one that names its trace
/// is kept, else the first. Equal lines of one source are different lines.
pub(super) fn told_once(lines: Vec<LogLine>, policy: &Policy) -> Vec<LogLine> {
    let mut groups: BTreeMap<(String, i64), BTreeMap<&str, Vec<usize>>> = BTreeMap::new();
    for (i, line) in lines.iter().enumerate() {
        let Some(at) = line.at else { continue };
        let name = component(line, policy);
        if !name.is_empty() {
            let group = groups.entry((name, at.as_second())).or_default();
            group.entry(line.source.as_str()).or_default().push(i);
        }
    }
    let mut gone = vec![false; lines.len()];
    for group in groups.values().filter(|g| g.len() > 1) {
        let sources: Vec<&Vec<usize>> = group.values().collect();
        for (n, first) in sources.iter().enumerate() {
            for second in &sources[n + 1..] {
                pair(&lines, first, second, &mut gone);
            }
        }
    }
    let mut i = 0;
    let mut lines = lines;
    lines.retain(|_| {
        i += 1;
        !gone[i - 1]
    });
    lines
}

/// The component's name without its kind, as the policy knows it.
fn component(line: &LogLine, policy: &Policy) -> String {
    let raw = line.component.as_deref().unwrap_or("");
    let short = raw.rsplit('/').next().unwrap_or(raw);
    policy.service(short).map_or_else(|| short.to_owned(), |s| s.name.clone())
}

/// Marks one record of each line that both sources hold.
fn pair(lines: &[LogLine], first: &[usize], second: &[usize], gone: &mut [bool]) {
    let mut taken = vec![false; second.len()];
    for a in first.iter().filter(|i| !gone[**i]).copied().collect::<Vec<_>>() {
        let found =
            second.iter().enumerate().find(|(k, b)| !taken[*k] && !gone[**b] && same(&lines[a], &lines[**b]));
        if let Some((k, b)) = found {
            taken[k] = true;
            let drop = if lines[a].trace_id.is_none() && lines[*b].trace_id.is_some() { a } else { *b };
            gone[drop] = true;
        }
    }
}

/// Whether two records are of one line: the same time, as far as both tell it, and the message of one inside the
/// other, which may have a prefix and fields around it.
fn same(a: &LogLine, b: &LogLine) -> bool {
    let (Some(x), Some(y)) = (a.at, b.at) else { return false };
    let coarse = x.subsec_nanosecond() == 0 || y.subsec_nanosecond() == 0;
    if !coarse && (x.as_millisecond() - y.as_millisecond()).abs() > APART_MS {
        return false;
    }
    let traces = a.trace_id.is_none() || b.trace_id.is_none() || a.trace_id == b.trace_id;
    let (short, long) = if a.text.len() <= b.text.len() { (a, b) } else { (b, a) };
    // A bare word may stand in any line.
    let telling = short.text.len() == long.text.len() || short.text.len() >= 8;
    traces && telling && long.text.contains(&short.text)
}
