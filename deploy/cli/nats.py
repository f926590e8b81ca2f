"""`aiops nats`: the NATS server that a hub of several machines runs on."""

from urllib.parse import urlsplit

from deploy.cli.output import fail, say
from deploy.local.errors import CannotStart
from deploy.local.nats_files import Wanted, write

_WRONG_USE = 2


async def init(wanted: Wanted) -> None:
    """Write a server's configuration and the logins; says where, and no password."""
    address = urlsplit(wanted.url)
    if address.scheme not in {"nats", "tls"} or not address.hostname or address.username:
        fail("--url must be nats://HOST:PORT or tls://HOST:PORT, without a password", _WRONG_USE)
    if bool(wanted.certificate) != bool(wanted.key):
        fail("--certificate and --key go together", _WRONG_USE)
    try:
        files = write(wanted)
    except (CannotStart, OSError) as error:
        fail(str(error))
    say(f"for the server: {wanted.out / 'nats.conf'}")
    for file in files:
        say(f"for {file.stem}: {file}")
