#!/usr/bin/env bash
# run.sh - builds the fuzz targets and runs them. Takes clang with libFuzzer (Debian: clang, libclang-rt-14-dev).
#
#   run.sh build              builds them into build-fuzz/
#   run.sh one TARGET         runs one of them, tests/fuzz/fuzz_TARGET.c, for FUZZ_SECONDS (60)
#   run.sh [SECONDS]          builds, runs all, each for SECONDS (60), as many at once as FUZZ_JOBS (the processors) says,
#                             and prints a table
#
# A run starts from tests/fuzz/corpus/TARGET in a scratch folder and ends with one line of figures. Its log is in
# build-fuzz/logs/, and what made it fail in build-fuzz/findings/: give that file to build-fuzz/tests/fuzz/fuzz_TARGET to see
# it again. Ends with 77 where there is no clang with libFuzzer.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
findings=$root/build-fuzz/findings
logs=$root/build-fuzz/logs
skipped=77

need_clang() {
    local library
    if ! library=$(clang --print-file-name=libclang_rt.fuzzer-x86_64.a 2>/dev/null) || [ ! -e "$library" ]; then
        echo "skipped: no clang with libFuzzer here (Debian: apt-get install clang libclang-rt-14-dev)"
        exit "$skipped"
    fi
}

build() {
    local log
    if ! log=$(cd "$root" && cmake --preset fuzz && cmake --build --preset fuzz --parallel "$(nproc)" 2>&1); then
        tail -n 40 <<<"$log" >&2
        return 1
    fi
}

# "executions edges" of a target; libFuzzer's last line of state is "#EXECUTIONS WHAT cov: EDGES ft: ...".
figures() { sed -nE 's/^#([0-9]+)\t.* cov: ([0-9]+) .*/\1 \2/p' "$logs/$1.log" | tail -n 1; }

# Sizes beyond the limit fail as on a machine without memory, which no input may bring about.
fuzz() {
    local target=$1 seconds=$2 folder=$3 code=0 dictionary=()
    local corpus=$root/tests/fuzz/corpus/$target
    mkdir -p "$findings" "$logs" "$folder/corpus"
    cp "$corpus"/* "$folder/corpus"
    [ ! -e "$root/tests/fuzz/$target.dict" ] || dictionary=("-dict=$root/tests/fuzz/$target.dict")
    FUZZ_FOLDER=$folder OPENBLAS_NUM_THREADS=1 UBSAN_OPTIONS=print_stacktrace=1 \
        ASAN_OPTIONS=allocator_may_return_null=1:max_allocation_size_mb=256:quarantine_size_mb=16 \
        "$root/build-fuzz/tests/fuzz/fuzz_$target" "$folder/corpus" "${dictionary[@]}" -seed=1 -max_total_time="$seconds" \
        -timeout=60 -rss_limit_mb=2560 -max_len=65536 -artifact_prefix="$findings/$target-" >"$logs/$target.log" 2>&1 || code=1 # libFuzzer's own 77 would look like "skipped"
    return "$code"
}

# Runs one target, and removes its folder.
run() {
    local folder code=0
    folder=$(mktemp -d /dev/shm/ddp_fuzz.XXXXXX)
    fuzz "$1" "$2" "$folder" || code=$?
    rm -rf "$folder"
    return "$code"
}

# The same with one line about it, and the end of its log if it failed. Its time is fixed, so tests beside it go first.
one() {
    local code=0 executions edges
    renice -n 5 -p $$ >/dev/null
    run "$1" "$2" || code=$?
    read -r executions edges < <(figures "$1"; echo)
    printf '%-12s %12s executions %7s edges   %s\n' "$1" "${executions:-0}" "${edges:-0}" \
        "$([ "$code" -eq 0 ] && echo "0 crashes" || echo "FAILED:")"
    [ "$code" -eq 0 ] || grep -v '^#' "$logs/$1.log" | tail -n 60
    return "$code"
}

targets() {
    local source
    for source in "$root"/tests/fuzz/fuzz_*.c; do basename "$source" .c; done | sed 's/^fuzz_//'
}

table() {
    local seconds=$1 target executions edges code failed=0
    printf '%-12s %12s %9s %7s %8s\n' target executions per_s edges crashes
    for target in $(targets); do
        read -r executions edges < <(figures "$target"; echo)
        code=$(<"$logs/$target.code")
        [ "$code" -eq 0 ] || failed=1
        printf '%-12s %12s %9s %7s %8s\n' "$target" "${executions:-0}" $((${executions:-0} / seconds)) "${edges:-0}" \
            "$([ "$code" -eq 0 ] && echo 0 || echo FAILED)"
    done
    return "$failed"
}

all() {
    local seconds=$1 jobs=${FUZZ_JOBS:-$(nproc)} target
    build
    mkdir -p "$logs"
    for target in $(targets); do
        while [ "$(jobs -rp | wc -l)" -ge "$jobs" ]; do sleep 0.2; done
        (
            code=0
            run "$target" "$seconds" || code=$?
            echo "$code" >"$logs/$target.code"
        ) &
    done
    wait
    table "$seconds"
}

need_clang
case ${1:-60} in
build) build ;;
one) one "$2" "${FUZZ_SECONDS:-60}" ;;
*) all "${1:-60}" ;;
esac
