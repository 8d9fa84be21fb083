#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Does what a Dockerfile says without a container engine: each stage is a folder, each RUN a command in it.

    dockerfile.py DOCKERFILE WORK/NAME [BASE=FOLDER] [ARGUMENT=VALUE]...

leaves the root in WORK/NAME and its settings in WORK/NAME.json.

Knows what our files use: FROM (debian:12-slim, scratch, or a folder given as NAME=DIR), ARG, ENV, WORKDIR, COPY [--from]
[--chown], RUN, USER and the settings of a container. Debian's image is made by debootstrap. Runs as root; the machine's
ways to its packages (sources of apt, certificates, settings of pip and npm) are lent to RUN. Needs debootstrap.
"""
import fnmatch
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys


def instructions(text):
    """("COPY", "a b") ..., lines joined, comments left out."""
    text = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    for line in re.sub(r"\\\n", " ", text).splitlines():
        if line.strip():
            word, _, rest = line.strip().partition(" ")
            yield word.upper(), rest.strip()


def wanted(name, rules):
    """As .dockerignore says: the last rule that fits decides; a rule for a folder is one for all in it."""
    ignored = False
    for rule in rules:
        pattern = rule.lstrip("!").strip("/")
        if any(fnmatch.fnmatch(part, pattern) for part in [name, *map(str, pathlib.PurePath(name).parents)]):
            ignored = not rule.startswith("!")
    return not ignored


class Builder:
    def __init__(self, dockerfile, image, given):
        self.image, self.given = pathlib.Path(image).resolve(), given
        self.work = self.image.parent
        self.stages, self.args = {}, {}
        self.root, self.settings = None, {}
        ignore = pathlib.Path(f"{dockerfile}.dockerignore")
        lines = ignore.read_text().splitlines() if ignore.exists() else []
        self.rules = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
        self.todo = list(instructions(pathlib.Path(dockerfile).read_text()))

    def build(self):
        for word, rest in self.todo:
            print(f"== {word} {' '.join(rest.split())}", flush=True)
            if word not in ("RUN", "CMD", "ENTRYPOINT", "HEALTHCHECK"):  # these leave variables to the shell
                known = {**self.args, **self.settings.get("env", {})}
                rest = re.sub(r"\$\{?(\w+)\}?", lambda m: known.get(m[1], ""), rest)
            getattr(self, f"do_{word.lower()}")(rest)
        shutil.rmtree(self.image, ignore_errors=True)
        self.root.rename(self.image)
        pathlib.Path(f"{self.image}.json").write_text(json.dumps(self.settings, indent=1) + "\n")

    def do_from(self, rest):
        base, _, name = rest.partition(" AS ")
        self.root = self.work / f"{self.image.name}-{name or 'last'}"
        subprocess.run(["rm", "-rf", "--one-file-system", self.root], check=True)
        self.settings = {"env": {}, "cwd": "/", "user": "0:0"}
        if base == "scratch":
            self.root.mkdir(parents=True)
        else:
            source, self.settings = self.base(base)
            subprocess.run(["cp", "-a", "--reflink=auto", source, self.root], check=True)
        self.stages[name or "last"] = self.root

    def base(self, name):
        if name in self.given:
            settings = pathlib.Path(self.given[name] + ".json")
            return self.given[name], json.loads(settings.read_text())
        if name in self.stages:
            return self.stages[name], dict(self.settings)
        root = debian({"debian:12-slim": "bookworm", "debian:13-slim": "trixie"}[name], self.work)
        return root, {"env": {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}, "cwd": "/",
                      "user": "0:0"}

    def do_arg(self, rest):
        name, _, value = rest.partition("=")
        self.args[name] = self.given.get(name, value)

    def do_env(self, rest):
        for pair in shlex.split(rest):
            name, _, value = pair.partition("=")
            self.settings["env"][name] = value

    def do_workdir(self, rest):
        self.settings["cwd"] = rest
        self.inside(rest).mkdir(parents=True, exist_ok=True)

    def do_user(self, rest):
        self.settings["user"] = rest

    def do_volume(self, rest):
        self.settings["volumes"] = json.loads(rest)

    def do_expose(self, rest):
        self.settings["expose"] = rest

    def do_healthcheck(self, rest):
        self.settings["healthcheck"] = rest.partition("CMD ")[2]

    def do_entrypoint(self, rest):
        self.settings["entrypoint"] = json.loads(rest)

    def do_cmd(self, rest):
        self.settings["cmd"] = json.loads(rest)

    def inside(self, path):
        return self.root / os.path.join(self.settings["cwd"], path).lstrip("/")

    def do_copy(self, rest):
        words = shlex.split(rest)
        options = dict(word[2:].split("=", 1) for word in words if word.startswith("--"))
        *sources, target = [word for word in words if not word.startswith("--")]
        place = self.inside(target)
        into = target.endswith("/") or len(sources) > 1 or target == "."
        for source in sources:
            if "from" in options:
                self.copy(self.stages[options["from"]] / source.lstrip("/"), place, into)
                continue
            listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z", source], check=True,
                                    capture_output=True, text=True).stdout.split("\0")
            files = [f for f in listed if f and os.path.exists(f) and wanted(f, self.rules)]
            assert files, f"COPY {source}: nothing of it is left by the .dockerignore"
            for file in files:
                name = file if source == "." else os.path.relpath(file, source) if os.path.isdir(source) else ""
                self.copy(pathlib.Path(file), place / (name or os.path.basename(file)) if into else place, False)
        if "chown" in options:
            subprocess.run(["chown", "-R", options["chown"], place], check=True)

    @staticmethod
    def copy(source, place, into):
        if source.is_dir():
            place.mkdir(parents=True, exist_ok=True)
            subprocess.run(["cp", "-a", f"{source}/.", place], check=True)
        else:
            place = place / source.name if into else place
            place.parent.mkdir(parents=True, exist_ok=True)
            subprocess.run(["cp", "-a", source, place], check=True)

    def do_run(self, rest):
        assert self.settings["user"].split(":")[0] in ("0", "root"), "RUN as somebody else is not known here"
        run_in(self.root, f"cd {shlex.quote(self.settings['cwd'])} && {rest}", {**self.settings["env"], **self.args})


def debian(suite, work):
    """A minimal root of Debian's, made once."""
    root = work / f"base-{suite}"
    if not (root / "etc/os-release").exists():
        ways = subprocess.run(["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages",
                               "Component: main"], check=True, capture_output=True, text=True).stdout.split()
        mirror = next(way for way in ways if way.rstrip("/").endswith("/debian"))
        shutil.rmtree(root, ignore_errors=True)
        subprocess.run(["debootstrap", "--variant=minbase", suite, root, mirror], check=True)
        for source in pathlib.Path("/etc/apt/sources.list.d").glob("debian.sources"):
            text = source.read_text().replace("bookworm", suite)
            (root / "etc/apt/sources.list.d" / source.name).write_text(text)
            (root / "etc/apt/sources.list").unlink(missing_ok=True)
    return root


def run_in(root, command, env, **streams):
    """A line of shell as root in that root, with the machine's ways to its packages."""
    env = {**env, "HOME": "/root", "DEBIAN_FRONTEND": "noninteractive", **lend(root)}
    script = 'mount --rbind /dev "$0/dev" && mount -t proc proc "$0/proc" && exec chroot "$0" /usr/bin/env -i "$@"'
    return subprocess.run(["unshare", "--mount", "--pid", "--fork", "sh", "-c", script, root,
                           *[f"{k}={v}" for k, v in env.items()], "/bin/sh", "-c", command], check=True, **streams)


def lend(root):
    """What lets this machine reach its packages; answers variables for the commands."""
    for file in ["/etc/resolv.conf", "/etc/hosts", *map(str, pathlib.Path("/etc/apt/apt.conf.d").glob("99*"))]:
        if os.path.exists(file):
            shutil.copy(file, root / file.lstrip("/"))
    env = {k: v for k, v in os.environ.items() if k.lower().endswith("_proxy")}
    bundle = os.environ.get("SSL_CERT_FILE", "")
    if os.path.exists(bundle):
        shutil.copy(bundle, root / "lent-certificates.crt")
        for name in ("NODE_EXTRA_CA_CERTS", "NPM_CONFIG_CAFILE", "PIP_CERT", "SSL_CERT_FILE"):
            env[name] = "/lent-certificates.crt"
    return env


if __name__ == "__main__":
    Builder(sys.argv[1], sys.argv[2], dict(pair.split("=", 1) for pair in sys.argv[3:])).build()
