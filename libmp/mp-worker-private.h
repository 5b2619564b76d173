/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The registered function that a pool's processes run, and the type of its arguments: arena,
 * bell, slot, most items, initializer or "", its arguments, where its output goes. */
#define MP_WORKER_FUNCTION  "mp-pool-worker"
#define MP_WORKER_ARGS_TYPE "(hhuusmvah)"

/* What the parent sleeps as; see ring_bell(). */
enum
{
  MP_PARENT_AWAKE,
  MP_PARENT_NAPS,    /* will look by itself soon; wake it only when out of work */
  MP_PARENT_SLEEPS,  /* wake it for anything */
};

G_END_DECLS
