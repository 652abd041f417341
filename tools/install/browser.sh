#!/usr/bin/env bash
# Install Chromium for the browser tests, unless a browser of its kind is there, and what the
# program that drives it is linked with (Debian 12 brings it with no other package).
set -euo pipefail
. "$(dirname "$0")/debian.sh"
wanted=()
if ! { command -v chromium || command -v chromium-browser || command -v google-chrome; } >/dev/null
then wanted+=(chromium); fi
/sbin/ldconfig -p | grep -q 'libatomic\.so\.1' || wanted+=(libatomic1)
if [ ${#wanted[@]} -gt 0 ]; then install_packages "${wanted[@]}"; fi
