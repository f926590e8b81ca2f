"""The wallet: logins are opened once, and again when the log or the clock says so."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from contracts.clusters import Checked
from services.runtime.vault.kubernetes import KubernetesSecrets
from services.runtime.vault.logins import BACKENDS, KUBERNETES, Login, Logins
from services.runtime.vault.vault import MayNotOpen, Vault
from services.runtime.vault.wallet import Wallet
from tests.kit.builders import CLUSTER_ID, OTHER_CLUSTER_ID, START
from tests.runtime.vault.fake_kubernetes import FakeKubernetes

pytestmark = pytest.mark.anyio


@dataclass
class SetClock:
    """A clock that stands where it is set."""

    at: datetime = START

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()


@dataclass
class Held:
    """A wallet, and what its vault was asked for."""

    kubernetes: FakeKubernetes
    clock: SetClock = field(default_factory=SetClock)

    def __post_init__(self) -> None:
        store = KubernetesSecrets(self.kubernetes.client, "hub")
        self.vault = Vault(store, {"clusters": frozenset({KUBERNETES, BACKENDS})})
        self.wallet = Wallet(self.vault, "clusters", self.clock)

    @property
    def opened(self) -> int:
        """How often the vault was opened: two reads each."""
        reads = [each for each in self.kubernetes.requests if each.method == "GET"]
        return len(reads) // 2

    async def keep(self, cluster: UUID, found: Logins) -> None:
        await self.vault.replace(cluster, found.materials())
        self.kubernetes.requests.clear()


@pytest.fixture
def held(kubernetes: FakeKubernetes) -> Held:
    return Held(kubernetes)


def logins(token: str = "t", *, ends: float | None = None, of_backend: bool = False) -> Logins:
    """Logins that end after so many seconds."""
    at = None if ends is None else START + timedelta(seconds=ends)
    plain, ending = Login("https://h:443", token), Login("https://h:443", token, expires_at=at)
    kubernetes, backend = (plain, ending) if of_backend else (ending, plain)
    return Logins(kubernetes, {Checked.LOKI: backend})


async def test_logins_are_opened_once(held: Held) -> None:
    await held.keep(CLUSTER_ID, logins())
    for _ in range(3):
        assert await held.wallet.logins(CLUSTER_ID, "one") == logins()
    assert held.opened == 1


async def test_logins_of_another_fingerprint_are_opened_anew(held: Held) -> None:
    await held.keep(CLUSTER_ID, logins("old"))
    assert await held.wallet.logins(CLUSTER_ID, "one") == logins("old")
    await held.keep(CLUSTER_ID, logins("new"))
    # Between the vault and the event that tells of it: what is in hand is still good.
    assert await held.wallet.logins(CLUSTER_ID, "one") == logins("old")
    assert held.opened == 0
    assert await held.wallet.logins(CLUSTER_ID, "two") == logins("new")
    assert await held.wallet.logins(CLUSTER_ID, "two") == logins("new")
    assert held.opened == 1


@pytest.mark.parametrize("of_backend", [False, True])
async def test_new_logins_are_looked_for_shortly_before_the_first_of_the_old_ones_ends(
    held: Held, of_backend: bool
) -> None:
    await held.keep(CLUSTER_ID, logins("old", ends=300, of_backend=of_backend))
    await held.wallet.logins(CLUSTER_ID, "one")
    await held.keep(CLUSTER_ID, logins("new", ends=600, of_backend=of_backend))
    for seconds, token, opened in ((269, "old", 0), (270, "new", 1), (569, "new", 1)):
        held.clock.at = START + timedelta(seconds=seconds)
        found = await held.wallet.logins(CLUSTER_ID, "one")
        assert found.kubernetes is not None
        assert (found.kubernetes.token, held.opened) == (token, opened)


async def test_logins_that_have_ended_are_given_all_the_same(held: Held) -> None:
    await held.keep(CLUSTER_ID, logins(ends=-1))
    assert await held.wallet.logins(CLUSTER_ID, "one") == logins(ends=-1)


async def test_clusters_have_logins_of_their_own(held: Held) -> None:
    await held.keep(CLUSTER_ID, logins("one"))
    await held.keep(OTHER_CLUSTER_ID, logins("other"))
    assert await held.wallet.logins(CLUSTER_ID, "same") == logins("one")
    assert await held.wallet.logins(OTHER_CLUSTER_ID, "same") == logins("other")
    assert await held.wallet.logins(UUID(int=1), "same") == Logins()


async def test_what_is_in_hand_is_bounded_and_the_longest_unused_goes_first(held: Held) -> None:
    await held.keep(CLUSTER_ID, logins())
    await held.wallet.logins(CLUSTER_ID, "one")
    await held.wallet.logins(UUID(int=0), "one")
    for number in range(1, 2047):
        await held.wallet.logins(UUID(int=number), "one")
    await held.wallet.logins(CLUSTER_ID, "one")
    held.kubernetes.requests.clear()
    await held.wallet.logins(UUID(int=5000), "one")
    await held.wallet.logins(CLUSTER_ID, "one")
    assert held.opened == 1
    await held.wallet.logins(UUID(int=0), "one")
    assert held.opened == 2


async def test_a_vault_that_does_not_answer_leaves_nothing_in_hand(held: Held) -> None:
    await held.keep(CLUSTER_ID, logins())
    secrets = dict(held.kubernetes.secrets)
    held.kubernetes.secrets[next(iter(secrets))] = {"metadata": 1}
    with pytest.raises(Exception, match="no Secret"):
        await held.wallet.logins(CLUSTER_ID, "one")
    held.kubernetes.secrets.update(secrets)
    assert await held.wallet.logins(CLUSTER_ID, "one") == logins()


async def test_a_wallet_is_no_way_round_the_vault(held: Held) -> None:
    with pytest.raises(MayNotOpen):
        await Wallet(held.vault, "chat", held.clock).logins(CLUSTER_ID, "one")


async def test_who_may_open_the_backends_alone_sees_no_login_to_the_api_server(held: Held) -> None:
    await held.keep(CLUSTER_ID, logins())
    vault = Vault(held.vault.store, {"telemetry": frozenset({BACKENDS})})
    found = await Wallet(vault, "telemetry", held.clock).logins(CLUSTER_ID, "one")
    assert found == Logins(None, logins().backends)
    assert len(held.kubernetes.requests) == 1
    with pytest.raises(MayNotOpen):
        await vault.open(CLUSTER_ID, KUBERNETES, who="telemetry")


async def test_a_wallet_does_not_show_what_is_in_it(held: Held) -> None:
    await held.keep(CLUSTER_ID, logins("planted-token"))
    await held.wallet.logins(CLUSTER_ID, "one")
    assert "planted" not in repr(held.wallet)
