#!/usr/bin/env bash
# Install PostgreSQL for the tests of the store, unless its server is there.
set -euo pipefail
. "$(dirname "$0")/debian.sh"
if command -v initdb >/dev/null || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null; then
  exit 0
fi
install_packages postgresql
