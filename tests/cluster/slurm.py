"""A real Slurm on one machine: slurmctld, one slurmd for each simulated host, and munged, all from one scratch folder.

    slurm = Slurm(3)                                           # nodes n1, n2, n3; the controller runs on n1
    self.addCleanup(slurm.close)
    job = slurm.submit("launch/slurm.sbatch", "my.yaml", options=["--nodes=2", "--ntasks-per-node=2"], cwd=folder)
    slurm.wait(job, "COMPLETED")

It needs neither systemd nor cgroups nor anything in /etc, and may run beside others of its kind: addresses and ports are those of
the hosts' own network, everything else is a path in the folder. Each daemon stays in the foreground, a child of this process, and
dies with it.
"""
import os
import shutil
import subprocess
import time

from hosts import Hosts
from hosts import unavailable as hosts_unavailable
from processes import runs

CORES = 4  # of each node, whatever the machine has

# The scheduler looks every second, and a node that is silent for SILENT seconds is down some seconds later. How long Slurm's credentials live is
# also how long a requeued job waits before it may start: 120 s by default, 5 are the least.
SILENT = 16
CONF = """\
ClusterName=lab
SlurmctldHost={names[0]}({address})
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=5
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
SlurmctldPort=6817
SlurmdPort=6818
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool.%n
TmpFS={folder}/tmp.%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.%n.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmdParameters=config_overrides
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,sched_min_interval=0,bf_interval=1
ReturnToService=2
KillWait=5
SlurmdTimeout={silent}
MessageTimeout=5
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
NodeName=n[1-{number}] NodeAddr={network}.[1-{number}] Sockets=1 CoresPerSocket={cores} ThreadsPerCore=1 RealMemory=4000
PartitionName=all Nodes=ALL State=UP
{partitions}
"""

PROGRAMS = {"munged": "munge", "slurmctld": "slurmctld", "slurmd": "slurmd", "srun": "slurm-client", "sbatch": "slurm-client"}


def find(program):
    """Daemons live in sbin, which is not in everybody's path."""
    return shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/local/sbin:/usr/sbin:/sbin")


def unavailable():
    """Why there can be no Slurm here, or None."""
    for program, package in PROGRAMS.items():
        if not find(program):
            return f"Slurm is not installed: there is no {program} (Debian: {package})"
    return hosts_unavailable()


class Slurm:
    def __init__(self, number, partitions=""):
        """Nodes n1 ... nNUMBER, which are partition "all"; partitions are lines of slurm.conf with more."""
        self.daemons = {}  # name: process
        self.hosts = Hosts(number)
        self.folder = self.hosts.folder
        try:
            self._configure(partitions)
            self._start()
        except BaseException:
            self.close()
            raise

    def path(self, name):
        return self.hosts.path(name)

    # Starting and ending.

    def _configure(self, partitions):
        names = self.hosts.names
        address = self.hosts.address(names[0])
        os.chmod(self.folder, 0o755)
        os.mkdir(self.path("state"))
        for name in names:
            os.mkdir(self.path(f"spool.{name}"))
            os.mkdir(self.path(f"tmp.{name}"))  # of its own: PMIx on different nodes uses the same file names
            os.chmod(self.path(f"tmp.{name}"), 0o1777)
        with open(self.path("slurm.conf"), "w") as f:
            f.write(CONF.format(names=names, number=len(names), address=address, network=address.rsplit(".", 1)[0],
                                folder=self.folder, cores=CORES, silent=SILENT, partitions=partitions))
        with open(os.open(self.path("munge.key"), os.O_WRONLY | os.O_CREAT, 0o600), "wb") as f:
            f.write(os.urandom(1024))

    def environment(self, variables=None):
        own = {"SLURM_CONF": self.path("slurm.conf"), "OMPI_MCA_plm_rsh_agent": "ssh"}
        return self.hosts.environment({**own, **(variables or {})})

    def _daemon(self, name, command):
        with open(self.path(f"{name}.log"), "a") as log:
            self.daemons[name] = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder,
                                                  env=self.environment())

    def _in_host(self, host, command):
        return self.hosts.command(host, ["setpriv", "--pdeathsig", "KILL", *command])

    def start_node(self, name):
        self._daemon(f"slurmd.{name}", self._in_host(name, [find("slurmd"), "-D", "-N", name]))

    def _start(self):
        munge = ["--foreground", "--force", *(f"--{option}={self.folder}/munge.{kind}" for option, kind in (
            ("socket", "socket"), ("key-file", "key"), ("pid-file", "pid"), ("log-file", "log"), ("seed-file", "seed")))]
        self._daemon("munged", ["setpriv", "--pdeathsig", "KILL", find("munged"), *munge])
        self._until(lambda: os.path.exists(self.path("munge.socket")), "munged opens its socket")
        self._daemon("slurmctld", self._in_host("n1", [find("slurmctld"), "-D", "-i"]))
        for name in self.hosts.names:
            self.start_node(name)
        self._until(lambda: self.nodes("idle") == self.hosts.names, "all nodes are idle")

    def _until(self, condition, what, timeout=20):
        end = time.monotonic() + timeout
        while not condition():
            ended = [name for name, daemon in self.daemons.items() if daemon.poll() is not None]
            if ended or time.monotonic() > end:
                raise RuntimeError(f"Slurm: in {timeout} s it did not happen that {what}; ended: {ended or 'none'}\n{self.logs()}")
            time.sleep(0.05)

    def logs(self):
        """The last lines of every daemon, for a test that fails."""
        text = ""
        for name in self.daemons:
            with open(self.path(f"{name}.log"), errors="replace") as f:
                text += f"--- {name}\n" + "".join(f.readlines()[-15:])
        return text

    def close(self):
        for daemon in self.daemons.values():
            daemon.kill()
        self.hosts.close()  # ends everything in the hosts: step daemons, launchers, ranks
        for daemon in self.daemons.values():
            daemon.wait()

    # Commands of the user, given on the first node.

    def call(self, *command, cwd=None, variables=None, timeout=30):
        """A finished process with text output; nothing is checked."""
        there = ["env", f"--chdir={cwd or self.folder}", *command]  # entering a host leads to the root folder
        return subprocess.run(self.hosts.command("n1", there), env=self.environment(variables), stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=timeout)

    def say(self, *command, **options):
        """What a command prints; it has to succeed."""
        done = self.call(*command, **options)
        if done.returncode != 0:
            raise AssertionError(f"exit code {done.returncode} of {' '.join(command)}\n{done.stdout}{done.stderr}")
        return done.stdout.strip()

    def nodes(self, states):
        """The nodes in one of these states (separated by commas) that answer."""
        found = self.call("sinfo", "--noheader", "--Node", "--responding", "--partition=all", f"--states={states}", "--format=%N")
        return found.stdout.split()

    def submit(self, script, *arguments, options=(), cwd=None, variables=None):
        """Submits a job: its number, as text."""
        return self.say("sbatch", "--parsable", *options, script, *arguments, cwd=cwd, variables=variables)

    def job(self, job):
        """What Slurm knows of a job: {"JobState": "RUNNING", "Restarts": "0", "NodeList": "n[1-2]", ...}."""
        return dict(word.split("=", 1) for word in self.say("scontrol", "--oneliner", "show", "job", job).split() if "=" in word)

    def wait(self, job, *states, timeout=60):
        """Waits until a job is in one of these states, and says what Slurm knows of it then."""
        end = time.monotonic() + timeout
        while (now := self.job(job))["JobState"] not in states:
            if time.monotonic() > end:
                raise AssertionError(f"job {job} is {now['JobState']} after {timeout} s, not {' or '.join(states)}: {now}\n{self.logs()}")
            time.sleep(0.1)
        return now

    # Faults.

    def kill_node(self, name):
        """The node dies, with all that runs on it."""
        self.hosts.kill_host(name)

    def ranks(self, name, program):
        """The processes on a node that run a program."""
        return sorted(pid for pid in self.hosts.pids(name) if runs(pid, program))
