"""Log patterns."""

from hypothesis import given, strategies as st

from services.rca.ranking.templates import MOST_TEMPLATES, OVERFLOW, Templates, severe

ORDERS = [
    f"16:51:24.{at:03} INFO o.s.Orders#246 saved order {at} of user u-{at}" for at in range(9)
]


def test_lines_that_differ_in_parameters_are_one_template() -> None:
    mined = Templates()
    assert {mined.number("shop", line) for line in ORDERS} == {0}
    assert mined.number("shop", "16:51:24.967 INFO o.s.Orders#9 dropped the whole thing") == 1
    assert mined.text("shop", 0) == "* INFO * saved order * of user *"


def test_words_in_which_lines_differ_become_parameters() -> None:
    mined = Templates()
    lines = [f"colour of the paint chosen by them is {name}" for name in ("red", "green", "blue")]
    assert {mined.number("shop", line) for line in lines} == {0}
    assert mined.text("shop", 0) == "colour of the paint chosen by them is *"


def test_lists_of_any_length_are_one_parameter() -> None:
    mined = Templates()
    lines = [
        f"routes asked for [{', '.join(f'r{at}' for at in range(size))}]" for size in (1, 4, 9)
    ]
    assert len({mined.number("shop", line) for line in lines}) == 1


def test_ids_of_traces_are_no_words() -> None:
    mined = Templates()
    bare = mined.number("shop", "WARN queue is full")
    assert mined.number("shop", "WARN TraceID: deadbeefcafe SpanID: abcdefab queue is full") == bare
    assert mined.number("shop", "WARN trace_id=abcdefab queue is full") == bare


def test_sources_have_templates_of_their_own() -> None:
    mined = Templates()
    assert mined.number("one", "started") == 0
    assert mined.number("two", "stopped") == 0
    assert (mined.text("one", 0), mined.text("two", 0)) == ("started", "stopped")


def test_what_calls_itself_an_error_is_severe() -> None:
    assert severe("16:51:24.967 ERROR o.s.Orders#1 no order")
    assert severe('{"level":"error","msg":"no order"}')
    assert severe("panic: no order")
    assert not severe("INFO 0 errors")
    assert not severe("INFO " + "x" * 100 + " ERROR")


def test_templates_of_a_source_are_bounded() -> None:
    mined = Templates()
    words = [
        "".join(chr(97 + int(digit)) for digit in str(at)) for at in range(MOST_TEMPLATES + 50)
    ]
    found = [mined.number("shop", f"{word} {word[::-1]} x") for word in words]
    assert found[-1] == OVERFLOW
    assert mined.text("shop", OVERFLOW) == "other lines"
    assert mined.number("shop", f"{words[0]} {words[0][::-1]} x") == found[0]


@given(st.lists(st.text(max_size=200), max_size=30))
def test_any_text_has_a_template_that_stays_its_own(lines: list[str]) -> None:
    mined, again = Templates(), Templates()
    numbers = [mined.number("any", line) for line in lines]
    assert numbers == [again.number("any", line) for line in lines]
    assert all(isinstance(mined.text("any", number), str) for number in numbers)
