"""Checks the files for a deployment: docker-compose.yml, and the units of systemd and the alerts in docs/production.

    python3 tools/deployment/check.py

It needs PyYAML, which `./run lint` fetches. Nothing is started. It prints each fault, and fails if there is one.
"""

import pathlib
import re
import sys

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOURCES = ["api/src", "stockwell/src"]
SECRET = re.compile(r"/run/secrets/([a-z_]+)")
VARIABLE = re.compile(r"\bSTOCKWELL_[A-Z_]+\b")


def known_variables():
    """Returns the variables that the program reads."""
    declared = re.compile(r'env = "(STOCKWELL_[A-Z_]+)"')
    files = [file for folder in SOURCES for file in sorted((ROOT / folder).rglob("*.rs"))]
    return {name for file in files for name in declared.findall(file.read_text())}


def of_service(name, service, document, known):
    """Yields the faults of a service of docker-compose.yml."""
    if "image" not in service and "build" not in service:
        yield f"{name} has neither an image nor a build"
    secrets = service.get("secrets", [])
    yield from (f"{name}: the secret {one} is not declared" for one in secrets if one not in document["secrets"])
    needed = service.get("depends_on", {})
    yield from (f"{name} depends on {one}, which is not there" for one in needed if one not in document["services"])
    for volume in service.get("volumes", []):
        source = volume.split(":")[0]
        if not source.startswith((".", "/")) and source not in document["volumes"]:
            yield f"{name}: the volume {source} is not declared"
    for variable, value in service.get("environment", {}).items():
        if variable.startswith("STOCKWELL_") and variable not in known:
            yield f"{name}: the program reads no {variable}"
        for secret in SECRET.findall(str(value)):
            if secret not in secrets:
                yield f"{name}: {variable} names the secret {secret}, which the service does not get"


def of_compose(known):
    document = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    for name, service in document["services"].items():
        yield from of_service(name, service, document, known)
    used = {secret for service in document["services"].values() for secret in service.get("secrets", [])}
    yield from (f"no service gets the secret {one}" for one in document["secrets"] if one not in used)


def of_units(known):
    for file in sorted((ROOT / "docs/production").glob("*.service")):
        lines = [line for line in file.read_text().splitlines() if line.startswith("Environment=")]
        for variable in VARIABLE.findall("\n".join(lines)):
            if variable not in known:
                yield f"{file.name}: the program reads no {variable}"


def of_alerts():
    document = yaml.safe_load((ROOT / "docs/production/alerts.yml").read_text())
    rules = [rule for group in document["groups"] for rule in group["rules"]]
    names = [rule.get("alert") for rule in rules]
    yield from (f"alerts.yml has {name} twice" for name in sorted({one for one in names if names.count(one) > 1}))
    for rule in rules:
        parts = [rule.get("expr"), rule.get("labels", {}).get("severity")]
        parts += [rule.get("annotations", {}).get(part) for part in ("summary", "action")]
        if not all(parts):
            yield f"alerts.yml: {rule.get('alert')} lacks an expression, a severity, a summary or an action"


def main():
    known = known_variables()
    faults = [*of_compose(known), *of_units(known), *of_alerts()]
    for fault in faults:
        print(fault, file=sys.stderr)
    sys.exit(1 if faults or len(known) < 20 else 0)


main()
