"""Several hosts on one machine: what the tests of several machines run on.

    hosts = Hosts(3)                                            # n1, n2, n3 at 10.77.0.1, .2, .3
    self.addCleanup(hosts.close)
    done = hosts.finish(hosts.mpirun({"n1": 2, "n3": 1}, ["train", "my.yaml", "-o", folder]))
    hosts.cut("n3")                                             # its cable is pulled; mend() plugs it in again

A host is a set of namespaces: its own network, hostname, System V and POSIX shared memory (/dev/shm) and /etc/hosts. Its files are
the machine's, as if all of them were on one network file system. A process in another set of namespaces, the switch, has the
bridge that the hosts' cables (pairs of virtual network cards) end in.

Nothing of this has a name on the machine: namespaces live as long as a process in them, network cards as long as their namespace.
So tests may run side by side, and leftovers are processes, nothing else: close() ends them, and the ones that hold the namespaces
also die with the thread that made them, however it ends.
"""
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))
import harness  # noqa: E402

NETWORK = "10.77.0"
SHARED_MEMORY = "2g"  # a limit, not a reservation
NAMESPACES = ["--net", "--uts", "--ipc", "--mount"]

# What Open MPI calls as `agent HOST COMMAND...` in place of ssh. Like ssh it starts with a clean environment, in the home folder,
# fails at once where no process listens (a dead host), and after a while without any answer (a cut cable).
AGENT = """#!/bin/bash
host=$1
shift
if [ -e "{folder}/$host.cut" ]; then
    sleep 3
    echo "agent: connect to host $host: No route to host" >&2
    exit 255
fi
if [ -e "{folder}/$host.dead" ]; then
    echo "agent: connect to host $host: Connection refused" >&2
    exit 255
fi
read -r pid < "{folder}/$host.pid" || exit 255
cd || exit 255
exec nsenter --target "$pid" --net --uts --ipc --mount -- env -i PATH="$PATH" HOME="$HOME" USER="${{USER:-root}}" /bin/bash -c "$*"
"""

# The first process of a host: it says when the host is ready, and then only holds its namespaces.
HOLDER = """
hostname "$1" && mount -t tmpfs -o size="$2" tmpfs /dev/shm && mount --bind "$3" /etc/hosts && echo ready && exec sleep infinity
"""


def unavailable():
    """Why there can be no hosts here, or None."""
    if os.geteuid() != 0:
        return "simulated hosts need root"
    for tool in ("ip", "nsenter", "unshare", "setpriv"):
        if not shutil.which(tool):
            return f"simulated hosts need the program {tool} (Debian: iproute2, util-linux)"
    trial = ["unshare", *NAMESPACES, "sh", "-ec", """
        mount -t tmpfs tmpfs /dev/shm; hostname trial
        ip link add br0 type bridge; ip link add one type veth peer name two; ip link set one master br0; ip link set lo up"""]
    tried = subprocess.run(trial, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if tried.returncode != 0:
        return f"no namespaces with a network here: {(tried.stderr.strip().splitlines() or ['no reason given'])[-1]}"
    return None


def all_pids():
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def network_of(pid):
    """The network namespace a process is in; None if it is gone or a zombie."""
    try:
        return os.stat(f"/proc/{pid}/ns/net").st_ino
    except OSError:
        return None


class Hosts:
    def __init__(self, number):
        self.names = [f"n{i}" for i in range(1, number + 1)]
        self.folder = tempfile.mkdtemp(prefix="ddp_hosts_")
        self.agent = self.path("agent")
        self.holders = {}   # name: the process that holds its namespaces
        self.networks = {}  # name: number of its network namespace
        self.sessions = 0
        try:
            self._build()
        except BaseException:
            self.close()
            raise

    def path(self, name):
        return os.path.join(self.folder, name)

    def _write(self, name, text, mode=0o644):
        with open(self.path(name), "w") as f:
            f.write(text)
        os.chmod(self.path(name), mode)

    def address(self, name):
        return f"{NETWORK}.{self.names.index(name) + 1}"

    # Building and tearing down.

    def _hold(self, name, script, *arguments):
        holder = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", "unshare", *NAMESPACES, "sh", "-ec", script, "holder", *arguments],
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd="/")
        self.holders[name] = holder
        if holder.stdout.readline() != "ready\n":
            raise RuntimeError(f"host {name} did not start: {holder.stderr.read().strip()}")
        self.networks[name] = network_of(holder.pid)

    def _ip(self, name, batch):
        subprocess.run(["nsenter", "--target", str(self.holders[name].pid), "--net", "ip", "-batch", "-"], input=batch, text=True,
                       check=True, capture_output=True)

    def _build(self):
        self._write("hosts", "127.0.0.1 localhost\n" + "".join(f"{self.address(n)} {n}\n" for n in self.names))
        self._write("agent", AGENT.format(folder=self.folder), 0o755)
        self._hold("switch", "echo ready; exec sleep infinity")
        self._ip("switch", "link set lo up\nlink add br0 type bridge\nlink set br0 up\n")
        for name in self.names:
            self.start(name)

    def start(self, name):
        """Switches a host on, the first time or after power_off()."""
        self._hold(name, HOLDER, name, SHARED_MEMORY, self.path("hosts"))
        pid = self.holders[name].pid
        self._ip("switch", f"link add {name} type veth peer name eth0 netns {pid}\nlink set {name} master br0 up\n")
        self._ip(name, f"link set lo up\naddr add {self.address(name)}/24 dev eth0\nlink set eth0 up\n")
        self._write(f"{name}.pid", f"{pid}\n")
        self._mark(name, "cut", False)
        self._mark(name, "dead", False)

    def _let_go(self, name):
        with self.holders.pop(name) as holder:
            holder.kill()
        self.networks.pop(name, None)

    def close(self):
        for name in list(self.networks):
            self._end(name)
        for name in list(self.holders):
            self._let_go(name)
        shutil.rmtree(self.folder, ignore_errors=True)

    # What is in a host.

    def pid(self, name):
        """The process that holds a host: nsenter --target PID enters it."""
        return self.holders[name].pid

    def pids(self, name):
        """All processes in a host, without the one that holds it."""
        if name not in self.networks:
            return []
        return [pid for pid in all_pids() if pid != self.pid(name) and network_of(pid) == self.networks[name]]

    def shared_memory(self, name):
        """The names in a host's /dev/shm."""
        return sorted(os.listdir(f"/proc/{self.pid(name)}/root/dev/shm"))

    def command(self, name, arguments):
        """The command line that runs arguments in a host. The process has the pid that Popen says."""
        return ["nsenter", "--target", str(self.pid(name)), *NAMESPACES, "--", *arguments]

    def start_in(self, name, arguments, **options):
        """Starts a program in a host."""
        return subprocess.Popen(self.command(name, arguments), **{"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE,
                                "stderr": subprocess.PIPE, "text": True, "cwd": self.folder, **options})

    # Faults.

    def _mark(self, name, mark, on):
        if on:
            self._write(f"{name}.{mark}", "")
        elif os.path.exists(self.path(f"{name}.{mark}")):
            os.remove(self.path(f"{name}.{mark}"))

    def cut(self, name):
        """Pulls the host's cable. No process is notified: connections stay open and silent."""
        self._mark(name, "cut", True)
        self._ip("switch", f"link set {name} down\n")

    def mend(self, name):
        self._ip("switch", f"link set {name} up\n")
        self._mark(name, "cut", False)

    def _end(self, name):
        """Ends what runs in a host, and what that starts meanwhile."""
        end = time.monotonic() + 10
        while left := self.pids(name):
            if time.monotonic() > end:
                raise RuntimeError(f"host {name}: processes that cannot be killed: {left}")
            for pid in left:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            time.sleep(0.01)

    def kill_host(self, name):
        """All processes of the host die; its system still closes their connections, but starts nothing more (until revive)."""
        self._mark(name, "dead", True)
        self._end(name)

    def revive(self, name):
        self._mark(name, "dead", False)

    def power_off(self, name):
        """The host is gone from one moment to the next, with its memory, without a notice. start() switches it on again."""
        self.cut(name)
        self.kill_host(name)
        self._ip("switch", f"link del {name}\n")
        self._let_go(name)

    # MPI across hosts.

    def environment(self, variables=None):
        own = {"OMPI_MCA_btl": "self,vader,tcp", "OMPI_MCA_btl_tcp_if_include": f"{NETWORK}.0/24",
               "OMPI_MCA_oob_tcp_if_include": f"{NETWORK}.0/24", "OMPI_MCA_plm_rsh_agent": self.agent,
               "OMPI_MCA_orte_tmpdir_base": self.folder}
        clean = harness.environment()
        clean.pop("OMPI_MCA_osc_sm_backing_directory", None)  # each host has shared memory of its own, and enough
        return {**clean, **own, **(variables or {})}

    def mpirun(self, ranks, arguments, variables=None, program=harness.PROGRAM, **options):
        """Starts the program with ranks = {host: ranks on it}, from the first of these hosts; options go to Popen."""
        self.sessions += 1
        hostfile = f"hostfile{self.sessions}"
        self._write(hostfile, "".join(f"{name} slots={number}\n" for name, number in ranks.items()))
        line = ["mpirun", "--hostfile", self.path(hostfile), "-np", str(sum(ranks.values())), program, *arguments]
        return self.start_in(next(iter(ranks)), line, env=self.environment(variables), **options)

    @staticmethod
    def finish(job, timeout=60):
        """Waits for a started job: a CompletedProcess with its output. A job that takes longer is killed, and the test fails."""
        try:
            stdout, stderr = job.communicate(timeout=timeout)
        except subprocess.TimeoutExpired as error:
            job.kill()
            stdout, stderr = job.communicate()
            raise AssertionError(f"not done after {timeout} s: {' '.join(job.args)}\n{stdout}{stderr}") from error
        return subprocess.CompletedProcess(job.args, job.returncode, stdout, stderr)
