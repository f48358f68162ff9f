"""From verdicts to incidents, and from incidents to people. `truthlag.alerts` lists what of it is public."""
