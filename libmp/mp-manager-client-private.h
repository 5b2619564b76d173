/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-unix.h>

#include "mp-finalize.h"
#include "mp-main-private.h"
#include "mp-proxy-private.h"

G_BEGIN_DECLS

struct _MpManagerClient
{
  int          refs;

  /* Owned */
  char        *address;
  GBytes      *authkey;
  GHashTable  *calls;      /* serial → MpClientCall; guarded by mutex, as all below */
  GHashTable  *entries;    /* id → what is known of the object */
  GQueue       order;      /* the entries as they came */
  int          fd;

  /* Borrowed */
  MpFinalizer *at_exit;

  GMutex       mutex;
  GMutex       sending;    /* a message goes out whole */
  GCond        changed;
  guint        n_waiting;  /* for that */
  guint32      last_serial;
  gboolean     stream;
  gboolean     reading;    /* somebody does */
  gboolean     gone;       /* for good */
  gboolean     told;       /* the log has said that there is a connection */
};

/* A call that waits for its answer: of a thread, or of a task. */
typedef struct
{
  /* Owned */
  GTask           *task;
  GSource         *source;
  GSource         *cancelled;
  GVariant        *result;
  GError          *error;

  /* Borrowed by a thread, owned for a task */
  MpManagerClient *client;

  guint32          serial;
  gboolean         done;
} MpClientCall;

void      _mp_manager_client_send           (MpManagerClient  *self,
                                             guint32           serial,
                                             guint64           id,
                                             const char       *method,
                                             GVariant         *args,
                                             gint64            timeout,
                                             gint64            deadline);
void      _mp_manager_client_read           (MpManagerClient  *self);
void      _mp_manager_client_wake           (MpManagerClient  *self);
gboolean  _mp_manager_client_set_gone       (MpManagerClient  *self,
                                             GError          **error);
void      _mp_manager_client_inherit_args  (GVariant         *args);
void      _mp_client_call_finish            (MpClientCall     *call,
                                             GVariant         *result,
                                             GError           *error);
void      _mp_client_call_free              (gpointer          data);
GError   *_mp_remote_error                  (GVariant         *value);

void      _mp_manager_client_note_grants    (MpManagerClient  *self,
                                             GVariant         *value);
void      _mp_manager_client_log_first      (MpManagerClient  *self,
                                             guint64           id);
void      _mp_manager_client_clear_entries  (MpManagerClient  *self);
void      _mp_manager_client_inherit        (MpManagerClient  *self);

G_END_DECLS
