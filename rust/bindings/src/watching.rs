//! What those who watch a tracker take from it: each labelled row once, as losses or as columns.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use pyo3::buffer::PyBuffer;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use truthlag_core::verdict::{Loss, MeanShift, ValueTimes};
use truthlag_core::{Frontier, Matured, MaturedRow, Maturity, Tracker as Core};

use crate::detectors::{Detector, RaisedAlarm};
use crate::tracker::Tracker;

/// Rows that are taken in one go.
const MOST: u64 = 1 << 18;

/// Rows of a tracker that are scanned in about a millisecond.
const MOST_SCANNED_ATTACHED: usize = 1 << 20;

/// Means of the losses before and after a change.
type Means = (Option<f64>, Option<f64>);
/// An alarm: the number of its value from 1 on, its time, the estimation, the logarithm of the evidence, the time of the
/// change, and the means around it.
type FoundAlarm = (u64, i64, f64, Option<f64>, Option<i64>, Means);
/// Losses, and the times of their rows.
type Losses<'py> = (Bound<'py, PyBytes>, Bound<'py, PyBytes>);
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

/// What a watch has taken from its tracker, and how far it has come.
#[pyclass(frozen, module = "truthlag._core")]
pub(crate) struct Intake {
    /// Under which the store counts the rows that come too late.
    token: u64,
    maturity: Maturity,
    state: Mutex<State>,
}

struct State {
    frontier: Frontier,
    times: ValueTimes,
    /// Since the last alarm.
    shift: MeanShift,
    left_out: u64,
    /// Before the store began to count.
    passed_over: u64,
}

impl Intake {
    /// Held while attached only, and for no longer than some rows take.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next rows whose time has come; they count as taken.
    fn next(&self, py: Python<'_>, tracker: &Tracker) -> PyResult<Matured> {
        let core = tracker.core()?;
        let frontier = self.lock().frontier;
        let matured = ask(py, core, |core| {
            let matured = core.matured(frontier, self.maturity, MOST);
            core.advance_turn(self.token, matured.frontier.time);
            matured
        });
        self.lock().frontier = matured.frontier;
        Ok(matured)
    }

    /// The losses of rows, and the rows that have one.
    fn losses_of(&self, loss: Loss, mut rows: Vec<MaturedRow>) -> (Vec<f64>, Vec<MaturedRow>) {
        let all = rows.len();
        let values = loss.of_all(&mut rows);
        self.lock().left_out += (all - rows.len()) as u64;
        (values, rows)
    }

    /// Notes values that were taken, with the times of their rows, and finds those of the alarms.
    fn note<T>(
        &self,
        rows: &[T],
        time: impl Fn(&T) -> i64,
        values: &[f64],
        raised: Vec<RaisedAlarm>,
    ) -> Vec<FoundAlarm> {
        let mut state = self.lock();
        let State { shift, .. } = &mut *state;
        let (mut seen, mut means) = (0, Vec::with_capacity(raised.len()));
        for (position, _, _, age) in &raised {
            shift.add(values.get(seen..=*position).unwrap_or_default());
            means.push(shift.around(*age));
            shift.restart();
            seen = position + 1;
        }
        shift.add(values.get(seen..).unwrap_or_default());
        let before = state.times.count();
        let found = |((position, estimation, log_evidence, age), means): (RaisedAlarm, Means)| {
            let number = before + position as u64 + 1;
            let begun = age.and_then(|age| number.checked_sub(age));
            let change = begun.and_then(|begun| match begun.checked_sub(before) {
                Some(place) => rows.get(place as usize).map(&time),
                None => state.times.time_of(before - begun),
            });
            Some((number, time(rows.get(position)?), estimation, log_evidence, change, means))
        };
        let alarms = raised.into_iter().zip(means).filter_map(found).collect();
        state.times.add(rows.iter().map(time));
        alarms
    }
}

/// Never twice in a process.
static NEXT_TOKEN: AtomicU64 = AtomicU64::new(0);

#[pymethods]
#[allow(clippy::needless_pass_by_value, reason = "lists of Python become vectors")]
impl Intake {
    #[new]
    #[pyo3(signature = (min_age, frontier, count=0, times=Vec::new(), left_out=0, passed_over=0))]
    fn new(
        min_age: Option<i64>,
        frontier: (i64, u64),
        count: u64,
        times: Vec<(u64, i64)>,
        left_out: u64,
        passed_over: u64,
    ) -> PyResult<Self> {
        let times = ValueTimes::restored(count, times)
            .ok_or_else(|| PyValueError::new_err("times of values must be fewer than their count, and in order"))?;
        let frontier = Frontier { time: frontier.0, taken: frontier.1 };
        Ok(Self {
            token: NEXT_TOKEN.fetch_add(1, Ordering::Relaxed),
            maturity: min_age.map_or(Maturity::Complete, Maturity::Age),
            state: Mutex::new(State { frontier, times, shift: MeanShift::default(), left_out, passed_over }),
        })
    }

    /// Has a detector take the losses of the next rows; its alarms, and whether there are more rows already.
    fn take(
        &self,
        py: Python<'_>,
        tracker: &Bound<'_, Tracker>,
        kind: &str,
        numbers: Vec<f64>,
        detector: &Bound<'_, Detector>,
    ) -> PyResult<(Vec<FoundAlarm>, bool)> {
        let loss = loss(kind, &numbers)?;
        let Matured { rows, has_more, .. } = self.next(py, tracker.get())?;
        let (values, rows) = self.losses_of(loss, rows);
        let raised = detector.get().take_telling(py, &values)?;
        Ok((self.note(&rows, MaturedRow::time, &values, raised), has_more))
    }

    /// The losses of the next rows with their times, and whether there are more already.
    fn next_losses<'py>(
        &self,
        py: Python<'py>,
        tracker: &Bound<'py, Tracker>,
        kind: &str,
        numbers: Vec<f64>,
    ) -> PyResult<(Losses<'py>, bool)> {
        let loss = loss(kind, &numbers)?;
        let Matured { rows, has_more, .. } = self.next(py, tracker.get())?;
        let (values, rows) = self.losses_of(loss, rows);
        let losses = column(py, &values, |value| value.to_ne_bytes())?;
        Ok(((losses, column(py, &rows, |row| row.time().to_ne_bytes())?), has_more))
    }

    /// The next rows, and whether there are more already.
    fn next_rows<'py>(&self, py: Python<'py>, tracker: &Bound<'py, Tracker>) -> PyResult<(Columns<'py>, bool)> {
        let Matured { rows, has_more, .. } = self.next(py, tracker.get())?;
        Ok((columns(py, &rows)?, has_more))
    }

    /// Notes values that a detector has taken, with the times of their rows, and rows that were left out; the alarms with their
    /// times.
    fn add(
        &self,
        py: Python<'_>,
        values: &Bound<'_, PyAny>,
        times: &Bound<'_, PyAny>,
        raised: Vec<RaisedAlarm>,
        left_out: u64,
    ) -> PyResult<Vec<FoundAlarm>> {
        let (values, times) = (PyBuffer::<f64>::get(values)?.to_vec(py)?, PyBuffer::<i64>::get(times)?.to_vec(py)?);
        self.lock().left_out += left_out;
        Ok(self.note(&times, |&time| time, &values, raised))
    }

    /// Has the tracker count the rows that get their label when their turn is over.
    fn count_passed_over(&self, py: Python<'_>, tracker: &Bound<'_, Tracker>) -> PyResult<()> {
        let (token, time) = (self.token, self.lock().frontier.time);
        ask(py, tracker.get().core()?, |core| core.begin_turns(token, time));
        Ok(())
    }

    /// Rows that got their label when their turn was over.
    fn passed_over(&self, py: Python<'_>, tracker: &Bound<'_, Tracker>) -> PyResult<u64> {
        let since = ask(py, tracker.get().core()?, |core| core.came_late(self.token));
        Ok(self.lock().passed_over + since)
    }

    /// Has the tracker count no more.
    fn end(&self, py: Python<'_>, tracker: &Bound<'_, Tracker>) -> PyResult<()> {
        let late = ask(py, tracker.get().core()?, |core| {
            let late = core.came_late(self.token);
            core.end_turns(self.token);
            late
        });
        self.lock().passed_over += late;
        Ok(())
    }

    /// Where the next rows begin: their time, and rows of that very time that were taken.
    #[getter]
    fn frontier(&self) -> (i64, u64) {
        let Frontier { time, taken } = self.lock().frontier;
        (time, taken)
    }

    /// Values taken.
    #[getter]
    fn count(&self) -> u64 {
        self.lock().times.count()
    }

    /// Rows left out.
    #[getter]
    fn left_out(&self) -> u64 {
        self.lock().left_out
    }

    /// Some values as number and time: the last ones all, and so many of those before.
    fn saved_times(&self, most: u64, exactly: u64) -> Vec<(u64, i64)> {
        self.lock().times.saved(most, exactly)
    }
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
