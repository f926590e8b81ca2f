"""What signals, places and incidents are called where people read of them."""

import re

import pytest

from contracts.catalog import EVENTS
from contracts.spoken import sentence_in_words, signal_in_words, title_in_words
from contracts.spoken_events import event_in_words
from tests.kit.tree import ROOT

UI = ROOT / "gateway" / "ui" / "src"


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (
            "ROLLOUT_BEGAN of workload/shop/billing: a new version was rolled out",
            "Rollout began on workload shop/billing: a new version was rolled out",
        ),
        (
            "HighErrorRate of workload/shop/billing since 2026-01-31 12:00:00 UTC (2 signals)",
            "HighErrorRate on workload shop/billing since 2026-01-31 12:00:00 UTC (2 signals)",
        ),
        (
            "LOG_CONFIG of workload/shop/billing may have led to GPU_GONE of node/gpu-4.spoke",
            "Log: config on workload shop/billing may have led to GPU lost on node gpu-4.spoke",
        ),
        (
            "CLUSTER_OFFLINE of cluster may have led to HighErrorRate of workload/shop/shop.",
            "Cluster offline may have led to HighErrorRate on workload shop/shop.",
        ),
        (
            'workload/shop/billing (workload, 71%): LOG_DNS of workload/shop/billing: 69 "a/b"',
            'Workload shop/billing (71 %): Log: DNS on workload shop/billing: 69 "a/b"',
        ),
        (
            "node/gpu-4 (GPU, 90%): GPU_XID_79 of node/gpu-4 since noon.",
            "Node gpu-4 (GPU, 90 %): GPU XID error 79 on node gpu-4 since noon.",
        ),
        ("API_SERVER_AWAY of cluster since noon", "API server away on the cluster since noon"),
        (
            "same name CLUSTER_OFFLINE as 3 of its 5 signals there",
            "same name cluster offline as 3 of its 5 signals there",
        ),
        ("GPU_GONE belongs to nothing that is known", "GPU lost belongs to nothing that is known"),
    ],
)
def test_a_sentence_is_told_without_codes(told: str, said: str) -> None:
    assert sentence_in_words(told) == said
    assert sentence_in_words(said) == said


@pytest.mark.parametrize(
    "text",
    [
        "it belongs to nothing that is known",
        "69 lines like “ERR GPU_GONE of pod/a/b”, none in the hour before",
        "KubeNodeNotReady began before it",
        "set AIOPS_LLM__BASE_URL, and look at /var/lib/pod/x",
    ],
)
def test_what_is_quoted_and_what_is_no_code_of_ours_stays(text: str) -> None:
    assert sentence_in_words(text) == text


@pytest.mark.parametrize(
    ("title", "said"),
    [
        ("GPU_XID_79 on gpu-4", "GPU XID error 79 on gpu-4"),
        ("GPU_GONE on gpu-4", "GPU lost on gpu-4"),
        (
            "WORKLOAD_CRASHING of du-site-1/du-main and 3 more",
            "Workload du-site-1/du-main crash-looping and 3 more",
        ),
        ("CLUSTER_OFFLINE", "Cluster offline"),
        ("GPU_GONE in 3 clusters and 1,400 more", "GPU lost in 3 clusters and 1,400 more"),
        ("KubeNodeNotReady on worker-3 and 4 more", "KubeNodeNotReady on worker-3 and 4 more"),
        ("what somebody has called it", "what somebody has called it"),
    ],
)
def test_a_title_is_told_without_codes(title: str, said: str) -> None:
    assert title_in_words(title) == said


def test_names_that_people_have_given_stay() -> None:
    for name in ("KubeNodeNotReady", "Watchdog", "node_load1", "HIGH_ERROR_RATE"):
        assert signal_in_words(name) == name
        assert signal_in_words(name, begins=False) == name
    assert signal_in_words("CLUSTER_OFFLINE", begins=False) == "cluster offline"
    assert signal_in_words("GPU_XID_79", begins=False) == "GPU XID error 79"


def test_events_are_called_as_in_the_ui() -> None:
    names = (UI / "features" / "events" / "names.ts").read_text()
    told = dict(re.findall(r'^  ([A-Z_]+): \["([^"]+)"', names, re.MULTILINE))
    ours = {each.names.public for each in EVENTS}
    assert ours <= told.keys()
    assert {each: event_in_words(each) for each in ours} == {each: told[each] for each in ours}


def test_states_are_called_as_in_the_ui() -> None:
    titles = (UI / "lib" / "titles.ts").read_text()
    told = re.findall(r'\["([A-Z]+_[A-Z_]+)", said\("([^"]+)", "([^"]+)"', titles)
    assert len(told) > 5
    for code, of, alone in told:
        assert signal_in_words(code) == alone
        assert title_in_words(f"{code} on ran/du-0") == of.replace("*", "ran/du-0")
