#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A worker for gtk-mp: reads {"index": N, "item": …} lines, answers {"result": …} or {"error": "…"}.

It starts once for each pool worker, so what is slow to load is loaded once. Print nothing else to
standard output; standard error goes to the log of the run.
"""
import collections
import json
import sys

print('ready', file=sys.stderr)
for line in sys.stdin:
    path = json.loads(line)['item']
    try:
        with open(path, encoding='utf-8') as file:
            words = collections.Counter(word.lower() for word in file.read().split() if len(word) > 6)
        answer = {'result': dict(words.most_common(3))}
    except (OSError, UnicodeDecodeError) as error:
        answer = {'error': str(error)}
    print(json.dumps(answer), flush=True)
