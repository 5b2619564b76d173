#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Job files with mistakes: refused with words that name the place, and nothing runs."""
import os
import pathlib
import subprocess
import unittest

from harness import PROGRAM, Case

FOLDER = pathlib.Path(os.environ['GTK_MP_TEST_MALFORMED'])


class Malformed(Case):
    def check(self, *options):
        jobs = sorted(FOLDER.glob('*.mpjob'))
        self.assertGreater(len(jobs), 80)
        for job in jobs:
            with self.subTest(job.name):
                expected = job.with_suffix('.error').read_text()
                done = subprocess.run([PROGRAM, '--headless', *options, job.name], cwd=FOLDER,
                                      env=self.environment(), stdin=subprocess.DEVNULL,
                                      capture_output=True, text=True, check=False)
                self.assertEqual((done.returncode, done.stdout), (2, ''), done.stderr)
                self.assertEqual(done.stderr.removeprefix('gtk-mp: ').strip(), expected.strip())
        self.assertEqual(list((self.folder / 'state').rglob('*')), [])

    def test_run(self):
        self.check()

    def test_check(self):
        self.check('--check')

    def test_dry_run(self):
        self.check('--dry-run')

    def test_no_run_directory(self):
        run = self.start_arguments([str(FOLDER / 'processes-zero.mpjob')])
        self.assertEqual(run.wait(), 2)
        self.assertFalse(run.dir.exists())


if __name__ == '__main__':
    unittest.main()
