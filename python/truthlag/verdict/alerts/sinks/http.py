"""One POST over HTTP, by urllib3, whose addresses are secrets: they are in no log, no error and no representation."""

import contextlib
import logging
import threading
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import SplitResult, urlsplit

from truthlag.verdict.alerts.sinks.delivery import DeliveryError

_RETRIED = frozenset({408, 425, 429, 500, 502, 503, 504})
_LOGGERS = tuple(
    f"urllib3.{name}" for name in ("connection", "connectionpool", "poolmanager", "response", "util.retry")
)
_MISSING = "webhooks need `urllib3`, not installed here; run: pip install 'truthlag[alerts]'"


def urllib3_or_error() -> Any:
    """The package; ImportError says how to get it."""
    try:
        import urllib3
    except ImportError as error:
        raise ImportError(_MISSING, name="urllib3") from error
    return urllib3


def checked_url(name: str, url: Any) -> str:
    """An address that can be posted to. The error does not show it."""
    allowed = f"{name} must be a http:// or https:// address"
    if not isinstance(url, str):
        raise TypeError(f"{allowed}, got an object of type {type(url).__name__}")
    parts = _split(url)
    if (
        parts is None
        or parts.scheme not in {"http", "https"}
        or not parts.hostname
        or not url.isprintable()
        or " " in url
    ):
        raise ValueError(f"{allowed}, got a str of {len(url)} characters that is none")
    if parts.username is not None or parts.password is not None:
        raise ValueError(f"{allowed} without a user or a password; give them in `headers`")
    return url


def shown_url(url: str) -> str:
    """The part of an address that is no secret."""
    parts = _split(url)
    return "" if parts is None else f"{parts.scheme}://{parts.hostname}/..."


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - raises where it is no number
    except ValueError:
        return None
    return parts


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    connect_timeout: float,
    read_timeout: float,
    ca_certificates: str | None,
) -> None:
    """Post; DeliveryError unless the answer is a 2xx. Redirects are not followed: they would take the secret elsewhere.

    The connection is made for this request alone, so that nothing of it is there to be shared by a fork. A proxy of the
    environment (`HTTPS_PROXY`, `NO_PROXY`) is used.
    """
    urllib3 = urllib3_or_error()
    timeout = urllib3.Timeout(connect=connect_timeout, read=read_timeout)
    with _hushed():
        try:
            with _pool(urllib3, url, ca_certificates) as pool:
                response = pool.request(
                    "POST",
                    url,
                    body=body,
                    headers=dict(headers),
                    timeout=timeout,
                    retries=False,
                    redirect=False,
                    preload_content=False,
                )
                status, asked = response.status, response.headers.get("Retry-After")
                response.close()
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise DeliveryError(type(error).__name__) from None
    if not 200 <= status < 300:
        raise DeliveryError(f"HTTP {status}", is_final=status not in _RETRIED, asked=_seconds(asked))


def _pool(urllib3: Any, url: str, ca_certificates: str | None) -> Any:
    from urllib.request import getproxies, proxy_bypass

    parts = urlsplit(url)
    settings = {"num_pools": 1, "maxsize": 1, "cert_reqs": "CERT_REQUIRED", "ca_certs": ca_certificates}
    proxy = getproxies().get(parts.scheme)
    if proxy is None or proxy_bypass(parts.hostname or ""):
        return urllib3.PoolManager(**settings)
    return urllib3.ProxyManager(proxy if "://" in proxy else f"http://{proxy}", **settings)


def _seconds(value: str | None) -> float | None:
    """`Retry-After` in seconds; its other form, a date, is passed over."""
    return float(value) if value is not None and value.isascii() and value.isdigit() and len(value) < 10 else None


class _Private(threading.local):
    is_active = False


class _Hush(logging.Filter):
    """Drops what urllib3 logs of our requests, which names their addresses; what it logs of others' goes on."""

    def filter(self, record: logging.LogRecord) -> bool:  # noqa: ARG002 - the thread decides
        return not _private.is_active


_private = _Private()
_hush = _Hush()


@contextlib.contextmanager
def _hushed() -> Iterator[None]:
    for name in _LOGGERS:
        # Once: a logger keeps no filter twice.
        logging.getLogger(name).addFilter(_hush)
    _private.is_active = True
    try:
        yield
    finally:
        _private.is_active = False
