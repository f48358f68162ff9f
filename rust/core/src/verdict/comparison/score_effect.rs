//! The difference of two proportions, or of two metrics that rise with one, by the score test.

use crate::verdict::two_sample::{
    FURTHEST, Pair, Scale, difference_limit, difference_statistic, score_limit, score_statistic,
};

/// An effect with a standard error of its own at each value: that of the likelihood there.
#[derive(Clone, Copy, Debug)]
pub struct ScoreEffect {
    /// The treatment as the baseline, so that its loss is the difference.
    pub pair: Pair,
    /// What the metric is of the proportion.
    pub scale: Scale,
    /// Whether the statistic is corrected for skewness, on the scale of proportions.
    pub corrects_skewness: bool,
    /// The statistic of the mid-p value, which holds back equality, where events are few.
    pub mid_p: Option<f64>,
}

impl ScoreEffect {
    /// How many standard errors the effect is above a value; it falls with the value.
    #[must_use]
    pub fn statistic(&self, null: f64) -> f64 {
        if null.abs() >= 1.0 {
            return -FURTHEST.copysign(null);
        }
        let statistic = match self.scale {
            Scale::Identity => difference_statistic(&self.pair, null, self.corrects_skewness),
            Scale::F1 => {
                let rows = self.pair.baseline_trials + self.pair.trials;
                let statistic = score_statistic(&self.pair, null, self.scale);
                // As Miettinen and Nurminen have the variance.
                (1.0 - 1.0 / rows).sqrt() * statistic.clamp(-FURTHEST, FURTHEST)
            }
        };
        let Some(mid_p) = self.mid_p else { return statistic };
        if null == 0.0 {
            return if mid_p.abs() < statistic.abs() { mid_p } else { statistic };
        }
        // Between 0 and the estimate there is no more evidence than at 0.
        if null > 0.0 { statistic.min(mid_p.max(0.0)) } else { statistic.max(mid_p.min(0.0)) }
    }

    /// Where the statistic is a positive quantile, and where it is minus that.
    #[must_use]
    pub fn limits(&self, quantile: f64) -> (f64, f64) {
        let limit = |quantile| match self.scale {
            Scale::Identity => difference_limit(&self.pair, quantile, self.corrects_skewness),
            Scale::F1 => score_limit(&self.pair, quantile, self.scale),
        };
        let (low, high) = (limit(quantile), limit(-quantile));
        // What the mid-p value does not reject belongs to the interval.
        if self.mid_p.is_some_and(|mid_p| mid_p.abs() < quantile) { (low.min(0.0), high.max(0.0)) } else { (low, high) }
    }
}
