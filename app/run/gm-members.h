/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <string.h>

#include <glib.h>

G_BEGIN_DECLS

/* Walks over the members of an object of one line, without copying and without trusting it. */
typedef struct
{
  const char *name;       /* as written, without the quotes */
  gsize       name_size;
  const char *value;      /* as written */
  gsize       value_size;

  /*< private >*/
  const char *p;
  const char *end;
} GmMembers;

void     gm_members_init      (GmMembers        *self,
                               const char       *line,
                               gsize             size);
gboolean gm_members_next      (GmMembers        *self);
gint64   gm_members_get_int   (const GmMembers  *self);
gint64   gm_members_get_scaled
                              (const GmMembers  *self,
                               int               digits);
gboolean gm_members_get_text  (const GmMembers  *self,
                               GString          *out);

/* Inline, so that the length of a literal costs nothing. */
static inline gboolean
gm_members_is (const GmMembers *self,
               const char      *name)
{
  gsize size = strlen (name);

  return size == self->name_size && memcmp (self->name, name, size) == 0;
}

G_END_DECLS
