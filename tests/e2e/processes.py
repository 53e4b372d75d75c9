"""What the tests of faults ask about processes and files."""
import os
import time


def stat(pid):
    """The fields of /proc/PID/stat from the state on, or None if the process is gone."""
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rpartition(")")[2].split()
    except OSError:
        return None


def children(pid):
    """All descendants of a process."""
    parent = {int(p): fields for p in filter(str.isdigit, os.listdir("/proc")) if (fields := stat(p))}
    found, queue = [], [pid]
    while queue:
        front = queue.pop()
        more = [p for p, fields in parent.items() if int(fields[1]) == front]
        found += more
        queue += more
    return found


def alive(pid):
    fields = stat(pid)
    return fields is not None and fields[0] != "Z"


def runs(pid, program):
    """Whether the process is one of this program."""
    try:
        return os.path.samefile(f"/proc/{pid}/exe", program)
    except OSError:
        return False


def content(path):
    try:
        with open(path) as f:
            return f.read()
    except OSError:
        return ""


def until(condition, seconds, pause=0.05):
    """Waits until the condition holds, for at most `seconds`; returns its last value."""
    end = time.monotonic() + seconds
    while not (result := condition()) and time.monotonic() < end:
        time.sleep(pause)
    return result
