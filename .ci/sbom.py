"""What is in the program, as CycloneDX 1.6: reads `cargo metadata`, writes JSON. Build tools and what only tests use are left out.

    cargo metadata --format-version 1 --locked --filter-platform TARGET | python3 .ci/sbom.py VERSION

Needs nothing but Python. No time and no random number, so that the same lock file gives the same bytes.
"""
import json
import sys
from urllib.parse import quote

metadata = json.load(sys.stdin)
packages = {package["id"]: package for package in metadata["packages"]}
nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
root = metadata["resolve"]["root"]


def linked(node):
    """The packages whose code ends up beside this one's: normal dependencies, and no procedural macros."""
    for dependency in nodes[node]["deps"]:
        macro = any("proc-macro" in target["kind"] for target in packages[dependency["pkg"]]["targets"])
        if not macro and any(kind["kind"] is None for kind in dependency["dep_kinds"]):
            yield dependency["pkg"]


def purl(package):
    return "pkg:cargo/%s@%s" % (package["name"], quote(package["version"]))


def component(package, kind):
    said = {
        "type": kind,
        "bom-ref": purl(package),
        "name": package["name"],
        "version": package["version"],
        "purl": purl(package),
    }
    if package["license"]:
        # Older packages write `MIT/Apache-2.0` for a choice of two.
        said["licenses"] = [{"expression": package["license"].replace("/", " OR ")}]
    if package["description"]:
        said["description"] = " ".join(package["description"].split())
    return said


seen, waiting = set(), [root]
while waiting:
    one = waiting.pop()
    if one not in seen:
        seen.add(one)
        waiting.extend(linked(one))

packages[root]["version"] = sys.argv[1]
ordered = sorted(seen, key=lambda one: purl(packages[one]))
json.dump(
    {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": component(packages[root], "application")},
        "components": [component(packages[one], "library") for one in ordered if one != root],
        "dependencies": [
            {"ref": purl(packages[one]), "dependsOn": sorted({purl(packages[on]) for on in linked(one)})}
            for one in ordered
        ],
    },
    sys.stdout,
    indent=1,
)
print()
