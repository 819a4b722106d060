#!/bin/sh
# Install Sihu from this folder, without a network:  sh install.sh [TARGET]   (default /opt/sihu)
# PYTHON names another interpreter than python3. A second run over the same target brings it up to date.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
target=${1:-/opt/sihu}
python=${PYTHON:-python3}

say() { printf 'install.sh: %s\n' "$*" >&2; }

cd "$here"
sha256sum --quiet --strict --check SHA256SUMS || { say "the folder is not what was packed: copy it again"; exit 1; }

wanted=$(cat python-version)
found=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])') || { say "no $python here"; exit 1; }
if [ "$found" != "$wanted" ]; then
  say "these wheels are for Python $wanted, $python is $found: name another with PYTHON=..., or pack the folder with $found"
  exit 1
fi

say "making $target"
"$python" -m venv "$target" || { say "cannot make $target (Debian: the package python3-venv)"; exit 1; }
"$target/bin/python" -m pip --isolated --disable-pip-version-check install --quiet --no-index --no-deps --require-hashes \
  --only-binary :all: --find-links wheels --requirement requirements.txt
"$target/bin/python" -m pip --disable-pip-version-check check >&2
say "installed: $target/bin/sihu --help"
