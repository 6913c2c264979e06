FROM python:3.11-slim-bookworm
ARG TOOLS=""
RUN if [ -n "$TOOLS" ]; then apt-get update && apt-get install --yes --no-install-recommends $TOOLS && rm -rf /var/lib/apt/lists/*; fi
WORKDIR /app
COPY requirements.lock pyproject.toml README.md LICENSE ./
RUN pip install --no-cache-dir --require-hashes -r requirements.lock
COPY bot bot
COPY agents agents
COPY orchestrator orchestrator
COPY storage storage
RUN pip install --no-cache-dir --no-deps --no-build-isolation . && useradd --create-home majordomo && mkdir -m 0700 /app/data && chown majordomo /app/data
USER majordomo
ENV MAJORDOMO_HOST=0.0.0.0 MAJORDOMO_CONFIG=/app/data/majordomo.yaml
VOLUME /app/data
EXPOSE 8080
ENTRYPOINT ["majordomo"]
CMD ["run"]
