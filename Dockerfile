# Two stages: the first installs and prunes, the second holds only what serving needs.
ARG BASE_IMAGE=python:3.11-slim

FROM ${BASE_IMAGE} AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /build
RUN python -m venv /opt/venv
COPY requirements-serve.lock .
RUN /opt/venv/bin/pip install --quiet --require-hashes -r requirements-serve.lock
# Of the landmark package only the 5-point model and the detector are used, 10 MB of 126. What else is
# not read here goes too: all of OpenCV's cascades but one, LiteRT's accelerators and their compilers, Gradio's server for Node and its
# sample media, DuckDB (the page gives films' tables as CSV), pip, all tests.
# Bytecode is compiled now: the file system is read-only when the container runs.
RUN set -eu; site=$(/opt/venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))'); \
    find "$site/face_recognition_models/models" -name '*.dat' ! -name 'shape_predictor_5_*' ! -name 'mmod_*' -delete; \
    find "$site/cv2/data" -name 'haarcascade_*.xml' ! -name '*_frontalface_default.xml' -delete; \
    rm -rf "$site/ai_edge_litert/libLiteRtWebGpuAccelerator.so" "$site/ai_edge_litert/vendors" \
        "$site/ai_edge_litert/tools" "$site/ai_edge_litert/aot" \
        "$site/gradio/templates/node" "$site/gradio/media_assets"; \
    find "$site" -depth -type d \( -name tests -o -name test \) -exec rm -rf {} +; \
    /opt/venv/bin/python -m pip uninstall --quiet --yes duckdb setuptools pip; \
    python -m compileall -q -j 0 "$site"
COPY preprocessing /app/preprocessing
COPY model /app/model
COPY demo /app/demo
COPY LICENSE /app/LICENSE
RUN python -m compileall -q /app

FROM ${BASE_IMAGE}
LABEL org.opencontainers.image.title="facial-expression-demo" \
      org.opencontainers.image.description="Reads the expression of every face in a photograph" \
      org.opencontainers.image.licenses="MIT"
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    DEMO_HOST=0.0.0.0 \
    PORT=8080 \
    DEMO_LOG_REQUESTS=1 \
    DEMO_REQUESTS_PER_MINUTE=120 \
    # What is written is the page's short-lived uploads, and that goes to /tmp alone.
    HOME=/tmp GRADIO_TEMP_DIR=/tmp/gradio MPLCONFIGDIR=/tmp/matplotlib
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
WORKDIR /app
USER 10001:10001
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=3s --start-period=20s \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/healthz', timeout=2)"]
CMD ["python", "-m", "demo.app"]
