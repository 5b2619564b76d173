#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each action that a menu, button, shortcut or call names is one that somebody installs: a wrong
name only leaves something grey for ever."""
import pathlib
import re
import sys

UI = pathlib.Path(sys.argv[1]) / 'app' / 'ui'
GROUPS = 'app|win|job|results|workers|log|monitor'
NAME = re.compile(rf'["\'>]((?:{GROUPS})\.[a-z][a-z-]*)')
INSTALLED = re.compile(r'install_action \([a-z_]+, "([a-z]+\.[a-z-]+)"')
FILES = {'job.json', 'log.txt', 'results.jsonl'}
IN_TABLE = re.compile(r'^  \{ "(workers\.[a-z-]+)", "[a-z]+", "', re.M)
OF_APPLICATION = re.compile(r'\{ \.name = "([a-z-]+)", \.activate')

used, installed = {}, {'win.show-help-overlay'}
for path in sorted([*UI.rglob('*.c'), *UI.rglob('*.ui')]):
    text = path.read_text(encoding='utf-8')
    for name in NAME.findall(text):
        used.setdefault(name, path.relative_to(UI))
    installed |= set(INSTALLED.findall(text)) | set(IN_TABLE.findall(text))
    installed |= {'app.' + name for name in OF_APPLICATION.findall(text)}
wrong = {name: path for name, path in used.items() if name not in installed | FILES}
for name, path in wrong.items():
    print(f'{path}: nobody installs {name}')
print(f'{len(used)} actions')
sys.exit(bool(wrong))
