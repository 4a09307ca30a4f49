//! Whether a line is of a template. A template is compared with the line's pattern, so that a line always matches the
//! template that it was mined into.

use super::columns::collapse;
use super::scan::{self, MASK, TRACE};

/// The pattern of one line alone, as people read it.
pub fn template_of(line: &str) -> String {
    let mut buffer = Vec::new();
    scan::pattern(line.as_bytes(), &mut buffer);
    scan::show(&buffer)
}

/// Whether a line is of a template as a verdict cites it (`logs COMPONENT ~ TEMPLATE`). `<*>` stands for
/// any text, once what varies in the line is masked.
pub fn is_of_template(template: &str, line: &str) -> bool {
    Matcher::new(template).matches(line)
}

/// A template made ready to be compared with many lines.
#[derive(Debug, Clone)]
pub(crate) struct Matcher {
    template: Vec<u8>,
    buffer: Vec<u8>,
}

impl Matcher {
    pub(crate) fn new(template: &str) -> Self {
        let masked = scan::read_masks(template.as_bytes());
        Self { template: collapse(&masked), buffer: Vec::new() }
    }

    pub(crate) fn matches(&mut self, line: &str) -> bool {
        let mut buffer = std::mem::take(&mut self.buffer);
        scan::pattern(line.as_bytes(), &mut buffer);
        let yes = self.fits(&buffer);
        self.buffer = buffer;
        yes
    }

    /// Whether a pattern is of the template.
    pub(crate) fn fits(&self, pattern: &[u8]) -> bool {
        if let Some((&TRACE, trace)) = pattern.split_first() {
            return self.template == trace;
        }
        if self.template == pattern {
            return true;
        }
        glob(&self.template, &collapse(pattern))
    }
}

/// Masks of `want` stand for runs of `have`. Greedy with one way back, which is enough for globs: linear but for
/// repeats.
fn glob(want: &[u8], have: &[u8]) -> bool {
    let (mut w, mut h) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    loop {
        if w < want.len() && want[w] == MASK {
            w += 1;
            back = Some((w, h));
        } else if h == have.len() {
            return w == want.len();
        } else if w < want.len() && want[w] == have[h] {
            w += 1;
            h += 1;
        } else if let Some((after, from)) = back
            && from < have.len()
        {
            back = Some((after, from + 1));
            w = after;
            h = from + 1;
        } else {
            return false;
        }
    }
}
