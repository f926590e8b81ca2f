"""Has the network functions of a cluster looked at by its site, where the hub does not reach it."""

from pydantic import ValidationError

from contracts.clusters import Cluster
from contracts.cnf import CnfUpdate, ReadCnf
from contracts.refusals import Refused
from services.cnf.sampling import LARGEST
from services.runtime.asking import Asker, Place, Unanswered
from services.runtime.store import Store


class NoAnswer(Exception):
    """The site has told nothing; the text says why."""


async def from_site(cluster: Cluster, interval: int, seconds: float, store: Store) -> CnfUpdate:
    """What its collector has found. NoAnswer."""
    place, trace = Place(cluster.site, str(cluster.id)), store.context.traceparent
    question, body = ReadCnf(interval_seconds=interval), bytearray()
    asker = Asker(store.log.bus, store.outside.clock)
    try:
        async with asker.ask(place, question, seconds=seconds, traceparent=trace) as answer:
            async for part in answer:
                body += part
                if len(body) > LARGEST:
                    raise NoAnswer("its site's answer is too large")
    except (Unanswered, Refused) as nothing:
        raise NoAnswer(f"its site does not answer ({nothing.code.name})") from None
    try:
        update = CnfUpdate.model_validate_json(body)
    except ValidationError:
        raise NoAnswer("its site's answer cannot be read") from None
    if update.cluster_id != cluster.id:
        raise NoAnswer("its site's answer is of another cluster")
    return update
