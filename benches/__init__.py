"""The bars: how fast and how small the tracker is, measured against what it replaces.

``python -m benches`` measures every bar in one run; ``pytest benches`` runs the same work at small size and
checks the answers only. No test here asserts a time: times are read, answers are checked.
"""
