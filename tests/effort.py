"""How often a test tries what it draws by chance: a few times in `make test`, as often as it wants in `make test-all`."""

import os

THOROUGH = bool(os.environ.get("THOROUGH"))


def tries(wanted: int) -> int:
    """How often to try; at least five times."""
    return wanted if THOROUGH else max(5, wanted // 3)
