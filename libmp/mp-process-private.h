/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>
#include "mp-process.h"

G_BEGIN_DECLS

/* Exit code when somebody else, a stray waitpid() perhaps, took the status away. */
#define MP_EXIT_CODE_UNKNOWN 255

typedef enum
{
  MP_PROCESS_INITIAL,
  MP_PROCESS_STARTED,
  MP_PROCESS_ENDED,
} MpProcessState;

typedef struct
{
  /* Owned */
  char           *name;
  char           *identity;     /* the counters of this process and those above it: 1:2 */
  char           *function;
  GVariant       *args;
  GBytes         *authkey;
  GSource        *watch;        /* emits `terminated` */
  int             pidfd;

  /* Borrowed */
  MpContext      *context;      /* NULL: the default at the time it starts */

  GList           link;         /* in the children, while it is one that has not ended */
  /* Changed while the children's lock is held, the state after the others; it is read anywhere */
  MpProcessState  state;
  int             wait_status;
  gboolean        status_known;
  pid_t           pid;
  pid_t           owner;        /* whose child it is */
  int             death_signal;
  int             ignored_signal; /* from the first moment: Ctrl-C reaches the whole terminal */
  int             sent_signal;  /* the last one from us, so that its death is no news */

  guint           daemon : 1;
  guint           worker : 1;
  guint           closed : 1;
  guint           told : 1;     /* `terminated` was emitted */
} MpProcessPrivate;

/* What a start method gives back. */
typedef struct
{
  pid_t pid;
  int   pidfd;  /* -1: it has ended already and left no status */
} MpStarted;

MpProcessPrivate *_mp_process_get_private         (MpProcess          *self);

static inline MpProcessState
_mp_process_get_state (MpProcessPrivate *priv)
{
  return __atomic_load_n (&priv->state, __ATOMIC_ACQUIRE);
}

static inline void
_mp_process_set_state (MpProcessPrivate *priv,
                       MpProcessState    state)
{
  __atomic_store_n (&priv->state, state, __ATOMIC_RELEASE);
}

/* For the pool. */
MpProcess        *_mp_process_new_worker          (MpContext          *context,
                                                   const char         *function,
                                                   GVariant           *args);
int               _mp_process_get_wait_status     (MpProcess          *self);
gboolean          _mp_process_reap                (MpProcess          *self);

/* This process and the one it comes from. */
void              _mp_process_inherit             (MpProcess          *self);
void              _mp_process_become_current      (MpProcess          *self,
                                                   MpProcess          *parent);
MpProcess        *_mp_process_new_parent          (const char         *name,
                                                   pid_t               pid);

/* The children of this process. */
gboolean          _mp_child_open                  (pid_t               pid,
                                                   MpStarted          *started,
                                                   GError            **error);
void              _mp_child_discard               (pid_t               pid);
gboolean          _mp_children_exist              (void);
void              _mp_children_sweep              (void);
void              _mp_children_add                (MpProcess          *self,
                                                   const MpStarted    *started);
GArray           *_mp_process_list_children       (void);
void              _mp_children_after_fork         (void);

/* The start methods. The first runs @self in the child and does not return there. */
gboolean          _mp_start_fork                  (MpProcess          *self,
                                                   MpStarted          *started,
                                                   GError            **error);
gboolean          _mp_start_spawn                 (MpProcess          *self,
                                                   MpStarted          *started,
                                                   GError            **error);
gboolean          _mp_start_forkserver            (MpProcess          *self,
                                                   MpStarted          *started,
                                                   GError            **error);

/* In the child. */
void              _mp_child_begin                 (MpProcess          *self,
                                                   pid_t               parent);
void              _mp_child_run                   (MpProcess          *self) G_GNUC_NORETURN;

G_END_DECLS
