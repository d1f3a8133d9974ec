#!/usr/bin/env bash
# Writes users and roles, retention policies and index templates into OpenSearch. Running it again changes nothing.
set -euo pipefail

readonly home=/usr/share/opensearch
readonly url=https://opensearch.log-store.svc:9200
readonly ca=/certificates/ca.crt

# request METHOD PATH [FILE]: print the answer's body; fail on any status of 400 and above. The administrator's
# certificate stands for every right, so that no password is on a command line.
request() {
    local arguments=(--silent --show-error --fail-with-body --max-time 60 --cacert "$ca"
        --cert /certificates/tls.crt --key /certificates/tls.key
        --header 'Content-Type: application/json' --request "$1")
    [[ -z ${3-} ]] || arguments+=(--data-binary "@$3")
    curl "${arguments[@]}" "$url/$2"
}

# Users, roles and mappings become exactly what the files say. -rev puts hashes in the place of the passwords' names.
bash "$home/plugins/opensearch-security/tools/securityadmin.sh" -rev -icl -h opensearch.log-store.svc -p 9200 \
    -cacert "$ca" -cert /certificates/tls.crt -key /certificates/tls.key -cd /setup/security

for file in /setup/template-*.json; do
    name=${file#/setup/template-}
    request PUT "_index_template/slipway-${name%.json}" "$file"
done

for file in /setup/policy-*.json; do
    name=slipway-$(basename "${file#/setup/policy-}" .json)
    path=_plugins/_ism/policies/$name
    # A policy is changed only by who names the version that is changed.
    if known=$(request GET "$path"); then
        number=$(sed -E 's/.*"_seq_no":([0-9]+).*/\1/' <<<"$known")
        term=$(sed -E 's/.*"_primary_term":([0-9]+).*/\1/' <<<"$known")
        path+="?if_seq_no=$number&if_primary_term=$term"
    fi
    request PUT "$path" "$file"
    # Indices that are there keep the policy that they were made with, unless they are told.
    printf '{"policy_id": "%s"}' "$name" >/tmp/change.json
    request POST "_plugins/_ism/change_policy/logs-${name#slipway-}-*" /tmp/change.json ||
        echo "no index has $name yet"
done
