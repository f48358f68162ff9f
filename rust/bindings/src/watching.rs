//! What those who watch a tracker take from it: each labelled row once, as losses or as columns.

use std::time::Duration;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use truthlag_core::verdict::Loss;
use truthlag_core::{Frontier, Matured, MaturedRow, Maturity, Tracker as Core};

use crate::detectors::{Detector, RaisedAlarm};
use crate::tracker::Tracker;

/// Rows that are taken in one go.
const MOST: u64 = 1 << 18;

/// Rows of a tracker that are scanned in about a millisecond.
const MOST_SCANNED_ATTACHED: usize = 1 << 20;

/// Where the next rows begin, and whether there are more already.
type Onwards = (i64, u64, bool);
/// Losses, the times of their rows, and how many rows had none.
type Losses<'py> = (Bound<'py, PyBytes>, Bound<'py, PyBytes>, usize);
/// Decisions, labels, scores and times.
type Columns<'py> = (Bound<'py, PyBytes>, Bound<'py, PyBytes>, Bound<'py, PyBytes>, Bound<'py, PyBytes>);

fn loss(kind: &str, numbers: &[f64]) -> PyResult<Loss> {
    match (kind, numbers) {
        ("outcome", &[true_negative, false_positive, false_negative, true_positive]) => {
            Ok(Loss::ByOutcome([true_negative, false_positive, false_negative, true_positive]))
        }
        ("brier", &[bound]) => Ok(Loss::Brier { bound }),
        ("logarithmic", &[bound]) => Ok(Loss::Logarithmic { bound }),
        _ => Err(PyValueError::new_err(format!("no loss {kind} has {} numbers", numbers.len()))),
    }
}

/// The bytes of each as the machine has them, as numpy reads them.
fn column<'py, T, const N: usize>(
    py: Python<'py>,
    rows: &[T],
    bytes: impl Fn(&T) -> [u8; N],
) -> PyResult<Bound<'py, PyBytes>> {
    PyBytes::new_with(py, N * rows.len(), |target| {
        for (place, row) in target.as_chunks_mut::<N>().0.iter_mut().zip(rows) {
            *place = bytes(row);
        }
        Ok(())
    })
}

/// The losses of rows and the times of those that have one; a detector takes the losses, and its alarms are given instead.
fn losses<'py>(
    py: Python<'py>,
    mut rows: Vec<MaturedRow>,
    loss: Loss,
    detector: Option<&Bound<'py, Detector>>,
) -> PyResult<(Losses<'py>, Vec<RaisedAlarm>)> {
    let all = rows.len();
    let values = loss.of_all(&mut rows);
    let (alarms, given) = match detector {
        Some(detector) => (detector.get().take_telling(py, &values)?, &[][..]),
        None => (Vec::new(), &values[..]),
    };
    let losses = column(py, given, |value| value.to_ne_bytes())?;
    let times = column(py, &rows, |row| row.time().to_ne_bytes())?;
    Ok(((losses, times, all - rows.len()), alarms))
}

fn columns<'py>(py: Python<'py>, rows: &[MaturedRow]) -> PyResult<Columns<'py>> {
    Ok((
        column(py, rows, |row| [u8::from(row.decision())])?,
        column(py, rows, |row| [u8::from(row.actual())])?,
        column(py, rows, |row| row.score().to_ne_bytes())?,
        column(py, rows, |row| row.time().to_ne_bytes())?,
    ))
}

fn ask<T: Send>(py: Python<'_>, core: &Core, question: impl FnOnce(&Core) -> T + Send) -> T {
    if core.is_busy() || core.rows() > MOST_SCANNED_ATTACHED { py.detach(|| question(core)) } else { question(core) }
}

fn matured(py: Python<'_>, tracker: &Tracker, time: i64, taken: u64, min_age: Option<i64>) -> PyResult<Matured> {
    let maturity = min_age.map_or(Maturity::Complete, Maturity::Age);
    Ok(ask(py, tracker.core()?, |core| core.matured(Frontier { time, taken }, maturity, MOST)))
}

fn onwards(matured: &Matured) -> Onwards {
    (matured.frontier.time, matured.frontier.taken, matured.has_more)
}

/// The losses of the next rows whose time has come, and where those after them begin. A detector takes them, if one is given, and
/// its alarms are told instead.
#[pyfunction]
#[pyo3(signature = (tracker, frontier, min_age, kind, numbers, detector=None))]
#[allow(clippy::needless_pass_by_value, reason = "lists of Python become vectors")]
pub(crate) fn matured_losses<'py>(
    py: Python<'py>,
    tracker: &Bound<'py, Tracker>,
    frontier: (i64, u64),
    min_age: Option<i64>,
    kind: &str,
    numbers: Vec<f64>,
    detector: Option<&Bound<'py, Detector>>,
) -> PyResult<(Losses<'py>, Vec<RaisedAlarm>, Onwards)> {
    let loss = loss(kind, &numbers)?;
    let matured = matured(py, tracker.get(), frontier.0, frontier.1, min_age)?;
    let onwards = onwards(&matured);
    let (losses, alarms) = losses(py, matured.rows, loss, detector)?;
    Ok((losses, alarms, onwards))
}

/// The next rows whose time has come, and where those after them begin.
#[pyfunction]
pub(crate) fn matured_rows<'py>(
    py: Python<'py>,
    tracker: &Bound<'py, Tracker>,
    frontier: (i64, u64),
    min_age: Option<i64>,
) -> PyResult<(Columns<'py>, Onwards)> {
    let matured = matured(py, tracker.get(), frontier.0, frontier.1, min_age)?;
    Ok((columns(py, &matured.rows)?, onwards(&matured)))
}

/// The rows that have got their labels since this was last asked, and how many more there were.
#[pyfunction]
pub(crate) fn labelled_rows<'py>(py: Python<'py>, tracker: &Bound<'py, Tracker>) -> PyResult<(Columns<'py>, u64)> {
    let (rows, lost) = ask(py, tracker.get().core()?, Core::take_labelled);
    Ok((columns(py, &rows)?, lost))
}

/// Begins, or ends, to keep rows in the order in which their labels come.
#[pyfunction]
pub(crate) fn keep_labelled(py: Python<'_>, tracker: &Bound<'_, Tracker>, keeps: bool) -> PyResult<()> {
    ask(py, tracker.get().core()?, |core| core.keep_labelled(keeps));
    Ok(())
}

/// Begins, or ends, to have the tracker's `_look` called from time to time.
#[pyfunction]
pub(crate) fn be_watched(tracker: &Bound<'_, Tracker>, is_on: bool) -> PyResult<()> {
    tracker.get().core()?.be_watched(is_on);
    Ok(())
}

/// Whether enough time has gone by since the last look.
#[pyfunction]
pub(crate) fn may_look(tracker: &Bound<'_, Tracker>) -> PyResult<bool> {
    Ok(tracker.get().core()?.may_look())
}

/// Notes that somebody has looked, and how many seconds it took.
#[pyfunction]
pub(crate) fn note_look(tracker: &Bound<'_, Tracker>, took: f64) -> PyResult<()> {
    tracker.get().core()?.note_look(Duration::try_from_secs_f64(took).unwrap_or_default());
    Ok(())
}

/// The time before which rows are about to expire, in microseconds since the epoch; 0 where none does.
#[pyfunction]
pub(crate) fn about_to_expire(tracker: &Bound<'_, Tracker>) -> PyResult<i64> {
    Ok(tracker.get().core()?.about_to_expire())
}

/// The age at which rows expire, in microseconds; None where none does.
#[pyfunction]
pub(crate) fn retention(tracker: &Bound<'_, Tracker>) -> PyResult<Option<i64>> {
    Ok(tracker.get().core()?.retention())
}

/// Has the interpreter report an error that nobody can be given; never fails.
#[pyfunction]
pub(crate) fn report_unraisable(error: &Bound<'_, PyAny>, source: &Bound<'_, PyAny>) {
    PyErr::from_value(error.clone()).write_unraisable(error.py(), Some(source));
}
