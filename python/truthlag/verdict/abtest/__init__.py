"""Is the new version better: evidence from sufficient statistics."""
