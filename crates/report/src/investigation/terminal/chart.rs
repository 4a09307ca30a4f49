//! Small charts of block characters.

const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// A line of blocks, and the column at which the onset lies. A column without a sample is a space: what is missing is not
/// drawn as zero.
pub(super) fn spark(
    points: &[(i64, f64)],
    (from, to): (i64, i64),
    onset: Option<i64>,
    width: usize,
) -> (String, Option<usize>) {
    let span = to.saturating_sub(from).max(1) as f64;
    let place = |at: i64| ((at.saturating_sub(from)) as f64 / span * width as f64) as usize;
    let mut bins: Vec<(f64, u32)> = vec![(0.0, 0); width];
    for (at, value) in points.iter().filter(|p| (from..=to).contains(&p.0)) {
        if let Some(bin) = bins.get_mut(place(*at).min(width.saturating_sub(1))) {
            bin.0 += value;
            bin.1 += 1;
        }
    }
    let mut means: Vec<Option<f64>> =
        bins.iter().map(|(sum, n)| (*n > 0).then(|| sum / f64::from(*n))).collect();
    bridge(&mut means, usual_gap(points).unwrap_or(0) as f64 / span * width as f64);
    let high = means.iter().flatten().fold(f64::MIN, |a, b| a.max(*b));
    let low = means.iter().flatten().fold(f64::MAX, |a, b| a.min(*b));
    // From zero where values are all of one sign and near it: a rise from 98 to 99 is not drawn as one from 0 to 99.
    let floor = if low >= 0.0 && low < 0.5 * high { 0.0 } else { low };
    let room = (high - floor).max(f64::MIN_POSITIVE);
    let line = means
        .iter()
        .map(|m| match m {
            None => ' ',
            Some(v) => {
                let step = ((v - floor) / room * (BLOCKS.len() as f64 - 1.0)).round();
                BLOCKS[(step.max(0.0) as usize).min(BLOCKS.len() - 1)]
            }
        })
        .collect();
    let mark = onset.filter(|o| (from..=to).contains(o)).map(|o| place(o).min(width.saturating_sub(1)));
    (line, mark)
}

/// The median distance of samples.
fn usual_gap(points: &[(i64, f64)]) -> Option<i64> {
    let mut gaps: Vec<i64> = points.windows(2).map(|w| w[1].0.saturating_sub(w[0].0)).collect();
    gaps.sort_unstable();
    gaps.get(gaps.len() / 2).copied()
}

/// Where samples are further apart than columns, the columns between two of them are not missing anything.
fn bridge(means: &mut [Option<f64>], columns_a_sample: f64) {
    let most = ((columns_a_sample - 1e-6).ceil() - 1.0).max(0.0) as usize;
    let mut last: Option<(usize, f64)> = None;
    for (i, mean) in means.iter_mut().enumerate() {
        match (*mean, last) {
            (Some(v), _) => last = Some((i, v)),
            (None, Some((at, v))) if i - at <= most => *mean = Some(v),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_drawn_as_one_with_its_onset_and_its_gap() {
        let points: Vec<(i64, f64)> = (0..20)
            .filter(|n| !(4..6).contains(n))
            .map(|n| (n * 1000, if n < 10 { 1.0 } else { 8.0 }))
            .collect();
        let (line, mark) = spark(&points, (0, 20_000), Some(10_000), 20);
        assert_eq!(line, "▂▂▂▂  ▂▂▂▂██████████");
        assert_eq!(mark, Some(10));
    }

    #[test]
    fn columns_between_two_samples_are_no_gap() {
        let points: Vec<(i64, f64)> = (0..10).map(|n| (n * 1000, 1.0 + n as f64)).collect();
        let (line, _) = spark(&points, (0, 9_000), None, 24);
        assert!(!line.contains(' '), "{line:?}");
    }

    #[test]
    fn nothing_and_constants_are_survived() {
        assert_eq!(spark(&[], (0, 0), None, 4).0, "    ");
        assert_eq!(spark(&[(0, 5.0), (1, 5.0)], (0, 1), Some(9), 2).0, "▁▁");
        assert_eq!(spark(&[(0, 1e300), (1, -1e300)], (0, 1), None, 2).0.chars().count(), 2);
    }
}
