"""Programs that the tests run for real, installed by apt where this account may; says clearly what is missing."""

import os
import shutil
import subprocess
import sys

# Program: Debian's package.
PROGRAMS = {
    "mosquitto": "mosquitto",
    "mosquitto_sub": "mosquitto-clients",
    "mariadbd": "mariadb-server",
    "chromium": "chromium",
    "slapd": "slapd",
    "ldapsearch": "ldap-utils",
}
FONT = ("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf", "fonts-dejavu-core")


def missing() -> list[str]:
    search = f"{os.environ.get('PATH', '')}:/usr/local/sbin:/usr/sbin"
    packages = [package for program, package in PROGRAMS.items() if shutil.which(program, path=search) is None]
    return packages if os.path.exists(FONT[0]) else [*packages, FONT[1]]  # noqa: PTH110 - one look, no path needed


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
