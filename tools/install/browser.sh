#!/usr/bin/env bash
# Install Chromium for the browser tests, unless a browser of its kind is there.
set -euo pipefail
. "$(dirname "$0")/debian.sh"
for name in chromium chromium-browser google-chrome; do
  if command -v "$name" >/dev/null; then exit 0; fi
done
install_packages chromium
