#!/usr/bin/env bash
# Make the virtual environment DIR with uv in it: venv.sh PYTHON DIR
set -euo pipefail
. "$(dirname "$0")/debian.sh"
python=$1 dir=$2
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
  echo "Palier needs Python 3.11 or newer: make PYTHON=python3.12 …" >&2
  exit 1
}
# A fresh Debian or Ubuntu has python3 without its venv module, and leaves half a folder behind.
"$python" -m venv --clear "$dir" || {
  install_packages python3-venv
  "$python" -m venv --clear "$dir"
}
"$dir/bin/python" -m pip install --quiet --disable-pip-version-check uv==0.13.9
