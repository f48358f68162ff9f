"""What becomes of each entry of abtest.json: the test that checks it, or that shows why it is not to be done.

A test is named by its file, from `tests/verdict` on, and its function. Where a file reads entries by the beginning of their names, that
beginning is given too, so that it can be looked for in the file.
"""

from __future__ import annotations

from typing import NamedTuple

_VECTORS = "abtest/test_vectors.py"
_SEQUENCES = "sequences/test_vectors.py"
_BOUNDARIES = "boundaries/test_vectors.py"
_REST = "abtest/test_remaining_vectors.py"
_PLANNING = "abtest/test_planning.py"
_ADJUSTED = "abtest/test_adjustment_vectors.py"
_QUANTILES = "abtest/quantiles/test_vectors.py"
_BAYESIAN = "abtest/bayesian/test_bayesian.py"
_RATIO = "abtest/gates/test_sample_ratio.py"
_LOOKS = "abtest/test_group_sequential.py"


class Checked(NamedTuple):
    """The test that holds the library to an entry, and as what its file names it."""

    file: str
    test: str
    mention: str | None = None


CHECKED: dict[str, Checked] = {
    **dict.fromkeys(
        (
            "welch_two_sided_relative",
            "welch_two_sided_absolute",
            "welch_two_sided_multidim",
            "welch_one_sided_greater_relative",
            "welch_one_sided_lesser_relative",
        ),
        Checked(_VECTORS, "TestMeans.test_growthbook"),
    ),
    **dict.fromkeys(
        ("ttest_from_stats_doc_welch", "ttest_from_stats_unequal_n_unequal_var_pooled"),
        Checked(_VECTORS, "TestMeans.test_scipy"),
    ),
    "welch_raw_lcg7": Checked(_VECTORS, "TestMeans.test_scipy_on_raw_values"),
    **dict.fromkeys(
        ("t_two_sided_tail_25_5000.5", "t_two_sided_tail_40_30"),
        Checked(_VECTORS, "TestMeans.test_tails_that_are_not_zero"),
    ),
    "spotify_ttest_us_control_vs_test": Checked(_VECTORS, "TestMeans.test_spotify_confidence"),
    "seed_example_ab": Checked(_VECTORS, "TestMeans.test_the_example_of_the_plain_monitor"),
    "prop_z_pooled_doc": Checked(_VECTORS, "TestProportions.test_pooled"),
    "prop_z_one_sample_doc": Checked(_REST, "test_one_proportion_against_a_fixed_rate"),
    **dict.fromkeys(
        (
            "prop_ci_diff_wald_600_5000_675_5000",
            "prop_ci_diff_agresti-caffo_7_34_1_34",
            "prop_ci_diff_newcomb_600_5000_675_5000",
        ),
        Checked(_VECTORS, "TestProportions.test_intervals_of_the_difference"),
    ),
    **dict.fromkeys(
        ("prop_ci_diff_score_7_34_1_34", "prop_ci_diff_score_600_5000_675_5000"),
        Checked(_VECTORS, "TestProportions.test_score_intervals_with_the_right_cubic"),
    ),
    **dict.fromkeys(
        (
            "prop_ci_ratio_log_7_34_1_34",
            "prop_ci_ratio_log-adjusted_7_34_1_34",
            "prop_ci_ratio_log-adjusted_600_5000_675_5000",
        ),
        Checked(_VECTORS, "TestProportions.test_ratios"),
    ),
    **dict.fromkeys(
        (
            "prop_ci_odds-ratio_logit_600_5000_675_5000",
            "prop_ci_odds-ratio_logit-adjusted_600_5000_675_5000",
            "prop_ci_odds-ratio_logit-smoothed_7_34_1_34",
            "prop_ci_odds-ratio_logit-smoothed_600_5000_675_5000",
            "prop_ci_odds-ratio_score_7_34_1_34",
        ),
        Checked(_VECTORS, "TestProportions.test_odds_ratios"),
    ),
    **dict.fromkeys(
        ("prop_test_2indep_diff_agresti-caffo", "prop_test_2indep_diff_score"),
        Checked(_VECTORS, "TestProportions.test_tests"),
    ),
    "prop_ci_one_12_1000": Checked(_REST, "test_intervals_of_one_proportion"),
    "prop_tost_2indep_wald": Checked(_VECTORS, "TestProportions.test_equivalence"),
    "cuped_gbstats_mean_relative": Checked(_ADJUSTED, "TestCuped.test_growthbook_of_means"),
    "cuped_gbstats_prop_relative": Checked(_ADJUSTED, "TestCuped.test_growthbook_of_proportions"),
    "cuped_raw_lcg11": Checked(_ADJUSTED, "TestCuped.test_raw_values"),
    "cuped_ratio_improving": Checked(_ADJUSTED, "TestCuped.test_ratio"),
    "post_stratification_relative": Checked(_ADJUSTED, "test_post_stratification"),
    "winsorize_lcg41_p99": Checked(_ADJUSTED, "test_winsorising"),
    "ppi_power_tuned_formula": Checked(_ADJUSTED, "TestPredictionPowered.test_its_tuning"),
    **dict.fromkeys(
        ("ppi_mean_lam_1.0", "ppi_mean_lam_None", "ppi_classical"),
        Checked(_ADJUSTED, "TestPredictionPowered.test_ppi_python"),
    ),
    "delong_paired_lcg51": Checked("abtest/paired/test_paired_metrics.py", "test_delong_vector"),
    "ratio_stat_small": Checked(_VECTORS, "TestRatios.test_ratio_of_units"),
    "ratio_delta_gbstats_absolute": Checked(_VECTORS, "TestRatios.test_growthbook"),
    "quantile_gbstats_freq_absolute": Checked(_QUANTILES, "test_quantiles_of_a_database"),
    "quantile_data_lcg31": Checked(_QUANTILES, "test_the_stream_is_that_of_the_numbers"),
    **dict.fromkeys(
        ("quantile_one_sample_lcg31_p500", "quantile_one_sample_lcg31_p950"),
        Checked(_QUANTILES, "test_one_sample", "quantile_one_sample_lcg31_p{"),
    ),
    "quantile_diff_outer_ci_lcg31_p990": Checked(_QUANTILES, "test_difference_by_outer_intervals"),
    "cs_quantile_ab_p_0.9_55": Checked(_QUANTILES, "test_at_any_time"),
    **dict.fromkeys(
        ("cs_double_stitching_0.9", "cs_empirical_process_lil"),
        Checked(_QUANTILES, "test_bands_around_all_quantiles"),
    ),
    "seed_guardrail_lcg31": Checked(_QUANTILES, "test_the_mission_documents_answer"),
    **dict.fromkeys(
        ("bayes_quantile_improper_abs", "bayes_quantile_flat_abs", "bayes_quantile_inf_rel"),
        Checked(_BAYESIAN, "test_quantiles"),
    ),
    "bayes_norm_informative": Checked(_BAYESIAN, "test_relative_effect_with_a_prior"),
    **dict.fromkeys(
        ("bayes_risk_0.1_0.05", "bayes_risk_0.01_4.5e-09", "bayes_risk_-0.01_4.5e-09"),
        Checked(_BAYESIAN, "test_risks"),
    ),
    "bayes_beta_binomial_5_50_9_48": Checked(_BAYESIAN, "test_beta_binomial"),
    **dict.fromkeys(
        (
            "asympcs_two_sided_mean_rel_N1000",
            "asympcs_one_sided_greater_relative",
            "asympcs_one_sided_lesser_relative",
            "asympcs_one_sided_lesser_absolute",
        ),
        Checked(_VECTORS, "TestConfidenceSequence.test_growthbook"),
    ),
    "asympcs_two_sided_prop_rel": Checked(_VECTORS, "TestConfidenceSequence.test_growthbook_of_proportions"),
    **dict.fromkeys(
        ("avlm_log_bf_t24_nu100", "avlm_log_bf_t29_nu500"),
        Checked("abtest/test_exact_sequence.py", "TestRegression.test_lindon"),
    ),
    **dict.fromkeys(
        ("gst_lan_demets_pocock_five_equal", "gst_lan_demets_power1_five_equal"),
        Checked(_LOOKS, "TestBounds.test_lan_demets"),
    ),
    **dict.fromkeys(
        ("gst_spotify_uneven_two_sided", "gst_spotify_five_equal_phi1", "gst_spotify_five_equal_phi3"),
        Checked(_LOOKS, "TestBounds.test_spotify"),
    ),
    **dict.fromkeys(
        (
            "srm_growthbook_1",
            "srm_growthbook_3",
            "srm_growthbook_4",
            "srm_growthbook_5",
            "srm_growthbook_7",
            "srm_growthbook_8",
            "srm_statsig_doc",
            "srm_basic_1pct",
            "srm_kohavi_book",
        ),
        Checked(_RATIO, "TestVectors.test_chi_square"),
    ),
    **dict.fromkeys(
        ("srm_sequential_balanced", "srm_sequential_srm", "srm_sequential_growthbook0"),
        Checked(_RATIO, "TestVectors.test_savvi"),
    ),
    **dict.fromkeys(("ssrm_balanced", "ssrm_srm"), Checked(_RATIO, "TestVectors.test_optimizely")),
    "label_arrival_parity": Checked("abtest/gates/test_label_arrival.py", "TestCoverage.test_vector"),
    **dict.fromkeys(
        ("mt_growthbook_holm", "mt_r_multtest_small"),
        Checked("abtest/many/test_adjust.py", "TestAdjust.test_vectors"),
    ),
    "ebh_eight": Checked("abtest/many/test_adjust.py", "TestEBH.test_vector"),
    "mt_growthbook_adjusted_ci_99": Checked("abtest/many/test_adjust.py", "TestIntervalOfPValue.test_vector"),
    "dunnett_scipy_doc": Checked("abtest/many/test_dunnett.py", "TestDunnett.test_vector"),
    **dict.fromkeys(
        ("welch_anova_dunnett_data", "anova_oneway_dunnett_data"),
        Checked("abtest/many/test_dunnett.py", "TestAnova.test_vectors"),
    ),
    "mcnemar_sm": Checked("abtest/paired/test_mcnemar.py", "test_vector"),
    **dict.fromkeys(("pwr_t_d1_n30", "pwr_t_d01_n20"), Checked(_PLANNING, "TestVectors.test_noncentral_t")),
    "sample_size_two_prop_002_0025": Checked(_PLANNING, "TestVectors.test_two_rates"),
    **dict.fromkeys(
        ("sample_size_spotify_binom_large", "sample_size_spotify_binom_3arms"),
        Checked(_PLANNING, "TestVectors.test_spotify"),
    ),
    "mde_growthbook_fixed": Checked(_PLANNING, "TestVectors.test_growthbook"),
    **dict.fromkeys(
        ("power_growthbook_sequential", "mde_growthbook_sequential"),
        Checked(_PLANNING, "TestVectors.test_growthbook_sequential"),
    ),
    **dict.fromkeys(
        ("midexperiment_power_freq", "midexperiment_power_seq"),
        Checked(_PLANNING, "TestVectors.test_growthbook_in_the_middle"),
    ),
    "nim_spotify_decrease": Checked(_VECTORS, "TestNonInferiority.test_spotify_decrease"),
    **dict.fromkeys(
        ("nim_spotify_onesided_increase", "nim_spotify_onesided_decrease"),
        Checked(_VECTORS, "TestNonInferiority.test_spotify_one_sided"),
    ),
    "fieller_noisy_denominator": Checked(_VECTORS, "TestRelativeDifferences.test_noisy_denominator"),
    "delta_variance_abs": Checked(_VECTORS, "TestRelativeDifferences.test_variance_of_a_difference"),
    "relative_lift_negative_baseline_-10_-5": Checked(_VECTORS, "TestRelativeDifferences.test_negative_baseline"),
    **dict.fromkeys(
        (
            "cs_bernoulli_700_1000_100",
            "cs_bernoulli_15_50_50",
            "cs_bernoulli_5_50_50",
            "cs_bernoulli_1_50_50",
            "cs_bernoulli_100_200_1",
            "cs_bernoulli_1_1_50",
        ),
        Checked(_SEQUENCES, "test_bernoulli_intervals", "cs_bernoulli_"),
    ),
    **dict.fromkeys(
        (
            "cs_beta_binomial_one_sided_log_mixture",
            "cs_beta_binomial_one_sided_bound",
            "cs_beta_binomial_one_sided_bound_small_v",
        ),
        Checked(_BOUNDARIES, "test_beta_binomial_mixture"),
    ),
    "stream_lcg5_bern012": Checked(_SEQUENCES, "test_the_stream_is_that_of_the_numbers"),
    "cs_predmix_empbern": Checked(_SEQUENCES, "test_empirical_bernstein"),
    **dict.fromkeys(
        ("betting_mart_m0.1", "betting_mart_m0.12", "betting_mart_m0.2"),
        Checked(_SEQUENCES, "test_betting_capital", "betting_mart_m"),
    ),
    **dict.fromkeys(
        ("msprt_normal_n100_d0.3", "msprt_normal_n1000_d0.1", "msprt_normal_n1000_d0.2", "msprt_normal_n5000_d0.05"),
        Checked(_REST, "test_mixture_of_a_known_variance"),
    ),
    **dict.fromkeys(
        ("cs_normal_one_sided_log_mixture", "cs_normal_one_sided_bound"),
        Checked(_BOUNDARIES, "test_normal_mixture"),
    ),
    "cs_gamma_poisson_bound": Checked(_BOUNDARIES, "test_gamma_poisson_mixture"),
    "cs_poly_stitching": Checked(_BOUNDARIES, "test_polynomial_stitching"),
    **dict.fromkeys(
        (
            "cs_predmix_hoeffding",
            "cs_conjmix_hoeffding",
            "cs_conjmix_empbern",
            "cs_conjmix_empbern_alpha_half_each_side",
        ),
        Checked(_BOUNDARIES, "test_limits_of_a_mean"),
    ),
}

#: Entries that show what not to do, and the test that shows it.
NOT_TO_DO: dict[str, Checked] = dict.fromkeys(
    (
        "statsig_msprt_z_star_n100",
        "statsig_msprt_z_star_n1000",
        "statsig_msprt_z_star_n10000",
        "statsig_msprt_z_star_n1000000",
    ),
    Checked(_REST, "test_a_bound_that_never_grows_is_crossed"),
)
