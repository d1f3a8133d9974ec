#!/usr/bin/env bash
# pod.sh ROOT HOSTS [SOURCE:TARGET[:ro]]... -- COMMAND...
# Stands in for a container: runs a command as user 1000 with no capabilities in a root folder of its own, which has the
# machine's /usr without its /usr/share, the hosts file given, and what is mounted. To be run in a mount namespace of its
# own; nothing of it outlives that.
set -euo pipefail

root=$1 hosts=$2
shift 2
mount -t tmpfs none "$root"
mkdir -p "$root"/{usr,etc,proc,dev,tmp,var/log}
chmod 1777 "$root/tmp"
for folder in bin lib lib64 sbin; do ln -s "usr/$folder" "$root/$folder"; done
mount --rbind /usr "$root/usr"
mount -t tmpfs none "$root/usr/share"
mount --rbind /dev "$root/dev"
mount -t proc none "$root/proc"
cp -rL /etc/passwd /etc/group /etc/ssl /etc/ld.so.cache "$root/etc/"
cp "$hosts" "$root/etc/hosts"
echo "multi on" >"$root/etc/host.conf"
echo "hosts: files" >"$root/etc/nsswitch.conf"
while [[ $1 != -- ]]; do
    IFS=: read -r source target mode <<<"$1"
    if [[ -d $source ]]; then mkdir -p "$root$target"; else mkdir -p "$(dirname "$root$target")" && touch "$root$target"; fi
    mount --bind "$source" "$root$target"
    [[ $mode != ro ]] || mount -o remount,bind,ro "$root$target"
    shift
done
shift
cd /
exec chroot "$root" setpriv --reuid 1000 --regid 1000 --clear-groups --bounding-set=-all --no-new-privs "$@"
