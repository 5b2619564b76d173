/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <sys/types.h>
#include "mp-command.h"
#include "mp-command-output-private.h"
#include "mp-fd-private.h"

G_BEGIN_DECLS

/* Of the child until it becomes the program; it runs one short function there. */
#define MP_COMMAND_STACK_SIZE (64 * 1024)

/* Where the child stopped on its way to the program. */
typedef enum
{
  MP_COMMAND_STEP_NONE,
  MP_COMMAND_STEP_PROCESS,
  MP_COMMAND_STEP_PIPE,
  MP_COMMAND_STEP_CWD,
  MP_COMMAND_STEP_NICE,
  MP_COMMAND_STEP_EXECUTE,
} MpCommandStep;

/* A value of ours in the environment. */
typedef struct
{
  GString *text;         /* NAME=value */
  gsize    name_length;
  guint    position;     /* in the array given to the program */
  gboolean unset;
} MpCommandVariable;

struct _MpCommand
{
  gatomicrefcount    ref_count;

  /* Owned */
  GPtrArray         *argv;          /* into @argv_text, ends in NULL */
  GString           *argv_text;
  GStrv              base_env;
  GPtrArray         *env;           /* into @base_env and @variables, ends in NULL */
  GPtrArray         *variables;
  char              *cwd;
  GByteArray        *stdin_data;
  char              *program;       /* what the search of PATH found for @program_name */
  char              *program_name;
  guint8            *scratch;
  void              *stack;
  int                null_fd;
  MpCommandOutput    out;
  MpCommandOutput    err;

  /* Borrowed */
  const gint64      *paused_time;
  pid_t             *pid_slot;
  MpCommandPathFunc  path_func;
  gpointer           path_data;
  MpCommandCheckFunc check_func;
  gpointer           check_data;
  int                cancel_fd;
  int                owner_fd;

  gint64             timeout;
  gint64             check_interval;
  gsize              output_limit;
  int                nice;

  guint              env_changed : 1;
  guint              has_stdin : 1;
  guint              has_nice : 1;
  guint              resets_realtime : 1;
};

const char *_mp_command_get_env         (MpCommand        *self,
                                         const char       *name);
char      **_mp_command_get_environ     (MpCommand        *self);
const char *_mp_command_find_program    (MpCommand        *self,
                                         int              *error_number,
                                         GError          **error);
void        _mp_command_forget_program  (MpCommand        *self);
void        _mp_command_set_error       (MpCommand        *self,
                                         MpCommandStep     step,
                                         int               error_number,
                                         GError          **error);
gboolean    _mp_command_launch          (MpCommand        *self,
                                         const int         fds[3],
                                         pid_t            *pid,
                                         int              *pidfd,
                                         int              *error_number,
                                         GError          **error);
void        _mp_command_terminate       (pid_t             pid,
                                         GArray           *members);
gboolean    _mp_command_is_subreaper    (void);
gboolean    _mp_command_uses_realtime   (void);
int         _mp_command_open_pipe       (int               fds[2]);
int         _mp_command_open_null       (MpCommand        *self);

G_END_DECLS
