"""The error tree: one class a fact, with its exit code on the command line and its HTTP status.

CreditError                 1   500
├── ContractViolation       3   422   tables do not keep the data contract
├── UnreadableTable         4   422   a table's file cannot be read as what its name says
├── TableMissing            5   404   a table that is needed is not in the folder
├── FingerprintMismatch     6   503   model, history store and code do not belong together
├── RegistryError           7   503   the registry holds no, or no single, version to use
├── TrainingImpossible      8   422   the tables are sound, but no model can be fitted on them
├── OutputExists            9   409   a command would overwrite what it did not make
├── ServiceFailed          10   503   the service did not start, or answered what it must not
├── BuildFailed            11   500   the Bento could not be built
├── TargetLeak             12   422   a column knows the outcome that is to be foretold
├── EngineFailed           13   503   the table engine is not installed, did not start, or broke off
├── TuningUnusable         14   422   a file of tuned parameters, or of a study, cannot be used
├── CardIncomplete         15   500   a section of the model card is missing or blank
├── ExplanationWrong       16   500   contributions do not add up to what the model says
├── GateFailed             17   409   a check refuses the model version for the stage
├── PseudonymKeyUnusable   18   500   the key that hides who the clients are is none
├── ParityBroken           19   500   a source does not say what the training process said
├── TokenKeyUnusable       20   500   a key that signs or checks access tokens is none, or too weak
├── AccessUnguarded        21   503   the service would answer everyone who reaches the machine
├── LogUnavailable         24   503   the decision log cannot be opened, written or read
└── ReplayFailed           25   409   a logged decision cannot be computed again, or comes out other

Exit code 2 is a wrong call (the command line's own), 130 an interrupt.
"""

from __future__ import annotations


class CreditError(Exception):
    """A failure explained to the person who sees it: what was found, expected, and to do."""

    exit_code = 1
    http_status = 500


class ContractViolation(CreditError):
    """The tables do not keep the data contract."""

    exit_code = 3
    http_status = 422


class UnreadableTable(CreditError):
    """A table's file cannot be read as what its name says."""

    exit_code = 4
    http_status = 422


class TableMissing(CreditError):
    """A table that is needed is not in the folder."""

    exit_code = 5
    http_status = 404


class FingerprintMismatch(CreditError):
    """Model, history store and code do not belong together."""

    exit_code = 6
    http_status = 503


class RegistryError(CreditError):
    """The registry holds no version to use, or more than one that claims the same stage."""

    exit_code = 7
    http_status = 503


class TrainingImpossible(CreditError):
    """The tables are sound, but no model can be fitted on them."""

    exit_code = 8
    http_status = 422


class OutputExists(CreditError):
    """A command would overwrite something it did not make."""

    exit_code = 9
    http_status = 409


class ServiceFailed(CreditError):
    """The service did not start, or gave an answer it must not give."""

    exit_code = 10
    http_status = 503


class BuildFailed(CreditError):
    """The Bento could not be built."""

    exit_code = 11
    http_status = 500


class TargetLeak(CreditError):
    """A column knows the outcome that is to be foretold."""

    exit_code = 12
    http_status = 422


class EngineFailed(CreditError):
    """The table engine that was asked for is not installed, did not start, or broke off."""

    exit_code = 13
    http_status = 503


class TuningUnusable(CreditError):
    """A file of tuned parameters, or of a study, cannot be used."""

    exit_code = 14
    http_status = 422


class CardIncomplete(CreditError):
    """A section of the model card is missing or blank, so the run is no evidence."""

    exit_code = 15
    http_status = 500


class ExplanationWrong(CreditError):
    """Contributions do not add up to what the model says, so they explain another one."""

    exit_code = 16
    http_status = 500


class GateFailed(CreditError):
    """A check refuses the model version for the stage it was to be promoted to."""

    exit_code = 17
    http_status = 409


class PseudonymKeyUnusable(CreditError):
    """The key that hides who the clients are is too short, or no key."""

    exit_code = 18
    http_status = 500


class ParityBroken(CreditError):
    """Registry, Bento or container do not say what the training process said."""

    exit_code = 19
    http_status = 500


class LogUnavailable(CreditError):
    """The decision log cannot be opened, written or read: what is not recorded is not answered."""

    exit_code = 24
    http_status = 503


class ReplayFailed(CreditError):
    """A logged decision cannot be computed again, or does not come out as it was logged."""

    exit_code = 25
    http_status = 409


class TokenKeyUnusable(CreditError):
    """A key that signs or checks access tokens is missing, too weak, or no key."""

    exit_code = 20
    http_status = 500


class AccessUnguarded(CreditError):
    """The service would listen where others reach it, and has no key to tell who may ask."""

    exit_code = 21
    http_status = 503
