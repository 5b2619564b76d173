/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  GM_FIELD_ITEM,
  GM_FIELD_MEMBER,
  GM_FIELD_COLUMN,
  GM_FIELD_INDEX,
  GM_FIELD_SLOT,
} GmFieldKind;

typedef enum
{
  GM_PATH_WHOLE,
  GM_PATH_NO_EXTENSION,
  GM_PATH_BASE,
  GM_PATH_FOLDER,
  GM_PATH_STEM,
} GmPathPart;

/* One replacement string. */
typedef struct
{
  GmFieldKind  kind;
  GmPathPart   part;
  guint        column;  /* from 1 */
  char        *name;    /* of the member */
  char        *text;    /* as written, with its braces */
} GmField;

const char *gm_field_scan         (const char   *text,
                                   GmField     **field);
void        gm_field_free         (GmField      *field);

void        gm_path_part_append   (GString      *out,
                                   GmPathPart    part,
                                   const char   *path,
                                   gsize         len);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GmField, gm_field_free)

G_END_DECLS
