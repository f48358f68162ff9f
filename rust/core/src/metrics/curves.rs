//! The ROC curve and the precision-recall curve as points for a plot.

use super::aggregates::Bin;
use super::roc_auc::totals;

/// A curve has at most this many points.
pub const MAXIMUM_POINTS: usize = 256;

/// What deciding "positive from `threshold` on" would have given.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RocPoint {
    /// The score from which on a row counts as positive; `None` for the first point, where none does.
    pub threshold: Option<f64>,
    /// False positives over negatives.
    pub false_positive_rate: f64,
    /// True positives over positives.
    pub true_positive_rate: f64,
}

/// What deciding "positive from `threshold` on" would have given.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PrecisionRecallPoint {
    /// The score from which on a row counts as positive; `None` for the first point, where none does.
    pub threshold: Option<f64>,
    /// True positives over predicted positives; 1 by convention for the first point.
    pub precision: f64,
    /// True positives over positives.
    pub recall: f64,
}

/// From (0, 0) to (1, 1), by falling threshold; empty unless both classes occur. A threshold is the lower end of a bin,
/// so that every point is exact. O(bins).
pub(crate) fn roc(bins: &[Bin]) -> Vec<RocPoint> {
    let (positives, negatives) = totals(bins);
    if positives == 0 || negatives == 0 {
        return Vec::new();
    }
    let points = cumulate(bins, |threshold, found, wrong| RocPoint {
        threshold,
        false_positive_rate: wrong / negatives as f64,
        true_positive_rate: found / positives as f64,
    });
    thin(points, |point| (point.false_positive_rate, point.true_positive_rate))
}

/// From recall 0 to recall 1, by falling threshold; empty without positives. O(bins).
pub(crate) fn precision_recall(bins: &[Bin]) -> Vec<PrecisionRecallPoint> {
    let (positives, _) = totals(bins);
    if positives == 0 {
        return Vec::new();
    }
    let points = cumulate(bins, |threshold, found, wrong| PrecisionRecallPoint {
        threshold,
        precision: if threshold.is_none() { 1.0 } else { found / (found + wrong) },
        recall: found / positives as f64,
    });
    thin(points, |point| (point.recall, point.precision))
}

/// A point for no rows, then one for each bin and all above it, of its threshold, true positives and false positives.
fn cumulate<P>(bins: &[Bin], point: impl Fn(Option<f64>, f64, f64) -> P) -> Vec<P> {
    let mut points = Vec::with_capacity(bins.len() + 1);
    points.push(point(None, 0.0, 0.0));
    let (mut found, mut wrong) = (0_u128, 0_u128);
    for bin in bins.iter().rev() {
        found += u128::from(bin.positives);
        wrong += u128::from(bin.negatives);
        points.push(point(Some(bin.lower), found as f64, wrong as f64));
    }
    points
}

/// Keeps the first point, and of each of 255 stretches of equal length the last: the drawn line moves by no more than a
/// stretch. Lengths are |dx| + |dy|, so that steep and flat parts count alike.
fn thin<P: Copy>(points: Vec<P>, place: impl Fn(&P) -> (f64, f64)) -> Vec<P> {
    if points.len() <= MAXIMUM_POINTS {
        return points;
    }
    let step = |pair: &[P]| match pair {
        [one, other] => {
            let ((x0, y0), (x1, y1)) = (place(one), place(other));
            (x1 - x0).abs() + (y1 - y0).abs()
        }
        _ => 0.0,
    };
    let stretch = points.windows(2).map(step).sum::<f64>() / (MAXIMUM_POINTS - 1) as f64;
    let mut kept: Vec<P> = points.first().copied().into_iter().collect();
    let (mut length, mut last_stretch) = (0.0, 0);
    for pair in points.windows(2) {
        length += step(pair);
        // The end of the curve belongs to the last stretch, not to one of its own.
        let this_stretch = ((length / stretch).ceil() as usize).clamp(1, MAXIMUM_POINTS - 1);
        let Some(&point) = pair.last() else { continue };
        match kept.last_mut() {
            Some(last) if this_stretch == last_stretch => *last = point,
            _ => kept.push(point),
        }
        last_stretch = this_stretch;
    }
    kept
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::float_cmp, reason = "a failed test; exact results")]
    use super::super::roc_auc::tests::{exact, stream};
    use super::*;

    #[test]
    fn small_curves_keep_every_point() {
        let bins = exact(&[(0.1, false), (0.4, false), (0.35, true), (0.8, true)]);
        let points: Vec<_> = roc(&bins)
            .iter()
            .map(|point| (point.threshold, point.false_positive_rate, point.true_positive_rate))
            .collect();
        assert_eq!(
            points,
            [
                (None, 0.0, 0.0),
                (Some(0.8), 0.0, 0.5),
                (Some(0.4), 0.5, 0.5),
                (Some(0.35), 0.5, 1.0),
                (Some(0.1), 1.0, 1.0)
            ]
        );
        let points: Vec<_> =
            precision_recall(&bins).iter().map(|point| (point.threshold, point.recall, point.precision)).collect();
        assert_eq!(
            points,
            [
                (None, 0.0, 1.0),
                (Some(0.8), 0.5, 1.0),
                (Some(0.4), 0.5, 0.5),
                (Some(0.35), 1.0, 2.0 / 3.0),
                (Some(0.1), 1.0, 0.5)
            ]
        );
    }

    #[test]
    fn large_curves_are_thinned_evenly() {
        let rows: Vec<(f64, bool)> = stream(1, 20_000)
            .iter()
            .enumerate()
            .map(|(row, &(score, label))| (score + row as f64 * 1e-9, label))
            .collect();
        let bins = exact(&rows);
        let curve = roc(&bins);
        assert!(curve.len() <= MAXIMUM_POINTS && curve.len() > 200, "{}", curve.len());
        assert_eq!((curve[0].false_positive_rate, curve[0].true_positive_rate), (0.0, 0.0));
        let last = curve.last().unwrap();
        assert_eq!(
            (last.false_positive_rate, last.true_positive_rate, last.threshold),
            (1.0, 1.0, Some(bins[0].lower))
        );
        for pair in curve.windows(2) {
            let step = pair[1].false_positive_rate - pair[0].false_positive_rate + pair[1].true_positive_rate
                - pair[0].true_positive_rate;
            assert!(step > 0.0 && step < 2.5 * 2.0 / 255.0, "{pair:?}");
            assert!(pair[0].threshold.is_none_or(|before| Some(before) > pair[1].threshold));
        }
        let curve = precision_recall(&bins);
        assert!(curve.len() <= MAXIMUM_POINTS);
        assert_eq!((curve[0].recall, curve[0].precision), (0.0, 1.0));
        assert_eq!(curve.last().unwrap().recall, 1.0);
    }

    #[test]
    fn one_class_has_no_curve() {
        assert!(roc(&exact(&[(0.1, true)])).is_empty());
        assert!(roc(&[]).is_empty());
        assert!(precision_recall(&exact(&[(0.1, false)])).is_empty());
        assert_eq!(precision_recall(&exact(&[(0.1, true)])).len(), 2);
    }
}
