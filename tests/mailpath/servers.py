"""A postfix and a dovecot of our own: settings, spool and mailboxes in one folder, on loopback, gone afterwards."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PACKAGES = ("postfix", "dovecot-imapd", "dovecot-lmtpd")
PROGRAMS = ("/usr/sbin/postfix", "/usr/sbin/dovecot", "/usr/lib/dovecot/imap", "/usr/lib/dovecot/lmtp")
INSTALL_S, START_S = 240, 20
PASSWORD = "geheim"
DOMAINS = ("beterbord.example", "klant.example", "gemeente.example", "example.org", "example.com")

MAIN = """
compatibility_level = 3.6
queue_directory = {home}/spool
data_directory = {home}/data
daemon_directory = /usr/lib/postfix/sbin
command_directory = /usr/sbin
mail_owner = postfix
setgid_group = postdrop
myhostname = mail.beterbord.example
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
mydestination =
alias_maps =
local_recipient_maps =
virtual_mailbox_domains = {domains}
virtual_mailbox_maps = static:everybody
virtual_transport = lmtp:inet:127.0.0.1:{lmtp}
default_transport = error:nothing leaves this machine
smtp_dns_support_level = disabled
smtputf8_enable = yes
maillog_file = {home}/postfix.log
maillog_file_prefixes = {home}
"""
MASTER = """
127.0.0.1:{smtp} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
error unix - - n - - error
retry unix - - n - - error
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
proxymap unix - - n - - proxymap
postlog unix-dgram n - n - 1 postlogd
"""
DOVECOT = """
protocols = imap lmtp
listen = 127.0.0.1
base_dir = {home}/run
state_dir = {home}/state
log_path = {home}/dovecot.log
ssl = no
disable_plaintext_auth = no
mail_location = maildir:{home}/mail/%u
first_valid_uid = 1
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid=mail gid=mail home={home}/mail/%u allow_all_users=yes
}}
service imap-login {{
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp}
  }}
}}
"""


class CannotRun(Exception):
    """The servers can't be had here; the text is one line that says why."""


@dataclass(frozen=True)
class Servers:
    """Where they listen."""

    smtp: int
    imap: int
    home: Path


def ready_to_run() -> None:
    """Root, and the programs; they are installed when they are missing."""
    if os.geteuid() != 0:
        raise CannotRun("postfix changes users, so this needs root (in a container, for instance)")
    if all(Path(program).exists() for program in PROGRAMS):
        return
    if shutil.which("apt-get") is None:
        raise CannotRun(f"{', '.join(PACKAGES)} are missing and there is no apt-get to install them")
    given = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    try:
        for words in (["update"], ["install", "-y", "--no-install-recommends", *PACKAGES]):
            subprocess.run(["apt-get", "-q", *words], env=given, check=True, capture_output=True, timeout=INSTALL_S)
    except (subprocess.SubprocessError, OSError) as error:
        raise CannotRun(f"apt-get could not install {', '.join(PACKAGES)}: {error}") from None


@contextmanager
def running(home: Path) -> Iterator[Servers]:
    """Both servers, with everything of theirs below `home`; they end with the block."""
    smtp, imap, lmtp = _free_ports(3)
    names = {"home": home, "smtp": smtp, "imap": imap, "lmtp": lmtp}
    _written(home, names)
    started = []
    try:
        for command in (["dovecot", "-F", "-c", f"{home}/dovecot.conf"], ["postfix", "-c", f"{home}/etc", "start-fg"]):
            out = (home / f"{command[0]}.out").open("wb")
            started.append(subprocess.Popen(command, stdout=out, stderr=out, start_new_session=True))
            out.close()
        for port in (smtp, imap, lmtp):
            _until_it_listens(port, home)
        yield Servers(smtp, imap, home)
    finally:
        # Its first process is a script: the one that serves is told through it, and has gone when this returns.
        subprocess.run(["postfix", "-c", f"{home}/etc", "stop"], capture_output=True, timeout=START_S, check=False)
        for process in started:
            process.terminate()
        for process in started:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, 9)


def _written(home: Path, names: dict[str, object]) -> None:
    home.chmod(0o755)
    for folder in ("etc", "spool", "data", "run", "state", "mail"):
        (home / folder).mkdir()
    shutil.chown(home / "data", "postfix")
    shutil.chown(home / "mail", "mail", "mail")
    (home / "etc/main.cf").write_text(MAIN.format(domains=", ".join(DOMAINS), **names))
    (home / "etc/master.cf").write_text(MASTER.format(**names))
    (home / "dovecot.conf").write_text(DOVECOT.format(password=PASSWORD, **names))
    subprocess.run(["postfix", "-c", f"{home}/etc", "check"], capture_output=True, timeout=START_S, check=False)


def _free_ports(count: int) -> list[int]:
    held = [socket.socket() for _ in range(count)]
    for one in held:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


def _until_it_listens(port: int, home: Path) -> None:
    ends = time.monotonic() + START_S
    while time.monotonic() < ends:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    said = " · ".join(line for path in sorted(home.glob("*.out")) for line in path.read_text().splitlines()[-3:])
    raise CannotRun(f"a mail server did not begin to listen within {START_S} s: {said or 'it said nothing'}")
