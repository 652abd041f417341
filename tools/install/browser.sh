#!/usr/bin/env bash
# Install Chromium for the browser tests, unless a browser of its kind is there, and what the
# program that drives it is linked with (Debian 12 brings it with no other package).
set -euo pipefail
. "$(dirname "$0")/debian.sh"
has() { command -v "$1" >/dev/null; }
if ! has chromium-headless-shell; then
  # The one without windows takes a third less of the processor; Debian has it, others may not.
  if ! { has chromium || has chromium-browser || has google-chrome; }; then
    install_packages chromium-headless-shell fonts-liberation 2>/dev/null ||
      install_packages chromium fonts-liberation
  elif [ "$(id -u)" = 0 ]; then
    install_packages chromium-headless-shell >/dev/null 2>&1 ||
      echo "Palier: the tests use the Chromium that is here; chromium-headless-shell would be quicker."
  fi
fi
if ! /sbin/ldconfig -p | grep -q 'libatomic\.so\.1'; then install_packages libatomic1; fi
