#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A worker in shell, for items that are numbers: {"index":N,"item":NUMBER} in, one line out.
while read -r line; do
  number=${line##*:}
  number=${number%\}}
  factors=$(factor "$number") || { echo '{"error":"not a number that factor takes"}'; continue; }
  printf '{"result":"%s"}\n' "${factors#*: }"
done
