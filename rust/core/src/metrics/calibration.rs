//! The reliability table and the expected calibration error.

use super::aggregates::{Aggregates, CalibrationBin, ONE};
use super::estimate::{Estimate, Interval, Level, Reason};
use super::probability::{NOT_COLLECTED, obstacle};
use super::proportion::wilson;

/// One row of the reliability table: what the scores of a bin promise, and what came true.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CalibrationRow {
    /// The least score of the bin.
    pub lower: f64,
    /// The next bin begins here; the last bin holds it too.
    pub upper: f64,
    /// The labelled rows whose score lies in the bin, at least one.
    pub n: u64,
    /// The mean of their scores.
    pub mean_score: f64,
    /// The share of them with label 1.
    pub positive_rate: f64,
    /// The lower end of Wilson's interval of that share.
    pub low: Option<f64>,
    /// The upper end.
    pub high: Option<f64>,
}

/// The bins that hold rows, in ascending order; none when the scores are no probabilities or were not collected.
pub(crate) fn table(aggregates: &Aggregates, level: Level) -> Vec<CalibrationRow> {
    match bins(aggregates) {
        Err(_) => Vec::new(),
        Ok(bins) => bins.iter().enumerate().filter_map(|(index, bin)| row(index, bin, level)).collect(),
    }
}

fn bins(aggregates: &Aggregates) -> Result<[CalibrationBin; 10], Reason> {
    if let Some(reason) = obstacle(aggregates) {
        return Err(reason);
    }
    let sums = aggregates.scores.ok_or(NOT_COLLECTED)?;
    Ok(sums.calibration)
}

fn row(index: usize, bin: &CalibrationBin, level: Level) -> Option<CalibrationRow> {
    if bin.n == 0 {
        return None;
    }
    let n = bin.n as f64;
    let positive_rate = bin.positives as f64 / n;
    let interval = level.z().ok().map(|z| wilson(positive_rate, n, z));
    Some(CalibrationRow {
        lower: index as f64 / 10.0,
        upper: (index + 1) as f64 / 10.0,
        n: bin.n,
        mean_score: bin.score_sum as f64 / n / ONE as f64,
        positive_rate,
        low: interval.map(|ends| ends.0),
        high: interval.map(|ends| ends.1),
    })
}

/// The expected calibration error over the ten bins: the mean over the rows of |mean score - positive rate| of their
/// bin (Naeini, Cooper and Hauskrecht (2015), "Obtaining well calibrated probabilities using Bayesian binning", AAAI).
///
/// The estimate is biased upwards when bins are small, so that no interval around it would be honest. Instead: Wilson's
/// intervals for the true rates of all bins at once (Bonferroni), and the least and the greatest error that any rates
/// inside of them have, for the scores as they are. Conservative; it holds for this binned error, not for finer bins.
pub(crate) fn expected_calibration_error(aggregates: &Aggregates, level: Level) -> Estimate {
    const NAME: &str = "expected_calibration_error";
    let n = aggregates.scored;
    if let Err(reason) = bins(aggregates) {
        return Estimate::undefined(NAME, n, reason);
    }
    let rows = table(aggregates, level);
    let whole: f64 = rows.iter().map(|row| row.n as f64).sum();
    if whole <= 0.0 {
        return Estimate::undefined(NAME, n, NOT_COLLECTED);
    }
    let gaps = rows.iter().map(|row| row.n as f64 * (row.mean_score - row.positive_rate).abs());
    Estimate::of(NAME, n, gaps.sum::<f64>() / whole, interval(&rows, whole, level))
}

fn interval(rows: &[CalibrationRow], whole: f64, level: Level) -> Interval {
    let z = level.shared_by(rows.len()).z()?;
    let (mut least, mut greatest) = (0.0, 0.0);
    for row in rows {
        let n = row.n as f64;
        let (low, high) = wilson(row.positive_rate, n, z);
        least += n * (low - row.mean_score).max(row.mean_score - high).max(0.0);
        greatest += n * (high - row.mean_score).max(row.mean_score - low);
    }
    Ok((least / whole, greatest / whole))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::float_cmp, reason = "a failed test; exact results")]
    use super::super::aggregates::ScoreAggregates;
    use super::*;

    fn of(bins: &[(usize, u64, u64, f64)]) -> Aggregates {
        let mut sums = ScoreAggregates::default();
        let mut scored = 0;
        for &(index, n, positives, mean) in bins {
            let score_sum = (n as f64 * mean * ONE as f64).round() as i128;
            *sums.calibration.get_mut(index).unwrap() = CalibrationBin { n, positives, score_sum };
            scored += n;
        }
        Aggregates { scored, scores: Some(sums), ..Aggregates::default() }
    }

    #[test]
    fn the_table_and_the_error() {
        let aggregates = of(&[(1, 20, 5, 0.125), (9, 80, 60, 0.9375)]);
        let rows = table(&aggregates, Level::new(0.95));
        assert_eq!(rows.len(), 2);
        assert_eq!((rows[0].lower, rows[0].upper, rows[0].n, rows[0].mean_score), (0.1, 0.2, 20, 0.125));
        assert_eq!((rows[1].lower, rows[1].upper, rows[1].positive_rate), (0.9, 1.0, 0.75));
        assert!(rows[1].low.unwrap() < 0.75 && 0.75 < rows[1].high.unwrap());
        let error = expected_calibration_error(&aggregates, Level::new(0.95));
        assert!((error.value.unwrap() - (0.2 * 0.125 + 0.8 * 0.1875)).abs() < 1e-15);
        // Bonferroni: two bins, each at 97.5 percent; z = 2.241402727604947.
        let (first, second) = (wilson(0.25, 20.0, 2.241_402_727_604_947), wilson(0.75, 80.0, 2.241_402_727_604_947));
        let least = 0.8 * (0.9375 - second.1);
        let greatest = 0.2 * (first.1 - 0.125) + 0.8 * (0.9375 - second.0);
        assert!((error.low.unwrap() - least).abs() < 1e-14, "{error:?} {least}");
        assert!((error.high.unwrap() - greatest).abs() < 1e-14, "{error:?} {greatest}");
    }

    #[test]
    fn undefined_without_probabilities() {
        let outside = Aggregates { scores_outside_unit: 1, ..of(&[(0, 3, 1, 0.05)]) };
        assert!(table(&outside, Level::new(0.95)).is_empty());
        let error = expected_calibration_error(&outside, Level::new(0.95));
        assert_eq!(error.reason.as_deref(), Some("1 score lies outside [0, 1]: the scores are no probabilities"));
        assert_eq!(expected_calibration_error(&Aggregates::default(), Level::new(0.95)).value, None);
    }
}
