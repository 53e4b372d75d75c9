"""The source tree as text: files, includes, functions, and who needs whose functions."""
import collections
import functools
import glob
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))
import harness  # noqa: E402

SOURCE = harness.SOURCE

# A definition of a function: it begins in the first column, and its brace stands on a line of its own.
FUNCTION = re.compile(r"^(?!#)((?:[A-Za-z_]\w*[ \t\n*]+)+)(?:KERNEL\((\w+)\)|(\w+))\((?:[^();{}]|\([^();{}]*\))*\)\s*\n\{", re.M)
NOT_CODE = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def files(*patterns):
    found = [f for p in patterns for f in glob.glob(os.path.join(SOURCE, p), recursive=True)]
    assert found, f"nothing matches {patterns} below {SOURCE}"
    return sorted(os.path.relpath(f, SOURCE) for f in found)


def tracked():
    """The files that git knows, or all of them where there is no git."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=SOURCE, stdout=subprocess.PIPE, text=True)
    names = listed.stdout.split("\n") if listed.returncode == 0 else files("**/*")
    return [n for n in names if os.path.isfile(os.path.join(SOURCE, n))]


def text(name):
    with open(os.path.join(SOURCE, name), encoding="utf-8") as f:
        return f.read()


@functools.lru_cache(maxsize=None)
def code(name):
    """The text without comments and literals."""
    return NOT_CODE.sub(lambda m: re.sub(r"[^\n]", "", m.group()) or " ", text(name))


def includes(name):
    return re.findall(r'^\s*#\s*include\s+[<"]([^>"]+)[>"]', text(name), re.M)


@functools.lru_cache(maxsize=None)
def functions(name):
    """(function, whether static) for each that the file defines."""
    return [(m[2] or m[3], "static" in m[1] or "INLINE" in m[1]) for m in FUNCTION.finditer(code(name))]


def same_names():
    """Function name -> the files below src that define it, where there are several. Each program has a main()."""
    where = collections.defaultdict(set)
    for name in files("src/**/*.[ch]"):
        for function, _ in functions(name):
            where[function].add(name)
    return {function: sorted(names) for function, names in where.items() if len(names) > 1 and function != "main"}


def needs():
    """File of src -> the files whose functions it names."""
    owner = {f: name for name in files("src/**/*.c") for f, static in functions(name) if not static}
    own = {name: {f for f, _ in functions(name)} for name in files("src/**/*.c")}
    return {name: {owner[w] for w in set(re.findall(r"\b[a-z]\w*\b", code(name))) - own[name] if w in owner} for name in own}


def circles():
    """Pairs of files of src that need each other's functions."""
    graph = needs()
    return sorted((a, b) for a in graph for b in graph[a] if a < b and a in graph[b])


def drawing(layers):
    """Which layer includes headers of which others, as lines of text; layers are given from the top down."""
    lines, width = [], max(map(len, layers))
    for i, layer in enumerate(layers[:-1]):
        seen = {included.split("/")[0] for name in files(f"src/{layer}/**/*.[ch]") for included in includes(name)}
        above = [" " * len(other) for other in layers[1:i + 1]]
        below = [(other if other in seen else ".").ljust(len(other)) for other in layers[i + 1:]]
        lines.append(f"    {layer.ljust(width)} ->  " + "  ".join(above + below).rstrip() + "\n")
    return "".join(lines)
