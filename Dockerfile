# Argent in a container: `docker build -t argent .`, then deploy/compose.yaml.
#
# Two stages, so that nothing that builds is in what runs. Both begin with the same Debian: a virtual
# environment is bound to its interpreter. tests/image carries these steps out in a plain root folder
# and starts what comes of them, so keep to FROM, ARG, ENV, WORKDIR, COPY, RUN and what only describes.
ARG DEBIAN=trixie

FROM debian:${DEBIAN}-slim AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates python3 python3-venv
WORKDIR /build
# What rarely changes comes first: a change of the sources does not fetch the libraries again.
COPY requirements.lock requirements-build.lock ./
RUN python3 -m venv /opt/argent \
 && /opt/argent/bin/pip install --no-cache-dir --no-compile --require-hashes -r requirements.lock \
 && python3 -m venv /opt/build \
 && /opt/build/bin/pip install --no-cache-dir --require-hashes -r requirements-build.lock
COPY pyproject.toml README.md LICENSE CHANGELOG.md ./
COPY state state
COPY agents agents
COPY channels channels
COPY gateway gateway
# Compiled here, because the root of what runs is read-only: a start without .pyc files takes two to
# five times as long.
RUN /opt/build/bin/pip wheel --no-deps --no-build-isolation --no-index --wheel-dir /wheels . \
 && /opt/argent/bin/pip install --no-deps --no-index --no-compile /wheels/*.whl \
 && /opt/argent/bin/pip uninstall -y pip \
 && /opt/argent/bin/python -m compileall -q -j 0 /opt/argent

FROM debian:${DEBIAN}-slim
# bubblewrap is the sandbox, where the container may make namespaces (see deploy/compose.yaml); tini
# reaps what commands leave behind, which process 1 has to.
RUN apt-get update \
 && apt-get install -y --no-install-recommends bubblewrap ca-certificates python3 tini tzdata \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --user-group --home-dir /var/lib/argent --shell /usr/sbin/nologin argent \
 && install -d -o argent -g argent -m 0700 /var/lib/argent
COPY --from=build /opt/argent /opt/argent
ENV PATH=/opt/argent/bin:/usr/local/bin:/usr/bin:/bin \
    ARGENT_STATE_DIR=/var/lib/argent \
    PYTHONDONTWRITEBYTECODE=1
USER argent
WORKDIR /var/lib/argent
VOLUME /var/lib/argent
# A start that upgrades the state backs it up before; ended in the midst, it would begin again.
HEALTHCHECK --interval=30s --timeout=5s --start-period=1h --retries=3 CMD ["argent", "status", "--check", "live"]
ENTRYPOINT ["tini", "--", "argent"]
CMD ["gateway", "run"]
