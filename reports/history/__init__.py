"""Renderings of `finops diff` and `finops savings`: a page each, which page.py shows in a terminal and as Markdown."""
