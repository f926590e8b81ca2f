"""What becomes of reports and of their schedules."""

from datetime import timedelta

import pytest

from contracts.refusals import Code, Refused
from contracts.reports import ReportEnd, ReportEvent, ReportScheduled
from services.reports import domain
from tests.kit import report_builders as made
from tests.kit.samples import at

PENDING = (made.report_requested(), made.report_started())
OVER = (made.report_generated(), made.report_failed(), made.report_deleted())


@pytest.mark.parametrize("state", PENDING)
def test_it_is_made_while_nothing_came_of_it(state: ReportEvent) -> None:
    assert domain.is_pending(state)


@pytest.mark.parametrize("state", [*OVER, None])
def test_it_is_made_once(state: ReportEvent | None) -> None:
    assert not domain.is_pending(state)


def test_every_event_of_it_tells_all_of_it() -> None:
    state = made.report_requested()
    told = domain.generated(domain.started(state), 3, "0" * 64, 2, None)
    for event in (told, domain.failed(state, "LIMIT_REACHED", "x" * 900)):
        assert (event.asked, event.expires_at) == (state.asked, state.expires_at)
        assert event.requested_at == state.requested_at


@pytest.mark.parametrize("state", [*PENDING, *OVER[:2]])
def test_what_is_there_can_be_deleted(state: ReportEvent) -> None:
    assert domain.delete(state, state.report_id, ReportEnd.DELETED).reason is ReportEnd.DELETED


@pytest.mark.parametrize("state", [None, made.report_deleted()])
def test_what_is_not_there_cannot(state: ReportEvent | None) -> None:
    with pytest.raises(Refused) as refused:
        domain.delete(state, made.REPORT_ID, ReportEnd.DELETED)
    assert refused.value.code is Code.REPORT_NOT_FOUND


def test_a_schedule_lives_for_half_a_year_at_most() -> None:
    told = domain.schedule(made.SCHEDULE_ID, made.recurring(), made.acting(), "ada", at())
    assert told.expires_at == at() + timedelta(days=180)


def test_a_schedule_makes_reports_about_the_days_before_with_its_own_rights() -> None:
    scheduled: ReportScheduled = made.report_scheduled()
    told = domain.request_of(scheduled, made.REPORT_ID, at(), timedelta(days=90))
    assert told.asked.time_range.end == at()
    assert told.asked.time_range.start == at() - timedelta(days=7)
    assert (told.acting, told.generated_by) == (scheduled.acting, scheduled.scheduled_by)
    assert told.schedule_id == scheduled.schedule_id


def test_who_sees_some_of_its_clusters_sees_no_title_and_no_rights() -> None:
    for event in (made.report_requested(), made.report_scheduled()):
        seen = event.only(())
        assert "The week" not in seen.model_dump_json()
        assert "Monday" not in seen.model_dump_json()
        assert seen.acting is None
