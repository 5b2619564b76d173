#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks what can be checked of CONTRIBUTING.md: licence lines, form, sizes, layers."""
import pathlib
import re
import sys

ROOT = pathlib.Path(sys.argv[1])
FOLDERS = ('libmp', 'app', 'tests', 'tools')
MAX_COLUMNS = 100
MAX_FILE = 800
MAX_FUNCTION = 80
# Tables of cases are wider and longer than code.
TESTS_MAX_COLUMNS = 120
TESTS_MAX_FUNCTION = 130

# What a folder must not name: a layer above it, or a library that it does without.
FORBIDDEN = {
    'libmp': r'#include [<"](gm-|json-glib|gtk|adwaita)',
    'app/job': r'#include [<"](mp|gtk|adwaita|gm-runner)',
    'app/run': r'#include [<"](mp[.-]|gtk|adwaita|gm-runner|gm-headless)',
    'app/engine': r'#include [<"](gtk|adwaita|gm-headless)',
    'app/headless': r'#include [<"](gtk|adwaita)',
    'app/ui': r'#include [<"](mp[.-]|gm-runner|gm-headless|gm-journal|gm-run-dir)',
}
# Libraries return errors; only faces speak.
SILENT = ('libmp', 'app/job', 'app/run', 'app/engine')
SPEAKS = re.compile(r'\b(g_print|g_printerr|printf|puts|g_warning|g_message)\s*\(')
# These would start threads in a process that forks.
THREADS = re.compile(r'\b(g_unix_signal_add|g_bus_get|g_thread_new|g_child_watch_add)\s*\(')

problems = []


def report(path, line, text):
    problems.append(f'{path.relative_to(ROOT)}:{line}: {text}')


def check_functions(path, lines, at_most):
    start = None
    for number, line in enumerate(lines, 1):
        if line == '{':
            start = number
        elif line == '}' and start is not None:
            if number - start + 1 > at_most:
                report(path, start, f'function of {number - start + 1} lines, at most {at_most}')
            start = None


def check_c(path, lines):
    folder = str(path.parent.relative_to(ROOT))
    if path.suffix == '.h' and '#pragma once' not in lines:
        report(path, 1, 'no #pragma once')
    if len(lines) > MAX_FILE:
        report(path, 1, f'{len(lines)} lines, at most {MAX_FILE}')
    in_tests = folder.startswith('tests')
    columns = TESTS_MAX_COLUMNS if in_tests else MAX_COLUMNS
    check_functions(path, lines, TESTS_MAX_FUNCTION if in_tests else MAX_FUNCTION)
    for number, line in enumerate(lines, 1):
        if len(line) > columns:
            report(path, number, f'{len(line)} columns, at most {columns}')
        for prefix, pattern in FORBIDDEN.items():
            if folder == prefix and re.match(pattern, line):
                report(path, number, f'{prefix} must not use this: {line.strip()}')
        if folder in SILENT and SPEAKS.search(line):
            report(path, number, 'a library must not print')
        if folder in SILENT + ('app/headless',) and THREADS.search(line):
            report(path, number, 'this would start a thread in a process that forks')


def check(path):
    text = path.read_text(encoding='utf-8')
    lines = text.splitlines()
    if 'SPDX-License-Identifier:' not in ''.join(lines[:2]):
        report(path, 1, 'no SPDX line')
    if text and not text.endswith('\n'):
        report(path, len(lines), 'no newline at the end')
    for number, line in enumerate(lines, 1):
        if line != line.rstrip():
            report(path, number, 'white space at the end')
        if '\t' in line:
            report(path, number, 'a tab')
        if re.search(r'\b(TODO|FIXME|XXX)\b', line) and path.name != 'check-style.py':
            report(path, number, 'unfinished business belongs into an issue')
    if path.suffix in ('.c', '.h'):
        check_c(path, lines)


for folder in FOLDERS:
    for path in sorted((ROOT / folder).rglob('*')):
        if path.suffix in ('.c', '.h', '.py') or path.name == 'meson.build':
            check(path)

print('\n'.join(problems) or 'nothing to complain of')
sys.exit(bool(problems))
