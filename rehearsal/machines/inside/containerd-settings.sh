#!/bin/sh
# Writes the drop-in that lets containerd work in a container, from the machine's own configuration: a drop-in replaces a
# plugin's settings as a whole (containerd 1.6, services/server/config/config.go, mergeConfig).
set -eu
settings=/etc/containerd/config.toml
[ -f "$settings" ] || exit 0
mkdir -p /etc/containerd/conf.d
sed -e '/^imports/d' \
    -e 's/SystemdCgroup = true/SystemdCgroup = false/' \
    -e '/SystemdCgroup/a\  BinaryName = "/usr/local/lib/rehearsal/runc.sh"' \
    -e '/^ *sandbox_image/a\  restrict_oom_score_adj = true' \
    "$settings" >/etc/containerd/conf.d/90-rehearsal.toml
