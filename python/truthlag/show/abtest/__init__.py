"""`truthlag abtest`: a file of a test to its report."""
