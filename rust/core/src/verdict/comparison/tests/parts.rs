//! What arms with many parts say, by hand.

use super::close;
use crate::verdict::comparison::{
    CalibrationBin, Cell, Columns, PredictionPoweredRatio, TwoRatios, Unstratified, adjusted, calibration_moments,
    degrees_of_freedom, first_unlike, pooled, slope, slope_within, stratified,
};

/// The products of deviations of columns, row after row.
fn products(columns: &[&[f64]]) -> (Vec<f64>, Vec<f64>) {
    let means: Vec<f64> = columns.iter().map(|column| column.iter().sum::<f64>() / column.len() as f64).collect();
    let mut table = Vec::new();
    for (first, mean) in columns.iter().zip(&means) {
        for (second, other) in columns.iter().zip(&means) {
            table.push(first.iter().zip(*second).map(|(one, two)| (one - mean) * (two - other)).sum());
        }
    }
    (means, table)
}

fn columns(given: &[&[f64]]) -> Columns {
    let (means, table) = products(given);
    Columns { units: given[0].len() as f64, means, table }
}

#[test]
fn welch_by_hand() {
    // Errors of 1 and 2 with 5 and 11 units: 25 / (1 / 4 + 16 / 10).
    close(degrees_of_freedom(1.0, 5.0, 2.0, 11.0), 25.0 / 1.85, 1e-15);
    close(degrees_of_freedom(1e-200, 5.0, 2e-200, 11.0), 25.0 / 1.85, 1e-15);
    close(degrees_of_freedom(0.0, 5.0, 0.0, 11.0), 4.0, 0.0);
    close(degrees_of_freedom(1.0, 1.0, 2.0, 11.0), 0.0, 0.0);
    assert!(degrees_of_freedom(1.0, f64::INFINITY, 0.0, 11.0).is_infinite());
}

#[test]
fn calibration_by_hand() {
    // One bin of four rows: a spread of 3 / 3 / 4 = .25, a gap of 1, and rows that do not count.
    let bin = |rows, gap, squares| CalibrationBin { rows, gap, squares };
    let (value, variance, third) =
        calibration_moments(&[bin(4.0, 1.0, 3.0), bin(1.0, 9.0, 0.0), bin(0.0, 0.0, 0.0)]).unwrap_or_default();
    close(value, 0.75, 1e-15);
    close(variance, 2.0 * 0.0625 * 4.0 / 3.0 + 4.0 * 0.75 * 0.25, 1e-15);
    close(third, 8.0 * 0.25_f64.powi(3) + 24.0 * 0.75 * 0.0625, 1e-15);
    assert_eq!(calibration_moments(&[bin(1.0, 9.0, 0.0)]), None);
    assert_eq!(calibration_moments(&[]), None);
}

#[test]
fn strata_by_hand() {
    let cell = |rows, mean, squares| Cell { rows, mean, squares };
    // Two strata of equal shares: means 1 against 2 and 3 against 6, so differences of 1 and 3, of which the mean is 2.
    let cells = [(cell(4.0, 1.0, 12.0), cell(4.0, 2.0, 24.0)), (cell(4.0, 3.0, 12.0), cell(4.0, 6.0, 24.0))];
    let found = stratified(&cells, 16.0).unwrap();
    close(found.difference, 2.0, 1e-15);
    close(found.control, 2.0, 1e-15);
    // Within: a quarter of 1 and of 2 in each; between: differences are 1 away from theirs, over 16 rows.
    close(found.standard_error.powi(2), 0.25 * (1.0 + 2.0) * 2.0 + 1.0 / 16.0, 1e-15);
    close(found.control_error.powi(2), 0.5 + 1.0 / 16.0, 1e-15);
    close(found.covariance, 1.0 / 16.0 - 0.5, 1e-15);
    let doubt = 2.0 * (0.25_f64.powi(2) + 0.5_f64.powi(2)) / 3.0;
    close(found.degrees_of_freedom, found.standard_error.powi(4) / doubt, 1e-14);
    // One that neither arm has is left out; one that has a single row in an arm is told.
    let empty = (Cell::default(), Cell::default());
    let with_empty = stratified(&[empty, cells[0], cells[1]], 16.0).unwrap();
    close(with_empty.standard_error, found.standard_error, 0.0);
    let few = [cells[0], (cell(1.0, 3.0, 0.0), cell(4.0, 6.0, 24.0))];
    assert_eq!(stratified(&few, 13.0).err(), Some(Unstratified::Few(1)));
    let constant = [(cell(4.0, 1.0, 0.0), cell(4.0, 1.0, 0.0))];
    assert_eq!(stratified(&constant, 8.0).err(), Some(Unstratified::NoSpread));
    // Strata that differ without any spread of their own need no square of a square.
    let apart = [(cell(4.0, 0.0, 0.0), cell(4.0, 1e100, 0.0)), (cell(4.0, 0.0, 0.0), cell(4.0, -1e100, 0.0))];
    close(stratified(&apart, 16.0).unwrap().standard_error, 1e100 / 4.0, 1e-15);
    let beyond = [(cell(4.0, 0.0, 1e200), cell(4.0, 1.0, 1.0))];
    assert_eq!(stratified(&beyond, 8.0).err(), Some(Unstratified::Beyond));
}

#[test]
fn pooled_strata_are_all_rows() {
    // 1, 2, 6, 7 as two strata: a mean of 4, and squares of 9 + 4 + 4 + 9.
    let cells =
        [Cell { rows: 2.0, mean: 1.5, squares: 0.5 }, Cell { rows: 2.0, mean: 6.5, squares: 0.5 }, Cell::default()];
    let (mean, error) = pooled(&cells, 4.0);
    close(mean.unwrap_or(f64::NAN), 4.0, 0.0);
    close(error.unwrap_or(f64::NAN), (26.0_f64 / 3.0 / 4.0).sqrt(), 1e-15);
    assert_eq!(pooled(&[], 0.0), (None, None));
    assert_eq!(pooled(&[Cell { rows: 1.0, mean: 3.0, squares: 0.0 }], 1.0), (Some(3.0), None));
}

#[test]
fn an_exact_line_leaves_nothing() {
    let (first, second) = ([0.0, 1.0, 2.0, 5.0], [1.0, 0.0, 3.0, 1.0]);
    let values: Vec<f64> = first.iter().zip(second).map(|(one, two)| 7.0 + 2.0 * one - 3.0 * two).collect();
    let arm = columns(&[&values, &first, &second]);
    let found = slope(&arm.table, 3).unwrap();
    close(found[0], 2.0, 1e-12);
    close(found[1], -3.0, 1e-12);
    let (mean, squares) = arm.left(&found);
    close(mean, 7.0, 1e-12);
    // Of squares of a hundred, cancelled.
    assert!(squares < 1e-12);
    // The same with values around the line: the slope of both arms together, and what is left of each.
    let noise = [0.5, -0.5, 0.5, -0.5];
    let other: Vec<f64> = values.iter().zip(noise).map(|(value, by)| value + 1.0 + by).collect();
    let treatment = columns(&[&other, &first, &second]);
    let together = slope_within(&arm, &treatment).unwrap();
    let effect = adjusted(&arm, &treatment, &together);
    let (before, now) = (arm.left(&together), treatment.left(&together));
    close(effect.difference, now.0 - before.0, 0.0);
    close(effect.standard_error.powi(2), (before.1 + now.1) / 12.0, 1e-14);
    close(effect.control_error.powi(2), arm.table[0] / 12.0, 1e-14);
}

#[test]
fn no_slope_where_covariates_depend_on_each_other() {
    let (first, twice) = ([0.0, 1.0, 2.0, 5.0], [0.0, 2.0, 4.0, 10.0]);
    assert_eq!(slope(&columns(&[&[1.0, 0.0, 2.0, 2.0], &first, &twice]).table, 3), None);
    assert_eq!(slope(&columns(&[&[1.0, 0.0, 2.0, 2.0], &[3.0; 4]]).table, 2), None);
    // One that no float holds has no hold on anything.
    assert_eq!(slope(&[5.0, 0.0, 0.0, f64::INFINITY], 2), Some(vec![0.0]));
    // And where they are many.
    assert_eq!(slope(&[1.0; 49], 7), None);
}

#[test]
fn a_covariate_that_is_far_apart_is_told() {
    // 100 units with a variance of 1 in each arm: means 4.8 or 5 standard errors of sqrt(2) / 10 apart.
    let arm = |mean: f64| Columns { units: 100.0, means: vec![0.0, 7.0, mean], table: vec![99.0; 9] };
    let error = (2.0_f64 / 100.0).sqrt();
    assert_eq!(first_unlike(&arm(1.0), &arm(1.0 + 4.8 * error)), None);
    assert_eq!(first_unlike(&arm(1.0), &arm(1.0 - 5.0 * error)), Some(2));
    let constant = |mean: f64| Columns { units: 100.0, means: vec![0.0, mean], table: vec![0.0; 4] };
    assert_eq!(
        (first_unlike(&constant(1.0), &constant(1.0)), first_unlike(&constant(1.0), &constant(2.0))),
        (None, Some(1))
    );
    let few = |mean: f64| Columns { units: 29.0, ..constant(mean) };
    assert_eq!(first_unlike(&few(1.0), &few(2.0)), None);
}

#[test]
fn two_ratios_are_the_means_of_their_lines() {
    let (top, bottom) = ([1.0, 4.0, 2.0, 3.0], [2.0, 5.0, 2.0, 3.0]);
    let (top_before, bottom_before) = ([0.0, 2.0, 2.0, 1.0], [1.0, 3.0, 2.0, 2.0]);
    let (means, table) = products(&[&top, &bottom, &top_before, &bottom_before]);
    let mut arm = TwoRatios { means: [0.0; 4], table: [[0.0; 4]; 4] };
    arm.means.copy_from_slice(&means);
    for (row, from) in arm.table.iter_mut().zip(table.chunks(4)) {
        row.copy_from_slice(from);
    }
    let found = arm.linear().unwrap();
    let line = |top: &[f64], bottom: &[f64], ratio: f64, scale: f64| -> Vec<f64> {
        top.iter().zip(bottom).map(|(one, two)| (one - ratio * two) / scale).collect()
    };
    let now = line(&top, &bottom, means[0] / means[1], means[1]);
    let before = line(&top_before, &bottom_before, means[2] / means[3], means[3]);
    let dot = |first: &[f64], second: &[f64]| first.iter().zip(second).map(|(one, two)| one * two).sum::<f64>();
    close(found.ratio, 10.0 / 12.0, 1e-15);
    close(found.before, 5.0 / 8.0, 1e-15);
    close(found.squares, dot(&now, &now), 1e-12);
    close(found.product, dot(&now, &before), 1e-12);
    close(found.before_squares, dot(&before, &before), 1e-12);
    arm.means[3] = 0.0;
    assert!(arm.linear().is_none());
}

#[test]
fn without_unlabelled_rows_predictions_have_no_weight() {
    let mut arm = PredictionPoweredRatio {
        means: [3.0, 6.0, 2.0, 5.0, 8.0, 0.0, 0.0, 0.0],
        table: [[0.0; 8]; 8],
        labelled: 10.0,
        units: 10.0,
    };
    arm.table[0][0] = 90.0;
    close(arm.weight(None), 0.0, 0.0);
    let (top, bottom) = arm.sums(0.0);
    close(top / bottom, 0.5, 1e-15);
    // The delta method of a numerator with a variance of 10 alone: sqrt(10 / 10) / 6.
    close(arm.error(0.0, 0.5, bottom).unwrap_or(f64::NAN), 1.0 / 6.0, 1e-14);
    arm.labelled = 1.0;
    assert_eq!(arm.error(0.0, 0.5, bottom), None);
    assert_eq!(PredictionPoweredRatio { labelled: 0.0, means: [0.0; 8], ..arm }.sums(0.3), (0.0, 0.0));
}
