import time
import pytest
from tests.kit.gateway import *
pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]
async def test_a(platform: Platform) -> None:
    t=time.time()
    c = await platform.register()
    print(c, time.time()-t)
    t=time.time()
    await platform.report(c["id"], alert(1))
    print(await platform.list("/alerts"), time.time()-t)
    print(await platform.list("/events"))
