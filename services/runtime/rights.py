"""Which role may give which command: one closed list, for every door that takes commands."""

from collections.abc import Collection, Mapping
from uuid import UUID

from contracts import (
    access,
    alerts,
    anomalies,
    chat,
    clusters,
    incidents,
    operations,
    personas,
    rca,
    replays,
    reports,
)
from contracts.envelope import Command
from contracts.refusals import Code, Refused
from services.runtime.principals import READING, Principal, Role, Scope

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
    anomalies.DefineWatch: _OPERATOR,
    anomalies.RemoveWatch: _OPERATOR,
    anomalies.GiveAnomalyFeedback: _OPERATOR,
    incidents.AcknowledgeIncident: _OPERATOR,
    incidents.ResolveIncident: _OPERATOR,
    incidents.ReopenIncident: _OPERATOR,
    incidents.MergeIncidents: _OPERATOR,
    incidents.SplitIncident: _OPERATOR,
    incidents.DefineCorrelationRule: _ADMIN,
    incidents.RemoveCorrelationRule: _ADMIN,
    rca.AnalyzeRootCause: _OPERATOR,
    replays.StartReplay: _OPERATOR,
    replays.CancelReplay: _OPERATOR,
    reports.GenerateReport: READING,
    reports.DeleteReport: _OPERATOR,
    reports.ScheduleReport: _OPERATOR,
    reports.UnscheduleReport: _OPERATOR,
    personas.CreatePersona: _OPERATOR,
    personas.UpdatePersona: _OPERATOR,
    personas.DeletePersona: _OPERATOR,
    chat.CreateChatSession: READING,
    chat.AskQuestion: READING,
    chat.CancelTurn: READING,
    chat.DeleteChatSession: READING,
    operations.RebuildProjection: _ADMIN,
    operations.RetryDeadLetter: _ADMIN,
    operations.DropDeadLetter: _ADMIN,
    access.CreateToken: _ADMIN,
    access.RevokeToken: _ADMIN,
    access.NoteAccess: frozenset(),
}
"""A command that is not named here may be given by administrators alone."""


_NOT_BY_NAME = frozenset(
    {
        clusters.UploadCredentials,
        clusters.RotateCredentials,
        clusters.ValidateCredentials,
        clusters.DeleteCredentials,
        clusters.ImportClusters,
        # They carry with whose rights it is read, which a door of our own says.
        reports.GenerateReport,
        reports.ScheduleReport,
        # So do questions; and what is said in a chat is sealed by the door.
        chat.CreateChatSession,
        chat.AskQuestion,
        chat.CancelTurn,
        chat.DeleteChatSession,
        access.CreateToken,
        access.RevokeToken,
        access.NoteAccess,
    }
)


_OF_ITS_OWN_CLUSTERS = frozenset(
    {
        anomalies.DefineWatch,
        anomalies.RemoveWatch,
        incidents.AcknowledgeIncident,
        incidents.ResolveIncident,
        incidents.ReopenIncident,
        incidents.MergeIncidents,
        incidents.SplitIncident,
        incidents.DefineCorrelationRule,
        incidents.RemoveCorrelationRule,
        rca.AnalyzeRootCause,
        replays.StartReplay,
        replays.CancelReplay,
        reports.GenerateReport,
        reports.DeleteReport,
        reports.ScheduleReport,
        reports.UnscheduleReport,
        chat.CreateChatSession,
        chat.AskQuestion,
        chat.CancelTurn,
        chat.DeleteChatSession,
    }
)


def given_by(command: type[Command]) -> frozenset[Role]:
    """The roles that may give a command."""
    return RIGHTS.get(command, _ADMIN)


def may_be_given_by_name(command: type[Command]) -> bool:
    """False for those that take material with them, or of which a door of the hub keeps a part."""
    return command not in _NOT_BY_NAME


def is_of_its_own_clusters(command: type[Command]) -> bool:
    """True where only who decides knows which clusters a command is about.

    Its handler asks `require_clusters`; what comes before knows no more than the role.
    """
    return command in _OF_ITS_OWN_CLUSTERS


def require_role(principal: Principal, command: type[Command]) -> None:
    """Refused if the principal may not give this command, whatever it is about."""
    if not principal.may(given_by(command)):
        role = "somebody without a role" if principal.role is None else f"the role {principal.role}"
        raise Refused(Code.PERMISSION_DENIED, f"{role} may not give {command.__name__}")


def require_scope(principal: Principal, command: type[Command], cluster: UUID | None) -> None:
    """Refused if the principal may not give this command about a cluster, or about none."""
    if not principal.scope(given_by(command)).has(cluster):
        text = f"{principal.name} is not for this cluster"
        raise Refused(Code.PERMISSION_DENIED, text)


def require(principal: Principal, command: Command) -> None:
    """Refused if the principal may not give this command."""
    require_role(principal, type(command))
    if not is_of_its_own_clusters(type(command)):
        require_scope(principal, type(command), getattr(command, "cluster_id", None))


def require_clusters(scope: Scope, clusters: Collection[UUID]) -> None:
    """Refused unless every one of these clusters is in a scope; none are named for any cluster."""
    if not all(scope.has(each) for each in clusters or (None,)):
        text = "it is about clusters that you may do this with, and about others"
        if not any(scope.has(each) for each in clusters):
            text = "it is about no cluster that you may do this with alone"
        raise Refused(Code.PERMISSION_DENIED, text)
