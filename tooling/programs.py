"""Programs that the tests run for real, installed by apt where this account may; says clearly what is missing."""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

# Program: Debian's package.
PROGRAMS = {
    "mosquitto": "mosquitto",
    "mosquitto_sub": "mosquitto-clients",
    "mariadbd": "mariadb-server",
    "systemd-analyze": "systemd",
    "chromium": "chromium",
    "slapd": "slapd",
    "ldapsearch": "ldap-utils",
    "openssl": "openssl",
    "cc": "gcc",
    # tests/install runs the documents in a Debian of its own.
    "debootstrap": "debootstrap",
    "ip": "iproute2",
    "nsenter": "util-linux",
}
# What python-ldap is built against, and letters for Chromium.
FILES = {
    f"{sysconfig.get_path('include')}/Python.h": "python3-dev",
    "/usr/include/ldap.h": "libldap-dev",
    "/usr/include/sasl/sasl.h": "libsasl2-dev",
    "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf": "fonts-dejavu-core",
}


def missing() -> list[str]:
    search = f"{os.environ.get('PATH', '')}:/usr/local/sbin:/usr/sbin"
    programs = [package for program, package in PROGRAMS.items() if shutil.which(program, path=search) is None]
    return programs + [package for file, package in FILES.items() if not Path(file).exists()]


def main() -> int:
    packages = missing()
    if packages and os.geteuid() == 0 and shutil.which("apt-get"):
        # The packages' own servers must not start: the tests run theirs.
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
        subprocess.run(["apt-get", "update", "-q"], check=False, env=environment)  # noqa: S607 - the system's
        subprocess.run(  # noqa: S603 - names from the table above
            ["apt-get", "install", "-y", "-q", "--no-install-recommends", *packages],  # noqa: S607
            check=False,
            env=environment,
        )
        packages = missing()
    if packages:
        sys.stderr.write(f"The tests need programs that are not here: apt-get install {' '.join(packages)}\n")
        return 69
    return 0


if __name__ == "__main__":
    sys.exit(main())
