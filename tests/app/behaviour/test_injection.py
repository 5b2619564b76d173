#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Items never become shell text: nothing of them is executed, and all of them arrives."""
import unittest

from harness import Case

NASTY = ['; touch pwned #', '$(touch pwned)', '`touch pwned`', "'", '"', '\n', 'a\nb\n', '*', '~',
         '-rf', "'; touch pwned; '", '"; touch pwned; "', '$HOME', '\\', 'EOF\ntouch pwned\nEOF',
         '${GTK_MP_V1}', '&& touch pwned', ') touch pwned (', '']

# Each gives the item and nothing else; some add an x that keeps a last newline.
ACCEPTED = {
    'bare': 'printf %s {}',
    'in double quotes': 'printf %s "{}"',
    'within a word': "printf %s ''{}",
    'beside a comment': "printf %s {} # {} ' \" `",
    'in $(...)': 'printf %s "$(printf %sx {})"',
    'in nested $(...)': 'printf %s "$(printf %s "$(printf %sx "{}")")"',
    'in a here-document': 'cat <<EOF\n{}x\nEOF',
    'in a variable': 'v={}; printf %s "$v"',
}
REFUSED = {
    'in single quotes': "printf %s '{}'",
    'in backquotes': 'printf %s `echo {}`',
    'in a quoted here-document': "cat <<'EOF'\n{}\nEOF",
}


class Injection(Case):
    def check_arrived(self, run, arrived):
        self.assertEqual([path for path in self.folder.rglob('pwned*')], [])
        self.assertEqual([run.by_index()[i].get('stdout', '') for i in range(len(NASTY))], arrived)

    def test_shell(self):
        for name, text in ACCEPTED.items():
            with self.subTest(name):
                run = self.run_job({'task': {'shell': text}, 'inputs': NASTY, 'processes': 2})
                tail = {'in $(...)': 'x', 'in nested $(...)': 'x', 'in a here-document': 'x\n'}
                self.check_arrived(run, [item + tail.get(name, '') for item in NASTY])

    def test_refused(self):
        for name, text in REFUSED.items():
            with self.subTest(name):
                run = self.run_job({'task': {'shell': text}, 'inputs': NASTY}, code=2)
                self.assertFalse(run.dir.exists())
                self.assertIn('$.task.shell', run.stderr)
        self.assertEqual(list(self.folder.rglob('pwned*')), [])

    def test_command(self):
        for words in (['printf', '%s', '{}'], ['printf', '%s']):
            run = self.run_job({'task': {'command': words}, 'inputs': NASTY})
            self.check_arrived(run, NASTY)

    def test_environment_and_folder(self):
        items = [item for item in NASTY if item]
        for item in items:
            (self.work / 'in' / item).mkdir(parents=True)
        run = self.run_job({'task': {'shell': 'printf %s "$V"; [ -e here ] || touch here'},
                            'env': {'V': '{}'}, 'cwd': 'in/{}', 'inputs': items})
        self.assertEqual([run.by_index()[i]['stdout'] for i in range(len(items))], items)
        for item in items:
            self.assertTrue((self.work / 'in' / item / 'here').exists(), item)

    def test_names_of_files(self):
        names = ['-rf', '; touch pwned', '$(touch pwned)', "it's", 'a\nb']
        for name in names:
            self.write('files/' + name, '')
        run = self.run_job({'task': {'shell': 'printf %s {}'}, 'inputs': {'glob': 'files/*'}})
        arrived = {outcome['stdout'].rsplit('/', 1)[-1] for outcome in run.outcomes()}
        self.assertEqual(arrived, set(names))
        self.assertEqual(list(self.folder.rglob('pwned')), [])


if __name__ == '__main__':
    unittest.main()
