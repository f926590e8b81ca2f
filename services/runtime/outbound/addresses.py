"""Which addresses may be connected to: pure.

Private ranges and loopback are where clusters live, so they are allowed. Never allowed are places
that answer only because of where we run: link-local neighbours and the metadata services of
clouds, which hand credentials to whoever asks. Nor is what is no host at all (unspecified,
multicast, broadcast). An IPv6 address that carries an IPv4 address is judged by that one too.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_METADATA = frozenset(
    map(
        ip_address,
        (
            "169.254.169.254",  # AWS, Azure, Google, OpenStack and others
            "fd00:ec2::254",  # AWS
            "fd20:ce::254",  # Google
            "100.100.100.200",  # Alibaba
            "168.63.129.16",  # Azure's host agent
        ),
    )
)
_NO_HOSTS: tuple[tuple[Network, str], ...] = tuple(
    (ip_network(network), reason)
    for network, reason in (
        ("169.254.0.0/16", "a link-local address"),
        ("fe80::/10", "a link-local address"),
        ("0.0.0.0/8", "an unspecified address"),
        ("::/128", "an unspecified address"),
        ("224.0.0.0/4", "a multicast address"),
        ("ff00::/8", "a multicast address"),
        ("255.255.255.255/32", "the broadcast address"),
    )
)
# Where an IPv6 network keeps an IPv4 address: how many bits stand right of it.
_CARRIERS: tuple[tuple[IPv6Network, int], ...] = (
    (IPv6Network("::ffff:0:0/96"), 0),  # IPv4-mapped, RFC 4291
    (IPv6Network("::/96"), 0),  # IPv4-compatible, RFC 4291
    (IPv6Network("::ffff:0:0:0/96"), 0),  # IPv4-translated, RFC 2765
    (IPv6Network("64:ff9b::/96"), 0),  # NAT64, RFC 6052
    (IPv6Network("64:ff9b:1::/48"), 0),  # NAT64 of one's own, RFC 8215, used as a /96
    (IPv6Network("2002::/16"), 80),  # 6to4, RFC 3056
)
_LOCAL_NAT64 = IPv6Network("64:ff9b:1::/48")
_LOOPBACK6 = IPv6Address("::1")


@dataclass(frozen=True, slots=True)
class AddressRules:
    """What is refused, less what the settings allow."""

    allowed: frozenset[Network] = frozenset()
    """Networks that may be reached all the same. A metadata address must be named by itself
    (as a /32 or /128): a network around it does not open it."""

    def refusal(self, address: Address) -> str | None:
        """What is wrong with an address, as in "it is ..."; None: it may be connected to."""
        for form in (address, *_carried(address)):
            reason = self._judged(form)
            if reason is not None:
                return reason
        return None

    def _judged(self, address: Address) -> str | None:
        if _without_zone(address) in _METADATA:
            named = ip_network(_without_zone(address)) in self.allowed
            return None if named else "a cloud metadata address"
        if any(address in network for network in self.allowed):
            return None
        return next((reason for network, reason in _NO_HOSTS if address in network), None)


def _without_zone(address: Address) -> Address:
    # fe80::1%eth0 and fe80::1 are unequal to Python.
    return IPv6Address(int(address)) if isinstance(address, IPv6Address) else address


def _carried(address: Address) -> Iterator[IPv4Address]:
    """The IPv4 addresses that an IPv6 address may lead to."""
    if isinstance(address, IPv4Address) or _without_zone(address) == _LOOPBACK6:
        return
    bits = int(address)
    for network, behind in _CARRIERS:
        if address in network:
            yield IPv4Address((bits >> behind) & 0xFFFF_FFFF)
    if address in _LOCAL_NAT64:
        # As a /48 the address lies round the "u" octet (RFC 6052, section 2.2).
        yield IPv4Address(((bits >> 64) & 0xFFFF) << 16 | ((bits >> 40) & 0xFFFF))
    teredo = address.teredo
    if teredo is not None:
        yield from teredo
