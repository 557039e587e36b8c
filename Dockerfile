# Three images: `server` (ingestor, web, bot, migrations), `publisher` (what a unit's PC carries) and `broker`.
# compose.yaml builds them; versions of all packages are pinned with hashes in requirements/.

FROM python:3.13.9-slim-bookworm AS wheel
WORKDIR /src
COPY requirements/build.txt requirements/build.txt
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements/build.txt
COPY . .
RUN pip wheel --no-cache-dir --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir /wheels .

FROM python:3.13.9-slim-bookworm AS python
# The number is that of the secrets' owner in compose.yaml.
RUN groupadd --gid 10001 octopus \
    && useradd --uid 10001 --gid octopus --home-dir /var/lib/octopus --create-home --shell /usr/sbin/nologin octopus \
    && python -m venv /opt/octopus
ENV PATH=/opt/octopus/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
# Outboxes of publishers lie here, in a volume.
WORKDIR /var/lib/octopus

FROM python AS publisher
COPY requirements/publisher.txt /tmp/requirements.txt
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes -r /tmp/requirements.txt
RUN --mount=type=bind,from=wheel,source=/wheels,target=/wheels \
    pip install --no-cache-dir --disable-pip-version-check --no-deps /wheels/*.whl
USER 10001:10001
CMD ["octopus", "publisher"]

FROM python AS server
COPY requirements/all.txt /tmp/requirements.txt
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes -r /tmp/requirements.txt
RUN --mount=type=bind,from=wheel,source=/wheels,target=/wheels \
    pip install --no-cache-dir --disable-pip-version-check --no-deps /wheels/*.whl
USER 10001:10001
CMD ["octopus", "web"]

FROM eclipse-mosquitto:2.0.22 AS broker
# Not /mosquitto/data: the image declares it as a volume, where a builder may drop a change of owner.
RUN addgroup -S -g 10001 octopus && adduser -S -D -H -u 10001 -G octopus octopus \
    && mkdir /var/lib/mosquitto && chown octopus:octopus /var/lib/mosquitto
COPY --chown=10001:10001 --chmod=0600 broker/compose.conf /mosquitto/config/mosquitto.conf
USER 10001:10001
CMD ["mosquitto", "-c", "/mosquitto/config/mosquitto.conf"]
