#!/bin/bash
# run_rooms.sh BUILD: runs the test program of each room, tests/*_test of the build folder, in two processes. Starting
# one for each test, as ctest does, takes longer than most tests do.
set -euo pipefail
cd "$1/tests"
for shard in 0 1; do printf "%s $shard\n" *_test; done | xargs -P "$(nproc)" -L1 bash -c '
  log=$0.$1.log
  GTEST_TOTAL_SHARDS=2 GTEST_SHARD_INDEX=$1 "./$0" --gtest_brief=1 >"$log" 2>&1 || {
    cat "$log"
    exit 1
  }'
awk '/PASSED/ { sum += $4 } END { print sum " tests passed" }' *_test.*.log | tee rooms.log
