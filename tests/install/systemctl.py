#!/usr/bin/python3
"""A stand-in for systemctl in a root without systemd: it starts what the unit files say, as whom and where they say.

Honoured: ExecStartPre, ExecStart, ExecStartPost, ExecReload, Type (notify, oneshot, else simple), User, Group,
AmbientCapabilities as none, Environment, EnvironmentFile, StateDirectory, RuntimeDirectory, WorkingDirectory, UMask,
NoNewPrivileges, PartOf, WantedBy, Requires/Wants of targets. Not honoured: Restart, what closes a service in
(ProtectSystem and its like, which `systemd-analyze verify` reads elsewhere), and the times of timers.
"""

import grp
import os
import pwd
import re
import select
import shlex
import signal
import socket
import sys
import time
from pathlib import Path

UNITS = (Path("/etc/systemd/system"), Path("/lib/systemd/system"))
STATE = Path("/run/systemctl-stand-in")
LOGS = Path("/var/log/systemctl-stand-in")
SECONDS = 90


def fail(text):
    sys.stderr.write(f"{text}\n")
    sys.exit(5)


class Unit:
    def __init__(self, name):
        name = name if "." in name else f"{name}.service"
        found = next((place / name for place in UNITS if (place / name).exists()), None)
        if found is None:
            fail(f"Unit {name} not found.")
        self.name = found.resolve().name
        self.settings = {}
        text = re.sub(r"\\\n", " ", found.read_text())
        for line in text.splitlines():
            if "=" in line and not line.lstrip().startswith(("#", ";")):
                key, _, value = line.partition("=")
                self.settings.setdefault(key.strip(), []).append(value.strip())

    def all(self, key):
        return [value for value in self.settings.get(key, []) if value]

    def one(self, key, default=""):
        return (self.settings.get(key) or [default])[-1]

    @property
    def kind(self):
        return self.name.rpartition(".")[2]

    @property
    def pid_file(self):
        return STATE / f"{self.name}.pid"

    def pid(self):
        try:
            number = int(self.pid_file.read_text())
            state = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]
        except (OSError, ValueError):
            return None
        return None if state == "Z" else number

    def environment(self):
        values = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}
        user = self.one("User")
        if user:
            values |= {"USER": user, "LOGNAME": user, "HOME": pwd.getpwnam(user).pw_dir}
        for line in self.all("Environment"):
            values |= dict(word.split("=", 1) for word in shlex.split(line))
        for name in self.all("EnvironmentFile"):
            file = Path(name.lstrip("-"))
            if file.exists() or not name.startswith("-"):
                lines = [line for line in file.read_text().splitlines() if "=" in line and not line.startswith("#")]
                values |= dict(line.split("=", 1) for line in lines)
        return values

    def directories(self):
        owner = pwd.getpwnam(self.one("User") or "root")
        group = grp.getgrnam(self.one("Group")).gr_gid if self.one("Group") else owner.pw_gid
        for key, place in (("StateDirectory", "/var/lib"), ("RuntimeDirectory", "/run")):
            for name in self.one(key).split():
                path = Path(place) / name
                path.mkdir(parents=True, exist_ok=True)
                os.chown(path, owner.pw_uid, group)
                path.chmod(int(self.one(f"{key}Mode", "0755"), 8))


def words(command, environment):
    """Split as systemd does: `$NAME` alone becomes words, `${NAME}` text, `$$` a dollar."""
    found = []
    for word in shlex.split(command):
        if re.fullmatch(r"\$\w+", word):
            found += environment.get(word[1:], "").split()
        else:
            text = re.sub(r"\$\{(\w+)\}", lambda match: environment.get(match[1], ""), word)
            found.append(text.replace("$$", "$"))
    return found


def run(unit, command, extra=(), *, wait=True):
    """Start one command of a unit as its account; return its process number, or its exit code when waited for."""
    prefix = re.match(r"[-+!@:]*", command)[0]
    environment = {**unit.environment(), **dict(extra)}
    log = os.open(LOGS / unit.name, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    child = os.fork()
    if child == 0:
        try:
            os.setsid()
            os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
            os.dup2(log, 1)
            os.dup2(log, 2)
            os.umask(int(unit.one("UMask", "0022"), 8))
            os.chdir(unit.one("WorkingDirectory", "/"))
            user = unit.one("User")
            if user and not set(prefix) & set("+!"):
                person = pwd.getpwnam(user)
                group = grp.getgrnam(unit.one("Group")).gr_gid if unit.one("Group") else person.pw_gid
                os.initgroups(user, group)
                os.setgid(group)
                os.setuid(person.pw_uid)
            argv = words(command[len(prefix) :], environment)
            if unit.one("NoNewPrivileges") in ("true", "yes"):
                argv = ["/usr/bin/setpriv", "--no-new-privs", *argv]
            os.execvpe(argv[0], argv, environment)  # noqa: S606 - what a unit file says
        except Exception as error:  # noqa: BLE001 - a child must not go on as its parent
            os.write(2, f"{command}: {error}\n".encode())
        os._exit(203)
    os.close(log)
    if not wait:
        return child
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return 0 if "-" in prefix else code


def start(name):
    unit = Unit(name)
    if unit.kind == "target":
        for wanted in sorted(p.name for place in UNITS for p in (place / f"{unit.name}.wants").glob("*")):
            start(wanted)
        return
    if unit.kind == "timer":
        Unit(unit.one("Unit") or f"{unit.name.rpartition('.')[0]}.service")
        return
    if unit.pid() is None:
        start_service(unit)


def start_service(unit):
    unit.directories()
    for command in unit.all("ExecStartPre"):
        if run(unit, command):
            gave_up(unit)
    if unit.one("Type") == "oneshot":
        if any(run(unit, command) for command in unit.all("ExecStart")):
            gave_up(unit)
        return
    told = None
    extra = {}
    if unit.one("Type") == "notify":
        address = STATE / f"{unit.name}.notify"
        address.unlink(missing_ok=True)
        told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        told.bind(str(address))
        address.chmod(0o777)
        extra = {"NOTIFY_SOCKET": str(address)}
    child = run(unit, unit.one("ExecStart"), extra.items(), wait=False)
    unit.pid_file.write_text(str(child))
    if told is not None:
        wait_until_ready(unit, told, child)
    for command in unit.all("ExecStartPost"):
        if run(unit, command):
            gave_up(unit)


def wait_until_ready(unit, told, child):
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        if select.select([told], [], [], 0.2)[0] and b"READY=1" in told.recv(4096):
            return
        if os.waitpid(child, os.WNOHANG)[0]:
            break
    gave_up(unit)


def gave_up(unit):
    log = LOGS / unit.name
    tail = log.read_text(errors="replace")[-3000:] if log.exists() else ""
    sys.stderr.write(f"Job for {unit.name} failed. Its last words:\n{tail}\n")
    sys.exit(1)


def stop(name):
    unit = Unit(name)
    if unit.kind == "target":
        for part in parts(unit):
            stop(part)
        return
    number = unit.pid()
    if unit.kind != "service" or number is None:
        return
    os.kill(number, signal.SIGTERM)
    deadline = time.monotonic() + SECONDS
    while unit.pid() is not None:
        if time.monotonic() > deadline:
            os.kill(number, signal.SIGKILL)
            fail(f"{unit.name} did not end within {SECONDS} s")
        time.sleep(0.05)


def parts(target):
    """Return the services that follow the target and run."""
    names = {path.name for place in UNITS for path in place.glob("*.service") if not path.is_symlink()}
    found = [Unit(name) for name in sorted(names)]
    return [unit.name for unit in found if target.name in unit.one("PartOf").split() and unit.pid() is not None]


def restart(name):
    unit = Unit(name)
    if unit.kind == "target":
        for part in parts(unit):
            restart(part)
        start(name)
        return
    stop(name)
    start(name)


def reload(name):
    unit = Unit(name)
    number = unit.pid()
    if number is None:
        fail(f"{unit.name} is not active, cannot reload.")
    for command in unit.all("ExecReload"):
        if run(unit, command, {"MAINPID": str(number)}.items()):
            gave_up(unit)


def enable(name):
    unit = Unit(name)
    wanted = unit.one("WantedBy").split()
    if not wanted:
        fail(f"{unit.name} has no [Install] section: it cannot be enabled.")
    for target in wanted:
        link = UNITS[0] / f"{target}.wants" / unit.name
        link.parent.mkdir(exist_ok=True)
        if not link.exists():
            link.symlink_to(f"../{unit.name}")


def main():
    for directory in (STATE, LOGS):
        directory.mkdir(parents=True, exist_ok=True)
    options = [word for word in sys.argv[1:] if word.startswith("-")]
    action, *names = [word for word in sys.argv[1:] if not word.startswith("-")]
    if action in ("daemon-reload", "set-environment", "unset-environment", "reset-failed"):
        return 0
    if action == "is-active":
        return 0 if all(Unit(name).pid() is not None for name in names) else 3
    actions = {"start": [start], "stop": [stop], "restart": [restart], "reload": [reload], "enable": [enable]}
    if action not in actions:
        fail(f"the stand-in for systemctl does not know {action}: teach it (tests/install/systemctl.py)")
    steps = actions[action] + ([start] if "--now" in options else [])
    for step in steps:
        for name in names:
            step(name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
