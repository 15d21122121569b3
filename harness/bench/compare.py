"""compare.py - runs the programs of rows/ in turns, and writes a table, results.json and results.svg.

A row is a folder with row.txt (title, unit, target, best; kind: server for one that client.c asks),
ours.c, limit.c, and optionally peer.py; peers.py and peers.go have a function for most rows. Each
program prints one number; of several runs, the median counts. What cannot be measured is said to be
missing. Names of rows as arguments: only those.
"""

import json
import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
from pathlib import Path
from xml.sax.saxutils import escape

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
OUT = ROOT / "build" / "bench"
SHORT = "BENCH_SHORT" in os.environ
RUNS = 1 if SHORT else 5
PYTHON = "/usr/bin/python3" if os.path.exists("/usr/bin/python3") else "python3"
NAMES = {"limit": "the limit", "ours": "ours", "asyncio": "asyncio", "uvloop": "uvloop", "go": "Go"}


def description(folder):
    pairs = (line.split(":", 1) for line in (folder / "row.txt").read_text().splitlines())
    return {key.strip(): value.strip() for key, value in pairs}


FLAGS = ["-std=gnu11", "-D_GNU_SOURCE", "-O2", "-flto=auto", "-w", f"-I{HERE}", f"-I{ROOT}/harness/include",
         *(f"-I{path}" for path in sorted(ROOT.glob("solutions/*")))]
HEADERS = max(path.stat().st_mtime for path in [*ROOT.glob("solutions/*/*.h"), *HERE.glob("*.h")])


def up_to_date(product, sources):
    made = product.stat().st_mtime if product.exists() else 0
    return made > max([HEADERS, *(path.stat().st_mtime for path in sources)])


def compiler(product, sources, *more):
    """Returns None, or what the compiler has said."""
    if up_to_date(product, sources):
        return None
    fresh = product.with_suffix(".new")
    command = [os.environ.get("CC", "cc"), *FLAGS, *more, *map(str, sources), "-o", str(fresh)]
    done = subprocess.run(command + ([] if "-c" in more else ["-luv", "-lm"]), capture_output=True, text=True)
    if done.returncode == 0:
        fresh.rename(product)
    return None if done.returncode == 0 else done.stderr


def compile_c(source, program):
    """The layers are compiled as a program that cares for speed would compile them: calls between
    files can be inlined (-flto)."""
    objects = []
    if source.name not in ("limit.c", "client.c"):
        for layer in [*sorted(ROOT.glob("solutions/0*/*.c")), ROOT / "harness/runtime/demo.c"]:
            objects.append(OUT / f"{layer.parent.name}-{layer.stem}.o")
            problem = compiler(objects[-1], [layer], "-c")
            if problem:
                return problem
    problem = compiler(program, [source, *objects])
    return problem and f"{source.parent.name}/{source.name} does not compile:\n{problem}"


def contenders(folder, missing):
    """The command of each contender, by name."""
    found = {}
    for name in ("limit", "ours"):
        source, program = folder / f"{name}.c", OUT / f"{folder.name}-{name}"
        if not source.exists():
            continue
        problem = compile_c(source, program)
        if problem:
            missing.append(problem)
        else:
            found[name] = [str(program)]
    own, common = folder / "peer.py", f"async def {folder.name}("
    script = own if own.exists() else HERE / "peers.py" if common in (HERE / "peers.py").read_text() else None
    if script:
        for name, module in (("asyncio", "asyncio"), ("uvloop", "uvloop")):
            if subprocess.run([PYTHON, "-c", f"import {module}"], capture_output=True).returncode == 0:
                found[name] = [PYTHON, str(script), folder.name] + ([name] if name == "uvloop" else [])
            else:
                missing.append(f"{name} (Debian: python3{'-uvloop' if name == 'uvloop' else ''})")
    if f'"{folder.name}"' in (HERE / "peers.go").read_text():
        go = OUT / "peers-go"
        if go.exists():
            found["go"] = [str(go), folder.name]
        else:
            missing.append("Go (Debian: golang-go)")
    return found


def run_once(command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    return float(done.stdout.split()[0]) if done.returncode == 0 and done.stdout else None


def serve_once(command, extra):
    """Requests per second; extra receives the server's processor time in user mode, us for one."""
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        port = server.stdout.readline().strip()
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        ms = 200 if SHORT else 1000
        done = subprocess.run([str(OUT / "client"), port, "64", str(ms)], capture_output=True, text=True, timeout=60)
        client = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    finally:
        server.terminate()
        server.wait()
    if done.returncode != 0:
        return None
    count = int(done.stdout)
    extra.append((resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - client) * 1e6 / max(count, 1))
    return count * 1000 / ms


def measure(folder, missing):
    row = {"id": folder.name, **description(folder), "runs": {}, "user_us": {}}
    commands = contenders(folder, missing)
    extra = {name: [] for name in commands}
    for _ in range(RUNS):
        for name, command in commands.items():
            value = serve_once(command, extra[name]) if row.get("kind") == "server" else run_once(command)
            if value is None:
                missing.append(f"{folder.name}: {NAMES[name]} has failed")
            else:
                row["runs"].setdefault(name, []).append(value)
    row["median"] = {name: statistics.median(runs) for name, runs in row["runs"].items()}
    row["user_us"] = {name: statistics.median(times) for name, times in extra.items() if times}
    return row


def shown(value):
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def table(rows):
    """Each figure, and how many times the limit's that is."""
    lines = [f"{'':67}" + "".join(f"{NAMES[name]:>18}" for name in NAMES) + "   target"]
    for row in rows:
        cells = ""
        for name in NAMES:
            value, limit = row["median"].get(name), row["median"].get("limit")
            ratio = f" {shown(value / limit) + 'x':7}" if value is not None and limit else " " * 8
            cells += f"{shown(value) if value is not None else 'missing':>10}{ratio}"
        lines.append(f"{row['title']:56} {row['unit']:>10}{cells}   {row['target']}")
        if row["user_us"]:
            cells = "".join(f"{row['user_us'][n]:>10.2f}{'':8}" if n in row["user_us"] else " " * 18 for n in NAMES)
            lines.append(f"{'    processor time in user mode, each':56} {'us':>10}{cells}")
    return "\n".join(lines)


def chart(rows):
    """Bars, one group a row, on a logarithmic scale: how many times the limit."""
    import math

    colours = {"ours": "#1f6fb2", "asyncio": "#c58a1a", "uvloop": "#7d5ba6", "go": "#4a9a6a"}
    left, width, bar, top = 330, 520, 15, 96
    parts, y = [], top
    for row in rows:
        limit = row["median"].get("limit")
        names = [name for name in colours if name in row["median"]]
        parts.append(f'<text x="{left - 12}" y="{y + 12}" text-anchor="end">{escape(row["title"])}</text>')
        best = f'limit {shown(limit)} {row["unit"]}, ' if limit else ""
        parts.append(f'<text x="{left - 12}" y="{y + 29}" text-anchor="end" class="small">{escape(best)}target {escape(row["target"])}</text>')
        for i, name in enumerate(names):
            value = row["median"][name]
            times = (limit / value if row.get("kind") == "server" else value / limit) if limit else 1
            length = max(2, width * min(1, math.log10(max(times, 1)) / 4))
            parts.append(f'<rect x="{left}" y="{y + i * bar}" width="{length:.0f}" height="{bar - 3}" fill="{colours[name]}"/>')
            parts.append(f'<text x="{left + length + 6:.0f}" y="{y + i * bar + 10}" class="small">{NAMES[name]} {shown(value)} {escape(row["unit"])}, {times:.2f}x</text>')
        y += max(2, len(names)) * bar + 16
    grid = "".join(
        f'<line x1="{left + width * i / 4:.0f}" x2="{left + width * i / 4:.0f}" y1="{top - 10}" y2="{y}" stroke="#ddd"/>'
        f'<text x="{left + width * i / 4:.0f}" y="{top - 16}" text-anchor="middle" class="small">{10 ** i:,}x</text>'
        for i in range(5))
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + width + 190}" height="{y + 20}" '
            'font-family="sans-serif" font-size="13"><style>.small{font-size:11px;fill:#555}</style>'
            f'<rect width="100%" height="100%" fill="white"/><text x="20" y="30" font-size="18">What it costs, as a multiple of the limit</text>'
            f'<text x="20" y="50" class="small">The limit is the same work in bare assembly or bare libuv. Medians of {RUNS}, one machine; shorter is better; the scale is logarithmic.</text>'
            f'{grid}{"".join(parts)}</svg>\n')


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    missing = []
    go = OUT / "peers-go"
    if shutil.which("go"):
        subprocess.run(["go", "build", "-o", str(go), str(HERE / "peers.go")],
                       env={**os.environ, "GO111MODULE": "off"}, check=False)
    problem = compile_c(HERE / "client.c", OUT / "client")
    if problem:
        sys.exit(problem)
    folders = [folder for folder in sorted((HERE / "rows").iterdir())
               if (folder / "row.txt").exists() and (folder.name in sys.argv[1:] or not sys.argv[1:])]
    rows = [measure(folder, missing) for folder in folders]
    print(table(rows))
    for what in sorted(set(missing)):
        print("missing:", what)
    (OUT / "results.json").write_text(json.dumps({"runs": RUNS, "short": SHORT, "rows": rows, "missing": sorted(set(missing))}, indent=1))
    (OUT / "results.svg").write_text(chart(rows))
    print(f"written: build/bench/results.json, build/bench/results.svg ({RUNS} runs each{', SHORT' if SHORT else ''})")


main()
