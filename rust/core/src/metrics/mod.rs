//! From the integers of a window to numbers with intervals.
//!
//! Pure functions without state: the same integers give the same bits. Every metric comes as an [`Estimate`]: its
//! value, its interval, the rows it rests on, and in plain words why it is undefined when it is. Nothing here panics,
//! whatever the integers. Not a library for arrays of labels: the rows are counted elsewhere, once, as they come.

mod aggregates;
mod agreement;
mod array_moments;
mod average_precision;
mod calibration;
mod compensated;
mod confusion;
mod curves;
mod estimate;
mod f_beta;
mod moments;
mod normal;
mod order_statistics;
mod plain;
mod probability;
mod proportion;
mod report;
mod roc_auc;
mod rounding;
mod scores;
mod square_sum;
mod table;
mod wide;

pub use aggregates::{Aggregates, Bin, CalibrationBin, LossSums, ScoreAggregates};
pub use array_moments::mean_and_squares;
pub use calibration::CalibrationRow;
pub(crate) use confusion::NO_LABELS;
pub use curves::{MAXIMUM_POINTS, PrecisionRecallPoint, RocPoint};
pub use estimate::Estimate;
pub use f_beta::f_beta;
pub use normal::{two_sided_quantile, upper_quantile};
pub use order_statistics::order_statistics;
pub use plain::{PlainMetrics, plain_metrics};
pub use report::{Report, evaluate};
pub use rounding::round_like_numpy;
pub use square_sum::SquareSum;
