"""A network of one's own: packets to a port are dropped, refused or lost, in a namespace that nobody else is in."""

from __future__ import annotations

import ctypes
import fcntl
import os
import shutil
import socket
import struct
import subprocess
import threading
from types import TracebackType
from typing import Self

CLONE_NEWNET = 0x40000000  # <sched.h>; the standard library has unshare and setns from 3.12 on
SIOCSIFFLAGS = 0x8914  # <linux/sockios.h>: set an interface's flags
UP_AND_RUNNING = 0x41  # <net/if.h>: IFF_UP | IFF_RUNNING
INSTALL = "apt-get install -y --no-install-recommends iptables"


class Namespace:
    """A fresh network namespace with nothing but loopback, entered by the calling thread and left by the same thread.

    Namespaces are per thread: what that thread starts meanwhile, threads and processes, lives in it, and nothing
    outside can reach what they serve. It vanishes with the last of them, rules and all, so a test that is killed leaves
    nothing behind. Rules are for TCP and count in both directions; they add up until `mend`, and the first that meets
    a packet decides.
    """

    def __enter__(self) -> Self:
        self._before = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        try:
            _call("unshare", CLONE_NEWNET)
            _loopback_up()
        except OSError:
            self._leave()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._leave()

    def _leave(self) -> None:
        _call("setns", self._before, CLONE_NEWNET)
        os.close(self._before)

    def drop(self, port: int) -> None:
        """Let no packet to or from `port` arrive: connections hang, established ones and new ones."""
        self._rule(port, "-j", "DROP")

    def reject(self, port: int) -> None:
        """Answer every packet to or from `port` with a reset: connections break as soon as one is sent."""
        # But for resets: ours would meet the rule of the other direction, be dropped, and leave a black hole (seen).
        self._rule(port, "--tcp-flags", "RST", "NONE", "-j", "REJECT", "--reject-with", "tcp-reset")

    def lose(self, port: int, share: float) -> None:
        """Drop each packet to or from `port` with probability `share`, in [0, 1]."""
        self._rule(port, "-m", "statistic", "--mode", "random", "--probability", f"{share}", "-j", "DROP")

    def mend(self) -> None:
        """Let every packet arrive again."""
        _iptables("-F", "INPUT")

    def _rule(self, port: int, *target: str) -> None:
        for side in ("--dport", "--sport"):  # on loopback both directions arrive at INPUT
            _iptables("-A", "INPUT", "-p", "tcp", side, str(port), *target)

    @staticmethod
    def missing() -> str | None:
        """Why none can be had here, and what to do; None if one can. One is tried, in a thread that ends with it."""
        if shutil.which("iptables") is None:
            return f"iptables is not installed. Run, as root: {INSTALL}"
        found: list[str] = []

        def attempt() -> None:
            try:
                with Namespace() as tried:
                    tried.drop(9)
                    tried.reject(9)
                    tried.lose(9, 0.5)
            except (OSError, RuntimeError) as error:
                found.append(f"a network namespace of its own cannot be had: {error}. It takes root (CAP_SYS_ADMIN)")

        thread = threading.Thread(target=attempt)
        thread.start()
        thread.join()
        return found[0] if found else None


def _call(name: str, *arguments: int) -> None:
    """Call a function of the C library; OSError with its errno if it fails."""
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def _loopback_up() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh", b"lo", UP_AND_RUNNING).ljust(40, b"\0"))


def _iptables(*arguments: str) -> None:
    # -w: another iptables of this machine may hold the lock, which is one for all namespaces.
    done = subprocess.run(["iptables", "-w", "10", *arguments], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"iptables {' '.join(arguments)}: {done.stderr.strip()}")
