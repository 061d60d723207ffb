#!/bin/bash
# try_deb.sh [--debootstrap SUITE] DEB: installs a package, uses it, upgrades
# it, removes and purges it, and looks whether the machine is as it was before.
#
# The machine is this one, under a layer that takes what is written and is gone
# afterwards, with namespaces of its own; or a new Debian from debootstrap, by
# the mirror that apt has here, which is kept in /var/tmp for the next time.
# Wants root. Figures are lines that begin with "figure".
set -euo pipefail

self=$(realpath "$0")

fail() {
  printf 'try_deb: %s\n' "$*" >&2
  exit 1
}

ok() { printf 'ok  %s\n' "$*"; }

# expect WHAT COMMAND...: it has to succeed.
expect() {
  local what=$1
  shift
  "$@" || fail "not so: $what"
  ok "$what"
}

not() { ! "$@"; }

# --- on this machine -------------------------------------------------------

# new_debian SUITE: prints the folder of a fresh one.
new_debian() {
  local suite=$1 mirror
  local folder=/var/tmp/postern-debootstrap-$suite
  if [[ ! -e $folder/.complete ]]; then
    # shellcheck disable=SC2016 # for apt
    mirror=$(apt-get indextargets --format '$(REPO_URI)' "Codename: $suite" \
      'Component: main' 'Created-By: Packages' | head -n 1)
    [[ $mirror ]] || fail "apt has no mirror for $suite on this machine"
    rm -rf "$folder"
    debootstrap --variant=minbase --include=adduser "$suite" "$folder" \
      "$mirror" >"$folder.log" || fail "debootstrap failed: see $folder.log"
    touch "$folder/.complete"
  fi
  echo "$folder"
}

# newer DEB FILE: the same package as the next version, with another conffile.
newer() {
  local tree
  tree=$(mktemp -d)
  dpkg-deb --raw-extract "$1" "$tree/package"
  sed -i 's/^Version: .*/&+newer/' "$tree/package/DEBIAN/control"
  echo '# This line is new.' >>"$tree/package/etc/postern/postern.toml"
  dpkg-deb --root-owner-group -Znone --build "$tree/package" "$2" >/dev/null
  rm -r "$tree"
}

outside() {
  local lower=/ deb work status=0
  if [[ ${1:-} = --debootstrap ]]; then
    lower=$(new_debian "$2")
    shift 2
  fi
  [[ $# -eq 1 ]] || fail 'usage: try_deb.sh [--debootstrap SUITE] DEB'
  deb=$(realpath "$1")
  work=$(mktemp -d)
  newer "$deb" "$work/newer.deb"
  unshare --mount --net --pid --fork --kill-child \
    "$self" --inside "$lower" "$work" "$deb" || status=$?
  rm -r "$work"
  return "$status"
}

# --- in namespaces of its own ----------------------------------------------

inside() {
  local lower=$1 work=$2 deb=$3 root=$2/root place
  mount --make-rprivate /
  mkdir "$work/layer" "$root"
  mount -t tmpfs layer "$work/layer"
  mkdir "$work/layer/upper" "$work/layer/work"
  mount -t overlay overlay "$root" \
    -o "lowerdir=$lower,upperdir=$work/layer/upper,workdir=$work/layer/work"
  mount -t proc proc "$root/proc"
  mount --rbind /dev "$root/dev"
  for place in run tmp; do mount -t tmpfs "$place" "$root/$place"; done
  ip link set lo up
  cp "$self" "$deb" "$root/tmp"
  cp "$work/newer.deb" "$root/tmp/newer.deb"
  # What was put there without a package is none of this package's.
  for place in "${places[@]}"; do rm -rf "${root:?}/$place"; done
  # Whether packages may start and stop services is asked of this program.
  : >>"$root/usr/sbin/policy-rc.d"
  mount --bind /bin/true "$root/usr/sbin/policy-rc.d"
  # What indexes all the manual pages of a machine takes seconds each time.
  [[ ! -e $root/usr/bin/mandb ]] || mount --bind /bin/true "$root/usr/bin/mandb"
  find "$work/layer/upper" -mindepth 1 -printf '%P\n' >"$work/before"
  chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    DEBIAN_FRONTEND=noninteractive \
    "/tmp/${self##*/}" --steps "/tmp/${deb##*/}" /tmp/newer.deb
  left_over "$lower" "$work/layer/upper" "$work/before"
}

# Where the package has something.
places=(var/lib/postern etc/postern etc/init.d/postern usr/bin/postern
  etc/fail2ban/filter.d/postern.conf)

# What dpkg and its like keep of their own work.
own_records='^(var/lib/dpkg/|var/log/(dpkg|alternatives)\.log$|var/cache/(man|ldconfig|debconf)/|etc/(passwd|group|shadow|gshadow|subuid|subgid)-$|etc/\.pwd\.lock$|etc/init\.d/\.depend\.|var/lib/systemd/deb-systemd-helper)'

# left_over LOWER UPPER BEFORE: what is otherwise than before, but for the paths
# of a file, which were otherwise before the package came.
left_over() {
  local lower=$1 upper=$2 before=$3 path found=()
  while IFS= read -r path; do
    [[ $path =~ $own_records ]] && continue
    # insserv numbers others' links anew whenever one comes or goes.
    [[ $path =~ ^etc/rc[0-6S]\.d/ && $path != *postern* ]] && continue
    if [[ -d $upper/$path && -d $lower/$path ]]; then continue; fi
    if [[ -f $upper/$path && -f $lower/$path ]] &&
      cmp -s "$upper/$path" "$lower/$path"; then continue; fi
    found+=("$path")
  done < <(find "$upper" -mindepth 1 -printf '%P\n' | sort |
    grep --invert-match --line-regexp --fixed-strings --file="$before")
  if ((${#found[@]})); then
    printf 'left over, changed or gone: /%s\n' "${found[@]}" >&2
    fail 'the machine is not as it was before'
  fi
  ok 'after the purge the machine is as it was before'
}

# --- in the machine --------------------------------------------------------

config=/etc/postern/postern.toml
init=/etc/init.d/postern
mail=/var/lib/postern/Maildir

# milliseconds COMMAND...
milliseconds() {
  local began=${EPOCHREALTIME/[.,]/} ended
  "$@" >/dev/null
  ended=${EPOCHREALTIME/[.,]/}
  echo $(((ended - began) / 1000))
}

listens() { (exec 3<>/dev/tcp/127.0.0.1/25) 2>/dev/null; }

# Sends a message, and prints what the gate says.
send() {
  local line reply
  exec 3<>/dev/tcp/127.0.0.1/25
  for line in '' 'EHLO localhost' 'MAIL FROM:<you@example.org>' \
    'RCPT TO:<me@localhost>' DATA $'Subject: hello\r\n\r\nIt works.\r\n.' QUIT; do
    [[ -z $line ]] || printf '%s\r\n' "$line" >&3
    while IFS= read -r reply <&3; do
      printf '%s\n' "${reply%$'\r'}"
      [[ $reply = ???-* ]] || break
    done
  done
  exec 3>&-
}

is_gone() {
  ! readlink /proc/[0-9]*/exe | grep -q '^/usr/bin/postern' && ! listens
}

start_and_send() {
  local ms
  ms=$(milliseconds "$init" start) || fail "not so: the init script starts it"
  printf 'figure  start by the init script %s ms\n' "$ms"
  expect "$1: its status is 0" "$init" status
  expect "$1: a message is taken" grep -q '^250 .*' <(send | tail -n 2)
}

steps() {
  local deb=$1 newer=$2 ms
  cd /
  ms=$(milliseconds dpkg --install "$deb")
  ok 'it is installed'
  printf 'figure  installation %s ms\n' "$ms"
  printf 'figure  installed size %s KiB\n' \
    "$(dpkg-query -W -f '${Installed-Size}' postern)"
  postern --version >/dev/null
  printf 'figure  postern --version %s ms\n' "$(milliseconds postern --version)"
  expect 'every file is as it was packed' dpkg --verify postern
  expect 'the user is there, and cannot log in' \
    grep -q '^postern:.*:/usr/sbin/nologin$' /etc/passwd
  expect 'its home is its own' \
    test "$(stat -c '%U:%G %a' /var/lib/postern)" = 'postern:postern 750'
  expect 'nothing runs' not listens
  expect 'no runlevel starts it' not compgen -G '/etc/rc?.d/S*postern'
  expect 'systemd does not start it' \
    not compgen -G '/etc/systemd/system/*.wants/postern*'
  expect 'the classic names are there, and work' \
    grep -q 'usage: tcprules ' <(/usr/lib/postern/bin/tcprules 2>&1)
  expect 'and are taken from nobody' \
    not grep -q '^/usr/s\?bin/[^p]' <(dpkg --listfiles postern)
  expect 'the configuration is well' postern serve --check --config "$config"

  if command -v systemd-analyze >/dev/null; then
    expect 'systemd has nothing to say of the unit' \
      test -z "$(systemd-analyze verify postern.service 2>&1)"
  fi

  start_and_send 'before the upgrade'
  expect 'the message is in the mailbox of postern' \
    test "$(stat -c %U "$mail"/new/*)" = postern

  echo '# Edited by hand.' >>"$config"
  local before after
  before=$("$init" status)
  dpkg --force-confdef --force-confold --install "$newer" >/dev/null
  expect 'it is the new version' \
    grep -q newer <(dpkg-query -W -f '${Version}' postern)
  expect 'what was edited is kept' grep -q '^# Edited by hand' "$config"
  expect 'what is new lies beside it' \
    grep -q '^# This line is new' "$config.dpkg-dist"
  expect 'the gate runs' "$init" status
  after=$("$init" status)
  expect 'and is another process than before' test "$before" != "$after"
  expect 'which takes mail' grep -q '^250 .*' <(send | tail -n 2)

  dpkg --remove postern >/dev/null
  expect 'removed: nothing runs' is_gone
  expect 'removed: the configuration is there' test -e "$config"
  expect 'removed: the program is not' not test -e /usr/bin/postern
  expect 'removed: nothing is in /run' not compgen -G '/run/postern*'
  dpkg --purge postern >/dev/null
  expect 'purged: the configuration is gone' not test -e /etc/postern
  expect 'purged: mail is there' \
    test "$(find "$mail/new" -type f | wc -l)" = 2
  expect 'purged: and so is who owns it' grep -q ^postern: /etc/passwd

  dpkg --install "$deb" >/dev/null
  rm "$mail"/new/*
  dpkg --purge postern >/dev/null
  expect 'purged without mail: no mailbox' not test -e /var/lib/postern
  expect 'purged without mail: no user' not grep -q ^postern: /etc/passwd
}

case ${1:-} in
  --inside) shift && inside "$@" ;;
  --steps) shift && steps "$@" ;;
  *) outside "$@" ;;
esac
