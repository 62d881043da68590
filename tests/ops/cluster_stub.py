"""A stand-in for kube-state-metrics: what it says of pods, as far as the dashboard asks."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SERIES = """\
kube_pod_container_resource_limits{{namespace="{namespace}",pod="{pod}",container="capi-stream",resource="memory"}} 536870912
kube_pod_container_status_last_terminated_reason{{namespace="{namespace}",pod="{pod}",container="capi-stream",reason="OOMKilled"}} 1
"""  # noqa: E501


@contextmanager
def cluster(namespace: str, pod: str) -> Iterator[str]:
    """Its address as `host:port`, until the block ends; it knows this pod."""
    said = SERIES.format(namespace=namespace, pod=pod).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()
