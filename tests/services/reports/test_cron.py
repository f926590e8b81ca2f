"""Cron as people write it becomes the bus's rule, or says what is wrong with it."""

import pytest
from hypothesis import given, strategies as st

from contracts.refusals import Code, Refused
from services.reports.cron import rule


@pytest.mark.parametrize(
    ("cron", "told"),
    [
        ("0 7 * * *", "0 0 7 * * *"),
        ("30 6 1 * *", "0 30 6 1 * *"),
        ("0 7 * * MON", "0 0 7 * * 1"),
        ("0 7 * * mon-fri", "0 0 7 * * 1,2,3,4,5"),
        ("0 7 * * 7", "0 0 7 * * 0"),
        ("15 */6 * * *", "0 15 0,6,12,18 * * *"),
        ("0 7 1,15 JAN-MAR/2 *", "0 0 7 1,15 1,3 *"),
        ("0 7 29 2 *", "0 0 7 29 2 *"),
        ("0 7 31 2 MON", "0 0 7 31 2 1"),
    ],
)
def test_what_is_meant(cron: str, told: str) -> None:
    assert rule(cron) == told


@pytest.mark.parametrize(
    ("cron", "why"),
    [
        ("* * * * *", "once an hour"),
        ("*/5 * * * *", "once an hour"),
        ("0 7 * *", "five fields"),
        ("0 0 7 * * *", "five fields"),
        ("60 7 * * *", "minute '60' is not between 0 and 59"),
        ("0 24 * * *", "hour '24'"),
        ("0 7 0 * *", "day of the month '0'"),
        ("0 7 * 13 *", "month '13'"),
        ("0 7 * * FOO", "weekday 'FOO'"),
        ("0 7 * * 5-1", "ends before it begins"),
        ("0 */0 * * *", "step of zero"),
        ("0 7 31 2 *", "never"),
        ("0 7 30 FEB *", "never"),
        ("0 7 ? * *", "not understood"),
        ("0 7 L * *", "not understood"),
        ("0 7 -1 * *", "not understood"),
    ],
)
def test_what_is_wrong_with_it(cron: str, why: str) -> None:
    with pytest.raises(Refused, match=why) as refused:
        rule(cron)
    assert refused.value.code is Code.VALIDATION_FAILED
    assert refused.value.details["fields"][0]["field"] == "cron"


@given(st.text(alphabet="0123456789*,/- ABCDEFJMNORSTUVW", max_size=40))
def test_whatever_is_written_is_understood_or_refused(cron: str) -> None:
    try:
        told = rule(cron)
    except Refused:
        return
    fields = told.split()
    assert len(fields) == 6
    assert fields[0] == "0"
    assert rule(" ".join(fields[1:])) == told
    for field in fields[1:]:
        assert field == "*" or all(part.isdecimal() for part in field.split(","))
