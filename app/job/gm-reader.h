/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "gm-inputs.h"

G_BEGIN_DECLS

/* Reads a file, pipe or terminal record by record, never waiting for more than there is. */
typedef struct _GmReader GmReader;

GmReader       *gm_reader_new        (int          fd,
                                      gboolean     owns_fd,
                                      const char  *name,
                                      char         separator);
void            gm_reader_free       (GmReader    *self);
GmInputsStatus  gm_reader_next       (GmReader    *self,
                                      char       **record,
                                      gsize       *len,
                                      gboolean    *ended,
                                      GError     **error);
gint64          gm_reader_get_number (GmReader    *self);
const char     *gm_reader_get_name   (GmReader    *self);
int             gm_reader_get_fd     (GmReader    *self);
gboolean        gm_reader_is_file    (GmReader    *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GmReader, gm_reader_free)

G_END_DECLS
