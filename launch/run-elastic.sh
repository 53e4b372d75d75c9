#!/usr/bin/env bash
# run-elastic.sh - keeps a training running: starts it with mpirun, and again after a failure, on the hosts that answer.
#
# It only starts, watches and ends jobs. The program makes this safe: it saves checkpoints while it trains, `--resume auto`
# continues from the newest good one, and the result has the same bits at any number of ranks and starts.
#
# From top to bottom: the help text, the command line, one job (start, watch, end), what happens after it, the summary,
# and the loop that puts them together. "Job" is one start of the program; "start" counts them.
set -uo pipefail
set -m # each background command is a process group of its own: Ctrl-C reaches this script alone, and a job is ended as a whole

# shellcheck source=launch/setup.sh
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
# shellcheck source=launch/elastic-hosts.sh
source "$root/launch/elastic-hosts.sh"

usage() {
    cat <<'END'
usage: launch/run-elastic.sh [OPTIONS] -- train FILE.yaml -o DIR [ARGUMENTS of ddp_train train]

Trains until the run is done, whatever happens to processes and hosts: each start adds --resume auto.

  --hosts A:4,B:4       hosts and the ranks that each of them takes (default: this machine, one rank per core)
  --hostfile FILE       the same, one host per line: "A slots=4" or "A:4"; # begins a comment
  --ranks N             at most N ranks in all; further hosts are spares (default: as many as the hosts take). A run that
                        has begun never gets more ranks than it has virtual ranks
  --max-restarts N      restarts after failures before it gives up (10)
  --backoff S           seconds before the second restart in a row; the first comes at once, each further one after
                        twice the time, 300 at most. A start that lasted ten times as long resets it (5)
  --stall S             end a job that wrote nothing for S seconds: no line in metrics.jsonl or log.txt, no checkpoint;
                        must be more than the time between two such lines, and than the program's own limit,
                        ten times sync.timeout; 0 = never (3600)
  --link-timeout S      seconds after which a silent connection between hosts counts as cut, 4 at least (10)
  --probe-timeout S     seconds a host has to answer before each start (5)
  --program FILE        the program (build/ddp_train)

Hosts are reached with ssh, without a password, or with the program that OMPI_MCA_plm_rsh_agent names; this machine without either.
All of them see the same files under the same names. Inside a Slurm allocation its nodes are the default and srun starts
the ranks; with --ranks below the size of the allocation there is a spare node.

A job ends       and then
  0              it is done
  2 3 4 5        no restart: configuration, data, divergence, or nodes that disagree; it would fail again
  75             saved by train.max_time: the next start follows at once, and does not count as a restart
  130            no restart: the ranks were interrupted (SIGINT)
  anything else  restart, unless three starts of ranks in a row brought no new checkpoint

SIGTERM, SIGHUP, SIGUSR1 and SIGUSR2 to this script make the job save and end, and it exits with 75; so does SIGINT
(Ctrl-C), with 130. A second SIGINT ends the job at once.
END
}

exec {stderr}>&2
note() { printf 'run-elastic: %s\n' "$*" >&"$stderr"; }

# Waits for any background command, a second at most, or a signal to this script.
tick=
wait_a_moment() {
    if ! kill -0 "$tick" 2>/dev/null; then
        sleep 1 >/dev/null 2>&1 &
        tick=$!
    fi
    wait -n
}

refuse() {
    note "error: $*; see launch/run-elastic.sh -h"
    exit 2
}

# --- The command line ---

max_restarts=10 backoff=5 stall=3600 link_timeout=10 probe_timeout=5 max_ranks=0
program=$root/build/ddp_train
hosts=()            # in the order given
declare -A slots=() # host: ranks it takes

whole() { # whole NAME VALUE MIN
    [[ $2 =~ ^[0-9]{1,6}$ && $((10#$2)) -ge $3 ]] || refuse "$1 expects an integer of at least $3, not '$2'"
}

add_host() { # NAME SLOTS
    [[ $1 =~ ^[A-Za-z0-9][A-Za-z0-9._-]*$ ]] || refuse "'$1' is not a valid host name"
    [ -z "${slots[$1]:-}" ] || refuse "host $1 is listed twice"
    whole "the number of ranks on $1" "$2" 1
    hosts+=("$1")
    slots[$1]=$((10#$2))
}

read_hosts() { # one host per line on stdin, "NAME:N", "NAME slots=N" or "NAME"
    local line name number
    while read -r line || [ -n "$line" ]; do
        line=${line%%#*}
        read -r name number _ <<<"$line"
        [ -n "$name" ] || continue
        [ -n "$number" ] || [ "$name" = "${name%:*}" ] || number=${name##*:}
        number=${number#slots=}
        add_host "${name%:*}" "${number:-1}"
    done
}

read_options() {
    while [ $# -gt 0 ]; do
        case $1 in
        -h | --help) usage && exit 0 ;;
        --) shift && break ;;
        --hosts | --hostfile | --ranks | --max-restarts | --backoff | --stall | --link-timeout | --probe-timeout | --program)
            [ $# -gt 1 ] || refuse "$1 expects a value"
            ;;
        *) refuse "unknown option '$1' (the arguments of ddp_train come after --)" ;;
        esac
        case $1 in
        --hosts) read_hosts < <(tr ',' '\n' <<<"$2") ;;
        --hostfile) [ -r "$2" ] || refuse "hostfile $2 cannot be read" && read_hosts <"$2" ;;
        --ranks) whole "$1" "$2" 1 && max_ranks=$((10#$2)) ;;
        --max-restarts) whole "$1" "$2" 0 && max_restarts=$((10#$2)) ;;
        --backoff) whole "$1" "$2" 0 && backoff=$((10#$2)) ;;
        --stall) whole "$1" "$2" 0 && stall=$((10#$2)) ;;
        --link-timeout) whole "$1" "$2" 4 && link_timeout=$((10#$2)) ;;
        --probe-timeout) whole "$1" "$2" 1 && probe_timeout=$((10#$2)) ;;
        --program) program=$2 ;;
        esac
        shift 2
    done
    arguments=("$@")
}

read_arguments() { # finds the run directory, whose checkpoints show the progress of the run
    local i
    [ "${arguments[0]:-}" = train ] || refuse "the arguments of ddp_train are missing after --: train FILE.yaml -o DIR ..."
    for ((i = 1; i < ${#arguments[@]}; i++)); do
        case ${arguments[i]} in
        -o | --output) folder=${arguments[i + 1]:-} ;;
        --output=*) folder=${arguments[i]#--output=} ;;
        -o?*) folder=${arguments[i]#-o} folder=${folder#=} ;;
        --resume | --resume=*) refuse "remove ${arguments[i]}: every start gets --resume auto" ;;
        --overwrite) refuse "remove --overwrite: it would delete the results of the start before" ;;
        esac
    done
    [ -n "${folder:-}" ] || refuse "name the run directory with -o DIR: the next start has to find it"
    [[ -f $program && -x $program ]] || refuse "$program is not an executable file; build it, or name it with --program"
}

# --- One job ---

launch_command() { # sets `launch`, all of the command line before the program
    local name names=("${chosen[@]%:*}")
    # Open MPI's own connections are silent while all is well; this lets the kernel ask whether the other end is still there.
    launch=(env OMPI_MCA_orte_tmpdir_base="$work/start$start" OMPI_MCA_btl_vader_backing_directory="$shm/$mark.$start"
        OMPI_MCA_osc_sm_backing_directory="$shm/$mark.$start" OMPI_MCA_oob_tcp_keepalive_time=$(((link_timeout + 1) / 2))
        OMPI_MCA_oob_tcp_keepalive_intvl=$(((link_timeout + 9) / 10)) OMPI_MCA_oob_tcp_keepalive_probes=4
        # two jobs on one machine would be bound to the same cores
        OMPI_MCA_hwloc_base_binding_policy="${OMPI_MCA_hwloc_base_binding_policy:-none}")
    if [ "$launcher" = srun ]; then # ring: see slurm.sbatch
        launch+=(SLURM_PMIX_FENCE="${SLURM_PMIX_FENCE:-ring}" srun --mpi=pmix --kill-on-bad-exit=1 --cpu-bind=cores --overlap --nodes="${#names[@]}" --ntasks="$ranks"
            --nodelist="$(IFS=, && echo "${names[*]}")")
        return
    fi
    launch+=(mpirun --hostfile "$work/hostfile" -np "$ranks")
    for name in $(compgen -e DDP_TRAIN_); do
        launch+=(-x "$name")
    done
}

# What changes while a run is alive: the sizes and times of what it writes.
signs_of_life() { stat --format='%n %s %Y' "$folder"/{metrics.jsonl,log.txt,checkpoints} 2>/dev/null || echo none; }

newest_step() { # the step of the newest checkpoint; 0 if there is none
    local name step=0
    for name in "$folder"/checkpoints/step-*.h5; do
        [[ $name =~ step-([0-9]+)\.h5$ ]] && ((10#${BASH_REMATCH[1]} > step)) && step=$((10#${BASH_REMATCH[1]}))
    done
    echo "$step"
}

end_job() { # REASON
    note "$1: ending it"
    why=$1
    if [ "$launcher" = srun ]; then
        kill -TERM -- "-$job" && sleep 5 # killed at once, srun would leave its ranks behind
    fi
    kill -KILL -- "-$job"
}

# Waits until the job has ended, and checks once a second whether it is alive. Sets `code`.
watch_job() {
    local signs='' now alive=$SECONDS looked=$SECONDS lives=0 ranks_seen=0 ranks_missed=0 asked=0
    while kill -0 "$job"; do
        if [ -n "$stopping" ] && ((!asked)); then
            asked=1
            kill -USR1 "$job" # both launchers pass it on to the ranks; of SIGTERM mpirun leaves them a second
        fi
        now=$(signs_of_life)
        if [ "$now" != "$signs" ]; then
            alive=$SECONDS looked=$SECONDS ranks_missed=0
            [ -z "$signs" ] || ((lives++)) || looked=$((SECONDS - 5)) # the first sign: look at once whether ranks can be seen
            signs=$now
        fi
        if ((hurry)); then
            end_job "interrupted twice"
        elif ((stall > 0 && SECONDS - alive >= stall)); then
            end_job "the job wrote nothing for $stall s"
        elif ((SECONDS - looked >= 5)); then
            looked=$SECONDS
            if [ "$launcher" = srun ]; then look_at_nodes; else look_at_ranks; fi
        fi
        wait_a_moment
    done
    wait "$job"
    code=$?
}

# The run keeps the number of virtual ranks it has begun with, as the result depends on it: the program raises it to that of the
# ranks. Sets `virtual` to that number, empty if the run has not begun.
find_virtual_ranks() {
    virtual=$(grep -so '"virtual_ranks": [0-9]*' "$folder/metrics.jsonl" | tail -n 1 | tr -dc 0-9)
}

run_job() { # sets `code` and `why`
    local launch same=()
    launch_command
    ((start == 1)) || [ -z "$virtual" ] || same=("--train.virtual_ranks=$virtual") # also where no checkpoint says so
    note "start $start: $ranks ranks on ${chosen[*]}, from step $step"
    "${launch[@]}" "$program" "${arguments[@]}" --resume auto "${same[@]}" </dev/null 2>&"$stderr" &
    job=$!
    watch_job 2>/dev/null # bash reports every process that ends by a signal
    job=''
}

# --- After a job ---

reason() { # CODE
    case $1 in
    0) echo "done" ;;
    1) echo "failed" ;;
    2) echo "usage or configuration" ;;
    3) echo "data" ;;
    4) echo "diverged" ;;
    5) echo "nodes hold different weights" ;;
    75) echo "saved" ;;
    86) echo "ended by its watchdog" ;;
    130) echo "interrupted" ;;
    205) echo "a host was lost" ;; # Open MPI's own code for it
    *) if (($1 > 128 && $1 < 193)); then echo "killed by SIG$(kill -l $(($1 - 128)))"; else echo "failed"; fi ;;
    esac
}

milliseconds() { date +%s%3N; }

seconds() { # MILLISECONDS
    printf '%d.%d s' $(($1 / 1000)) $(($1 % 1000 / 100))
}

# Adds a start to the summary. Lost is the work since its last checkpoint, by that file's time.
record() {
    local ended ran to saved=$begun unit="no host" line
    ended=$(milliseconds) ran=$((ended - begun)) to=$(newest_step)
    if ((to > step)); then
        saved=$(stat --format=%.3Y "$(printf '%s/checkpoints/step-%09d.h5' "$folder" "$to")" 2>/dev/null | tr -d .,)
        : "${saved:=$begun}"
    fi
    ((code != 0 && code != 75 && saved <= ended && saved >= begun)) && lost=$((lost + ended - saved))
    [ ${#chosen[@]} -eq 0 ] || unit="${chosen[*]}"
    line=$(printf '%5d %6d  %-10s %9d %9d  %10s  %s' "$start" "$ranks" "$code" "$step" "$to" "$(seconds "$ran")" "$why ($unit)")
    rows+=("$line")
    note "start $start ended after $(seconds "$ran") with code $code, $why; step $to"
    if ((to > step)); then barren=0; elif ((ranks > 0)); then barren=$((barren + 1)); fi
    step=$to last_ran=$ran last_ended=$ended
}

# Sets `pause`, the seconds to wait before the next start: 0, S, 2 S, 4 S ... up to 300 s, and 0 again after a start that
# lasted ten times as long as the wait would be.
next_pause() {
    local i
    pause=$((failures < 2 ? 0 : backoff))
    for ((i = 2; i < failures && pause < 300; i++)); do
        pause=$((2 * pause))
    done
    ((pause <= 300)) || pause=300
    if ((failures > 1 && last_ran >= 10000 * pause)); then
        failures=1 pause=0
    fi
}

# Ends everything: what is left on the hosts, the summary, this script.
finish() { # CODE HOW IT ENDED
    on_all_hosts "$(tidy_script 0)"
    {
        printf 'run-elastic: %s\n' "$2"
        printf 'run-elastic: %5s %6s  %-10s %9s %9s  %10s  %s\n' start ranks "exit code" "from step" "to step" lasted "how it ended"
        [ ${#rows[@]} -eq 0 ] || printf 'run-elastic: %s\n' "${rows[@]}"
        printf 'run-elastic: starts: %d, of them restarts after failures: %d; steps gained: %d\n' ${#rows[@]} "$restarts" $((step - first_step))
        printf 'run-elastic: time lost: %s of work after the last checkpoints, %s between starts\n' "$(seconds "$lost")" "$(seconds "$idle")"
        printf 'run-elastic: newest checkpoint: step %d in %s/checkpoints\n' "$step" "$folder"
    } >&"$stderr"
    exit "$1"
}

# Returns if another start follows; `failures` counts failures in a row.
decide() {
    case $code in
    0) finish 0 "done" ;;
    2 | 3 | 4 | 5) finish "$code" "no restart: code $code ($why) would happen again" ;;
    130) finish 130 "no restart: interrupted" ;;
    esac
    if [ -n "$stopping" ]; then
        finish "$stop_code" "stopped by SIG$stopping$([ "$code" = 75 ] || echo ", before the job could save"); start again to continue"
    fi
    ((barren < 3)) || finish 1 "giving up: three starts in a row brought no new checkpoint"
    if ((code == 75)); then
        failures=0
        return
    fi
    ((restarts < max_restarts)) || finish 1 "giving up: $restarts restarts are used up (--max-restarts)"
    restarts=$((restarts + 1)) failures=$((failures + 1))
}

# Ends the script if that was asked for while no job was running.
heed_stop() {
    [ -z "$stopping" ] || finish "$stop_code" "stopped by SIG$stopping between two starts; start again to continue"
}

pause_between() {
    local pause until
    next_pause
    until=$(($(milliseconds) + 1000 * pause))
    if ((pause > 0)); then
        note "next start in $pause s"
        on_all_hosts "$(tidy_script $((start + 1)))" # ranks that have lost their mpirun may go on for a while
    fi
    while (($(milliseconds) < until)) && [ -z "$stopping" ]; do
        wait_a_moment
    done
    heed_stop
}

# --- The loop ---

on_signal() { # NAME
    note "SIG$1: ending${job:+ when the job has saved}"
    [ "$1" != INT ] || ((++interrupts < 2)) || hurry=1
    if [ -z "$stopping" ]; then
        stopping=$1
        [ "$1" = INT ] && stop_code=130 || stop_code=75
    fi
}

run_start() {
    local begun
    begun=$(milliseconds) start=$((start + 1)) code=1 why=''
    on_all_hosts "$(tidy_script "$start")"
    heed_stop
    find_virtual_ranks
    share_ranks "$virtual" "$max_ranks"
    ((ranks > 0 && last_ended > 0)) && idle=$((idle + $(milliseconds) - last_ended))
    for host in "${hosts[@]}"; do
        [ -e "$answers/$host" ] || note "host $host does not answer: left out of start $start"
    done
    if ((ranks > 0)); then
        run_job
    else
        why="no host answers"
    fi
    : "${why:=$(reason "$code")}"
    record
}

read_options "$@"
read_arguments
find_hosts

work=$(mktemp --directory "${TMPDIR:-/tmp}/ddp-elastic.XXXXXX") || exit 1
trap '[ "$BASHPID" != $$ ] || rm -rf "$work"' EXIT # a child that a signal meets before its exec runs this, too
mark=${work##*/}
setup_open_mpi "${slots[${hosts[0]}]}"
shm=${OMPI_MCA_osc_sm_backing_directory:-/dev/shm}

stopping='' stop_code=0 interrupts=0 hurry=0 virtual=''
for name in TERM HUP USR1 USR2 INT; do
    # shellcheck disable=SC2064 # the name is this one
    trap "on_signal $name" "$name"
done

start=0 restarts=0 failures=0 barren=0 # barren: starts of ranks in a row without a new checkpoint
lost=0 idle=0 last_ran=0 last_ended=0  # milliseconds
job='' rows=()
first_step=$(newest_step) step=$first_step
while :; do
    run_start
    decide # ends the script when all is done
    pause_between
done
