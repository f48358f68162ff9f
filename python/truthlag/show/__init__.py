"""The command line: `truthlag replay` runs a recorded log through the tracker, `truthlag demo` tells the story of one.

Nothing here is imported by `import truthlag`. The packages it needs come with `pip install 'truthlag[cli]'`.
"""
