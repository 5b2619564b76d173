#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""po/POTFILES names each file that has something to translate, and no other; the catalogues have
all of it, translated."""
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(sys.argv[1])
IN_C = re.compile(r'\b(_|N_|C_|ngettext|g_dngettext) ?\(.*"')


def has_texts(path):
    text = path.read_text(encoding='utf-8')
    if path.suffix == '.c':
        return IN_C.search(text) is not None
    return 'translatable="yes"' in text


def is_incomplete(path, kind):
    """Whether the catalogue has entries of the kind; those no longer used do not count."""
    return subprocess.run(['msgattrib', '--no-obsolete', kind, path],
                          check=True, capture_output=True).stdout != b''


# As meson's "glib" preset extracts them.
XGETTEXT = ['xgettext', '--from-code=UTF-8', '--add-comments', '--keyword=_', '--keyword=N_',
            '--keyword=C_:1c,2', '--keyword=NC_:1c,2', '--keyword=g_dcgettext:2',
            '--keyword=g_dngettext:2,3', '--keyword=g_dpgettext2:2c,3', '--files-from=po/POTFILES']


def missing(template, path):
    """What the sources say and the catalogue has never been merged with."""
    compared = subprocess.run(['msgcmp', '--use-fuzzy', '--use-untranslated', path, template],
                              check=False, capture_output=True, text=True)
    lines = pathlib.Path(template).read_text(encoding='utf-8').splitlines()
    places = [int(line.split(':')[1]) for line in compared.stderr.splitlines()
              if 'used but not defined' in line]
    return [f'po/{path.name} lacks {lines[place - 2]}' for place in places]


found = {str(path.relative_to(ROOT)) for pattern in ('*.c', '*.ui')
         for path in (ROOT / 'app' / 'ui').rglob(pattern) if has_texts(path)}
found |= {str(path.relative_to(ROOT)) for pattern in ('*.in', '*.gschema.xml')
          for path in (ROOT / 'data').glob(pattern) if 'service' not in path.name}
listed = {line for line in (ROOT / 'po' / 'POTFILES').read_text(encoding='utf-8').splitlines()
          if line and not line.startswith('#')}
for name in sorted(found - listed):
    print(f'po/POTFILES lacks {name}')
for name in sorted(listed - found):
    print(f'po/POTFILES names {name}, which has nothing to translate')
incomplete = [f'po/{language}.po has {word} entries'
              for language in ('zh_CN', 'de', 'fr')
              for word, kind in (('untranslated', '--untranslated'), ('fuzzy', '--only-fuzzy'))
              if is_incomplete(ROOT / 'po' / f'{language}.po', kind)]
with tempfile.NamedTemporaryFile(suffix='.pot') as fresh:
    subprocess.run([*XGETTEXT, '--output=' + fresh.name], cwd=ROOT, check=True,
                   stderr=subprocess.DEVNULL)
    for catalogue in sorted((ROOT / 'po').glob('*.po')):
        incomplete += missing(fresh.name, catalogue)
for line in incomplete:
    print(line)
sys.exit(found != listed or bool(incomplete))
