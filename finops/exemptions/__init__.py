"""Accepted waste: findings that somebody decided to live with, until a day, named and priced all the same.

load_mutes(path)                 the entries of finops.mutes.toml, checked
Exemptions(mutes, known, as_of)  which finding is exempt, by the file or by a tag on its resource
"""

from finops.exemptions.deciding import LONGEST, Exemptions
from finops.exemptions.mutes import FILE, Mute, load_mutes
from finops.exemptions.tags import TAG_KEYS, Wish, read_tag

__all__ = ["FILE", "LONGEST", "TAG_KEYS", "Exemptions", "Mute", "Wish", "load_mutes", "read_tag"]
