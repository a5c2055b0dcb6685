# One image a role; the OCR models come inside a wheel, so nothing is fetched when a container starts.
#   docker build --target worker -t pantry-worker .
#   docker build --target agent -t pantry-agent .
#   docker build --target api -t pantry-api .
FROM python:3.12-slim AS base
ENV PYTHONUNBUFFERED=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN useradd --create-home --uid 10001 pantry && install -d -o pantry -g pantry /data /receipts
WORKDIR /app
COPY pyproject.toml README.md LICENSE ./
COPY .ci/constraints.txt ./constraints.txt
COPY pantry_queue ./pantry_queue
COPY console ./console

FROM base AS console
RUN pip install -c constraints.txt .
USER pantry
ENTRYPOINT ["pantry-console"]

FROM base AS worker
RUN pip install -c constraints.txt '.[worker]'
USER pantry
# The first signal lets the running job end; compose waits for that (stop_grace_period).
STOPSIGNAL SIGTERM
CMD ["python", "-m", "pantry_queue.workers.worker"]

FROM base AS receipts
RUN pip install -c constraints.txt '.[receipts]'
USER pantry

FROM receipts AS agent
ENV IMAGE_ROOTS=/receipts AGENT_HOST=0.0.0.0 AGENT_PORT=8002
EXPOSE 8002
CMD ["python", "-m", "pantry_queue.receipts.agent"]

FROM receipts AS api
ENV RECEIPTS_DIR=/receipts API_HOST=0.0.0.0 API_PORT=8000
EXPOSE 8000
CMD ["python", "-m", "pantry_queue.receipts.api"]
