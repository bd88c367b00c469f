"""From which address a request came, the one place that decides whom to believe; and what it wants for an answer."""

from ipaddress import ip_address, ip_network

from django.conf import settings


def client_address(request):
    """The address of the client as text; None where there is none that can be believed.

    X-Forwarded-For is written by anybody; only its last hop was added by the proxy of BEHIND_PROXY.
    """
    claims = [request.META.get("REMOTE_ADDR", "")]
    if settings.BEHIND_PROXY:
        claims.insert(0, request.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2].strip())
    for claim in claims:
        try:
            found = ip_address(claim)
        except ValueError:
            continue
        if mapped := getattr(found, "ipv4_mapped", None):
            found = mapped
        return str(found).partition("%")[0]
    return None


def limited_range(address):
    """The first and last address that share a limit with this one: all 2^64 of an IPv6 household, one of IPv4."""
    network = ip_network(f"{address}/64" if ":" in address else address, strict=False)
    return str(network[0]), str(network[-1])


def limited_address(request):
    """The address under which tries to sign in are counted; None where the request has none."""
    address = client_address(request)
    return address and limited_range(address)[0]


def wants_json(request):
    """Whether a script of the paper asks, and no browser that wants a page."""
    return request.headers.get("Accept") == "application/json"
