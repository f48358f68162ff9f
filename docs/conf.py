"""How Sphinx builds the manual: `make docs`, with every warning an error and every example run."""

from __future__ import annotations

from importlib.metadata import version as installed_version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "truthlag"
author = "the truthlag authors"
project_copyright = "the truthlag authors"
version = release = installed_version("truthlag")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.doctest", "sphinx.ext.mathjax"]
exclude_patterns = ["Thumbs.db", ".DS_Store"]
# Doc strings write `None` and `clock=` as people do; without this, one backtick would mean italics.
default_role = "literal"

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath", "fieldlist"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
# The types stand in the signature as the stubs and doc strings write them, not as import paths.
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_rtype = False

nitpicky = True
# The manual is built without the network, so the pages of other projects cannot be linked to.
nitpick_ignore_regex = [
    # The compiled classes are described by those that inherit from them.
    ("py:class", r"truthlag\._core\..*"),
    ("py:.*", r"(datetime|collections|concurrent|enum|fractions|logging|numbers|os|pathlib|types|typing|uuid)(\..*)?"),
    ("py:.*", r"(date|timedelta|Mapping|Iterator|Iterable|Sequence|Callable|Any|Literal|PathLike|Path|UUID|Self)"),
    ("py:.*", r"(np|numpy|scipy|pyarrow|pandas|polars)\..*"),
    ("py:.*", r"(ArrayLike|NDArray|float64|int64)"),
    # Of fields that a class inherits from one of another module, as their text says.
    ("py:class", r"(Interval|Verdict|Hypothesis|Direction|Mode|Scale|Alternative)"),
    # The arguments that all planning has in common, as their text says.
    ("py:class", r"truthlag\.verdict\.abtest\.planning\.asked\.Design"),
    # What arguments of comparisons may be, as their text says.
    ("py:class", r"(Gates|Spending|FamilyAdjustment|SegmentAdjustment)"),
    # What arguments of `watch` may be, as their text says.
    ("py:class", r"(Baseline|LossFunction|WatchedLoss)"),
    # What a quantile is of; it is made by others.
    ("py:class", r"truthlag\.verdict\.abtest\.quantiles\.ranks\.Ranks"),
]

doctest_global_setup = """
import os, tempfile, warnings
warnings.simplefilter("error")
_before = os.getcwd()
_folder = tempfile.TemporaryDirectory()
os.chdir(_folder.name)
"""
doctest_global_cleanup = """
os.chdir(_before)
_folder.cleanup()
"""

html_theme = "furo"
html_title = "truthlag"
html_show_sphinx = False

# Doc strings of attributes and properties, as their authors wrote them.
_attributes: dict[str, list[str]] = {}


def setup(app: Sphinx) -> None:
    """Keep napoleon from reading `The share: ...` in the text of an attribute as the name of its type."""
    app.connect("autodoc-process-docstring", _remember_attribute, priority=400)
    app.connect("autodoc-process-docstring", _restore_attribute, priority=600)


def _remember_attribute(app: Sphinx, what: str, name: str, described: Any, options: Any, lines: list[str]) -> None:
    if what in {"attribute", "property", "data"}:
        # |x| is an absolute value here, not a substitution.
        _attributes[name] = [line if "`" in line else line.replace("|", r"\|") for line in lines]


def _restore_attribute(app: Sphinx, what: str, name: str, described: Any, options: Any, lines: list[str]) -> None:
    if name in _attributes:
        lines[:] = _attributes.pop(name)
