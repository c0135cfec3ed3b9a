"""What the command line does, as functions: the only layer that knows collectors, rules and reports."""
