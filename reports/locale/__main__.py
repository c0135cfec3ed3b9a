"""Brings the catalogues up to date: python -m reports.locale.

Translations stay, what is new is empty, what is gone goes; it prints what is left to translate. A test holds the
catalogues against the sources.
"""

from reports.locale.gathering import LANGUAGES, gathered, missing, path_of, read, written

for _language in LANGUAGES:
    _catalogue = read(_language)
    _catalogue.update(gathered(), no_fuzzy_matching=True)
    _catalogue.obsolete.clear()
    path_of(_language).write_bytes(written(_catalogue))
    _open = missing(_catalogue)
    print(f"{path_of(_language).name}: {len(_catalogue)} messages, {len(_open)} to translate")
