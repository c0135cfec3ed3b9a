"""What can go wrong, as classes; every one is told to the user in one sentence.

    FinopsError                    exit
    ├── UsageError                  2    bad option, configuration or input
    │   ├── ConfigError             2    finops.toml, environment, profiles
    │   ├── InputError              2    a bill that cannot be read or trusted
    │   ├── WarehouseError          2    missing, corrupt, newer or unwritable warehouse
    │   │   └── UnwritableError     2    it can be read, but not be written
    │   ├── RuleError               2    a rule file that breaks its contract
    │   └── EngineError             2    another engine that is not there, or cannot run a query
    ├── IncompleteError             3    finished, but some scope was denied, throttled out or failed
    ├── CredentialsError            4    missing, expired or refused everywhere
    │   └── UnreachableError        3    nobody could be asked whose credentials these are
    ├── StaleError                  5    data too old, or a data test of severity error failed
    ├── GateError                   1    a gate the user set was met (--fail-on)
    ├── BusyError                  75    another run holds the warehouse
    └── InvariantError             70    our own arithmetic broke a promise: a bug

Anything else that escapes is a bug too: exit 70 with a run id, a log and, with --debug, a traceback.
"""

from finops.masking import masked


class FinopsError(Exception):
    """An error told to the user as one sentence: what, where, and what to do."""

    exit_code = 70

    def __str__(self) -> str:
        """The sentence; a secret that a library or a server brought into it is not told."""
        return masked(super().__str__())


class UsageError(FinopsError):
    exit_code = 2


class ConfigError(UsageError):
    pass


class InputError(UsageError):
    pass


class WarehouseError(UsageError):
    pass


class UnwritableError(WarehouseError):
    pass


class RuleError(UsageError):
    pass


class EngineError(UsageError):
    pass


class IncompleteError(FinopsError):
    exit_code = 3


class CredentialsError(FinopsError):
    exit_code = 4


class UnreachableError(CredentialsError):
    """The cloud does not answer, so nothing is known of the credentials; whoever goes on without a cloud goes on."""

    exit_code = 3


class StaleError(FinopsError):
    exit_code = 5


class GateError(FinopsError):
    exit_code = 1


class BusyError(FinopsError):
    exit_code = 75


class InvariantError(FinopsError):
    exit_code = 70
