"""Which internet addresses are public: those that no special-purpose registry sets aside.

https://www.iana.org/assignments/iana-ipv4-special-registry and …/iana-ipv6-special-registry. The
standard library's `is_global` is no judge of that: it takes ``::127.0.0.1``, ``2002:7f00:1::`` and
``64:ff9b::7f00:1`` for global, and differs between patch releases of Python.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

_SPECIAL_V4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # shared by carriers; some clouds' metadata
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # a public number that answers inside of Azure only
        "169.254.0.0/16",  # link-local, and most clouds' metadata
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # AMT
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)
_UNICAST_V6 = IPv6Network("2000::/3")
_SPECIAL_V6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments: Teredo, ORCHID, benchmarks
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: an IPv4 address in disguise
        "2620:4f:8000::/48",  # AS112
        "3fff::/20",  # documentation
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")
_LOW_32 = 0xFFFFFFFF


def public(address: str) -> bool:
    """Whether a numeric address is a public one. What is no numeric address is not.

    An IPv4 address inside of an IPv6 one (mapped, or behind the well-known NAT64 prefix, as every
    name resolves to in a network without IPv4) is judged by itself.
    """
    try:
        number = ip_address(address)
    except ValueError:
        return False
    if isinstance(number, IPv6Address):
        if number.scope_id is not None:
            return False
        inner = number.ipv4_mapped
        if inner is None and number in _NAT64:
            inner = IPv4Address(int(number) & _LOW_32)
        if inner is None:
            return number in _UNICAST_V6 and not any(number in each for each in _SPECIAL_V6)
        number = inner
    return not any(number in each for each in _SPECIAL_V4)
