"""Why a start ends: one line for the person who asked for it."""


class CannotStart(Exception):
    """The platform cannot be started here; the text is one line that says what to do."""
