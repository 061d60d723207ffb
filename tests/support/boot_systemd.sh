#!/bin/sh
# boot_systemd.sh FOLDER CGROUP: runs this machine's systemd as process 1 of
# namespaces of its own, with a network of its own and this machine's files,
# but for what is written there, which is forgotten with it. FOLDER is seen
# there as it is; FOLDER/etc, if it is there, lies over /etc. CGROUP is one of
# cgroup v2 that is the caller's. It ends with the process that it was started
# as, which has no end of its own.
set -eu
if [ "${1:-}" != --inside ]; then
  folder=$1
  echo $$ >"$2/cgroup.procs"
  exec unshare --pid --fork --mount --uts --ipc --net --cgroup --kill-child \
    "$0" --inside "$folder"
fi
folder=$2
root=$folder/root
mount --make-rprivate /
mkdir "$root" "$folder/layers"
mount -t tmpfs tmpfs "$folder/layers"
mkdir "$folder/layers/upper" "$folder/layers/work"
mount -t overlay overlay "$root" \
  -o "lowerdir=/,upperdir=$folder/layers/upper,workdir=$folder/layers/work"
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount -t tmpfs tmpfs "$root/run" -o mode=755
mount --bind "$folder" "$root$folder"
mount -t tmpfs tmpfs "$root/dev" -o mode=755
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts devpts "$root/dev/pts" -o newinstance,ptmxmode=0666
mount -t tmpfs tmpfs "$root/dev/shm"
for device in null zero full random urandom tty; do
  : >"$root/dev/$device"
  mount --bind "/dev/$device" "$root/dev/$device"
done
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"

# Of this machine's own units the journal, and nothing that starts at boot.
units=$root/etc/systemd/system
rm -rf "$units" "$root"/etc/rc?.d "$root/etc/fstab"
mkdir "$units"
for unit in /lib/systemd/system/*.wants/* /usr/lib/systemd/system/*.wants/*; do
  case ${unit##*/} in
    systemd-journald.s* | systemd-journald-dev-log.socket | *.target) ;;
    *) ln -sf /dev/null "$units/${unit##*/}" ;;
  esac
done
ln -s /dev/null "$units/systemd-remount-fs.service"
rm -f "$root/etc/machine-id"
: >"$root/etc/machine-id"
[ ! -d "$folder/etc" ] || cp -a "$folder/etc/." "$root/etc/"

ip link set lo up
hostname here
cd "$root"
pivot_root . mnt
umount -l /mnt
exec env -i container=other PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
  /lib/systemd/systemd --unit=multi-user.target --log-target=journal --show-status=no
