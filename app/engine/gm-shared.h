/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* As many as a pool has slots. */
#define GM_SHARED_MAX_SLOTS    512

#define GM_SHARED_MAX_COUNTERS 64
#define GM_SHARED_MAX_NAME     48   /* bytes, the ending NUL included */
#define GM_SHARED_MAX_NOTE     104  /* the same */

/* How far the item of one worker is; written by that worker alone. */
typedef struct
{
  guint32 version;   /* odd: is being written, or its writer died while it wrote */
  guint64 index;     /* of the item, plus one; 0: nothing was said */
  double  fraction;  /* 0 to 1; negative: not known */
  char    note[GM_SHARED_MAX_NOTE];
} GmSharedProgress;

/* A counter belongs to whoever has its name: the first to use one claims it by setting @key, and
 * all that use it until @named is set write the same bytes to @name. So whoever dies in between
 * leaves nothing half done. */
typedef struct
{
  guint64 key;       /* hash of the name; 0: free, and so are all after it */
  guint32 named;
  char    name[GM_SHARED_MAX_NAME];
  gint64  value;
} GmSharedCounter;

/* What the runner tells its workers while they run, and what their functions tell it, in memory
 * that all of them have. */
typedef struct
{
  gint64           task_timeout;  /* microseconds; 0: none, or none yet */
  GmSharedCounter  counters[GM_SHARED_MAX_COUNTERS];
  GmSharedProgress progress[GM_SHARED_MAX_SLOTS];
} GmShared;

GmShared *gm_shared_new              (int             *fd,
                                      GError         **error);
GmShared *gm_shared_open             (int              fd,
                                      GError         **error);
void      gm_shared_set_task_timeout (GmShared        *shared,
                                      gint64           timeout);
void      gm_shared_set_progress     (GmShared        *shared,
                                      guint            slot,
                                      guint64          index,
                                      double           fraction,
                                      const char      *note);
void      gm_shared_clear_progress   (GmShared        *shared,
                                      guint            slot);
gboolean  gm_shared_get_progress     (const GmShared  *shared,
                                      guint            slot,
                                      guint64          index,
                                      double          *fraction,
                                      char           **note);
gboolean  gm_shared_count            (GmShared        *shared,
                                      const char      *name,
                                      gint64           by,
                                      gint64          *value);
char     *gm_shared_dup_counters     (const GmShared  *shared);
void      gm_shared_free             (GmShared        *shared);

G_END_DECLS
