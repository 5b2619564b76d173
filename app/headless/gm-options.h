/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  GM_MODE_RUN,
  GM_MODE_DRY_RUN,
  GM_MODE_CHECK,
  GM_MODE_LIST,
  GM_MODE_REMOVE,
  GM_MODE_STATUS,
  GM_MODE_WATCH,
  GM_MODE_CANCEL,
  GM_MODE_DRAIN,
  GM_MODE_PAUSE,
  GM_MODE_UNPAUSE,
  GM_MODE_RESIZE,
  GM_MODE_VERSION,
  GM_MODE_HELP,
} GmMode;

/* An option that stands for a key of the job file. */
typedef struct
{
  const char *key;
  const char *text;
} GmOverride;

/* What a command line asks for; all strings are those of argv. */
typedef struct
{
  GmMode       mode;
  const char  *file;       /* the job file, or NULL */
  char       **words;      /* or what follows "--" */
  GArray      *overrides;  /* owned, of GmOverride, in the order given */
  const char  *run_dir;
  const char  *reuse;      /* the RUN to take outcomes over from, or NULL */
  const char  *joblog;
  const char  *resume;     /* the RUN to go on with, or NULL */
  char        *run;        /* owned: the RUN that an option names, or NULL */
  guint64      processes;  /* of --resize */
  guint64      first;      /* 0: all */
  gboolean     json;
  gboolean     quiet;
  gboolean     retry_failed;  /* of resume: what is not ok, instead of what was not done */
} GmOptions;

gboolean  gm_options_wanted    (char        **argv);
gboolean  gm_options_parse     (GmOptions    *self,
                                char        **argv,
                                GError      **error);
void      gm_options_clear     (GmOptions    *self);
char     *gm_options_help      (void);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (GmOptions, gm_options_clear)

G_END_DECLS
