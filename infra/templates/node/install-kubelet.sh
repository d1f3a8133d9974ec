#!/usr/bin/env bash
# Puts a program of one Kubernetes release in place, once its sha256 is what the release says: `install-kubelet.sh
# [kubelet|kubeadm]`.
# Input, from /etc/slipway/node.env: KUBELET_VERSION (v1.37.2), KUBELET_ARCH, KUBELET_RELEASES.
# On every later boot it finds the digest it kept and the binary it installed, and needs no network.
set -euo pipefail

name=${1:-kubelet}
url=${KUBELET_RELEASES:?}/${KUBELET_VERSION:?}/bin/linux/${KUBELET_ARCH:?}/$name
target=${KUBELET_TARGET:-/usr/local/bin/$name}
work=${KUBELET_WORK:-/var/lib/slipway/kubelet}/$KUBELET_VERSION-$KUBELET_ARCH
part=$work/$name
digest=$work/$name.sha256

say() { echo "install-kubelet: $*" >&2; }

# A transfer slower than 1 KiB/s for half a minute is dead, and is better resumed than waited for.
fetch() {
    curl --fail --silent --show-error --location --proto '=https' --tlsv1.2 \
        --connect-timeout 10 --speed-limit 1024 --speed-time 30 "$@"
}

verified() { [[ -f $1 && $(sha256sum <"$1") == "$(<"$digest")  -" ]]; }

fetch_digest() {
    [[ -s $digest ]] && return
    fetch --output "$digest.new" "$url.sha256" || return
    if ! grep -Eqx '[0-9a-f]{64}' "$digest.new"; then
        say "$url.sha256 holds no sha256"
        return 1
    fi
    mv "$digest.new" "$digest"
}

fetch_binary() {
    verified "$part" && return
    local status=0
    fetch --continue-at - --output "$part" "$url" || status=$?
    if ((status == 0)) && verified "$part"; then return; fi
    case $status in
        # 22: refused, as is a resume beyond the end; 33 and 36: resuming is impossible.
        0 | 22 | 33 | 36)
            say "nothing usable from $url (curl $status): starting over"
            rm -f "$part" "$digest"
            ;;
        # Anything else is the connection's fault: what is there is kept and resumed.
        *) ;;
    esac
    return 1
}

attempt() {
    fetch_digest || return
    verified "$target" && return
    fetch_binary || return
    # Executable only now, and under its own name only when whole.
    install -D -m 0755 "$part" "$target.new" && mv "$target.new" "$target" && rm "$part"
}

mkdir -p "$work"
for ((try = 1; try <= ${KUBELET_TRIES:-10}; try++)); do
    if attempt; then
        say "$target is $KUBELET_VERSION for $KUBELET_ARCH"
        exit 0
    fi
    say "attempt $try failed"
    sleep "${KUBELET_PAUSE:-$((try * 2))}"
done
exit 1
