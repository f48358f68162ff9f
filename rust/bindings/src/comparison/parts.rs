//! What arms with many parts say: bins, strata, and means with their table of products.

use pyo3::exceptions::{PyOverflowError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple};
use truthlag_core::verdict::comparison::{
    self, AdjustedDifference, CalibrationBin, Cell, Columns, PredictionPoweredRatio, TwoRatios, Unstratified,
};

/// The debiased squared calibration error of bins, its variance and its third central moment; None of bins without two rows.
#[pyfunction]
pub(crate) fn calibration_moments(
    rows: &Bound<'_, PyTuple>,
    gaps: &Bound<'_, PyTuple>,
    squares: &Bound<'_, PyTuple>,
) -> PyResult<Option<(f64, f64, f64)>> {
    if rows.len() != gaps.len() || rows.len() != squares.len() {
        return Err(PyValueError::new_err("rows, gaps and squares must be of the same bins"));
    }
    let mut bins = Vec::with_capacity(rows.len());
    for ((rows, gap), squares) in rows.iter_borrowed().zip(gaps.iter_borrowed()).zip(squares.iter_borrowed()) {
        bins.push(CalibrationBin { rows: rows.extract()?, gap: gap.extract()?, squares: squares.extract()? });
    }
    if bins.iter().map(|bin| bin.rows).sum::<f64>().is_infinite() {
        return Err(PyOverflowError::new_err("rows are beyond what a float holds"));
    }
    Ok(comparison::calibration_moments(&bins))
}

/// The weight of predictions, the ratio, and its standard error; None where they are not defined.
#[pyfunction]
pub(crate) fn prediction_powered_ratio(
    means: &Bound<'_, PyTuple>,
    comoments: &Bound<'_, PyTuple>,
    labelled: f64,
    units: f64,
    tuning: Option<f64>,
) -> PyResult<(f64, Option<f64>, Option<f64>)> {
    let arm = PredictionPoweredRatio { means: numbers(means)?, table: table(comoments)?, labelled, units };
    let weight = arm.weight(tuning);
    let (top, bottom) = arm.sums(weight);
    if bottom == 0.0 {
        return Ok((weight, None, None));
    }
    let ratio = top / bottom;
    Ok((weight, Some(ratio), arm.error(weight, ratio, bottom)))
}

type Two = (f64, f64);

/// A ratio and the one before it as means, with their table of products; None where no float holds them.
#[pyfunction]
pub(crate) fn linear_ratios(
    means: &Bound<'_, PyTuple>,
    comoments: &Bound<'_, PyTuple>,
) -> PyResult<Option<(Two, (Two, Two))>> {
    let arm = TwoRatios { means: numbers(means)?, table: table(comoments)? };
    Ok(arm.linear().map(|found| {
        ((found.ratio, found.before), ((found.squares, found.product), (found.product, found.before_squares)))
    }))
}

/// The mean of all rows of strata by their names, and its standard error; None where there are too few of them.
#[pyfunction]
pub(crate) fn pooled_strata(strata: &Bound<'_, PyDict>, rows: f64) -> PyResult<(Option<f64>, Option<f64>)> {
    let mut found = Vec::with_capacity(strata.len());
    for (_, stratum) in strata {
        found.push(cell_of(&stratum)?);
    }
    Ok(comparison::pooled(&found, rows))
}

/// Difference, standard error, degrees of freedom, control, its standard error and the covariance of control and difference.
type Within = (f64, f64, f64, f64, f64, f64);

/// The mean of the strata's differences, or the name of a stratum that has too few rows; neither where there is no spread.
#[pyfunction]
pub(crate) fn stratified_difference<'py>(
    control: &Bound<'py, PyDict>,
    treatment: &Bound<'py, PyDict>,
    rows: f64,
) -> PyResult<(Option<Within>, Option<Bound<'py, PyString>>)> {
    let mut strata = Vec::with_capacity(control.len());
    for (name, cell) in control {
        let now = treatment.get_item(&name)?.map(|cell| cell_of(&cell)).transpose()?.unwrap_or_default();
        strata.push((name.cast_into::<PyString>()?, cell_of(&cell)?, now));
    }
    for (name, cell) in treatment {
        if !control.contains(&name)? {
            strata.push((name.cast_into::<PyString>()?, Cell::default(), cell_of(&cell)?));
        }
    }
    // Sums are the same whatever order the strata came in.
    let mut order = Vec::with_capacity(strata.len());
    for (place, (name, ..)) in strata.iter().enumerate() {
        order.push((name.to_string_lossy(), place));
    }
    order.sort_unstable();
    let cells: Vec<_> = order.iter().map(|&(_, place)| (strata[place].1, strata[place].2)).collect();
    match comparison::stratified(&cells, rows) {
        Ok(found) => Ok((Some(within(found)), None)),
        Err(Unstratified::NoSpread) => Ok((None, None)),
        Err(Unstratified::Beyond) => Err(PyOverflowError::new_err("squares are beyond what a float holds")),
        Err(Unstratified::Few(place)) => Ok((None, Some(strata[order[place].1].0.clone()))),
    }
}

/// Satterthwaite's degrees of freedom of a difference; 0 where a sample cannot tell its spread, infinite for two values known exactly.
#[pyfunction]
pub(crate) fn degrees_of_freedom(first_error: f64, first_n: f64, second_error: f64, second_n: f64) -> f64 {
    comparison::degrees_of_freedom(first_error, first_n, second_error, second_n)
}

/// Units, means and table of products of an arm with covariates.
type Arm<'py> = (f64, Bound<'py, PyTuple>, Bound<'py, PyTuple>);

fn columns_of((units, means, comoments): Arm<'_>) -> PyResult<Columns> {
    let size = means.len();
    let mut found = Columns { units, means: Vec::with_capacity(size), table: Vec::with_capacity(size * size) };
    extend(&mut found.means, &means, size)?;
    extend_by_rows(&mut found.table, &comoments, size)?;
    Ok(found)
}

fn extend(numbers: &mut Vec<f64>, given: &Bound<'_, PyTuple>, size: usize) -> PyResult<()> {
    if given.len() != size || size < 2 {
        return Err(PyValueError::new_err(format!(
            "means and rows of their table must be {size}, got {}",
            given.len()
        )));
    }
    for number in given.iter_borrowed() {
        numbers.push(number.extract()?);
    }
    Ok(())
}

fn extend_by_rows(numbers: &mut Vec<f64>, given: &Bound<'_, PyTuple>, size: usize) -> PyResult<()> {
    if given.len() != size {
        return Err(PyValueError::new_err(format!("a table must have {size} rows, got {}", given.len())));
    }
    for row in given.iter_borrowed() {
        let row = row.cast::<PyTuple>()?;
        extend(numbers, &row, size)?;
    }
    Ok(())
}

fn both(control: Arm<'_>, treatment: Arm<'_>) -> PyResult<(Columns, Columns)> {
    let (control, treatment) = (columns_of(control)?, columns_of(treatment)?);
    if control.means.len() == treatment.means.len() {
        Ok((control, treatment))
    } else {
        Err(PyValueError::new_err("treatment must have the covariates of control"))
    }
}

/// The slope of the first column of a table of products on each of the others; None where elimination has too few digits.
#[pyfunction]
pub(crate) fn least_squares_slope<'py>(comoments: &Bound<'py, PyTuple>) -> PyResult<Option<Bound<'py, PyTuple>>> {
    let (size, mut table) = (comoments.len(), Vec::new());
    extend_by_rows(&mut table, comoments, size)?;
    comparison::slope(&table, size).map(|found| PyTuple::new(comoments.py(), found)).transpose()
}

/// The mean and the squared deviations of values less slope times covariates.
#[pyfunction]
pub(crate) fn left_after<'py>(arm: Arm<'py>, slope: &Bound<'py, PyTuple>) -> PyResult<(f64, f64)> {
    let arm = columns_of(arm)?;
    let slope: Vec<f64> = slope.extract()?;
    checked_slope(&arm, &slope)?;
    Ok(arm.left(&slope))
}

fn checked_slope(arm: &Columns, slope: &[f64]) -> PyResult<()> {
    if slope.len() + 1 == arm.means.len() {
        return Ok(());
    }
    Err(PyValueError::new_err(format!("slope must be of {} covariates, got {}", arm.means.len() - 1, slope.len())))
}

/// The difference of two means after their covariates: with a slope, or the one within both arms, and None where that is not to be had.
#[pyfunction]
pub(crate) fn adjusted_difference(
    control: Arm<'_>,
    treatment: Arm<'_>,
    slope: Option<Vec<f64>>,
) -> PyResult<Option<Within>> {
    let (control, treatment) = both(control, treatment)?;
    let Some(slope) = slope.or_else(|| comparison::slope_within(&control, &treatment)) else {
        return Ok(None);
    };
    checked_slope(&control, &slope)?;
    Ok(Some(within(comparison::adjusted(&control, &treatment, &slope))))
}

fn within(found: AdjustedDifference) -> Within {
    let AdjustedDifference { difference, standard_error, degrees_of_freedom, control, control_error, covariance } =
        found;
    (difference, standard_error, degrees_of_freedom, control, control_error, covariance)
}

/// The difference of two ratios after those before them, where all is as usual; None where more is to be said of it.
#[pyfunction]
pub(crate) fn adjusted_ratios(control: Arm<'_>, treatment: Arm<'_>) -> PyResult<Option<Within>> {
    let linear = |(units, means, comoments): Arm<'_>| {
        let found = TwoRatios { means: numbers(&means)?, table: table(&comoments)? }.linear();
        Ok::<_, PyErr>(found.map(|found| Columns {
            units,
            means: vec![found.ratio, found.before],
            table: vec![found.squares, found.product, found.product, found.before_squares],
        }))
    };
    let (Some(control), Some(treatment)) = (linear(control)?, linear(treatment)?) else {
        return Ok(None);
    };
    if comparison::first_unlike(&control, &treatment).is_some() {
        return Ok(None);
    }
    let slope = comparison::slope_within(&control, &treatment);
    Ok(slope.map(|slope| within(comparison::adjusted(&control, &treatment, &slope))))
}

/// The first covariate that was not measured alike in both arms, counted from 1.
#[pyfunction]
pub(crate) fn first_unlike_covariate(control: Arm<'_>, treatment: Arm<'_>) -> PyResult<Option<usize>> {
    let (control, treatment) = both(control, treatment)?;
    Ok(comparison::first_unlike(&control, &treatment))
}

/// The rows, the mean and the squares of a stratum: a mean, one with covariates, or a proportion, of zeros and ones.
fn cell_of(one: &Bound<'_, PyAny>) -> PyResult<Cell> {
    let py = one.py();
    let rows: f64 = one.getattr(intern!(py, "n"))?.extract()?;
    if let Some(squares) = one.getattr_opt(intern!(py, "m2"))? {
        return Ok(Cell { rows, mean: one.getattr(intern!(py, "mean"))?.extract()?, squares: squares.extract()? });
    }
    if let Some(table) = one.getattr_opt(intern!(py, "comoments"))? {
        let mean = one.getattr(intern!(py, "means"))?.get_item(0)?.extract()?;
        return Ok(Cell { rows, mean, squares: table.get_item(0)?.get_item(0)?.extract()? });
    }
    if rows == 0.0 {
        return Ok(Cell::default());
    }
    // Of whole numbers, since next to a rate of 1 floats have lost the failures.
    let successes = one.getattr(intern!(py, "k"))?;
    let failures: f64 = one.getattr(intern!(py, "n"))?.sub(&successes)?.extract()?;
    let successes: f64 = successes.extract()?;
    Ok(Cell { rows, mean: successes / rows, squares: successes * (failures / rows) })
}

fn numbers<const N: usize>(given: &Bound<'_, PyTuple>) -> PyResult<[f64; N]> {
    if given.len() != N {
        return Err(PyValueError::new_err(format!("means and rows of their table must be {N}, got {}", given.len())));
    }
    let mut found = [0.0; N];
    for (number, one) in found.iter_mut().zip(given.iter_borrowed()) {
        *number = one.extract()?;
    }
    Ok(found)
}

fn table<const N: usize>(given: &Bound<'_, PyTuple>) -> PyResult<[[f64; N]; N]> {
    if given.len() != N {
        return Err(PyValueError::new_err(format!("a table must have {N} rows, got {}", given.len())));
    }
    let mut found = [[0.0; N]; N];
    for (row, one) in found.iter_mut().zip(given.iter_borrowed()) {
        let one = one.cast::<PyTuple>()?;
        *row = numbers(&one)?;
    }
    Ok(found)
}
