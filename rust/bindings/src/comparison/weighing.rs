//! One effect by one rule: intervals, evidence and what follows.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use truthlag_core::verdict::comparison::{self, Hypothesis, Judged};

use super::effects::AnyEffect;
use super::question::Question;
use super::rules::{AnyRule, Units};

type Interval = (f64, f64);
/// Verdict, p-value, e-value, reasons, and how many more units a verdict needs.
type Answer<'py> = (Bound<'py, PyAny>, f64, Option<f64>, Bound<'py, PyTuple>, Option<u64>);

/// Verdict, evidence, reason and statistic.
type Judgement<'py> = (Bound<'py, PyAny>, (f64, Option<f64>), Bound<'py, PyAny>, f64);

fn judged<'py>(
    question: &Question,
    effect: &AnyEffect<'_, 'py>,
    rule: &AnyRule<'_, 'py>,
    units: &Units<'py>,
) -> PyResult<Judged> {
    let freedom = effect.degrees_of_freedom()?;
    let one_sided = question.hypothesis.is_one_sided();
    comparison::judge(
        question.hypothesis,
        question.margin,
        rule.alpha()?,
        |null| effect.statistic(null),
        |statistic| rule.evidence(statistic, freedom, units, one_sided),
    )
}

/// The verdict on an effect, its evidence (p-value and e-value), the reason, and the statistic that would have to reach the quantile.
#[pyfunction]
pub(crate) fn judge<'py>(
    question: &Bound<'py, Question>,
    effect: &Bound<'py, PyAny>,
    inference: &Bound<'py, PyAny>,
    native: &Bound<'py, PyAny>,
    n: Bound<'py, PyAny>,
) -> PyResult<Judgement<'py>> {
    let question = question.get();
    let judged = judged(question, &AnyEffect::of(effect), &AnyRule::of(inference, native)?, &Units::of(n)?)?;
    let (verdict, reason) = question.word_of(inference.py(), judged.outcome)?;
    Ok((verdict, (judged.evidence.p_value, judged.evidence.e_value), reason, judged.statistic))
}

/// The interval of an effect, that of the relative difference where there is one, and the answer to the question: about the one or
/// about the other, and none where what it is about is not known.
#[pyfunction]
pub(crate) fn weigh<'py>(
    question: &Bound<'py, Question>,
    effect: &Bound<'py, PyAny>,
    relative: Option<&Bound<'py, PyAny>>,
    inference: &Bound<'py, PyAny>,
    native: &Bound<'py, PyAny>,
    n: Bound<'py, PyAny>,
    is_relative: bool,
) -> PyResult<(Interval, Option<Interval>, Option<Answer<'py>>)> {
    let py = inference.py();
    let question = question.get();
    let (rule, units) = (AnyRule::of(inference, native)?, Units::of(n)?);
    let effect = AnyEffect::of(effect);
    let relative = relative.map(AnyEffect::of);
    let one_sided = question.hypothesis.is_one_sided();
    // The relative difference has the same degrees of freedom.
    let quantile = rule.quantile(effect.degrees_of_freedom()?, &units, one_sided)?;
    let interval = sided(question.hypothesis, effect.limits(quantile)?);
    let relative_interval = match &relative {
        Some(relative) => Some(sided(question.hypothesis, relative.limits(quantile)?)),
        None => None,
    };
    let Some(tested) = (if is_relative { relative.as_ref() } else { Some(&effect) }) else {
        return Ok((interval, relative_interval, None));
    };
    let judged = judged(question, tested, &rule, &units)?;
    let (verdict, reason) = question.word_of(py, judged.outcome)?;
    let undecided = intern!(py, "undecided");
    let (verdict, reason) = match rule.refusal(inference, &units)? {
        Some(refusal) => (undecided.clone().into_any(), refusal),
        None => (verdict, reason),
    };
    let additional = if verdict.eq(undecided)? {
        // At least one, where rounding says that there are enough.
        rule.units_needed(&units, judged.statistic, one_sided)?
            .map(|needed| needed.saturating_sub(units.count as u64).max(1))
    } else {
        Some(0)
    };
    let reasons = match rule.remarks(inference)? {
        Some(remarks) => PyTuple::new(py, std::iter::once(reason).chain(remarks.iter()).collect::<Vec<_>>())?,
        None => PyTuple::new(py, [reason])?,
    };
    let evidence = judged.evidence;
    Ok((interval, relative_interval, Some((verdict, evidence.p_value, evidence.e_value, reasons, additional))))
}

/// An interval that is infinite on a side that is not looked at.
fn sided(hypothesis: Hypothesis, (low, high): Interval) -> Interval {
    match hypothesis {
        Hypothesis::Greater => (low, f64::INFINITY),
        Hypothesis::Less => (f64::NEG_INFINITY, high),
        _ => (low, high),
    }
}
