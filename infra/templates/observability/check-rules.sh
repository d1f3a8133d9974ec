#!/bin/sh
# Takes over each file of rules that promtool accepts, now and after each change. Prometheus takes none of its files if one
# of them is bad, and monitoring that is away for a typing mistake is worse than a rule that is. One that is left out is an
# alert.
set -eu

from=/etc/prometheus-rules-own
to=/etc/prometheus-rules-checked
every=10

# The first process of a container gets no signal that it does not ask for.
trap 'exit 0' TERM

left_out() {
    cat <<RULES
groups:
  - name: left-out-$1
    rules:
      - alert: RulesLeftOut
        expr: vector(1)
        labels: {severity: warning, file: "$1"}
        annotations:
          summary: "The rules of monitoring/rules/$1.yaml are not judged: Prometheus would not take the file"
          do: "kubectl -n monitoring logs prometheus-0 -c check-rules says what is wrong"
RULES
}

take_over() {
    for file in "$from"/*.yaml; do
        [ -e "$file" ] || continue # what the kubelet is about to take away
        name=$(basename "$file" .yaml)
        # Prometheus may read at any time, and must not find half a file.
        cp "$file" "$to/$name.new"
        if ! promtool check rules "$to/$name.new"; then
            echo "check-rules: $name is left out" >&2
            left_out "$name" >"$to/$name.new"
        fi
        mv "$to/$name.new" "$to/$name.yaml"
    done
    for file in "$to"/*.yaml; do
        [ -e "$from/$(basename "$file")" ] || rm "$file"
    done
}

known=
while :; do
    found=$(md5sum "$from"/*.yaml || :)
    if [ "$found" != "$known" ]; then
        take_over
        known=$found
        : >"$to/ready"
    fi
    sleep "$every" &
    wait $!
done
