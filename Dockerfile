# The image of the service, of its tools and of the sandbox: one stage installs what was pinned, the other runs it.
# Whoever builds a release names the base by its digest: --build-arg BASE=python:3.11-slim@sha256:...
ARG BASE=python:3.11-slim

FROM ${BASE} AS build
RUN python -m venv /opt/venv
COPY requirements/run.txt /tmp/run.txt
# Pinned and hash-checked, and wheels alone: what is installed here is what the tests ran with, and nothing is compiled. Then
# pip takes itself out, and the places, carriers and time zones of phone numbers go, which nothing here asks for (44 MB).
RUN /opt/venv/bin/python -m pip install --no-cache-dir --no-compile --require-hashes --only-binary :all: -r /tmp/run.txt \
    && /opt/venv/bin/python -m pip uninstall --yes setuptools pip \
    && rm -r /opt/venv/lib/python3*/site-packages/phonenumbers/geodata \
             /opt/venv/lib/python3*/site-packages/phonenumbers/carrierdata \
             /opt/venv/lib/python3*/site-packages/phonenumbers/tzdata
COPY avro /opt/app/avro
COPY capi_stream /opt/app/capi_stream
# For people in the container: kubectl exec POD -- capi-stream fuse reset
RUN printf '#!/bin/sh\nexec python -m capi_stream "$@"\n' > /opt/venv/bin/capi-stream && chmod 755 /opt/venv/bin/capi-stream
# Compiled here, since the root of the running container is read-only.
RUN /opt/venv/bin/python -m compileall -q -j 0 /opt/app/capi_stream /opt/venv/lib

FROM ${BASE}
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="capi-stream" \
      org.opencontainers.image.description="Sends commerce events from Apache Kafka to Meta's Conversions API" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
# Nothing can be installed in a running container: pip and its makers go, of the official base and of Debian's own Python.
RUN rm -rf /usr/local/bin/pip* /usr/local/lib/python3*/site-packages/* /usr/local/lib/python3*/ensurepip \
           /usr/lib/python3*/ensurepip /usr/share/python-wheels
COPY --from=build /opt/venv /opt/venv
COPY --from=build /opt/app /opt/app
ENV PATH="/opt/venv/bin:$PATH" PYTHONPATH=/opt/app PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
# A number, so that Kubernetes can tell that it is not root.
USER 10001:10001
EXPOSE 9400
# Exec form: the service is process 1 and gets SIGTERM itself. No HEALTHCHECK: Kubernetes has probes, compose.yaml its own.
ENTRYPOINT ["python", "-m", "capi_stream"]
CMD ["run", "--config", "/etc/capi-stream/config.yaml"]
