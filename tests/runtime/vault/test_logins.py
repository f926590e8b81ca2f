"""A login is shown where it was given for, and nowhere else."""

from dataclasses import dataclass
from datetime import timedelta

import httpx
import pytest
from hypothesis import given, strategies as st

from contracts.clusters import Checked
from contracts.refusals import Code, Refused
from services.runtime.vault.logins import (
    BACKENDS,
    KUBERNETES,
    Login,
    Logins,
    fits,
    origin_of,
    read,
    server_of,
    target,
)
from services.runtime.vault.material import Material
from tests.kit.builders import START

SECRET = "planted-token"
PEM = "-----BEGIN CERTIFICATE-----\nTUlJQg==\n-----END CERTIFICATE-----\n"
DEFAULTS = {"https": 443, "http": 80}


def login(origin: str) -> Login:
    return Login(
        origin, SECRET, certificate=PEM, key="planted-key", ca=PEM, server_name="api", verify=False
    )


@dataclass(frozen=True)
class Place:
    """An origin, and one of its spellings."""

    scheme: str
    host: str
    port: int
    loud: bool
    explicit: bool
    path: str

    @property
    def origin(self) -> tuple[str, str, int]:
        return self.scheme, self.host, self.port

    @property
    def url(self) -> str:
        host = self.host.upper() if self.loud else self.host
        usual = DEFAULTS[self.scheme] == self.port and not self.explicit
        return f"{self.scheme}://{host}{'' if usual else f':{self.port}'}{self.path}"


PLACES = st.builds(
    Place,
    scheme=st.sampled_from(["https", "http"]),
    host=st.sampled_from(
        ["api.example.com", "api.example.org", "example.com", "10.0.0.1", "[2001:db8::1]", "[::1]"]
    ),
    port=st.sampled_from([0, 80, 443, 6443, 64430]),
    loud=st.booleans(),
    explicit=st.booleans(),
    path=st.sampled_from(["", "/", "/prometheus", "/a/../b", "//api.example.com"]),
)


@given(bound=PLACES, asked=PLACES)
def test_a_login_is_shown_to_its_own_origin_however_spelled_and_to_no_other(
    bound: Place, asked: Place
) -> None:
    held = login(origin_of(bound.url))
    aim = target(held, asked.url, 5.0)
    assert (aim.base_url, aim.timeout) == (asked.url, 5.0)
    if bound.origin == asked.origin:
        assert (aim.token, aim.certificate, aim.key) == (SECRET, PEM, "planted-key")
        assert (aim.ca, aim.server_name, aim.verify) == (PEM, "api", False)
    else:
        assert (aim.token, aim.certificate, aim.key) == (None, None, None)
        assert (aim.ca, aim.server_name, aim.verify) == (None, None, True)


@given(one=st.text(max_size=40), other=st.text(max_size=40))
def test_any_text_is_for_an_origin_that_httpx_would_go_to_or_for_none(one: str, other: str) -> None:
    for text in (one, f"https://{one}", f"https://{one}@{other}", f"https://{one}:{other}"):
        origin = origin_of(text)
        if not origin:
            assert not fits(login(origin), text)
            with pytest.raises(Refused):
                target(login(origin), text, 5.0)
            continue
        url = httpx.URL(text)
        host = f"[{url.host}]" if ":" in url.host else url.raw_host.decode()
        assert httpx.URL(origin).raw_host == httpx.URL(f"https://{host}").raw_host
        assert (httpx.URL(origin).scheme, httpx.URL(origin).port) == (url.scheme, url.port)
        assert origin_of(origin) == origin


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://api.example.com", "https://api.example.com:443"),
        ("http://127.0.0.1", "http://127.0.0.1:80"),
        ("HTTPS://API.Example.com:6443/c/x?y=1", "https://api.example.com:6443"),
        ("https://[2001:DB8:0::1]:6443", "https://[2001:db8::1]:6443"),
        ("https://api.example.com:0", "https://api.example.com:0"),
        ("https://bücher.example", "https://xn--bcher-kva.example:443"),
        ("https://xn--a", ""),
        ("https://[", ""),
        ("https://@[:443", ""),
        ("https://%5B:443", ""),
        ("https://api%2eexample.com", ""),
        ("https://", ""),
        ("https:///x", ""),
        ("ftp://api.example.com", ""),
        ("api.example.com", ""),
        ("https://api.example.com:port", ""),
        ("", ""),
    ],
)
def test_an_origin_is_scheme_host_and_port(url: str, origin: str) -> None:
    assert origin_of(url) == origin


@pytest.mark.parametrize("url", ["https://xn--a", "https://", "", "nonsense", "ftp://h"])
@pytest.mark.parametrize("held", [None, login("https://h:443"), login("")])
def test_a_url_that_leads_nowhere_is_refused(url: str, held: Login | None) -> None:
    with pytest.raises(Refused) as caught:
        target(held, url, 5.0)
    assert caught.value.code is Code.VALIDATION_FAILED
    assert "planted" not in f"{caught.value}{caught.value.details}"


def test_without_a_login_an_endpoint_is_asked_as_anybody() -> None:
    aim = target(None, "https://api.example.com", 5.0)
    assert (aim.token, aim.certificate, aim.ca) == (None, None, None)
    assert not fits(None, "https://api.example.com")


def test_servers_that_share_an_origin_are_told_apart_by_their_path() -> None:
    one, other = "https://fleet.example.com/c/one", "https://fleet.example.com/c/other"
    assert server_of(one) == server_of(f"{one}/") == server_of(one.replace("fleet", "FLEET"))
    assert server_of(one) != server_of(other)
    assert server_of("https://h") == server_of("https://h:443/")
    assert server_of("https://xn--a/c/one") == ""


def test_a_login_without_token_and_certificate_is_no_secret() -> None:
    assert not Login("https://h:443", ca=PEM).secret
    assert Login("https://h:443", SECRET).secret
    assert Login("https://h:443", certificate=PEM, key="k").secret


def test_logins_come_in_the_order_of_checks() -> None:
    one = Login("https://h:443")
    found = Logins(one, {Checked.LOKI: one, Checked.PROMETHEUS: one})
    assert list(found.each) == [Checked.API_SERVER, Checked.PROMETHEUS, Checked.LOKI]
    assert found.of(Checked.TEMPO) is None


OPTIONAL = st.none() | st.text()
LOGINS = st.builds(
    Login,
    origin=st.text(),
    token=OPTIONAL,
    certificate=OPTIONAL,
    key=OPTIONAL,
    ca=OPTIONAL,
    server_name=OPTIONAL,
    verify=st.booleans(),
    expires_at=st.none() | st.integers(0, 10**9).map(lambda s: START + timedelta(seconds=s)),
)


@given(
    kubernetes=st.none() | LOGINS,
    backends=st.dictionaries(st.sampled_from([Checked.LOKI, Checked.TEMPO]), LOGINS),
)
def test_the_vault_keeps_logins_as_they_are(
    kubernetes: Login | None, backends: dict[Checked, Login]
) -> None:
    found = Logins(kubernetes, backends)
    kept = {name: Material(secret) for name, secret in found.materials().items()}
    assert read(kept.get(KUBERNETES), kept[BACKENDS]) == found


def test_logins_that_are_not_there_are_none() -> None:
    assert read(None, None) == Logins()


def test_neither_a_login_nor_all_of_them_are_shown() -> None:
    one = login("https://h:443")
    assert "planted" not in f"{one} {Logins(one, {Checked.LOKI: one})!r}"
