# syntax=docker/dockerfile:1
# Two images of one file: `run` (the last stage, what is built without a word) is the code server, every coordinator
# and every step; `--target host` is the webserver and the daemon of open-source Dagster. Dagster+ needs only `run`.
# Neither holds a compiler, pip, tests, or development's packages.

# a tag moves: give the digest that your registry has, PYTHON=3.11-slim-bookworm@sha256:... (docs/ecs.md)
ARG PYTHON=3.11-slim-bookworm

FROM python:${PYTHON} AS packages
ENV PYTHONDONTWRITEBYTECODE=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv --without-pip /venv
# run: open-source Dagster; plus: with dagster-cloud, whose instance coordinators and steps of Dagster+ Hybrid load
ARG PACKAGES=run
COPY requirements/${PACKAGES}.txt /requirements/packages.txt
# wheels only: a package that would have to be compiled fails here instead of bringing a compiler
RUN python -m pip --python /venv/bin/python install --require-hashes --only-binary=:all: -r /requirements/packages.txt \
    && find /venv -type d -name tests -path '*/site-packages/*' -prune -exec rm -rf {} + \
    && /venv/bin/python -m compileall -q -j 0 /venv
# in place of a package that is not there: it says which requirements set has it
COPY deploy/no_dagster_cloud.py /requirements/dagster_cloud.py
RUN site=$(/venv/bin/python -c "import sysconfig; print(sysconfig.get_path('purelib'))") \
    && { test -d "$site/dagster_cloud" || cp /requirements/dagster_cloud.py "$site/dagster_cloud.py"; }

FROM packages AS host-packages
COPY requirements/host.txt /requirements/host.txt
RUN python -m pip --python /venv/bin/python install --require-hashes --only-binary=:all: -r /requirements/host.txt

FROM python:${PYTHON} AS base
RUN useradd --system --uid 1000 --home-dir /app --shell /usr/sbin/nologin app \
    && pip uninstall --yes pip setuptools wheel
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    DAGSTER_HOME=/app/deploy \
    DAGSTER_DISABLE_TELEMETRY=yes
WORKDIR /app
COPY deploy/dagster.yaml deploy/workspace.yaml /app/deploy/

FROM base AS host
COPY --from=host-packages /venv /venv
USER 1000
CMD ["dagster-webserver", "--host", "0.0.0.0", "--port", "3000", "--workspace", "/app/deploy/workspace.yaml"]

FROM base AS run
COPY --from=packages /venv /venv
COPY definitions.py pyproject.toml /app/
COPY raw /app/raw
COPY transformed /app/transformed
COPY consolidated /app/consolidated
COPY resources /app/resources
RUN python -m compileall -q /app
USER 1000
CMD ["dagster", "api", "grpc", "--host", "0.0.0.0", "--port", "4000", "--module-name", "definitions"]
