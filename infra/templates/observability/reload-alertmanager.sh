#!/bin/sh
# Tells Alertmanager that its configuration has changed: it reads it when it starts and when it is told to, and not by
# itself. One that it cannot load is no end of it: it goes on with the one before, which tells people so (ConfigNotLoaded).
set -eu

file=/etc/alertmanager/alertmanager.yml
url=http://127.0.0.1:9093/-/reload
every=30

# The first process of a container gets no signal that it does not ask for.
trap 'exit 0' TERM

known=
while :; do
    sleep "$every" &
    wait $!
    found=$(md5sum "$file")
    [ "$found" != "$known" ] || continue
    # Not taken, or nobody there yet: it is told again.
    if wget -q -O /dev/null --post-data= "$url"; then
        known=$found
        echo "reload: Alertmanager has read its configuration"
    fi
done
