"""Renderings of `finops costs`, one module per output; each is a pure function of the answer."""
