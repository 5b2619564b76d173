/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(MP_INSIDE) && !defined(MP_COMPILATION)
#error "Only <mp.h> can be included directly."
#endif

#include <glib-object.h>
#include <sys/types.h>
#include "mp-macros.h"

G_BEGIN_DECLS

typedef enum
{
  MP_COMMAND_EXITED,        /* it ended by itself: an exit code */
  MP_COMMAND_SIGNALED,      /* a signal that was not ours ended it */
  MP_COMMAND_TIMEOUT,
  MP_COMMAND_CANCELLED,     /* the cancel or owner descriptor asked for its end */
  MP_COMMAND_REFUSED,       /* the check asked for its end at once */
  MP_COMMAND_NOT_EXECUTED,  /* it never ran, and trying again won't help */
  MP_COMMAND_NO_RESOURCES,  /* it never ran for lack of processes, descriptors or memory */
  MP_COMMAND_RESULT_LOST,   /* its output or its status could not be kept; see the error */
} MpCommandEnd;

/* What a program wrote to one of its descriptors. */
typedef struct
{
  const guint8 *data;    /* up to the limit; not terminated */
  gsize         size;    /* of @data */
  guint64       total;   /* bytes written in all */
  const char   *path;    /* the file that has all of it, or %NULL if there was no need */
} MpCommandText;

/* Borrowed from the command: valid until its next run, or its end. */
typedef struct
{
  MpCommandEnd  end;
  int           error_number;  /* NOT_EXECUTED, NO_RESOURCES, RESULT_LOST: the errno behind it */
  int           wait_status;   /* as wait4() gave it */
  pid_t         pid;           /* also the id of its session and process group */
  gint64        start_time;    /* wall clock, microseconds since the epoch */
  gint64        duration;      /* nanoseconds */
  gint64        user_time;     /* microseconds, of the program and all it waited for */
  gint64        system_time;
  gint64        max_rss;       /* bytes; never below the peak of the process that started it */
  MpCommandText out;
  MpCommandText err;
} MpCommandResult;

/* Names the file for output above the limit; @fd is 1 or 2. %NULL drops what is above. */
typedef char *(*MpCommandPathFunc) (int      fd,
                                    gpointer user_data);

/* Looks after a command that runs: %MP_COMMAND_EXITED lets it go on, %MP_COMMAND_TIMEOUT ends it
 * as its timeout does, %MP_COMMAND_REFUSED kills it at once. */
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
