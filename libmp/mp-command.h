/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(MP_INSIDE) && !defined(MP_COMPILATION)
#error "Only <mp.h> can be included directly."
#endif

#include <glib-object.h>
#include <sys/types.h>
#include "mp-macros.h"

G_BEGIN_DECLS

/**
 * MpCommandEnd:
 * @MP_COMMAND_EXITED: it ended by itself: an exit code
 * @MP_COMMAND_SIGNALED: a signal that was not ours ended it
 * @MP_COMMAND_TIMEOUT: it took too long, and was ended
 * @MP_COMMAND_CANCELLED: the cancel or owner descriptor asked for its end
 * @MP_COMMAND_REFUSED: the check asked for its end at once
 * @MP_COMMAND_NOT_EXECUTED: it never ran, and trying again won't help
 * @MP_COMMAND_NO_RESOURCES: it never ran for lack of processes, descriptors or memory
 * @MP_COMMAND_RESULT_LOST: its output or its status could not be kept; see the error
 *
 * How a command has ended.
 */
typedef enum
{
  MP_COMMAND_EXITED,
  MP_COMMAND_SIGNALED,
  MP_COMMAND_TIMEOUT,
  MP_COMMAND_CANCELLED,
  MP_COMMAND_REFUSED,
  MP_COMMAND_NOT_EXECUTED,
  MP_COMMAND_NO_RESOURCES,
  MP_COMMAND_RESULT_LOST,
} MpCommandEnd;

/**
 * MpCommandText:
 * @data: up to the limit; not terminated
 * @size: of @data
 * @total: bytes written in all
 * @path: the file that has all of it, or %NULL if there was no need
 *
 * What a program wrote to one of its descriptors.
 */
typedef struct
{
  const guint8 *data;
  gsize         size;
  guint64       total;
  const char   *path;
} MpCommandText;

/**
 * MpCommandResult:
 * @end: how it ended
 * @error_number: NOT_EXECUTED, NO_RESOURCES, RESULT_LOST: the errno behind it
 * @wait_status: as wait4() gave it
 * @pid: also the id of its session and process group
 * @start_time: wall clock, microseconds since the epoch
 * @duration: nanoseconds
 * @user_time: microseconds, of the program and all it waited for
 * @system_time: microseconds
 * @max_rss: bytes; never below the peak of the process that started it
 * @out: what it wrote to its standard output
 * @err: what it wrote to its standard error
 *
 * What became of a command. Borrowed from it: valid until its next run, or its end.
 */
typedef struct
{
  MpCommandEnd  end;
  int           error_number;
  int           wait_status;
  pid_t         pid;
  gint64        start_time;
  gint64        duration;
  gint64        user_time;
  gint64        system_time;
  gint64        max_rss;
  MpCommandText out;
  MpCommandText err;
} MpCommandResult;

/**
 * MpCommandPathFunc:
 * @fd: 1 for standard output, 2 for standard error
 * @user_data: of who has set it
 *
 * Names the file for output above the limit.
 *
 * Returns: (transfer full) (nullable) (type filename): its path; %NULL drops what is above
 */
typedef char *(*MpCommandPathFunc) (int      fd,
                                    gpointer user_data);

/**
 * MpCommandCheckFunc:
 * @pid: its main process
 * @user_data: of who has set it
 *
 * Looks after a command that runs.
 *
 * Returns: %MP_COMMAND_EXITED lets it go on, %MP_COMMAND_TIMEOUT ends it as its timeout does,
 *   %MP_COMMAND_REFUSED kills it at once
 */
typedef MpCommandEnd (*MpCommandCheckFunc) (pid_t    pid,
                                            gpointer user_data);

#define MP_TYPE_COMMAND (mp_command_get_type ())
typedef struct _MpCommand MpCommand;
MP_EXPORT GType      mp_command_get_type          (void) G_GNUC_CONST;
MP_EXPORT MpCommand *mp_command_new               (const char *const *argv);
MP_EXPORT MpCommand *mp_command_ref               (MpCommand         *self);
MP_EXPORT void       mp_command_unref             (MpCommand         *self);
MP_EXPORT void       mp_command_set_argv          (MpCommand         *self,
                                                   const char *const *argv);
MP_EXPORT void       mp_command_set_env           (MpCommand         *self,
                                                   const char        *name,
                                                   const char        *value);
MP_EXPORT void       mp_command_set_cwd           (MpCommand         *self,
                                                   const char        *path);
MP_EXPORT void       mp_command_set_stdin         (MpCommand         *self,
                                                   const void        *data,
                                                   gsize              size);
MP_EXPORT void       mp_command_set_nice          (MpCommand         *self,
                                                   int                nice);
MP_EXPORT void       mp_command_set_timeout       (MpCommand         *self,
                                                   gint64             timeout);
MP_EXPORT void       mp_command_set_paused_time   (MpCommand         *self,
                                                   const gint64      *nanoseconds);
MP_EXPORT void       mp_command_set_output_limit  (MpCommand         *self,
                                                   gsize              limit);
MP_EXPORT void       mp_command_set_output_path   (MpCommand         *self,
                                                   MpCommandPathFunc  path_func,
                                                   gpointer           user_data);
MP_EXPORT void       mp_command_set_cancel_fd     (MpCommand         *self,
                                                   int                fd);
MP_EXPORT void       mp_command_set_owner_fd      (MpCommand         *self,
                                                   int                fd);
MP_EXPORT void       mp_command_set_pid_slot      (MpCommand         *self,
                                                   pid_t             *slot);
MP_EXPORT void       mp_command_set_check         (MpCommand         *self,
                                                   gint64             interval,
                                                   MpCommandCheckFunc check_func,
                                                   gpointer           user_data);
MP_EXPORT GVariant  *mp_command_to_variant        (MpCommand         *self);
MP_EXPORT gboolean   mp_command_check             (MpCommand         *self,
                                                   GError           **error);
MP_EXPORT gboolean   mp_command_run               (MpCommand         *self,
                                                   MpCommandResult   *result,
                                                   GError           **error);
MP_EXPORT gboolean   mp_command_start             (MpCommand         *self,
                                                   const int          fds[3],
                                                   pid_t             *pid,
                                                   int               *pidfd,
                                                   GError           **error);
MP_EXPORT void       mp_command_stop              (MpCommand         *self,
                                                   pid_t              pid,
                                                   int                pidfd,
                                                   gint64             grace,
                                                   int               *wait_status);
MP_EXPORT gboolean   mp_command_become_subreaper  (GError           **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MpCommand, mp_command_unref)

G_END_DECLS
