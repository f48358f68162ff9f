"""Is the new version better: comparisons of two arms that stay right however often one looks.

`compare` holds a treatment against a control and answers with a `Comparison`. Arms are raw values, or statistics that a stream
keeps and merges: `Proportion`, `BatchedProportion`, `Mean`, `Ratio`, `FMeasure`, `Calibration`, the `Counts` of a confusion matrix,
a `QuantileArm` of `Quantiles` or of a `LatencyHistogram`, and `Known` for an estimate with a standard error of its own. `LabelledRows`
are labels, decisions and scores, for any metric of a model. `MeanWithCovariate`, `RatioWithCovariate`, `Strata`, `PredictionPowered` and
`PredictionPoweredRatio` have less chance in them, and `winsorize` caps values. A `Guardrail` is a metric that a treatment may not make
worse by more than a margin.

Before a verdict come the gates: `SampleRatioTest`, `double_exposure`, `pre_period_balance` and `label_arrival_parity`, all of them at
once by `run_gates`. `compare_at_age` compares arms whose labels come late at equal label age. `compare_many` does it for many
arms, metrics and segments.

`ModelABTest` is a live test: it assigns units, ramps, takes exposures and late outcomes, and merges over processes. `ab_test_report`
makes one report of gates, metrics and guardrails, with one recommendation.
`interval_over_time` shows the difference with its interval at each look, as rows and as a picture.

`compare_paired` holds two models against each other on the same requests, and `disagreement` says what is known before any label is.
"""

from truthlag.verdict.abtest.bayesian import Posterior, bayesian_effect, beta_binomial
from truthlag.verdict.abtest.compare import compare
from truthlag.verdict.abtest.gates import (
    AgedArm,
    ArmLog,
    ArmsAtAge,
    Arrivals,
    ChiSquareRatio,
    DoubleExposure,
    Gate,
    GateReport,
    SampleRatioTest,
    arm_logs,
    arms_at_age,
    compare_at_age,
    double_exposure,
    label_arrival_parity,
    pre_period_balance,
    run_gates,
    sample_ratio_chi_square,
)
from truthlag.verdict.abtest.guardrails import Guardrail, GuardrailResult
from truthlag.verdict.abtest.inference import GroupSequentialPlan, Look, StoppedEstimate
from truthlag.verdict.abtest.live import LoggedLook, ModelABTest, OutcomeMetric, TrackerMetric
from truthlag.verdict.abtest.many import (
    Anova,
    ComparisonRow,
    ComparisonTable,
    Dunnett,
    DunnettComparison,
    MetricPlan,
    adjust,
    anova,
    compare_many,
    dunnett,
    e_bh,
    interval_of_p_value,
)
from truthlag.verdict.abtest.paired import (
    Disagreement,
    DiscordantPath,
    Interleaved,
    PairedComparison,
    PairedRows,
    compare_interleaved,
    compare_paired,
    disagreement,
    discordant_path,
    mcnemar,
    team_draft,
)
from truthlag.verdict.abtest.pictures import IntervalLook, IntervalOverTime, interval_over_time
from truthlag.verdict.abtest.planning import (
    Duration,
    Outlook,
    TestPlan,
    additional_units,
    duration,
    minimum_detectable_effect,
    outlook,
    power,
    sample_size,
)
from truthlag.verdict.abtest.quantiles import LatencyHistogram, QuantileArm, Quantiles, quantile_from_limits
from truthlag.verdict.abtest.report import ABTestReport, GuardrailRow, Recommendation, ab_test_report
from truthlag.verdict.abtest.result import ArmSummary, Comparison
from truthlag.verdict.abtest.statistics import (
    BatchedProportion,
    Calibration,
    Counts,
    FMeasure,
    Known,
    LabelledRows,
    Mean,
    MeanWithCovariate,
    PredictionPowered,
    PredictionPoweredRatio,
    Proportion,
    Ratio,
    RatioWithCovariate,
    Strata,
    Winsorized,
    statistic_from_dict,
    winsorize,
)

__all__ = [
    "ABTestReport",
    "AgedArm",
    "Anova",
    "ArmLog",
    "ArmSummary",
    "ArmsAtAge",
    "Arrivals",
    "BatchedProportion",
    "Calibration",
    "ChiSquareRatio",
    "Comparison",
    "ComparisonRow",
    "ComparisonTable",
    "Counts",
    "Disagreement",
    "DiscordantPath",
    "DoubleExposure",
    "Dunnett",
    "DunnettComparison",
    "Duration",
    "FMeasure",
    "Gate",
    "GateReport",
    "GroupSequentialPlan",
    "Guardrail",
    "GuardrailResult",
    "GuardrailRow",
    "Interleaved",
    "IntervalLook",
    "IntervalOverTime",
    "Known",
    "LabelledRows",
    "LatencyHistogram",
    "LoggedLook",
    "Look",
    "Mean",
    "MeanWithCovariate",
    "MetricPlan",
    "ModelABTest",
    "OutcomeMetric",
    "Outlook",
    "PairedComparison",
    "PairedRows",
    "Posterior",
    "PredictionPowered",
    "PredictionPoweredRatio",
    "Proportion",
    "QuantileArm",
    "Quantiles",
    "Ratio",
    "RatioWithCovariate",
    "Recommendation",
    "SampleRatioTest",
    "StoppedEstimate",
    "Strata",
    "TestPlan",
    "TrackerMetric",
    "Winsorized",
    "ab_test_report",
    "additional_units",
    "adjust",
    "anova",
    "arm_logs",
    "arms_at_age",
    "bayesian_effect",
    "beta_binomial",
    "compare",
    "compare_at_age",
    "compare_interleaved",
    "compare_many",
    "compare_paired",
    "disagreement",
    "discordant_path",
    "double_exposure",
    "dunnett",
    "duration",
    "e_bh",
    "interval_of_p_value",
    "interval_over_time",
    "label_arrival_parity",
    "mcnemar",
    "minimum_detectable_effect",
    "outlook",
    "power",
    "pre_period_balance",
    "quantile_from_limits",
    "run_gates",
    "sample_ratio_chi_square",
    "sample_size",
    "statistic_from_dict",
    "team_draft",
    "winsorize",
]
