"""Which role may give which command: one closed list, for every door that takes commands by name.

Routes of the gateway with a path of their own say on the route who may use them.
"""

from collections.abc import Mapping

from contracts import alerts, clusters, operations
from contracts.envelope import Command
from contracts.refusals import Code, Refused
from services.runtime.access import Principal, Role

_ADMIN = frozenset({Role.ADMIN})
_OPERATOR = frozenset({Role.ADMIN, Role.OPERATOR})
_INGEST = frozenset({Role.ADMIN, Role.INGEST})

RIGHTS: Mapping[type[Command], frozenset[Role]] = {
    clusters.RegisterCluster: _ADMIN,
    clusters.UpdateCluster: _ADMIN,
    clusters.DeleteCluster: _ADMIN,
    clusters.RefreshCluster: _OPERATOR,
    clusters.UploadCredentials: _ADMIN,
    clusters.RotateCredentials: _ADMIN,
    clusters.ValidateCredentials: _ADMIN,
    clusters.DeleteCredentials: _ADMIN,
    clusters.ImportClusters: _ADMIN,
    alerts.IngestAlerts: _INGEST,
    alerts.SilenceAlert: _OPERATOR,
    alerts.UnsilenceAlert: _OPERATOR,
    operations.RebuildProjection: _ADMIN,
    operations.RetryDeadLetter: _ADMIN,
    operations.DropDeadLetter: _ADMIN,
}
"""A command that is not named here may be given by administrators alone."""


_OF_CREDENTIALS = frozenset(
    {
        clusters.UploadCredentials,
        clusters.RotateCredentials,
        clusters.ValidateCredentials,
        clusters.DeleteCredentials,
        clusters.ImportClusters,
    }
)


def may_be_given_by_name(command: type[Command]) -> bool:
    """False for those that take material with them, which may stand in no command."""
    return command not in _OF_CREDENTIALS


def require_role(principal: Principal, command: type[Command]) -> None:
    """Refused if the role may not give this command, whatever it is about."""
    if principal.role not in RIGHTS.get(command, _ADMIN):
        text = f"the role {principal.role.value} may not give {command.__name__}"
        raise Refused(Code.PERMISSION_DENIED, text)


def require_scope(principal: Principal, command: Command) -> None:
    """Refused if a principal that is for some clusters gives a command about anything else."""
    if not principal.clusters:
        return
    if getattr(command, "cluster_id", None) not in principal.clusters:
        text = f"{principal.name} is not for this cluster"
        raise Refused(Code.PERMISSION_DENIED, text)
