"""The command line: parse, call one function, render. Commands import what they need when they run."""

from finops.cli.main import main

__all__ = ["main"]
