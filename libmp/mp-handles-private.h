/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "mp-handles.h"

G_BEGIN_DECLS

/* As many as the kernel carries with one message. */
#define MP_HANDLES_MAX 253

/* Memory that came from another process, and the descriptors that came along. Freeing it closes
 * those that nobody has stolen. */
typedef struct
{
  gpointer  data;
  gsize     size;

  /* Owned */
  gpointer  base;      /* of the allocation, or of the mapping if @mapped */
  gsize     mapped;
  int      *fds;
  guint     n_fds;
} MpBlock;

void      _mp_block_free              (MpBlock             *block);
GVariant *_mp_block_to_variant        (MpBlock             *block,
                                       const GVariantType  *type,
                                       gboolean             renumber,
                                       GError             **error);

gboolean  _mp_handles_present         (GVariant            *value);
GVariant *_mp_handles_dup             (GVariant            *value,
                                       GError             **error);
gboolean  _mp_handles_possible        (const GVariantType  *type);
void      _mp_handles_collect         (GVariant            *value,
                                       GArray              *fds);
gboolean  _mp_handles_check           (const GArray        *fds,
                                       GError             **error);
gboolean  _mp_handles_contain         (const GArray        *fds,
                                       int                  fd);
void      _mp_handles_after_fork      (const GArray        *passed);

G_END_DECLS
