//! The quantile of the normal distribution.

const CENTRE_NUMERATOR: [f64; 8] = [
    3.387_132_872_796_366_5,
    133.141_667_891_784_38,
    1_971.590_950_306_551_3,
    13_731.693_765_509_46,
    45_921.953_931_549_87,
    67_265.770_927_008_7,
    33_430.575_583_588_13,
    2_509.080_928_730_122_7,
];
const CENTRE_DENOMINATOR: [f64; 8] = [
    1.0,
    42.313_330_701_600_91,
    687.187_007_492_057_9,
    5_394.196_021_424_751,
    21_213.794_301_586_597,
    39_307.895_800_092_71,
    28_729.085_735_721_943,
    5_226.495_278_852_854,
];
const MIDDLE_NUMERATOR: [f64; 8] = [
    1.423_437_110_749_683_5,
    4.630_337_846_156_546,
    5.769_497_221_460_691,
    3.647_848_324_763_204_5,
    1.270_458_252_452_368_4,
    0.241_780_725_177_450_6,
    0.022_723_844_989_269_184,
    0.000_774_545_014_278_341_4,
];
const MIDDLE_DENOMINATOR: [f64; 8] = [
    1.0,
    2.053_191_626_637_759,
    1.676_384_830_183_803_8,
    0.689_767_334_985_1,
    0.148_103_976_427_480_08,
    0.015_198_666_563_616_457,
    0.000_547_593_808_499_534_5,
    1.050_750_071_644_416_9e-9,
];
const TAIL_NUMERATOR: [f64; 8] = [
    6.657_904_643_501_103,
    5.463_784_911_164_114,
    1.784_826_539_917_291_3,
    0.296_560_571_828_504_87,
    0.026_532_189_526_576_124,
    0.001_242_660_947_388_078_4,
    2.711_555_568_743_487_6e-5,
    2.010_334_399_292_288_1e-7,
];
const TAIL_DENOMINATOR: [f64; 8] = [
    1.0,
    0.599_832_206_555_888,
    0.136_929_880_922_735_8,
    0.014_875_361_290_850_615,
    0.000_786_869_131_145_613_3,
    1.846_318_317_510_054_8e-5,
    1.421_511_758_316_446e-7,
    2.044_263_103_389_939_7e-15,
];

fn polynomial(coefficients: &[f64; 8], x: f64) -> f64 {
    coefficients.iter().rev().fold(0.0, |sum, coefficient| sum * x + coefficient)
}

/// The z with P(|Z| <= z) = `confidence` for a standard normal Z; `None` unless `confidence` lies strictly between 0
/// and 1.
///
/// Wichura (1988), Algorithm AS 241, PPND16: relative error about 1e-16.
#[must_use]
pub fn two_sided_quantile(confidence: f64) -> Option<f64> {
    if !(confidence > 0.0 && confidence < 1.0) {
        return None;
    }
    let above_median = confidence / 2.0;
    if above_median <= 0.425 {
        let r = 0.180_625 - above_median * above_median;
        return Some(above_median * polynomial(&CENTRE_NUMERATOR, r) / polynomial(&CENTRE_DENOMINATOR, r));
    }
    Some(far_quantile((1.0 - confidence) / 2.0))
}

/// The z with P(Z > z) = `tail` for a standard normal Z; `None` unless `tail` lies strictly between 0 and 1. By the same
/// algorithm.
#[must_use]
pub fn upper_quantile(tail: f64) -> Option<f64> {
    if !(tail > 0.0 && tail < 1.0) {
        return None;
    }
    let above_median = 0.5 - tail;
    Some(if above_median.abs() <= 0.425 {
        let r = 0.180_625 - above_median * above_median;
        above_median * polynomial(&CENTRE_NUMERATOR, r) / polynomial(&CENTRE_DENOMINATOR, r)
    } else if tail < 0.5 {
        far_quantile(tail)
    } else {
        -far_quantile(1.0 - tail)
    })
}

/// The z with P(Z > z) = `tail`, below 0.075.
fn far_quantile(tail: f64) -> f64 {
    let r = (-tail.ln()).sqrt();
    if r <= 5.0 {
        polynomial(&MIDDLE_NUMERATOR, r - 1.6) / polynomial(&MIDDLE_DENOMINATOR, r - 1.6)
    } else {
        polynomial(&TAIL_NUMERATOR, r - 5.0) / polynomial(&TAIL_DENOMINATOR, r - 5.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_quantiles() {
        // By scipy.stats.norm.isf((1 - confidence) / 2).
        for (confidence, expected) in KNOWN {
            let z = two_sided_quantile(confidence).unwrap_or(f64::NAN);
            assert!((z - expected).abs() <= 1e-15 * expected.max(1.0), "{confidence}: {z} {expected}");
        }
    }

    const KNOWN: [(f64, f64); 8] = [
        (0.5, 0.674_489_750_196_081_7),
        (0.8, 1.281_551_565_544_600_4),
        (0.85, 1.439_531_470_938_455_7),
        (0.9, 1.644_853_626_951_472_9),
        (0.95, 1.959_963_984_540_054),
        (0.99, 2.575_829_303_548_900_4),
        (0.999_999, 4.891_638_475_692_932_5),
        (0.999_999_999_999_090_5, 7.143_552_034_352_189),
    ];

    #[test]
    fn known_upper_quantiles() {
        // By scipy.stats.norm.isf(tail).
        for (tail, expected) in [
            (1e-300, 37.047_096_299_361_2),
            (1e-12, 7.034_483_825_301_131),
            (0.003, 2.747_781_385_444_992_6),
            (0.05, 1.644_853_626_951_472_9),
            (0.3, 0.524_400_512_708_040_9),
            (0.5, 0.0),
            (0.975, -1.959_963_984_540_054),
        ] {
            let z = upper_quantile(tail).unwrap_or(f64::NAN);
            assert!((z - expected).abs() <= 1e-15 * expected.abs().max(1.0), "{tail}: {z} {expected}");
        }
    }

    #[test]
    fn no_quantile_outside_of_the_open_interval() {
        for confidence in [0.0, 1.0, -0.5, 1.5, f64::NAN, f64::INFINITY] {
            assert_eq!((two_sided_quantile(confidence), upper_quantile(confidence)), (None, None));
        }
    }
}
