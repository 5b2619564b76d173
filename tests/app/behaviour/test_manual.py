# SPDX-License-Identifier: GPL-3.0-or-later
"""Manual pages and completions say what the program says."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import unittest

import harness

DATA = pathlib.Path(__file__).parents[3] / 'data'
PAGES = [DATA / 'man' / name for name in ('gtk-mp.1', 'mpjob.5')]
COMPLETIONS = [DATA / 'completions' / name for name in ('gtk-mp.bash', '_gtk-mp', 'gtk-mp.fish')]


def find_options(text):
    return set(re.findall(r'--([a-z][a-z-]*)', text))


def need(*programs):
    missing = [name for name in programs if shutil.which(name) is None]
    return unittest.skipIf(missing, f'{", ".join(missing)} is not installed')


class ManualTest(harness.Case):
    def setUp(self):
        super().setUp()
        self.help = subprocess.run([harness.PROGRAM, '--help'], check=True, capture_output=True,
                                   text=True).stdout
        self.options = set(re.findall(r'^ +(?:-\w, )?--([a-z-]+)', self.help, re.MULTILINE))

    def check_options(self, found):
        self.assertEqual(self.options - found, set())
        for name in found - self.options:
            # What is named must be an option of the program, though the help may be silent.
            run = self.start_arguments([f'--{name}=x'], run_dir=False)
            run.wait()
            self.assertNotIn('unknown option', run.stderr.lower(), name)

    @need('mandoc')
    def test_pages_are_well_formed(self):
        for page in PAGES:
            lint = subprocess.run(['mandoc', '-T', 'lint', str(page)], capture_output=True, text=True)
            self.assertEqual((lint.stdout, lint.stderr), ('', ''))

    def test_options_of_the_page(self):
        text = PAGES[0].read_text().replace('\\-', '-')
        defined = re.findall(r'^\.(?:B|BR)\b.*?--([a-z-]+)', text.split('.SH OPTIONS')[1],
                             re.MULTILINE)
        self.check_options(set(defined))
        self.assertIn('--processes=', text)

    def test_exit_codes_of_the_page(self):
        section = PAGES[0].read_text().split('.SH EXIT STATUS')[1].split('.SH')[0]
        for code in re.findall(r'\b(\d+)\b', self.help.split('Exit codes')[1]):
            self.assertIn(code, section)

    def test_keys_and_words_of_the_format(self):
        text = PAGES[1].read_text().replace('\\-', '-')
        schema = json.loads((DATA / 'mpjob.schema.json').read_text())
        defined = re.findall(r'^\.TP\n\.B ([a-z_]+)$', text.split('.SH TASKS')[0], re.MULTILINE)
        self.assertEqual(sorted(defined), sorted(schema['properties']))
        for kind in ('task', 'inputs'):
            for form in schema['$defs'][kind].get('oneOf', schema['$defs'][kind].get('anyOf')):
                for name in form.get('required', []):
                    self.assertIn(f'{{\\(dq{name}\\(dq:', text)
        for word in ('exit-code', 'exception', 'bad-answer', 'spawn-failed', 'bad-input', 'signal',
                     'worker-died', 'out-of-memory', 'timeout', 'job-timeout', 'killed', 'stopped',
                     'cancelled'):
            self.assertIn(word, text.split('.SH OUTCOMES')[1])

    def test_the_example_of_the_page(self):
        text = PAGES[1].read_text()
        example = text.split('.EX\n')[1].split('.EE')[0].replace('\\-', '-')
        job = self.write('logs.mpjob', example)
        self.write('logs/a/b.log', 'x')
        (self.work / 'out').mkdir()
        self.run_arguments([str(job)])
        self.assertTrue((self.work / 'out' / 'b.log.gz').exists())

    def test_options_of_the_completions(self):
        for path in COMPLETIONS:
            text = path.read_text()
            found = find_options(text)
            if path.suffix == '.fish':
                found |= set(re.findall(r"^ +'([a-z-]+):", text, re.MULTILINE))
                found |= set(re.findall(r'-l ([a-z-]+) ', text))
            self.check_options(found)

    def make_folder(self):
        self.write('my.mpjob', '{}')
        self.write('other.txt', '')
        (self.folder / 'state/gtk-mp/runs/20260101-000000-a-0000').mkdir(parents=True)
        return {**os.environ, 'HOME': str(self.folder),
                'XDG_STATE_HOME': str(self.folder / 'state')}

    # Each line and something that has to be among what is offered, and something that must not.
    LINES = [('gtk-mp --st', '--start-method', '--json'),
             ('gtk-mp --start-method=f', 'fork', 'spawn'),
             ('gtk-mp --log-level=W', 'WARNING', 'INFO'),
             ('gtk-mp --watch=', 'last', 'my.mpjob'),
             ('gtk-mp --watch=2026', '20260101-000000-a-0000', 'last'),
             ('gtk-mp --headless m', 'my.mpjob', 'other.txt')]

    def check_offers(self, complete):
        environment = self.make_folder()
        for line, expected, unexpected in self.LINES:
            offers = complete(line, environment)
            self.assertTrue(any(expected in offer for offer in offers), (line, offers))
            self.assertFalse(any(unexpected in offer for offer in offers), (line, offers))

    @need('bash')
    def test_bash(self):
        def complete(line, environment):
            words = re.findall(r'=|[^= ]+', line)
            if line.endswith('='):
                words.append('')
                words.pop()
            script = (f'. "{COMPLETIONS[0]}"; compopt () {{ :; }}; COMP_WORDS=("$@"); '
                      'COMP_CWORD=$(($# - 1)); _gtk_mp; printf "%s\\n" "${COMPREPLY[@]}"')
            return subprocess.run(['bash', '--norc', '-c', script, 'bash', *words], cwd=self.work,
                                  env=environment, capture_output=True, text=True,
                                  check=True).stdout.split()
        self.check_offers(complete)

    @need('fish')
    def test_fish(self):
        def complete(line, environment):
            script = f'source "{COMPLETIONS[2]}"; complete -C "{line}"'
            run = subprocess.run(['fish', '--no-config', '-c', script], cwd=self.work,
                                 env=environment, capture_output=True, text=True, check=True)
            self.assertEqual(run.stderr, '')
            return [offer.split('\t')[0] for offer in run.stdout.splitlines()]
        self.check_offers(complete)

    @need('zsh')
    def test_zsh(self):
        def complete(line, environment):
            # A shell of its own behind a pseudo terminal: only the line editor completes.
            script = ('zmodload zsh/zpty; zpty z zsh -f -i; '
                      'zpty -w z "PS1=; fpath=($1 \\$fpath); autoload -U compinit; '
                      'compinit -u -D; zstyle \':completion:*\' list-separator \'\'; '
                      'setopt nolistbeep listrowsfirst; bindkey \'^X\' list-choices; echo rea\'\'dy"; '
                      'zpty -r -m z out "*ready*"; '
                      'zpty -w -n z "$2"; zpty -w -n z $\'\\x18\'; '
                      'zpty -w -n z $\'\\C-aecho "\'; zpty -w -n z $\'\\C-e" en\\\'\\\'d\\n\'; '
                      'zpty -r -m z out "*end*"; print -r -- $out')
            environment = {**environment, 'TERM': 'dumb', 'COLUMNS': '200'}
            run = subprocess.run(['zsh', '-f', '-c', script, 'zsh', str(DATA / 'completions'), line],
                                 cwd=self.work, env=environment, capture_output=True, text=True,
                                 timeout=60 * harness.SLOWER)
            return run.stdout.replace(line, '').split()
        self.check_offers(complete)


if __name__ == '__main__':
    unittest.main()
