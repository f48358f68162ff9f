"""The command line: `truthlag replay` runs a recorded log through the tracker, `truthlag demo` tells the story of one.

Nothing here is imported by `import truthlag`. The packages it needs are those of the extra `cli`.
"""
