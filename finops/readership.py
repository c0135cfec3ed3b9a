"""How a report may be told: what it hides, for whom it is put in order, in which language."""

from typing import Literal

RedactionLevel = Literal["none", "ids", "names", "all"]
Audience = Literal["finance", "engineering", "executive"]
Locale = Literal["en", "de", "zh"]
