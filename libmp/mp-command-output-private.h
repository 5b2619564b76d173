/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include "mp-command.h"

G_BEGIN_DECLS

/* One captured descriptor: the pipe lives for one run, the memory for all of them. */
typedef struct
{
  int      fd;         /* 1 or 2 */
  int      read_fd;
  int      write_fd;
  int      file_fd;
  guint8  *data;
  gsize    size;
  gsize    allocated;
  guint64  total;
  char    *path;
  gboolean dropping;   /* over the limit, and nowhere to put it */
} MpCommandOutput;

int      _mp_command_output_open     (MpCommandOutput  *self);
gboolean _mp_command_output_read     (MpCommandOutput  *self,
                                      MpCommand        *command,
                                      GError          **error);
gboolean _mp_command_output_drain    (MpCommandOutput  *self,
                                      MpCommand        *command,
                                      GError          **error);
void     _mp_command_output_close    (MpCommandOutput  *self);
void     _mp_command_output_finalize (MpCommandOutput  *self);

G_END_DECLS
