#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Follows the links of the documents: the file must be there, and say what the link is called. An
example must be one that is built, so that it runs, and what stands below a link to it must be in it.

    check-docs.py FOLDER-OF-DOCUMENTS MESON-BUILD-OF-EXAMPLES
"""
import pathlib
import re
import sys

folder, build = (pathlib.Path(name) for name in sys.argv[1:])
built = build.read_text(encoding='utf-8')
wrong = []
links = 0



def check_block(document, path, block):
    """`…` stands for what was left out."""
    text = path.read_text(encoding='utf-8')
    for part in block.split('\n…\n'):
        if part not in text:
            wrong.append(f'{document.name}: {path.name} does not have:\n{part}')


def check_blocks(document):
    text = document.read_text(encoding='utf-8')
    for target, block in re.findall(r'\]\(([^)]+)\):\n\n```\w+\n(.*?)\n```', text, re.S):
        check_block(document, folder / target, block)


for document in sorted(folder.glob('*.md')):
    for number, line in enumerate(document.read_text(encoding='utf-8').splitlines(), 1):
        for text, target in re.findall(r'\[([^\]]+)\]\(([^)]+)\)', line):
            if '://' in target:
                continue
            links += 1
            path = folder / target
            name = text.strip('`')
            where = f'{document.name}:{number}: '
            if not path.is_file():
                wrong.append(f'{where}there is no {target}')
            elif path.parent.name == 'examples' and f"'{path.stem}'" not in built:
                wrong.append(f'{where}{target} is not built')
            elif path.suffix != '.md' and name != path.name \
                    and not re.search(rf'\b{re.escape(name)}\b', path.read_text(encoding='utf-8')):
                wrong.append(f'{where}{target} does not say {name}')
    check_blocks(document)
if links < 100:
    wrong.append(f'only {links} links were found')
print('\n'.join(wrong) or f'{links} links lead where they say')
sys.exit(bool(wrong))
