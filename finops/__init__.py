"""finops: open, local, exact cloud cost optimisation."""

__version__ = "0.1.0"
