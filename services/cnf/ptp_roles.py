"""What the roles of its ports say of a clock: pure."""

from collections.abc import Iterable

from contracts.cnf import PtpPort, PtpRole

_WEIGHTIEST = (
    PtpRole.SLAVE,
    PtpRole.FAULTY,
    PtpRole.LISTENING,
    PtpRole.PASSIVE,
    PtpRole.MASTER,
)


def weightiest(ports: Iterable[PtpPort]) -> PtpRole | None:
    """The role that says most of how the clock follows its source, None if none is known."""
    roles = {each.role for each in ports}
    return next((role for role in _WEIGHTIEST if role in roles), None)
