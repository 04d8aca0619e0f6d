#!/usr/bin/env bash
# Gradescope runs this once, as root, when it builds the image: Python, what walls are made of, and the grader.
set -euo pipefail
home=${AUTOGRADER:-/autograder}

find_python() {
  for name in /usr/bin/python3.13 /usr/bin/python3.12 /usr/bin/python3.11 /usr/bin/python3 /usr/local/bin/python3; do
    if "$name" -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null; then
      echo "$name"
      return
    fi
  done
  return 1
}

# Hidden tests lie here, and submissions run as another user.
chmod 700 "$home/source"

export DEBIAN_FRONTEND=noninteractive
apt-get -q update
apt-get -q install -y --no-install-recommends libseccomp2 util-linux
if ! find_python > /dev/null; then
  for version in 3.13 3.12 3.11; do
    apt-get -q install -y --no-install-recommends "python$version" "python$version-venv" && break
  done
fi
python=$(find_python) || {
  echo "there is no Python 3.11 or later for this image; choose a newer base image, Ubuntu 24.04 for example" >&2
  exit 1
}
"$python" -m venv "$home/grader"
"$home/grader/bin/python" -m pip install -q "$home/source"
"$home/grader/bin/grader" doctor --course "$home/source"
