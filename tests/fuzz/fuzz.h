/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

/* What libFuzzer calls with each input; fuzz-main.c does so with the corpus alone. */
int LLVMFuzzerTestOneInput (const guint8 *data,
                            size_t        size);
