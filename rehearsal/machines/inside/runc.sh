#!/bin/sh
# runc, for machines on a computer whose root lacks CAP_SYS_RESOURCE: a container that is given it, as Cilium's agent is,
# would not start. It is taken from what the container asks for.
set -eu
real=/usr/sbin/runc
has_it=$(($(awk '$1 == "CapBnd:" { print "0x" $2 }' /proc/self/status) >> 24 & 1))
asked='' before=''
for argument; do
    case $before in
    --bundle) asked=$argument/config.json ;;
    --process) asked=$argument ;;
    esac
    before=$argument
done
if [ "$has_it" = 0 ] && [ -n "$asked" ]; then
    jq -c 'walk(if type == "array" then . - ["CAP_SYS_RESOURCE"] else . end)' "$asked" >"$asked.rehearsed"
    cat "$asked.rehearsed" >"$asked"
    rm "$asked.rehearsed"
fi
# Who speaks to AWS's endpoints trusts the authority that the machine was made to trust, as all trust AWS's own.
bundle=/etc/ssl/certs/ca-certificates.crt
config=${asked%/config.json}
if [ "$config" != "$asked" ] && [ -f "$config/rootfs$bundle" ]; then
    jq -c --arg file "$bundle" '.mounts += [{destination: $file, source: $file, type: "bind", options: ["rbind", "ro"]}]' \
        "$asked" >"$asked.rehearsed"
    cat "$asked.rehearsed" >"$asked"
    rm "$asked.rehearsed"
fi
exec "$real" "$@"
