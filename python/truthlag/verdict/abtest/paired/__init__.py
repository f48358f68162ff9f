"""Two models on the same requests: pairs of their rows, and what the difference within pairs says."""

from truthlag.verdict.abtest.paired.compare_paired import compare_paired
from truthlag.verdict.abtest.paired.disagreement import Disagreement, disagreement
from truthlag.verdict.abtest.paired.discordant_path import DiscordantPath, discordant_path
from truthlag.verdict.abtest.paired.interleaving import Interleaved, compare_interleaved, team_draft
from truthlag.verdict.abtest.paired.mcnemar import mcnemar
from truthlag.verdict.abtest.paired.paired_comparison import PairedComparison
from truthlag.verdict.abtest.paired.rows import PairedRows

__all__ = [
    "Disagreement",
    "DiscordantPath",
    "Interleaved",
    "PairedComparison",
    "PairedRows",
    "compare_interleaved",
    "compare_paired",
    "disagreement",
    "discordant_path",
    "mcnemar",
    "team_draft",
]
