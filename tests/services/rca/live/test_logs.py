"""What lines of logs tell: patterns that are new, or come far more often."""

import pytest

from contracts.clusters import Checked
from contracts.rca_seen import RcaSeen
from services.rca.live import logs
from services.rca.reasoning.knowledge import Class, meaning
from tests.kit.samples import CLUSTER_ID, at
from tests.services.rca.live.kit import PODS, SECONDS, Row, body, focus, lines, pod, stream

LINE = "ERROR cannot reach the store"
HOUR = 3600.0


def told(now: list[Row], before: list[Row] | None = None) -> list[RcaSeen]:
    return logs.seen(focus(), body(before or []), body(now), "the query")


def only(now: list[Row], before: list[Row] | None = None) -> RcaSeen:
    (found,) = told(now, before)
    return found


def test_a_new_pattern_is_told_with_its_count_and_when_it_began() -> None:
    found = only([stream(pod(), lines(LINE, 4, first=600))])
    assert found.text == f"4 lines like “{LINE}”, none in the hour before"
    assert found.began_at == at(600)
    assert found.where == (f"pod/shop/{PODS[0]}", "workload/shop/cart")
    assert (found.cluster_id, found.backend) == (CLUSTER_ID, Checked.LOKI)
    assert (found.query, found.start, found.end) == ("the query", at(), at(SECONDS))


def test_fewer_lines_are_chance() -> None:
    assert told([stream(pod(), lines(LINE, 3))]) == []


def test_numbers_in_lines_make_no_new_pattern() -> None:
    some = [(600.0 + n, f"ERROR order {n} of u-{n} has failed") for n in range(6)]
    assert only([stream(pod(), some)]).text.startswith("6 lines like “ERROR order * of * has")


def test_what_comes_as_often_as_before_is_not_told() -> None:
    before = [stream(pod(), lines(LINE, 240, first=-HOUR, every=15))]
    assert told([stream(pod(), lines(LINE, 100, first=0, every=15))], before) == []


def test_what_comes_four_times_as_often_is_not_told_yet() -> None:
    """A thousandth more is."""
    before = [stream(pod(), lines(LINE, 240, first=-HOUR, every=15))]
    assert told([stream(pod(), lines(LINE, 400, first=0))], before) == []
    found = only([stream(pod(), lines(LINE, 401, first=0))], before)
    assert found.text == f"401 lines like “{LINE}”, 240 in the hour before"


def test_when_something_began_that_was_there_before_nobody_knows() -> None:
    found = only([stream(pod(), lines(LINE, 50))], [stream(pod(), lines(LINE, 1, first=-60))])
    assert found.began_at is None
    assert found.since == at()


def test_another_workload_has_patterns_of_its_own() -> None:
    before = [stream(pod("db-0"), lines(LINE, 100, first=-HOUR))]
    assert only([stream(pod(), lines(LINE, 9))], before).where[-1] == "workload/shop/cart"


def test_lines_of_several_pods_are_their_workload_s() -> None:
    """Also of pods that are gone: a rollout is no new error."""
    found = only([stream(pod(each), lines(LINE, 4)) for each in PODS])
    assert found.where == ("workload/shop/cart",)
    assert found.text.startswith("8 lines")
    now = [stream(pod(PODS[1]), lines(LINE, 50, first=0))]
    assert told(now, [stream(pod(PODS[0]), lines(LINE, 120, first=-HOUR))]) == []


def test_lines_of_no_pod_are_the_namespace_s() -> None:
    found = only([stream({"namespace": "shop"}, lines(LINE, 4))])
    assert found.where == ("namespace/shop",)


@pytest.mark.parametrize(
    "labels",
    [
        {"namespace": "shop", "pod": PODS[0]},
        {"kubernetes_namespace_name": "shop", "kubernetes_pod_name": PODS[0]},
        {"k8s_namespace_name": "shop", "k8s_pod_name": PODS[0]},
    ],
    ids=["Promtail", "OpenShift", "OpenTelemetry"],
)
def test_collectors_call_it_differently(labels: dict[str, str]) -> None:
    found = only([stream(labels, lines(LINE, 4))])
    assert found.where == (f"pod/shop/{PODS[0]}", "workload/shop/cart")
    label = next(iter(labels))
    assert label in logs.NAMESPACE_LABELS
    assert logs.query(focus("shop", "bank"), label).startswith(f'{{{label}=~"shop|bank"}} |~ "')


@pytest.mark.parametrize(
    ("line", "name", "kind"),
    [
        ("write failed: no space left on device", "LOG_DISK_FULL", Class.STORAGE),
        ("ERROR the disk is full", "LOG_DISK_FULL", Class.STORAGE),
        ("error: Disk quota exceeded", "LOG_DISK_FULL", Class.STORAGE),
        ("x509: certificate has expired", "LOG_CERTIFICATE", Class.CERTIFICATE),
        ("remote error: TLS handshake failure", "LOG_CERTIFICATE", Class.CERTIFICATE),
        ("dial tcp: lookup db: no such host", "LOG_DNS", Class.DNS),
        ("Temporary failure in name resolution", "LOG_DNS", Class.DNS),
        ("java.lang.OutOfMemoryError", "LOG_OOM", Class.RESOURCE),
        ("fatal error: cannot allocate memory", "LOG_OOM", Class.RESOURCE),
        ("pods is forbidden: exceeded quota: compute", "LOG_QUOTA", Class.QUOTA),
        ("FATAL: sorry, too many clients already", "LOG_DATABASE", Class.DATASTORE),
        ("ERROR: deadlock detected", "LOG_DATABASE", Class.DATASTORE),
        ("error: missing required setting DB_URL", "LOG_CONFIG", Class.WORKLOAD),
        ("error: unknown field replica", "LOG_CONFIG", Class.WORKLOAD),
        ("panic: runtime error: index out of range", "LOG_PANIC", Class.WORKLOAD),
        ("java.lang.NullPointerException: null", "LOG_PANIC", Class.WORKLOAD),
        ("connect to db: connection refused", "LOG_CANNOT_REACH", Class.SERVICE),
        ("read failed: connection reset by peer", "LOG_CANNOT_REACH", Class.SERVICE),
        ("error: context deadline exceeded", "LOG_TIMEOUT", Class.SERVICE),
        ("request timed out", "LOG_TIMEOUT", Class.SERVICE),
        ("permission denied", "LOG_DENIED", Class.SERVICE),
        ("error: unauthorized", "LOG_DENIED", Class.SERVICE),
        ("ERROR it went wrong", "LOG_NEW_ERRORS", Class.SERVICE),
    ],
)
def test_the_words_of_a_line_say_what_it_is_about(line: str, name: str, kind: Class) -> None:
    assert only([stream(pod(), lines(line, 5))]).name == name
    assert meaning(name).kind is kind


def test_full_answers_are_compared_by_the_time_that_they_cover() -> None:
    """Of as many lines the ones that came within a minute are more often."""
    hour = [stream(pod(), lines(LINE, logs.LIMIT, first=-HOUR, every=2.4))]
    minute = [stream(pod(), lines(LINE, logs.LIMIT, first=SECONDS - 60, every=0.04))]
    assert only(minute, hour).began_at is None
    last = [stream(pod(), lines(LINE, logs.LIMIT, first=-60, every=0.04))]
    assert told(minute, last) == []
    slowly = [stream(pod(), lines(LINE, logs.LIMIT, first=0, every=1))]
    assert told(slowly, last) == []


def test_what_a_full_answer_begins_with_is_not_taken_for_its_beginning() -> None:
    found = only([stream(pod(), lines(LINE, logs.LIMIT, first=900, every=0.1))])
    assert found.text.endswith("none in the hour before")
    assert found.began_at is None


def test_of_a_full_answer_nobody_says_what_was_not_there_in_the_hour_before() -> None:
    """It holds the last minute alone."""
    noise = [stream(pod(), lines("ERROR something else", logs.LIMIT, first=-60, every=0.04))]
    found = only([stream(pod(), lines(LINE, 5, first=2))], noise)
    assert "none in the hour before" not in found.text
    assert found.began_at is None


def test_patterns_of_most_lines_come_first_and_not_too_many_are_told() -> None:
    words = "abcdefghijklmnopqrst"
    some = [line for n, each in enumerate(words) for line in lines(f"ERROR {each * 9} x", 4 + n)]
    found = told([stream(pod(), some)])
    assert len(found) == logs.MOST
    assert found[0].text.startswith("23 lines")
    assert found[-1].text.startswith("12 lines")


def test_the_order_of_streams_does_not_matter() -> None:
    some = [stream(pod(each), lines(f"ERROR {each[-2:]} went wrong", 5)) for each in PODS]
    assert told(some) == told(some[::-1])


@pytest.mark.parametrize(
    ("line", "secret"),
    [
        ("login failed password=hunter", "hunter"),
        ("login failed password=hunter2", "hunter2"),
        ("login failed password='my dog' for bob", "dog"),
        ("login failed: token: abcdef", "abcdef"),
        ("login failed Authorization: Bearer xyz", "xyz"),
        ("cannot reach postgres://bob:hunter@db/shop", "hunter"),
        ('{"level":"error","password":"hunter"}', "hunter"),
        ("error AWS_SECRET_ACCESS_KEY hunter", "hunter"),
        ("error in secret hunter and whatever follows", "whatever"),
        pytest.param(
            "login failed token:abcdef",
            "abcdef",
        ),
        pytest.param(
            "login failed api key abcdef",
            "abcdef",
        ),
    ],
)
def test_nothing_secret_is_told(line: str, secret: str) -> None:
    found = only([stream(pod(), lines(line, 5))])
    assert secret not in found.model_dump_json()


def test_long_lines_are_cut() -> None:
    long = "ERROR " + " ".join("abcdefghij"[n % 10] * 39 for n in range(500))
    assert len(only([stream(pod("p" * 5000), lines(long, 5))]).text) <= 500


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"null",
        b"[1]",
        b"[{}]",
        b'[{"stream": {}, "values": [["1"]]}]',
        b'[{"stream": {}, "values": [[1, "x"]]}]',
        b'[{"stream": {"pod": 1}, "values": []}]',
        b'[{"stream": {"namespace": "shop"}, "values": [["now", "x"]]}]',
        b"\xff\xfe",
        b"<html>502</html>",
    ],
)
def test_what_is_no_answer_is_a_value_error(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"cannot be read|invalid literal"):
        logs.seen(focus(), b"[]", data, "q")


def test_lines_of_no_namespace_or_of_another_time_are_passed_over() -> None:
    assert told([stream({}, lines(LINE, 9))]) == []
    far = [["9" * 40, LINE]] * 9
    assert told([{"stream": pod(), "values": far}]) == []


def test_no_lines_tell_nothing() -> None:
    assert told([]) == []
    assert told([stream(pod(), [])], [stream(pod(), lines(LINE, 9, first=-60))]) == []
