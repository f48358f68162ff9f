//! The values of some neighbouring ranks, without sorting all others.

/// Below it all values are taken.
const FEW: usize = 8_192;
/// Values that are drawn to tell where the ranks lie.
const DRAWN: usize = 2_048;
/// How many standard deviations of a drawn rank the first bracket is wide, to either side, and the next one.
const BRACKETS: [f64; 2] = [5.0, 30.0];

/// The values from rank `first` to rank `last`, both counted from 0, in ascending order; `None` where there are no such ranks, and
/// where the search meets a value that is NaN.
///
/// A sample tells between which values those ranks lie, and one pass takes what is there: after Floyd and Rivest, "Expected time
/// bounds for selection" (1975). Values are read by number, some of them more than once.
///
/// ```
/// use truthlag_core::metrics::order_statistics;
///
/// let values = [5.0, 1.0, 4.0, 1.0];
/// assert_eq!(order_statistics(4, |number| values[number], 1, 2), Some(vec![1.0, 4.0]));
/// assert_eq!(order_statistics(4, |number| values[number], 3, 4), None);
/// ```
#[must_use]
pub fn order_statistics(count: usize, value: impl Fn(usize) -> f64, first: usize, last: usize) -> Option<Vec<f64>> {
    if first > last || last >= count {
        return None;
    }
    if count > FEW {
        for deviations in BRACKETS {
            let (low, high) = bracket(count, &value, first, last, deviations)?;
            let are_high = count - first < first / 9;
            let (below, kept) = between(count, &value, (low, high), last - first, are_high);
            if kept.iter().any(|kept| kept.is_nan()) {
                return None;
            }
            if below <= first && last < below + kept.len() {
                return Some(ranked(kept, first - below, last - below));
            }
        }
    }
    let all: Vec<f64> = (0..count).map(value).collect();
    if all.iter().any(|value| value.is_nan()) { None } else { Some(ranked(all, first, last)) }
}

/// Two values between which the ranks probably lie, by a sample that is the same each time.
fn bracket(
    count: usize,
    value: &impl Fn(usize) -> f64,
    first: usize,
    last: usize,
    deviations: f64,
) -> Option<(f64, f64)> {
    let mut state = count as u64;
    let mut drawn: Vec<f64> = (0..DRAWN)
        .map(|_| {
            // Weyl's sequence, mixed as in SplitMix64 (Steele, Lea and Flood 2014).
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            value(((u128::from(mixed) * count as u128) >> 64) as usize)
        })
        .collect();
    if drawn.iter().any(|value| value.is_nan()) {
        return None;
    }
    drawn.sort_unstable_by(f64::total_cmp);
    let reach = |rank: usize| {
        let share = rank as f64 / count as f64;
        let middle = share * DRAWN as f64;
        (middle, deviations * (middle * (1.0 - share)).sqrt() + deviations)
    };
    let (lowest, below) = reach(first);
    let (highest, above) = reach(last);
    let low = if lowest > below { drawn.get((lowest - below) as usize).copied() } else { None };
    let high = drawn.get((highest + above).ceil() as usize).copied();
    Some((low.unwrap_or(f64::NEG_INFINITY), high.unwrap_or(f64::INFINITY)))
}

/// How many values are below `low`, and those that are neither below `low` nor above `high`, NaN among them.
fn between(
    count: usize,
    value: &impl Fn(usize) -> f64,
    (low, high): (f64, f64),
    least: usize,
    are_high: bool,
) -> (usize, Vec<f64>) {
    let mut kept = Vec::with_capacity(least + count / 32);
    let (mut below, mut above) = (0, 0);
    // Few are kept: a branch that is mostly not taken costs less than a store each.
    if are_high {
        // Most are below: one comparison for each of them.
        for number in 0..count {
            let value = value(number);
            let is_below = value < low;
            if !is_below {
                let is_above = value > high;
                if is_above {
                    above += 1;
                } else {
                    kept.push(value);
                }
            }
        }
        return (count - above - kept.len(), kept);
    }
    for number in 0..count {
        let value = value(number);
        let (is_below, is_above) = (value < low, value > high);
        below += usize::from(is_below);
        if !is_below && !is_above {
            kept.push(value);
        }
    }
    (below, kept)
}

/// The values of ranks that exist, in order.
fn ranked(mut values: Vec<f64>, first: usize, last: usize) -> Vec<f64> {
    let (_, _, from) = values.select_nth_unstable_by(first, f64::total_cmp);
    let more = last - first;
    if let Some(more) = more.checked_sub(1).filter(|&more| more < from.len()) {
        from.select_nth_unstable_by(more, f64::total_cmp);
    }
    let mut found: Vec<f64> = values.get(first..=last).unwrap_or_default().to_vec();
    found.sort_unstable_by(f64::total_cmp);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(values: &[f64], first: usize, last: usize) {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let found = order_statistics(values.len(), |number| values[number], first, last);
        assert_eq!(found.as_deref(), sorted.get(first..=last), "{} {first} {last}", values.len());
    }

    #[test]
    fn agrees_with_a_sort() {
        let scrambled = |count: u64| (0..count).map(|x| (x.wrapping_mul(x ^ 0x5bd1_e995) % 100_003) as f64);
        for count in [1, 2, 10, 1_000, 8_193, 50_000, 200_000] {
            let values: Vec<f64> = scrambled(count).collect();
            let most = values.len() - 1;
            for share in [0.0, 0.001, 0.5, 0.9, 0.99, 0.999, 1.0] {
                let first = (most as f64 * share) as usize;
                for more in [0, 1, most / 100, most / 2] {
                    check(&values, first.min(most), (first + more).min(most));
                }
            }
            check(&values, 0, most);
        }
    }

    #[test]
    fn orders_that_mislead_the_sample() {
        let constant = vec![7.0; 100_000];
        check(&constant, 99_000, 99_001);
        let ascending: Vec<f64> = (0..100_000).map(f64::from).collect();
        check(&ascending, 98_000, 99_500);
        // Nearly all the same, so that the bracket is one value.
        let mut spikes = vec![0.0; 100_000];
        spikes[17] = 5.0;
        spikes[400] = -5.0;
        check(&spikes, 99_998, 99_999);
        check(&spikes, 0, 3);
        let infinite: Vec<f64> =
            (0..60_000).map(|x| if x % 3 == 0 { f64::INFINITY } else { f64::from(x % 100) }).collect();
        check(&infinite, 39_990, 40_010);
    }

    #[test]
    fn ranks_that_are_not_there_and_nan() {
        let values: Vec<f64> = (0..20_000).map(|x| if x == 9 { f64::NAN } else { f64::from(x % 1_000) }).collect();
        let read = |number: usize| values[number];
        assert_eq!(order_statistics(20_000, read, 19_000, 19_001), None);
        assert_eq!(order_statistics(20, read, 3, 4), None);
        assert_eq!(order_statistics(0, read, 0, 0), None);
        assert_eq!(order_statistics(5, read, 3, 2), None);
    }
}
