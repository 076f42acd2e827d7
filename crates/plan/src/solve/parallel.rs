//! Several threads at one list. Every item's answer is its own, so no answer depends on how many threads there are.

use std::num::NonZeroUsize;
use std::thread;

/// Units that are worth a thread of their own: it takes as long to start one as to look at some of them.
pub(super) const UNITS_MIN: usize = 32;

/// The answers in the order of `items`; a thread gets at least `least` of them.
pub(super) fn map<T: Sync, R: Send>(
    threads: NonZeroUsize,
    items: &[T],
    least: usize,
    answer: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let size = items.len().div_ceil(threads.get()).max(least);
    if size >= items.len() {
        return items.iter().map(answer).collect();
    }
    let answer = &answer;
    thread::scope(|scope| {
        let shares: Vec<_> = items
            .chunks(size)
            .map(|items| scope.spawn(move || items.iter().map(answer).collect::<Vec<_>>()))
            .collect();
        shares.into_iter().flat_map(|share| share.join().expect("the solver does not panic")).collect()
    })
}

/// Changes every item, which is told its number; a thread gets at least `least` of them.
pub(super) fn for_each<T: Send>(
    threads: NonZeroUsize,
    items: &mut [T],
    least: usize,
    change: impl Fn(usize, &mut T) + Sync,
) {
    let size = items.len().div_ceil(threads.get()).max(least);
    let change = &change;
    let all = |first: usize, items: &mut [T]| {
        items.iter_mut().zip(first..).for_each(|(item, number)| change(number, item));
    };
    if size >= items.len() {
        return all(0, items);
    }
    thread::scope(|scope| {
        for (at, items) in items.chunks_mut(size).enumerate() {
            scope.spawn(move || all(at * size, items));
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_is_answered_once_and_in_order() {
        for threads in [1, 2, 3, 8].map(|threads| NonZeroUsize::new(threads).unwrap()) {
            for count in [0, 1, 5, 31, 33, 100, 257] {
                let mut items: Vec<usize> = (0..count).collect();
                assert_eq!(map(threads, &items, 32, |item| item + 1), (1..=count).collect::<Vec<_>>());
                for_each(threads, &mut items, 1, |number, item| *item += number);
                assert!(items.iter().enumerate().all(|(number, item)| *item == 2 * number));
            }
        }
    }
}
