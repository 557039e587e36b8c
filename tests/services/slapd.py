"""A real OpenLDAP server on a free port, with TLS by a certificate authority of its own."""

import subprocess
from pathlib import Path
from typing import Any

from tests.services.process import Process, free_port, listens, program, wait_for

SUFFIX = "dc=example,dc=org"
PASSWORD = "secret of the directory"
ADMIN = f"cn=admin,{SUFFIX}"


class Slapd(Process):
    """`people` are (login, name, mail, password); `groups` name their members' logins."""

    def __init__(self, directory: Path, people: list[tuple[str, str, str, str]], groups: dict[str, list[str]]) -> None:
        self.port, self.tls_port = free_port(), free_port()
        directory.mkdir(exist_ok=True)
        self.ca = _certificate(directory)
        data = directory / "data"
        data.mkdir()
        config = directory / "slapd.conf"
        config.write_text(
            f"""
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
pidfile {directory}/slapd.pid
modulepath /usr/lib/ldap
moduleload back_mdb
TLSCertificateFile {directory}/server.pem
TLSCertificateKeyFile {directory}/server.key
TLSCACertificateFile {self.ca}
database mdb
suffix "{SUFFIX}"
rootdn "{ADMIN}"
rootpw "{PASSWORD}"
directory {data}
access to attrs=userPassword by anonymous auth by * none
access to * by users read
"""
        )
        content = directory / "content.ldif"
        content.write_text(_ldif(people, groups))
        subprocess.run([program("slapadd"), "-f", str(config), "-l", str(content)], check=True, capture_output=True)
        urls = f"ldap://127.0.0.1:{self.port}/ ldaps://127.0.0.1:{self.tls_port}/"
        super().__init__([program("slapd"), "-d", "0", "-f", str(config), "-h", urls], directory / "slapd.log")

    def start(self) -> None:
        super().start()
        wait_for(lambda: listens(self.port) and listens(self.tls_port), "the directory listens", 60)

    def change(self, act: str, *words: Any) -> None:
        """Do what the directory's administrator does: `add_s`, `modify_s`, `delete_s`, `rename_s` of python-ldap."""
        import ldap

        connection = ldap.initialize(f"ldap://127.0.0.1:{self.port}")
        try:
            connection.simple_bind_s(ADMIN, PASSWORD)
            getattr(connection, act)(*words)
        finally:
            connection.unbind_s()

    def add(self, login: str, mail: str, password: str) -> None:
        """Add a person, under a DN that somebody else may have had."""
        values = {"uid": login, "cn": login.title(), "sn": login, "mail": mail, "userPassword": password}
        entry = [("objectClass", [b"inetOrgPerson"]), *((name, [text.encode()]) for name, text in values.items())]
        self.change("add_s", dn(login), entry)


def dn(login: str) -> str:
    return f"uid={login},ou=people,{SUFFIX}"


def _ldif(people: list[tuple[str, str, str, str]], groups: dict[str, list[str]]) -> str:
    entries = [
        f"dn: {SUFFIX}\nobjectClass: dcObject\nobjectClass: organization\no: Station\ndc: example\n",
        *(f"dn: ou={unit},{SUFFIX}\nobjectClass: organizationalUnit\nou: {unit}\n" for unit in ("people", "groups")),
    ]
    for login, name, mail, password in people:
        entries.append(
            f"dn: {dn(login)}\nobjectClass: inetOrgPerson\nuid: {login}\ncn: {name}\nsn: {name}\nmail: {mail}\n"
            f"userPassword: {password}\n"
        )
    for group, members in groups.items():
        lines = "".join(f"member: {dn(login)}\n" for login in members)
        entries.append(f"dn: cn={group},ou=groups,{SUFFIX}\nobjectClass: groupOfNames\ncn: {group}\n{lines}")
    return "\n".join(entries)


def _certificate(directory: Path) -> Path:
    """Make an authority and a certificate for 127.0.0.1, valid for a day."""

    def run(command: str) -> None:
        subprocess.run([program("openssl"), *command.split()], check=True, capture_output=True, cwd=directory)

    run("req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=trial-authority -keyout ca.key -out ca.pem")
    run("req -newkey rsa:2048 -nodes -subj /CN=127.0.0.1 -keyout server.key -out server.csr")
    (directory / "names").write_text("subjectAltName=IP:127.0.0.1\n")
    run("x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 1 -extfile names -out server.pem")
    return directory / "ca.pem"
