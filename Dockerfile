# One image for API and workers. Every layer that fetches anything fetches what requirements/*.txt pins by hash.
# The root file system may be read-only: only /data is written, and /tmp where a tmpfs should be.
FROM python:3.12-slim-bookworm AS build
WORKDIR /build
COPY requirements/base.txt requirements/storage.txt requirements/telemetry.txt requirements/
RUN python -m venv /opt/cadenza \
 && /opt/cadenza/bin/python -m pip install --no-cache-dir --require-hashes \
      -r requirements/base.txt -r requirements/storage.txt -r requirements/telemetry.txt
COPY pyproject.toml README.md LICENSE ./
COPY src src
RUN /opt/cadenza/bin/python -m pip install --no-cache-dir --no-build-isolation --no-deps .

FROM python:3.12-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin cadenza \
 && install --directory --owner=cadenza --mode=0700 /data
COPY --from=build /opt/cadenza /opt/cadenza
ENV PATH=/opt/cadenza/bin:$PATH PYTHONDONTWRITEBYTECODE=1 CADENZA_DATA=/data
USER 10001
WORKDIR /data
VOLUME /data
EXPOSE 8765
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8765/healthz', timeout=2)"]
ENTRYPOINT ["cadenza"]
CMD ["serve", "--host", "0.0.0.0", "--workers", "1"]
