/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "gm-inputs.h"

G_BEGIN_DECLS

/* What a run has written down of its inputs. */
typedef struct
{
  guint64  count;
  gboolean has_lines;   /* inputs.jsonl: the items themselves */
  gboolean has_hashes;  /* inputs.idx */
  gboolean ended;       /* inputs.jsonl says that there were no more */
} GmInputsKept;

gboolean  gm_inputs_kept_read     (GmInputsKept  *self,
                                   const char    *dir,
                                   GError       **error);
gboolean  gm_inputs_kept_compare  (GmInputsKept  *self,
                                   const char    *dir,
                                   GmJob         *job,
                                   GError       **error);
GmInputs *gm_inputs_replay        (GmInputsKept  *self,
                                   const char    *dir,
                                   GError       **error);

G_END_DECLS
