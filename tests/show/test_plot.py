from __future__ import annotations

from truthlag.show.plot import ASCII, Axes, Line, plot


def test_a_small_plot() -> None:
    axes = Axes(left=0, right=10, bottom=0.0, top=1.0, width=11, height=4)
    lines = [
        Line("falling", "o", "red", [(0, 1.0), (5, 0.667), (10, 0.0)]),
        Line("flat", "x", "", [(0, 0.333), (5, 0.333), (10, 0.333), (20, 5.0)]),
    ]
    assert [text.plain for text in plot(axes, lines, ticks=[0, 5, 10], marks=[(3, "now")])] == [
        "        now",
        "1.00 ┤o  ┊      x",
        "     │   ┊ o",
        "     │x  ┊ x    x",
        "0.00 ┤   ┊      o",
        "     └┴────┴────┴",
        "      0    5   10",
        "      o falling   x flat",
    ]


def test_a_plot_of_plain_characters() -> None:
    axes = Axes(left=0, right=10, bottom=0.0, top=1.0, width=11, height=4)
    lines = [Line("falling", "o", "", [(0, 1.0), (10, 0.0)])]
    drawn = "\n".join(text.plain for text in plot(axes, lines, [0, 10], [(3, "now")], ASCII))
    assert drawn.isascii()
    assert drawn.splitlines()[-3] == "     ++---------+"
