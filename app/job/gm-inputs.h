/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "gm-item.h"
#include "gm-job.h"

G_BEGIN_DECLS

typedef struct _GmInputs GmInputs;

typedef enum
{
  GM_INPUTS_ITEM,   /* here is one */
  GM_INPUTS_END,    /* there is no more */
  GM_INPUTS_WAIT,   /* reading would block: poll gm_inputs_get_fd() for G_IO_IN | G_IO_HUP */
  GM_INPUTS_ERROR,  /* reading failed: no more can be had */
} GmInputsStatus;

GmInputs       *gm_inputs_open        (GmJob       *job,
                                       int          stdin_fd,
                                       GError     **error);
void            gm_inputs_free        (GmInputs    *inputs);
GmInputsStatus  gm_inputs_next        (GmInputs    *inputs,
                                       GmItem      *item,
                                       GError     **error);
gint64          gm_inputs_get_total   (GmInputs    *inputs);
int             gm_inputs_get_fd      (GmInputs    *inputs);
gboolean        gm_inputs_can_reopen  (GmInputs    *inputs);
gboolean        gm_inputs_can_have    (GmInputs    *inputs,
                                       const char  *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GmInputs, gm_inputs_free)

G_END_DECLS
