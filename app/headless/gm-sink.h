/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A descriptor that can be written to without ever waiting. */
typedef struct
{
  int       fd;          /* what to write to and to poll */
  gboolean  owned;       /* opened here */
  gboolean  is_socket;
  gboolean  is_careful;  /* shared and blocking: ask before each small piece */
  gboolean  is_terminal;
} GmSink;

void     gm_sink_open    (GmSink      *self,
                          int          fd);
void     gm_sink_close   (GmSink      *self);
gssize   gm_sink_write   (GmSink      *self,
                          const char  *data,
                          gsize        size);
gboolean gm_sink_is_same (int          a,
                          int          b);

G_END_DECLS
