#!/usr/bin/env bash
# Puts a report under a pull request, or over the comment that the run before it wrote.
#
#   GH_TOKEN=... comment.sh OWNER/REPOSITORY NUMBER REPORT
#
# The report's first line is an invisible mark that names the environment; only the workflow's own comments are touched.
set -euo pipefail
repository=$1 number=$2 report=$3
mark=$(head -n 1 "$report")
case $mark in '<!-- slipway-'*) ;; *) echo "$report is no report of slipway" >&2; exit 2 ;; esac

found=$(MARK=$mark gh api --paginate "repos/$repository/issues/$number/comments" \
    --jq '.[] | select(.user.login == "github-actions[bot]" and (.body | startswith(env.MARK))) | .id' | head -n 1)
if [ -n "$found" ]; then
    gh api --silent --method PATCH "repos/$repository/issues/comments/$found" --field "body=@$report"
else
    gh api --silent --method POST "repos/$repository/issues/$number/comments" --field "body=@$report"
fi
