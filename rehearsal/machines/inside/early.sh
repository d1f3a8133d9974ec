#!/bin/sh
# Runs first in a rehearsed machine: gives it what an EC2 instance finds, on a kernel that is not its own.
set -u
work=/run/rehearsal
mkdir -p "$work/sys" "$work/sysctl"
mount --make-rprivate /

# /sys as containers have it: its top is the machine's own and read-only, by which udev and networkd know that devices
# are not theirs to set up. cloud-init knows EC2 by what the hypervisor says, on Xen machines in a plain file.
mount -t tmpfs -o mode=755 tmpfs "$work/sys"
for below in block bus class dev devices firmware fs kernel module power; do
    [ -d "/sys/$below" ] || continue
    mkdir "$work/sys/$below"
    mount --rbind "/sys/$below" "$work/sys/$below"
done
mkdir "$work/sys/hypervisor"
cp /usr/local/lib/rehearsal/hypervisor-uuid "$work/sys/hypervisor/uuid"
mount -o remount,ro "$work/sys"
mount --move "$work/sys" /sys

# With the first version of control groups a container may get the controllers read-only, and the kubelet writes them.
awk '$3 == "cgroup" { print $2 }' /proc/mounts | while read -r mounted; do
    mount -o remount,bind,rw "$mounted"
done

# Where a kernel's modules lie; this computer's are not shown.
mkdir -p /lib/modules

# The network namespace is the machine's own, and so are its settings.
mount --bind /proc/sys/net /proc/sys/net
mount -o remount,bind,rw /proc/sys/net

# Settings of the kernel that are this computer's alone: the machine reads back what it wrote, and nothing else happens.
for key in vm/overcommit_memory vm/panic_on_oom kernel/panic kernel/panic_on_oops kernel/keys/root_maxkeys \
    kernel/keys/root_maxbytes fs/inotify/max_user_instances fs/inotify/max_user_watches; do
    pretended=$work/sysctl/$(echo "$key" | tr / .)
    cat "/proc/sys/$key" >"$pretended"
    mount --bind "$pretended" "/proc/sys/$key"
done

# As much memory as the instance has. Nothing is used of it yet, and this figure stays: what is used later is told by the
# control groups, where the kubelet looks.
awk -v mib="$(cat /usr/local/lib/rehearsal/memory-mib)" '
    $1 == "MemTotal:" { total = $2 < mib * 1024 ? $2 : mib * 1024 }
    $1 ~ /^(MemTotal|MemFree|MemAvailable):$/ { $2 = total; printf "%-15s %8d kB\n", $1, $2; next }
    $1 ~ /^(Buffers|Cached|SwapCached|SwapTotal|SwapFree|Active|Inactive)/ { printf "%-15s %8d kB\n", $1, 0; next }
    { print }' /proc/meminfo >"$work/meminfo"
mount --bind "$work/meminfo" /proc/meminfo

# What containers' runtimes expect of a machine's mounts, and a container's are not by themselves.
mount --make-rshared /
exit 0
