#!/usr/bin/env bash
# Install Chromium for the browser tests, unless a browser of its kind is there, and what the
# program that drives it is linked with (Debian 12 brings it with no other package).
set -euo pipefail
. "$(dirname "$0")/debian.sh"
/sbin/ldconfig -p | grep -q 'libatomic\.so\.1' || install_packages libatomic1
if ! command -v chromium-headless-shell chromium chromium-browser google-chrome >/dev/null
then
  # The build without windows takes less of the processor; not every distribution has it.
  install_packages chromium-headless-shell || install_packages chromium
fi
