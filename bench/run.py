"""Measures Keyless beside its peers and prints one table: `python bench/run.py [plan] [shared] [start] [program]`.

Ratios of one run on one machine; nothing here is a test. The engine is the real one.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from bench import bare  # noqa: E402
from bench.engine import Project, provider  # noqa: E402
from bench.generate import generate  # noqa: E402
from bench.measure import Command, medians  # noqa: E402
from bench.shared import generate_shared  # noqa: E402

CDK8S = {"cdk8s": "2.70.106", "cdk8s-plus-33": "2.5.57", "constructs": "10.4.2"}
APPS = 1000
MAIN = ROOT / "__main__.py"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: what was measured, its figure, and what it may be."""

    what: str
    seconds: str
    ratio: str
    goal: str


def keyless(folder: Path, *arguments: str) -> Command:
    """The command as it is installed beside this Python."""
    return Command([Path(sys.executable).with_name("keyless"), "-C", folder, *arguments])


def plan(work: Path) -> Iterator[Row]:
    """`keyless plan dev` beside PyYAML's C loader and cdk8s, and how it grows."""
    projects = {apps: generate(work / f"plan-{apps}", apps) for apps in (APPS // 10, APPS, APPS * 10)}
    sides = {
        "keyless": keyless(projects[APPS], "plan", "dev"),
        "PyYAML": Command([sys.executable, ROOT / "bench" / "parse.py", projects[APPS]]),
    }
    modules = install_cdk8s()
    if modules is not None:
        variables = {**os.environ, "NODE_PATH": str(modules)}
        cdk8s: list[str | Path] = ["node", ROOT / "bench" / "cdk8s.js", str(APPS), work / "cdk8s"]
        sides["cdk8s"] = Command(cdk8s, variables=variables)
    times = medians(sides, 5)
    for peer, goal in (("PyYAML", "at most 4"), ("cdk8s", "at most 1")):
        if peer in times:
            yield compare(f"plan of {APPS} apps / {peer}", times["keyless"], times[peer], goal)
        else:
            yield Row(f"plan of {APPS} apps / {peer}", f"{times['keyless']:.2f}", "no npm here", goal)
    three = generate(work / "three", APPS, environments=("dev", "stg", "prd"))
    grown = medians({"three": keyless(three, "plan", "dev"), "one": sides["keyless"]}, 5)
    what = f"plan of {APPS} apps, beside two other environments / alone"
    yield compare(what, grown["three"], grown["one"], "at most 1.25")
    small, large = (keyless(projects[apps], "plan", "dev") for apps in (APPS // 10, APPS * 10))
    grown = medians({"small": small, "large": large}, 3)
    early = (times["keyless"] - grown["small"]) / (APPS - APPS // 10)
    late = (grown["large"] - times["keyless"]) / (APPS * 10 - APPS)
    what = f"an app more, at {APPS * 10} / at {APPS} apps"
    yield Row(what, f"{late * 1000:.2f} / {early * 1000:.2f} ms", f"{late / early:.2f}", "0.75 to 1.25")


def shared(work: Path) -> Iterator[Row]:
    """How a plan grows with resources that 20 apps share, each with a private endpoint."""
    sides = {
        str(resources): keyless(generate_shared(work / f"shared-{resources}", resources, 20), "plan", "dev")
        for resources in (25, 50, 100)
    }
    times = medians(sides, 5)
    early, late = times["50"] - times["25"], (times["100"] - times["50"]) / 2
    what = "25 shared resources and their 500 apps more, at 100 / at 50"
    yield Row(what, f"{late:.2f} / {early:.2f}", f"{late / early:.2f}", "0.75 to 1.25")


def start(work: Path) -> Iterator[Row]:
    """How long the command takes to say what it can do."""
    times = medians({"help": keyless(work, "--help"), "python": Command([sys.executable, "-c", "pass"])}, 9)
    yield compare("keyless --help / python -c pass", times["help"], times["python"], "0.15 s")


def program(work: Path) -> Iterator[Row]:
    """The Pulumi program beside a plain one of the same resources, on the real engine."""
    with provider() as port:
        for apps, rounds in ((20, 5), (100, 3)):
            yield from paired(work, apps, rounds, port)


def paired(work: Path, apps: int, rounds: int, port: int) -> Iterator[Row]:
    """Both programs in turns: preview of a new stack, then an update that changes nothing."""
    first = generate(work / f"keyless-{apps}", apps)
    (first / "__main__.py").write_bytes(MAIN.read_bytes())
    ours = Project(first, port)
    previews = {"keyless": ours.preview}
    trial = generate(work / f"trial-{apps}", apps)
    (trial / "__main__.py").write_bytes(MAIN.read_bytes())
    model = Project(trial, port)
    model.up(checkpoints=False).run()
    theirs = Project(bare.write(work / f"bare-{apps}", model.resources()), port)
    previews["bare"] = theirs.preview
    times = medians(previews, rounds)
    yield compare(f"preview of {apps} apps / bare Pulumi", times["keyless"], times["bare"], "at most 1.15")
    for side in (ours, theirs):
        side.up(checkpoints=False).run()
    same = same_resources(ours, theirs)
    times = medians({"keyless": ours.up(), "bare": theirs.up()}, rounds)
    what = f"up without a change, {apps} apps ({same} resources) / bare Pulumi"
    yield compare(what, times["keyless"], times["bare"], "at most 1.15")


def same_resources(ours: Project, theirs: Project) -> int:
    """How many custom resources both made, with equal inputs. Raises RuntimeError where they differ."""
    first, second = (
        {one["urn"].rpartition("::")[2]: (one["type"], one["inputs"]) for one in side.resources()}
        for side in (ours, theirs)
    )
    # The SDK says of a provider what ours leaves to the machine; it is one resource of each.
    for made in (first, second):
        for name in [name for name, (type_, _) in made.items() if type_.startswith("pulumi:providers:")]:
            made[name] = (made[name][0], {})
    if first != second:
        different = sorted(name for name in {*first, *second} if first.get(name) != second.get(name))
        raise RuntimeError(f"the programs differ in {', '.join(different[:5])}")
    return len(first)


def compare(what: str, ours: float, theirs: float, goal: str) -> Row:
    """A row of two times and their ratio."""
    return Row(what, f"{ours:.2f} / {theirs:.2f}", f"{ours / theirs:.2f}", goal)


def install_cdk8s() -> Path | None:
    """The folder with cdk8s, installed on first use into the user's cache; None where there is no npm."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "keyless" / "bench"
    modules = cache / "node_modules"
    if not (modules / "cdk8s-plus-33").is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        packages = [f"{name}@{version}" for name, version in CDK8S.items()]
        say("installing cdk8s")
        try:
            subprocess.run(
                ["npm", "install", "--prefix", str(cache), "--no-audit", "--no-fund", *packages],
                check=True,
                stdout=sys.stderr,
            )
        except FileNotFoundError:
            return None
    return modules


SECTIONS: Mapping[str, Callable[[Path], Iterator[Row]]] = {
    "plan": plan,
    "shared": shared,
    "start": start,
    "program": program,
}


def say(text: str) -> None:
    """Progress, for whoever waits."""
    print(f"bench: {text}", file=sys.stderr, flush=True)


def main(names: Sequence[str]) -> int:
    """Measure the named sections, by default all, and print the table row by row."""
    unknown = set(names) - set(SECTIONS)
    if unknown:
        print(f"no section {', '.join(sorted(unknown))}; there are {', '.join(SECTIONS)}", file=sys.stderr)
        return 2
    print(f"{'what':66}{'seconds':>18}{'ratio':>14}  goal")
    with tempfile.TemporaryDirectory(prefix="keyless-bench-") as work:
        for name in names or SECTIONS:
            say(f"measuring {name}")
            for row in SECTIONS[name](Path(work)):
                print(f"{row.what:66}{row.seconds:>18}{row.ratio:>14}  {row.goal}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
