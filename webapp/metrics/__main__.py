"""`python -m webapp.metrics HOST PORT`: /metrics for Prometheus, on a port of its
own that no visitor reaches."""

import os
import signal
import sys
from collections.abc import Iterator

import django
from django.db import connection
from prometheus_client import REGISTRY, CollectorRegistry, start_http_server
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector


def registry() -> CollectorRegistry:
    """What the web processes counted, and what the site is like now."""
    from webapp.metrics.site_figures import SiteCollector

    found = REGISTRY
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        found = CollectorRegistry()
        MultiProcessCollector(found)
    found.register(_InAThread(SiteCollector()))
    return found


class _InAThread(Collector):
    """Each question has a thread of its own, and so a connection to the database."""

    def __init__(self, site: Collector) -> None:
        self._site = site

    def collect(self) -> Iterator[Metric]:
        try:
            yield from self._site.collect()
        finally:
            connection.close()


def main(host: str, port: str) -> None:
    django.setup()
    start_http_server(int(port), host, registry())
    signal.sigwait({signal.SIGTERM, signal.SIGINT})


if __name__ == "__main__":
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.pthread_sigmask(signal.SIG_BLOCK, {number})
    main(*sys.argv[1:])
