#!/usr/bin/env bash
# The steps of a pipeline, for any CI: the GitHub workflows beside it call the same.
#
#   generic.sh test                     hold every environment to the rules in stacks/tests; asks nobody
#   generic.sh preview ENV OUT [BASE]   report and plan of a change into the folder OUT
#   generic.sh apply ENV OUT            apply the plan in OUT, and nothing else
#   generic.sh drift ENV OUT            report what was changed outside
#
# `preview` writes OUT/report.md (fits a comment), OUT/report.json (the whole), OUT/plan.json and OUT/status. Losses are
# waived by trailers of the commits after BASE (default: of the last commit), which stay in history:
#
#   Slipway-Waive: urn:pulumi:prod::slipway::aws:ebs/volume:Volume::etcd-a
#
# Exit status: that of pytest, of `slipway preview` and `slipway drift`, or of `pulumi up`.
set -euo pipefail

usage() {
    sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}" >&2
    exit 2
}

# Runs a command whose status is part of its answer, and keeps that in OUT/status.
keep_status() {
    local status=0
    "$@" || status=$?
    printf '%s\n' "$status" >"$out/status"
    return "$status"
}

rules() {
    python3 tools/venv.py
    .venv/bin/python -m pytest stacks/tests
}

# The pack's own packages, apart from the program's: see policy/requirements.txt.
prepare_policy() {
    python3 tools/venv.py policy
}

waivers() {
    local range=()
    if [ -n "$base" ]; then range=("$base..HEAD"); else range=(-1); fi
    git log --format='%(trailers:key=Slipway-Waive,valueonly,unfold)' "${range[@]}" | sed '/^$/d'
}

preview() {
    local options=() word
    while IFS= read -r word; do options+=("--waive=$word"); done < <(waivers)
    rm -f "$out/plan.json"
    prepare_policy
    keep_status ./slipway preview "$environment" --format json --write "$out/report.json" \
        --comment "$out/report.md" --save-plan "$out/plan.json" --policy-pack policy \
        --where "${SLIPWAY_WHERE:-The whole report is report.json of this run.}" "${options[@]}"
}

apply() {
    if [ ! -s "$out/plan.json" ]; then
        echo "$out/plan.json is missing: run '$0 preview $environment $out' first, and have its report approved." >&2
        exit 2
    fi
    if [ "$(cat "$out/status")" != 0 ]; then
        echo "The preview of this plan ended with status $(cat "$out/status"): it is not applied." >&2
        exit 3
    fi
    prepare_policy
    # The plan binds the engine: an operation that was not in it stops the update.
    pulumi up --stack "$environment" --plan "$out/plan.json" --policy-pack policy --skip-preview --yes --non-interactive
}

drift() {
    keep_status ./slipway drift "$environment" --format markdown --write "$out/report.md"
}

if [ "$*" = test ]; then
    rules
    exit
fi
[ $# -ge 3 ] || usage
verb=$1 environment=$2 out=$3 base=${4:-}
mkdir -p "$out"
case $verb in
preview | apply | drift) "$verb" ;;
*) usage ;;
esac
