//! From evidence to what is known of an effect.

use super::evidence::Evidence;

/// What is to be shown of an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hypothesis {
    /// That it is beyond the margin on either side.
    Different,
    /// That it is above the margin.
    Greater,
    /// That it is below minus the margin.
    Less,
    /// That a metric which is better when high has not lost the margin.
    NotLower,
    /// That a metric which is better when low has not risen by the margin.
    NotHigher,
    /// That it is within the margin: Schuirmann's (1987) two one-sided tests.
    Equivalent,
}

impl Hypothesis {
    /// Whether each limit may be wrong with a probability of alpha.
    #[must_use]
    pub fn is_one_sided(self) -> bool {
        self != Self::Different
    }
}

/// What is known of an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The difference that was seen is within the margin.
    Within,
    /// Nothing, as far as the larger end of what was asked goes.
    OpenAbove,
    /// Nothing, as far as its smaller end goes.
    OpenBelow,
    /// It is above what was asked.
    Above,
    /// It is below.
    Below,
    /// It is on the right side of the margin.
    Inside,
}

/// An outcome with its evidence.
#[derive(Clone, Copy, Debug)]
pub struct Judged {
    /// What is known.
    pub outcome: Outcome,
    /// Against what was to be ruled out.
    pub evidence: Evidence,
    /// The statistic that would have to reach the quantile.
    pub statistic: f64,
}

/// What an effect shows of a hypothesis.
///
/// `statistic` is how far the effect is above a value, `evidence` what a rule holds against a value of which the effect is so far on
/// the side that speaks against it.
///
/// # Errors
///
/// What one of the two raises.
pub fn judge<E>(
    hypothesis: Hypothesis,
    margin: f64,
    alpha: f64,
    statistic: impl Fn(f64) -> Result<f64, E>,
    evidence: impl Fn(f64) -> Result<Evidence, E>,
) -> Result<Judged, E> {
    match hypothesis {
        Hypothesis::Different => {
            // The nearer of the two ends of what counts as no difference.
            let above = statistic(margin)?;
            let below = if margin == 0.0 { -above } else { -statistic(-margin)? };
            let nearer = if below > above { below } else { above };
            if nearer < 0.0 {
                let evidence = Evidence { p_value: 1.0, e_value: None };
                return Ok(Judged { outcome: Outcome::Within, evidence, statistic: -1.0 });
            }
            Ok(difference(above >= below, nearer, alpha, evidence(nearer)?))
        }
        Hypothesis::Greater => {
            let statistic = statistic(margin)?;
            Ok(difference(true, statistic, alpha, evidence(statistic)?))
        }
        Hypothesis::Less => {
            let statistic = -statistic(-margin)?;
            Ok(difference(false, statistic, alpha, evidence(statistic)?))
        }
        Hypothesis::NotLower | Hypothesis::NotHigher => {
            let is_lower = hypothesis == Hypothesis::NotLower;
            let inside = if is_lower { statistic(-margin)? } else { -statistic(margin)? };
            let lost = if is_lower { Outcome::Below } else { Outcome::Above };
            one_margin(inside, lost, alpha, evidence)
        }
        Hypothesis::Equivalent => {
            let (above, below) = (statistic(-margin)?, -statistic(margin)?);
            let inside = if below < above { below } else { above };
            one_margin(inside, if below < above { Outcome::Above } else { Outcome::Below }, alpha, evidence)
        }
    }
}

fn difference(is_up: bool, statistic: f64, alpha: f64, evidence: Evidence) -> Judged {
    let outcome = match (evidence.p_value > alpha, is_up) {
        (true, true) => Outcome::OpenAbove,
        (true, false) => Outcome::OpenBelow,
        (false, true) => Outcome::Above,
        (false, false) => Outcome::Below,
    };
    Judged { outcome, evidence, statistic }
}

/// Whether the nearer margin is kept, or crossed.
fn one_margin<E>(
    inside: f64,
    crossed: Outcome,
    alpha: f64,
    evidence: impl Fn(f64) -> Result<Evidence, E>,
) -> Result<Judged, E> {
    let kept = evidence(inside)?;
    if kept.p_value <= alpha {
        return Ok(Judged { outcome: Outcome::Inside, evidence: kept, statistic: inside });
    }
    if evidence(-inside)?.p_value <= alpha {
        return Ok(Judged { outcome: crossed, evidence: kept, statistic: -inside });
    }
    let outcome = if crossed == Outcome::Above { Outcome::OpenAbove } else { Outcome::OpenBelow };
    Ok(Judged { outcome, evidence: kept, statistic: inside.abs() })
}
