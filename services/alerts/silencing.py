"""What may be silenced and for how long, and what a silence means for an alert: pure."""

from datetime import datetime, timedelta

from contracts.alerts import Alert, AlertSilenced, AlertUnsilenced, MutingEvent, SilenceAlert
from contracts.refusals import Code, Refused

LONGEST = timedelta(days=30)
"""A silence that nobody remembers hides what it was not meant for; it can be put again."""


def require(command: SilenceAlert, alert: Alert, at: datetime) -> None:
    """VALIDATION_FAILED if it would be over at once, last too long, or miss the alert itself."""
    if command.ends_at <= at:
        raise _wrong("ends_at", "must lie in the future")
    if command.ends_at - at > LONGEST:
        raise _wrong("ends_at", f"must lie within {LONGEST.days} days")
    others = sorted(set(command.labels.items()) - set(alert.labels.items()))
    if others:
        raise _wrong("labels", f"must be the alert's own, and {others[0][0]} is not as it has it")


def _wrong(field: str, text: str) -> Refused:
    fields = [{"field": field, "message": text}]
    return Refused(Code.VALIDATION_FAILED, f"{field} {text}", {"fields": fields})


def silenced(alert: Alert, before: MutingEvent | None, silence_id: str) -> AlertSilenced:
    """The alert is silenced by this one too, beside what mutes it already.

    Also where it was known: who has silenced it is told by this event.
    """
    silences, inhibitors = _muted_by(before)
    every = tuple(sorted({*silences, silence_id}))
    return AlertSilenced(alert=alert, silenced_by=every, inhibited_by=inhibitors)


def without(before: MutingEvent, silence_id: str) -> MutingEvent | None:
    """What is left of an alert's muting once a silence has ended; None if it had no part in it."""
    silences, inhibitors = _muted_by(before)
    if silence_id not in silences:
        return None
    others = tuple(each for each in silences if each != silence_id)
    if not others and not inhibitors:
        return AlertUnsilenced(alert=before.alert)
    return AlertSilenced(alert=before.alert, silenced_by=others, inhibited_by=inhibitors)


def _muted_by(event: MutingEvent | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    match event:
        case AlertSilenced():
            return event.silenced_by, event.inhibited_by
        case AlertUnsilenced() | None:
            return (), ()
