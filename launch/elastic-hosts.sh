# shellcheck shell=bash
# elastic-hosts.sh - the hosts of run-elastic.sh: their names, which of them answer, what earlier starts left there; sourced.
#
#   find_hosts             completes `hosts` and `slots`, and chooses `launcher` (mpirun or srun) and `agent` (what is used like ssh)
#   on_all_hosts SCRIPT    runs a script everywhere at the same time; `living` are the hosts where it succeeded in time, and
#                          $answers/HOST.said is what it said
#   tidy_script START      such a script: ends and removes what starts before START left, and makes folders for START
#   seek_script            another one: says "rank" where a rank of the job is
#   look_at_ranks          ends a job of mpirun that has lost its hosts without noticing; look_at_nodes one of srun
#   share_ranks LIMIT...   gives the living hosts ranks: `chosen` (host:ranks), `ranks` (in all), and the hostfile

# shellcheck disable=SC2154 # what is not set here is run-elastic.sh's, which also has refuse, add_host, read_hosts and wait_a_moment
rounds=0

cores() { # of this machine that this script may use; Open MPI counts cores, not hardware threads
    local threads cores
    threads=$(env -u OMP_NUM_THREADS -u OMP_THREAD_LIMIT nproc) # with these it says what they say
    cores=$(lscpu --parse=CORE,SOCKET 2>/dev/null | grep -v '^#' | sort -u | wc -l)
    echo $((cores > 0 && cores < threads ? cores : threads))
}

slurm_hosts() { # the nodes of the allocation; SLURM_TASKS_PER_NODE looks like 4(x2),3
    local nodes numbers=() part
    nodes=$(scontrol show hostnames "$SLURM_JOB_NODELIST" 2>/dev/null) || refuse "scontrol does not list this job's nodes; use --hosts"
    for part in ${SLURM_TASKS_PER_NODE//,/ }; do
        [[ $part =~ ^([0-9]+)(\(x([0-9]+)\))?$ ]] || refuse "SLURM_TASKS_PER_NODE=$SLURM_TASKS_PER_NODE is not understood; use --hosts"
        while read -r _; do numbers+=("${BASH_REMATCH[1]}"); done < <(seq "${BASH_REMATCH[3]:-1}")
    done
    paste -d: - <(printf '%s\n' "${numbers[@]}") <<<"$nodes"
}

find_hosts() {
    local list
    launcher=mpirun
    if [ -n "${SLURM_JOB_ID:-}" ] && command -v srun >/dev/null; then
        launcher=srun
        if [ ${#hosts[@]} -eq 0 ]; then
            list=$(slurm_hosts) || exit 2 # it has printed the reason
            read_hosts <<<"$list"
        fi
    fi
    [ ${#hosts[@]} -gt 0 ] || add_host localhost "$(cores)"
    command -v "$launcher" >/dev/null || refuse "$launcher is not installed"
    read -ra agent <<<"${OMPI_MCA_plm_rsh_agent:-ssh -o BatchMode=yes -o ConnectTimeout=$probe_timeout}"
}

# Sets `enter` to the command that runs a shell on a host, to read a script from its stdin.
enter_host() {
    case $launcher:$1 in
    srun:*) enter=(srun --overlap --mpi=none --nodes=1 --ntasks=1 --nodelist="$1" --quiet sh -s) ;;
    *:localhost | *:"$HOSTNAME" | *:"${HOSTNAME%%.*}") enter=(sh -s) ;;
    *) enter=("${agent[@]}" "$1" sh -s) ;;
    esac
}

# Runs a script on all hosts at the same time. It stops waiting when the job ends: what the job left is looked for again.
on_all_hosts() { # SCRIPT
    local host script=$1 enter pids=()
    answers=$work/answers$((++rounds))
    mkdir "$answers"
    for host in "${hosts[@]}"; do
        enter_host "$host"
        {
            timeout --kill-after=1 "$probe_timeout" "${enter[@]}" <<<"$script" >"$answers/$host.said" 2>&1 &&
                : >"$answers/$host"
        } &
        pids+=($!)
    done
    while kill -0 "${pids[@]}" 2>/dev/null && { [ -z "$job" ] || kill -0 "$job" 2>/dev/null; }; do
        wait_a_moment
    done
    living=()
    for host in "${hosts[@]}"; do
        [ ! -e "$answers/$host" ] || living+=("$host")
    done
}

# Every process of a job carries the name of the work folder: ranks in their environment, Open MPI's daemons in their arguments.
# The brackets keep grep from finding itself; a process under another hostname, in a container, belongs to another host.
list_script() {
    cat <<END
list() {
    for file in \$(grep -ls '${mark/ddp/[d]dp}' /proc/[0-9]*/environ /proc/[0-9]*/cmdline); do
        file=\${file%/*}
        [ ! "\$file/ns/uts" -ef /proc/self/ns/uts ] || echo "\${file##*/}"
    done
}
END
}

# Start 0 stands for the end of everything.
tidy_script() { # NUMBER OF THE START THAT FOLLOWS
    list_script
    cat <<END
for pid in \$(list); do
    kill -KILL "\$pid" 2>/dev/null
done
for old in '$work'/start* '$shm/$mark'.*; do
    case \$old in *[!0-9]$1) ;; *) rm -rf "\$old" ;; esac
done
if [ $1 -gt 0 ]; then
    mkdir -p '$work/start$1' '$shm/$mark.$1'
else
    rmdir '$work' 2>/dev/null || true # this script's own is not empty yet
fi
END
}

seek_script() {
    list_script
    cat <<'END'
for pid in $(list); do
    ! grep -qs OMPI_COMM_WORLD_RANK= "/proc/$pid/environ" || echo rank
done
END
}

# Gives the living hosts ranks, in order, until there are enough; what is left over is spare.
share_ranks() { # LIMIT... empty or 0 is none
    local host number limit
    ranks=0 chosen=()
    : >"$work/hostfile"
    for host in "${living[@]}"; do
        number=${slots[$host]}
        for limit in "$@"; do
            ((${limit:-0} == 0 || ranks + number <= limit)) || number=$((limit - ranks))
        done
        ((number > 0)) || break
        printf '%s slots=%d\n' "$host" "$number" >>"$work/hostfile"
        chosen+=("$host:$number")
        ranks=$((ranks + number))
    done
}

# Looks at a job of mpirun that has been silent for some seconds. When no host that answers has a rank any more, the job has ended,
# whatever mpirun says: it waits for hosts that will never answer, or has lost count of ranks that were killed while they started.
# Seeing that twice keeps us from meeting it between two moments; the first rank may take six looks, half a minute, to come. Of a job
# that is alive, but of which no rank was ever seen, nothing is known: its ranks may be in containers, where processes are not seen.
look_at_ranks() {
    on_all_hosts "$(seek_script)"
    if grep -qsx rank "$answers"/*.said; then
        ranks_seen=1 ranks_missed=0
    elif ((${#living[@]} > 0 && (ranks_seen || !lives) && ++ranks_missed >= (ranks_seen ? 2 : 6))); then
        end_job "mpirun hangs: none of the hosts that answer has a rank left"
    fi
}

# The same for a job of srun, which knows what became of its ranks, but learns only after Slurm's SlurmdTimeout, by default five
# minutes, that a node is dead.
look_at_nodes() {
    local host silent=''
    on_all_hosts :
    for host in "${chosen[@]%:*}"; do
        [ -e "$answers/$host" ] || silent+=" $host"
    done
    if [ -z "$silent" ]; then
        ranks_missed=0
    elif ((${#living[@]} > 0 && ++ranks_missed >= 2)); then
        end_job "no answer from$silent"
    fi
}
