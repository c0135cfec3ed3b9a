"""The catalogues of the languages, and what gathers their messages from the sources."""
