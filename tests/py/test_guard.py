"""Inline calls that crash or are interrupted, often, in processes of their own."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

pytestmark = pytest.mark.usefixtures("service")


def script(text: str, *flags: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
    """Run a script in a new interpreter."""
    return subprocess.run(
        [sys.executable, *flags, "-c", textwrap.dedent(text)],
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


CRASHING = '''
import threading
import mojocell as mc

m = mc.compile("""
def at(n: Int) -> Int:
    var x: List[Int] = [1, 2, 3]
    return x[n]

def deep(n: Int) -> Int:
    if n == 0:
        return 0
    return deep(n - 1) * 3 + deep(n - 1) % 7 + n
""", mode="inline")
wrong = []

def work(times):
    for i in range(times):
        try:
            wrong.append(m.at(7))
        except mc.MojoCrash as error:
            if (error.line, error.signal) != (4, 4) or "out of bounds" not in str(error):
                wrong.append(repr(error))
        if m.at(1) != 2:
            wrong.append("the call after it")
        if i % 50 == 0:
            try:
                wrong.append(m.deep(1 << 30))
            except mc.MojoCrash as error:
                if "stack overflow" not in str(error):
                    wrong.append(str(error))
'''


def test_a_thousand_crashes_in_each_of_five_threads() -> None:
    done = script(
        CRASHING
        + """
work(1000)
threads = [threading.Thread(target=work, args=(1000,)) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
from mojocell import _bridge
print(wrong[:3], m.at.mode, _bridge.damaged())
"""
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "[] inline False\n"


@pytest.mark.parametrize("flags", [(), ("-X", "faulthandler")])
def test_a_crash_of_another_extension_is_not_ours(flags: tuple[str, ...]) -> None:
    """The process ends, and faulthandler says, what they do without Mojo functions."""
    crash = "\nimport ctypes\nctypes.string_at(16)\n"
    plain = script(crash, *flags)
    done = script(CRASHING + "\nwork(3)\nassert not wrong, wrong" + crash, *flags)
    assert done.returncode == plain.returncode
    told = "Fatal Python error: Segmentation fault"
    assert (told in done.stderr) == (told in plain.stderr) == bool(flags)


def test_crashes_with_faulthandler_on() -> None:
    done = script(CRASHING + "\nwork(100)\nprint(wrong[:3], m.at.mode)\n", "-X", "faulthandler")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "[] inline\n"
    assert "Fatal" not in done.stderr


def test_twenty_thousand_interrupts_of_an_allocating_function() -> None:
    done = script(
        '''
        import os, signal, subprocess, sys
        import mojocell as mc
        from mojocell import _bridge

        m = mc.compile("""
        def churn(n: Int) -> Int:
            var k = n
            while k != 0:
                var l = List[String]()
                for i in range(20):
                    l.append(String(i) * 3)
                k += len(l)
            return k

        def check(n: Int) -> Int:
            var total = 0
            var words = List[String]()
            for i in range(n):
                words.append(String("word number ") + String(i))
            for w in words:
                total += w.byte_length()
            return total
        """, mode="inline")
        calling = False

        def handler(*_):
            if calling:
                raise KeyboardInterrupt

        signal.signal(signal.SIGINT, handler)
        _bridge.arm()
        sender = subprocess.Popen([sys.executable, "-c", f"""if True:
            import os, signal, time
            try:
                while True:
                    os.kill({os.getpid()}, signal.SIGINT)
                    time.sleep(0.0002)
            except ProcessLookupError:
                pass
        """])
        count = 0
        while count < 20000:
            try:
                calling = True
                m.churn(1)
            except KeyboardInterrupt:
                calling = False
                count += 1
            calling = False
            while True:
                try:
                    found = m.check(100)
                    break
                except KeyboardInterrupt:
                    pass
            assert found == 1390, found
        sender.kill()
        print(count, m.churn.mode, _bridge.damaged())
        '''
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "20000 inline False\n"


def test_a_tight_loop_stops_at_once() -> None:
    done = script(
        '''
        import os, signal, subprocess, sys, time
        import mojocell as mc

        m = mc.compile("""
        def spin(n: Int) -> Int:
            var k = n
            while k != 0:
                k += 2
            return k
        """, mode="inline")
        took = []
        for _ in range(5):
            sender = subprocess.Popen([sys.executable, "-c", f"""if True:
                import os, signal, time
                def spent():
                    with open("/proc/{os.getpid()}/stat") as file:
                        return int(file.read().rpartition(")")[2].split()[11]) / os.sysconf("SC_CLK_TCK")
                before = spent()
                while spent() < before + 0.2: time.sleep(0.005)
                print(time.monotonic(), flush=True)
                os.kill({os.getpid()}, signal.SIGINT)
            """], stdout=subprocess.PIPE, text=True)
            try:
                m.spin(1)
            except KeyboardInterrupt:
                took.append(time.monotonic() - float(sender.stdout.readline()))
        print(len(took), max(took) < 0.1)
        '''
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "5 True\n"


def test_code_that_cannot_be_guarded_goes_isolated_and_says_so() -> None:
    done = script(
        '''
        import mojocell as mc

        m = mc.compile("""
        from std.sys import exit

        def leave(n: Int) -> Int:
            if n > 3:
                exit(n)
            return n
        """)
        print(m.leave(1), m.leave.mode)
        try:
            m.leave(9)
        except mc.MojoError as error:
            print(type(error).__name__, error.message)
        print(m.leave(2))
        '''
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("1 isolated\n")
    assert "exit status 9" in done.stdout and done.stdout.endswith("\n2\n")
    assert "leave runs isolated: it calls exit()" in done.stderr


@pytest.mark.parametrize("options", ['mode="isolated"', 'mode="inline", nogil=True'])
def test_a_call_of_another_thread_is_interrupted_by_its_number(options: str) -> None:
    done = script(
        f'''
        import contextlib, threading
        import mojocell as mc

        m = mc.compile("""
        def spin(n: Int) -> Int:
            var k = n
            while k != 0:
                k += 2
            return k
        """, {options})
        stopped = []

        def work():
            try:
                m.spin(1)
            except KeyboardInterrupt:
                stopped.append(threading.current_thread().name)

        threads = [threading.Thread(target=work, name=name) for name in "ab"]
        for thread in threads:
            thread.start()
        while threads[1].is_alive():  # it may not have begun
            with contextlib.suppress(ValueError):  # it has ended meanwhile
                mc.interrupt(threads[1])
            threads[1].join(0.05)
        assert threads[0].is_alive()
        while threads[0].is_alive():
            with contextlib.suppress(ValueError):
                mc.interrupt(threads[0].ident)
            threads[0].join(0.05)
        print(stopped)
        try:
            mc.interrupt(threads[0])
        except ValueError as error:
            print("no running thread" in str(error))
        '''
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "['b', 'a']\nTrue\n"


def test_a_daemon_that_ends_during_an_isolated_call_is_told() -> None:
    done = script(
        '''
        import os, signal, tempfile, threading, time
        os.environ["MOJOCELL_RUNTIME_DIR"] = tempfile.mkdtemp()
        import mojocell as mc

        m = mc.compile("""
        def spin(n: Int) -> Int:
            var k = n
            while k != 0:
                k += 2
            return k
        """, mode="isolated")
        m.spin(0)
        daemon = mc.info()["pid"]
        threading.Timer(0.5, os.kill, (daemon, signal.SIGKILL)).start()
        try:
            m.spin(1)
        except mc.MojoError as error:
            print(type(error).__name__)
        print(m.spin(0), mc.info()["pid"] != daemon)
        from mojocell.core import client
        client.request({"op": "shutdown", "now": True})
        '''
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n")[1] == "0 True"
    assert done.stdout.startswith(("Daemon", "MojoError"))


def test_python_interop_runs_in_a_worker() -> None:
    done = script(
        '''
        import mojocell as mc

        m = mc.compile("""
        from std.python import Python

        def digits(n: Int) raises -> Int:
            var sys = Python.import_module("sys")
            print(sys.version_info.major)
            return n + 1
        """)
        print(m.digits(3), m.digits.mode)
        '''
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "3\n4 isolated\n"
    assert "digits runs isolated: it loads other libraries, such as Python's" in done.stderr
