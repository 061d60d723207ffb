#!/bin/sh
# Unpacks servers that Debian would not install beside each other, without
# installing them: into the cache, where tests/support/peers.ts looks.
set -eu

cache=${POSTERN_CACHE:-}
if [ -z "$cache" ]; then
  if [ -n "${XDG_CACHE_HOME:-}" ]; then cache=$XDG_CACHE_HOME/postern
  elif [ -n "${HOME:-}" ]; then cache=$HOME/.cache/postern
  else cache=$(CDPATH='' cd -P "$(dirname "$0")/../.." && pwd)/.toolchain
  fi
fi
for package in exim4-daemon-light opensmtpd openbsd-inetd inetutils-inetd; do
  target=$cache/peers/$package
  [ ! -d "$target" ] || continue
  work=$(mktemp -d)
  (cd "$work" && apt-get download -qq "$package" && dpkg -x ./*.deb unpacked)
  mkdir -p "$cache/peers"
  mv "$work/unpacked" "$target"
  rm -r "$work"
done
