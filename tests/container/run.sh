#!/usr/bin/env bash
# Builds the image, runs it, and checks what it does: `make container` calls this.
#
# With ../shared/tools/container_test.sh beside the repository that needs no engine of one's own (but
# root on Debian); without it, Docker or another engine that takes Docker's commands, on Linux.
set -euo pipefail
cd "$(dirname "$0")/../.."

tool=../shared/tools/container_test.sh
if [ -x "$tool" ]; then
  export WORK=${WORK:-/var/tmp/container-test}
  # Else Podman would look for images and containers in the system's own store.
  export CONTAINERS_STORAGE_CONF=$WORK/storage.conf CONTAINERS_CONF=$WORK/containers.conf
  # Where it fails, the tool leaves its container running.
  trap 'podman rm -f -t 2 app-run >/dev/null 2>&1 || true' EXIT
  "$tool" . app 8080 /readyz
else
  export CONTAINER_ENGINE=${CONTAINER_ENGINE:-docker}
  "$CONTAINER_ENGINE" build -t localhost/app:test .
fi

export DEMO_IMAGE=localhost/app:test REQUIRE_BROWSER=1
.venv/bin/python -m pytest tests/container/check_container.py tests/container/check_space.py
