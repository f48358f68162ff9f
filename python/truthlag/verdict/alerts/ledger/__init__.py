"""What a policy knows, and how it changes: conditions, cases, labels, mutes and what was told, without locks, clocks, sinks."""
