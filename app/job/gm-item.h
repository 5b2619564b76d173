/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  GM_ITEM_JSON,   /* compact JSON text of the item */
  GM_ITEM_BYTES,  /* a string that is not UTF-8, as it is */
  GM_ITEM_BAD,    /* why there is no item: the error text of its outcome, "bad-input" */
} GmItemKind;

/* Borrowed from whoever handed it out; `data[size]` is always NUL. */
typedef struct
{
  GmItemKind  kind;
  const char *data;
  gsize       size;
} GmItem;

G_END_DECLS
