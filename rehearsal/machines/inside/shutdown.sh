#!/bin/sh
# Run last of all by systemd-shutdown, with what is done: a reboot is told to the machine's process, which boots it again.
[ "$1" = reboot ] && mkdir -p /var/lib/rehearsal && touch /var/lib/rehearsal/reboots
exit 0
