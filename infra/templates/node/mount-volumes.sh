#!/usr/bin/env bash
# Formats blank data volumes, mounts all of them and grows their file systems to the volumes' size. Each is found by the
# device name that its launch template gave it.
# On Nitro machines EBS volumes are NVMe devices, numbered in the order in which they answer: /dev/sdf may be
# /dev/nvme1n1 at one boot and /dev/nvme2n1 at the next. The launch template's name is the first 32 bytes of the last
# 1,024, the vendor's part, of what the NVMe controller says of itself (EC2 User Guide, "Map NVMe device names";
# amazon-ec2-utils reads it there too). So nothing is kept in fstab: this runs at every boot, before containerd and the kubelet.
# Input: lines of a device name and a mount path, as `sdf /var/lib/data`.
set -euo pipefail

dev=${DEV:-/dev}

fail() {
    echo "mount-volumes: $*" >&2
    exit 1
}

# Xen machines show /dev/sdf as /dev/xvdf, and some images have udev rules that link /dev/sdf on Nitro machines.
find_device() {
    local name path xen=xvd${1#sd}
    for path in "$dev/$1" "$dev/$xen"; do
        if [[ -b $path ]]; then
            echo "$path"
            return
        fi
    done
    for path in "$dev"/nvme*n1; do
        [[ -e $path ]] || continue
        # tail reads to the end, so that nvme is not cut off.
        name=$(nvme id-ctrl --raw-binary "$path" | tail -c 1024 | head -c 32 | tr -d '\0 ')
        if [[ ${name#/dev/} == "$1" || ${name#/dev/} == "$xen" ]]; then
            echo "$path"
            return
        fi
    done
    return 1
}

# An ext4 file system is left alone; anything else that is not blank is not ours to overwrite.
prepare() {
    local kind status=0
    kind=$(blkid --probe --match-tag TYPE --output value "$1") || status=$?
    # blkid(8): 2 where nothing was found, 8 where several things were.
    if ((status == 2)); then
        mkfs.ext4 -q "$1"
    elif [[ $status != 0 || $kind != ext4 ]]; then
        fail "$1 holds ${kind:-something} and not ext4: left as it is"
    fi
}

# A volume that was enlarged has room behind its file system; on a mounted one ext4 takes it up while it is used.
grow() {
    local said
    said=$(resize2fs "$1" 2>&1) || echo "mount-volumes: the file system of $2 keeps its size: $said" >&2
}

while read -r name path; do
    if mountpoint -q "$path"; then continue; fi
    for ((left = ${WAIT:-120}; ; left--)); do
        if device=$(find_device "$name"); then break; fi
        ((left > 0)) || fail "/dev/$name for $path is not attached"
        sleep 1
    done
    prepare "$device"
    mkdir -p "$path"
    mount -t ext4 -o noatime "$device" "$path"
    grow "$device" "$path"
done <"${VOLUMES:-/etc/slipway/volumes}"
