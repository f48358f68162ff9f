//! Matthews correlation and Cohen's kappa: agreement of decisions and labels beyond chance.

use super::estimate::{Estimate, Level};
use super::table::{Table, delta_interval};

/// Both metrics lie here.
const RANGE: (f64, f64) = (-1.0, 1.0);

/// The Matthews correlation coefficient, which is the phi coefficient of the table.
///
/// (tp tn - fp fn) / sqrt((tp + fp) (tp + fn) (tn + fp) (tn + fn)), Matthews (1975), Biochimica et Biophysica Acta 405.
/// Interval: delta method (Bishop, Fienberg and Holland (1975), "Discrete multivariate analysis", section 11.3.4;
/// Itaya, Tamura, Hayashi and Yamamoto (2024), "Asymptotic properties of Matthews correlation coefficient").
pub(crate) fn matthews_correlation(table: &Table, n: u64, level: Level) -> Estimate {
    const NAME: &str = "matthews_correlation";
    if table.predicted_positives() <= 0.0 || table.predicted_negatives() <= 0.0 {
        return Estimate::undefined(NAME, n, "the labelled predictions were all decided alike");
    }
    let Some(value) = phi(table) else {
        return Estimate::undefined(NAME, n, "the labels are all of one class");
    };
    let variance = table.delta_variance(&phi_gradient(table, value));
    let interval = level.z().map(|z| {
        let other = table.relaxed(z).and_then(|table| phi(&table));
        delta_interval(value, variance, z, other, RANGE)
    });
    Estimate::of(NAME, n, value, interval).with_variance(variance)
}

fn margins_root(table: &Table) -> f64 {
    (table.predicted_positives() * table.predicted_negatives()).sqrt() * (table.positives() * table.negatives()).sqrt()
}

fn phi(table: &Table) -> Option<f64> {
    let root = margins_root(table);
    (root > 0.0).then(|| (table.determinant() / root).clamp(RANGE.0, RANGE.1))
}

/// The derivatives of phi by the counts: those of the determinant, less half of phi for every margin that grows.
fn phi_gradient(table: &Table, phi: f64) -> Table {
    let root = margins_root(table);
    let lost = |predicted: f64, actual: f64| phi / 2.0 * (1.0 / predicted + 1.0 / actual);
    Table {
        true_positives: table.true_negatives / root - lost(table.predicted_positives(), table.positives()),
        false_positives: -table.false_negatives / root - lost(table.predicted_positives(), table.negatives()),
        false_negatives: -table.false_positives / root - lost(table.predicted_negatives(), table.positives()),
        true_negatives: table.true_positives / root - lost(table.predicted_negatives(), table.negatives()),
    }
}

/// Cohen's kappa.
///
/// 1 - (1 - observed agreement) / (1 - agreement by chance), Cohen (1960), Educational and Psychological Measurement
/// 20; for two classes 2 (tp tn - fp fn) / ((tp + fp) (fp + tn) + (tp + fn) (fn + tn)). Interval: delta method (Fleiss,
/// Cohen and Everitt (1969), "Large sample standard errors of kappa and weighted kappa", Psychological Bulletin 72).
pub(crate) fn cohen_kappa(table: &Table, n: u64, level: Level) -> Estimate {
    const NAME: &str = "cohen_kappa";
    let Some(value) = kappa(table) else {
        return Estimate::undefined(NAME, n, "predictions and labels are all of one and the same class");
    };
    let one_class = [table.predicted_positives(), table.predicted_negatives(), table.positives(), table.negatives()]
        .iter()
        .any(|&margin| margin <= 0.0);
    if one_class {
        let reason = "predictions or labels are all of one class, where kappa is 0 whatever the sample";
        return Estimate::of(NAME, n, value, Err(reason.into()));
    }
    let variance = table.delta_variance(&kappa_gradient(table, value));
    let interval = level.z().map(|z| {
        let other = table.relaxed(z).and_then(|table| kappa(&table));
        delta_interval(value, variance, z, other, RANGE)
    });
    Estimate::of(NAME, n, value, interval).with_variance(variance)
}

fn chance(table: &Table) -> f64 {
    table.predicted_positives() * table.negatives() + table.positives() * table.predicted_negatives()
}

fn kappa(table: &Table) -> Option<f64> {
    let chance = chance(table);
    (chance > 0.0).then(|| (2.0 * table.determinant() / chance).clamp(RANGE.0, RANGE.1))
}

/// The derivatives of kappa by the counts: those of its numerator, less kappa times those of its denominator.
fn kappa_gradient(table: &Table, kappa: f64) -> Table {
    let chance = chance(table);
    Table {
        true_positives: (2.0 * table.true_negatives - kappa * (table.negatives() + table.predicted_negatives()))
            / chance,
        false_positives: (-2.0 * table.false_negatives - kappa * (table.negatives() + table.predicted_positives()))
            / chance,
        false_negatives: (-2.0 * table.false_positives - kappa * (table.positives() + table.predicted_negatives()))
            / chance,
        true_negatives: (2.0 * table.true_positives - kappa * (table.positives() + table.predicted_positives()))
            / chance,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed test")]
    use super::super::table::tests::numeric_delta_variance;
    use super::*;

    const LEVEL: f64 = 0.95;

    fn table(tp: u32, fp: u32, fnn: u32, tn: u32) -> Table {
        Table {
            true_positives: tp.into(),
            false_positives: fp.into(),
            false_negatives: fnn.into(),
            true_negatives: tn.into(),
        }
    }

    const TABLES: [(u32, u32, u32, u32); 6] =
        [(20, 5, 10, 15), (1, 2, 3, 4), (900, 30, 0, 70), (3, 50, 60, 2), (12, 0, 5, 40), (70_000, 3, 2, 1_000_000)];

    #[test]
    fn the_variance_of_phi_is_the_published_one() {
        for (tp, fp, fnn, tn) in TABLES {
            let table = table(tp, fp, fnn, tn);
            let value = phi(&table).unwrap();
            let variance = table.delta_variance(&phi_gradient(&table, value));
            // Bishop, Fienberg and Holland (1975), equation 11.3-20, in margins as shares of the rows.
            let n = table.rows();
            let (rows, columns) = (
                (table.predicted_positives() / n, table.predicted_negatives() / n),
                (table.positives() / n, table.negatives() / n),
            );
            let (row_gap, column_gap) = (rows.0 - rows.1, columns.0 - columns.1);
            let (row_product, column_product) = (rows.0 * rows.1, columns.0 * columns.1);
            let published = (1.0 - value.powi(2)
                + value * (1.0 + value.powi(2) / 2.0) * row_gap * column_gap / (row_product * column_product).sqrt()
                - 0.75 * value.powi(2) * (row_gap.powi(2) / row_product + column_gap.powi(2) / column_product))
                / n;
            assert!((variance / published - 1.0).abs() < 1e-7, "{table:?}: {variance} {published}");
        }
    }

    #[test]
    fn the_variance_of_kappa_is_the_published_one() {
        for (tp, fp, fnn, tn) in TABLES {
            let table = table(tp, fp, fnn, tn);
            let value = kappa(&table).unwrap();
            let variance = table.delta_variance(&kappa_gradient(&table, value));
            // Fleiss, Cohen and Everitt (1969), equation 13 without weights.
            let n = table.rows();
            let observed = table.correct() / n;
            let (p1, p0) = (table.predicted_positives() / n, table.predicted_negatives() / n);
            let (a1, a0) = (table.positives() / n, table.negatives() / n);
            let expected = p1 * a1 + p0 * a0;
            let diagonal = table.true_positives / n * ((1.0 - expected) - (p1 + a1) * (1.0 - observed)).powi(2)
                + table.true_negatives / n * ((1.0 - expected) - (p0 + a0) * (1.0 - observed)).powi(2);
            let off = table.false_positives / n * (a1 + p0).powi(2) + table.false_negatives / n * (a0 + p1).powi(2);
            let whole =
                diagonal + (1.0 - observed).powi(2) * off - (observed * expected - 2.0 * expected + observed).powi(2);
            let published = whole / (n * (1.0 - expected).powi(4));
            assert!((variance / published - 1.0).abs() < 1e-7, "{table:?}: {variance} {published}");
        }
    }

    #[test]
    fn the_gradients_are_right() {
        for (tp, fp, fnn, tn) in [(20, 5, 10, 15), (9, 8, 7, 6)] {
            let table = table(tp, fp, fnn, tn);
            let of_phi = table.delta_variance(&phi_gradient(&table, phi(&table).unwrap()));
            assert!((of_phi / numeric_delta_variance(&table, |table| phi(table).unwrap()) - 1.0).abs() < 1e-6);
            let of_kappa = table.delta_variance(&kappa_gradient(&table, kappa(&table).unwrap()));
            assert!((of_kappa / numeric_delta_variance(&table, |table| kappa(table).unwrap()) - 1.0).abs() < 1e-6);
        }
    }

    #[test]
    fn a_textbook_kappa() {
        // Two raters and 50 proposals, 20 / 5 / 10 / 15: kappa .4.
        let estimate = cohen_kappa(&table(20, 5, 10, 15), 50, Level::new(LEVEL));
        assert!((estimate.value.unwrap() - 0.4).abs() < 1e-15);
    }

    #[test]
    fn pure_samples_have_width() {
        for table in [table(5, 0, 0, 5), table(1, 0, 0, 1000)] {
            for estimate in
                [matthews_correlation(&table, 10, Level::new(LEVEL)), cohen_kappa(&table, 10, Level::new(LEVEL))]
            {
                assert_eq!((estimate.value, estimate.high), (Some(1.0), Some(1.0)));
                assert!(estimate.low.is_some_and(|low| low < 0.9), "{estimate:?}");
            }
        }
        let wrong = matthews_correlation(&table(0, 3, 4, 0), 7, Level::new(LEVEL));
        assert_eq!((wrong.value, wrong.low), (Some(-1.0), Some(-1.0)));
        assert!(wrong.high.is_some_and(|high| high > -0.8), "{wrong:?}");
    }

    #[test]
    fn undefined_with_a_reason() {
        let level = Level::new(LEVEL);
        for table in [table(0, 0, 0, 4), table(3, 2, 0, 0), table(0, 2, 0, 2)] {
            let estimate = matthews_correlation(&table, 4, level);
            assert!(estimate.value.is_none() && estimate.reason.is_some(), "{estimate:?}");
        }
        assert_eq!(cohen_kappa(&table(0, 0, 0, 4), 4, level).value, None);
        let constant = cohen_kappa(&table(0, 2, 0, 2), 4, level);
        assert_eq!((constant.value, constant.low), (Some(0.0), None));
    }
}
