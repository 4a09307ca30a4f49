//! The one way in which the analysis uses a second processor: a function of each item, the results in the items' order.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Below as many items a second thread costs more than it brings.
const WORTH_TWO: usize = 512;

/// `f` of each item, in order. `f` is pure, so that the result is that of one thread.
pub(crate) fn map<T: Sync, R: Send>(items: &[T], f: impl Fn(&T) -> R + Sync) -> Vec<R> {
    if items.len() < WORTH_TWO {
        return items.iter().map(f).collect();
    }
    let (a, b) = items.split_at(items.len() / 2);
    let all = |part: &[T]| part.iter().map(&f).collect::<Vec<R>>();
    std::thread::scope(|scope| {
        let second = scope.spawn(|| all(b));
        let mut out = all(a);
        match second.join() {
            Ok(rest) => out.extend(rest),
            Err(panic) => std::panic::resume_unwind(panic),
        }
        out
    })
}

/// [`map`] for few items of very different cost: whoever is free takes the next.
pub(crate) fn each<T: Sync, R: Send>(items: &[T], f: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        while let Some((i, item)) = {
            let i = next.fetch_add(1, Ordering::Relaxed);
            items.get(i).map(|item| (i, item))
        } {
            done.push((i, f(item)));
        }
        done
    };
    std::thread::scope(|scope| {
        let second = scope.spawn(work);
        let mut done = work();
        match second.join() {
            Ok(rest) => done.extend(rest),
            Err(panic) => std::panic::resume_unwind(panic),
        }
        done.sort_by_key(|d| d.0);
        done.into_iter().map(|d| d.1).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_keep_the_order_of_the_items() {
        for n in [0, 1, WORTH_TWO - 1, WORTH_TWO, 3 * WORTH_TWO + 1] {
            let items: Vec<usize> = (0..n).collect();
            let expected: Vec<usize> = items.iter().map(|i| i * 2).collect();
            assert_eq!(map(&items, |i| i * 2), expected);
            assert_eq!(each(&items, |i| i * 2), expected);
        }
    }
}
