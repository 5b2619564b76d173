#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A job from a stranger runs nothing until somebody presses Run, and shows what that would do; one
that can't be understood says where it goes wrong. Opened as people do: by name on the command line,
and by the file manager, through D-Bus, which starts the program if it has to.

    check-safe.py PROGRAM    (under run-ui, with GTK_A11Y=atspi)"""
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

from accessible import WINDOW_ENVIRONMENT, application, do, find, wait_for, walk

APP = 'org.gtk_mp.GtkMp'
HOME = pathlib.Path(os.environ['HOME'])
# Long enough for a run that should not be there to have done its harm.
MOMENT = 2


def write_job(name, task):
    victim = HOME / f'{name}-victim'
    victim.mkdir()
    (victim / 'letter').write_text('dear', encoding='utf-8')
    job = HOME / f'{name}.mpjob'
    job.write_text(json.dumps({'mpjob': 1, 'name': name, 'task': task(victim),
                               'inputs': ['x'], 'processes': 1}), encoding='utf-8')
    return job, victim


def texts(window):
    """Everything that can be read in the window."""
    window.clear_cache()
    return '\n'.join(node.get_name() or '' for node, _, _ in walk(window))


def runs():
    folder = pathlib.Path(os.environ['XDG_STATE_HOME'], 'gtk-mp', 'runs')
    return list(folder.iterdir()) if folder.exists() else []


def check_harmless(how, window, victim, command):
    wait_for(f'{how}: what it would run', lambda: command in texts(window))
    time.sleep(MOMENT)
    assert (victim / 'letter').exists(), f'{how}: it has run'
    assert not runs(), f'{how}: there is a run'
    print(f'{how}: shown, not run')


def find_pid():
    """Of the program that D-Bus has started."""
    answer = subprocess.run(['gdbus', 'call', '--session', '--dest', 'org.freedesktop.DBus',
                             '--object-path', '/', '--method',
                             'org.freedesktop.DBus.GetConnectionUnixProcessID', APP],
                            capture_output=True, text=True, check=False).stdout
    return int(answer.split()[1].rstrip(',)')) if answer else None


def find_window(pid):
    return wait_for('the window', lambda: application(pid))


def install_service(program):
    """As an installation does, so that D-Bus can start it."""
    services = pathlib.Path(os.environ['XDG_DATA_HOME'], 'dbus-1', 'services')
    services.mkdir(parents=True)
    (services / f'{APP}.service').write_text(
        f'[D-BUS Service]\nName={APP}\nExec={program} --gapplication-service\n', encoding='utf-8')
    subprocess.run(['gdbus', 'call', '--session', '--dest', 'org.freedesktop.DBus', '--object-path',
                    '/', '--method', 'org.freedesktop.DBus.ReloadConfig'], check=True,
                   stdout=subprocess.DEVNULL)
    subprocess.run(['dbus-update-activation-environment', '--all'], check=True)


def open_by_bus(path):
    subprocess.run(['gdbus', 'call', '--session', '--dest', APP, '--object-path',
                    '/' + APP.replace('.', '/'), '--method', 'org.freedesktop.Application.Open',
                    f"['{path.as_uri()}']", '{}'], check=True, stdout=subprocess.DEVNULL)


def main(program):
    command_job, command_victim = write_job('clean', lambda victim: {'command': [
        'rm', '-rf', str(victim)]})
    shell_job, shell_victim = write_job('tidy', lambda victim: {'shell': f'rm -rf {victim}; true {{}}'})
    broken = HOME / 'broken.mpjob'
    broken.write_text('{"mpjob":1,\n "task":{"command":["true"]},\n "inputs":{"range":[3]},\n'
                      ' "processes":"many"}', encoding='utf-8')

    with subprocess.Popen([program, command_job], env=WINDOW_ENVIRONMENT) as process:
        try:
            window = find_window(process.pid)
            check_harmless('by name', window, command_victim, f'rm -rf {command_victim}')
        finally:
            process.send_signal(signal.SIGTERM)

    install_service(program)
    open_by_bus(shell_job)
    pid = wait_for('the program', find_pid)
    try:
        window = find_window(pid)
        check_harmless('by D-Bus, which starts it', window, shell_victim, f'rm -rf {shell_victim}')
        open_by_bus(command_job)
        check_harmless('by D-Bus, when it is there', window, command_victim,
                       f'rm -rf {command_victim}')
        open_by_bus(broken)
        wait_for('where it is wrong', lambda: 'Line 4: $.processes' in texts(window))
        assert not runs(), 'what is broken runs'
        print('broken: says where')

        # All this shows nothing unless it can happen.
        open_by_bus(command_job)
        wait_for('the job', lambda: f'rm -rf {command_victim}' in texts(window))
        wait_for('Run', lambda: do(find(list(walk(window)), 'push button', 'Run'), 'click'))
        wait_for('the harm', lambda: not command_victim.exists())
        print('pressed: run')
    finally:
        os.kill(pid, signal.SIGTERM)


if __name__ == '__main__':
    main(os.path.abspath(sys.argv[1]))
