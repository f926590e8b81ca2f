"""What goes wrong with a backup, in one line each."""

import psycopg

from deploy.local.errors import CannotStart
from services.runtime.bus import BusUnavailable, JetStreamRefused
from services.runtime.database import DatabaseUnavailable
from services.runtime.settings import InvalidSettings


class BackupError(Exception):
    """A backup that cannot be taken or restored; the text says why, and what to do."""


def told(failed: BaseException) -> BaseException:
    """What went wrong first; as a BackupError unless it is a bug of ours."""
    if isinstance(failed, BaseExceptionGroup):
        first: BaseException = failed.exceptions[0]  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        return told(first)  # pyright: ignore[reportUnknownArgumentType]
    text = _text(failed)
    return failed if text is None else BackupError(text)


def _text(failed: BaseException) -> str | None:
    text: str | None = None
    match failed:
        case BusUnavailable() | JetStreamRefused():
            text = f"the bus: {failed}"
        case psycopg.Error() | DatabaseUnavailable():
            text = f"the database: {str(failed.__cause__ or failed).partition(chr(10))[0]}"
        case CannotStart() | InvalidSettings():
            text = str(failed)
        case OSError():
            text = f"{failed.filename or 'the disk'}: {failed.strerror or failed}"
        case _:
            pass
    return text
