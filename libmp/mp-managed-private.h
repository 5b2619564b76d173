/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "mp-error.h"

G_BEGIN_DECLS

/* What a manager's server keeps for others. All of it belongs to one thread: a method that can't
 * have what it wants now does not wait but is run again whenever its object has changed. */
typedef struct _MpServer MpServer;
typedef struct _MpSession MpSession;   /* somebody who is connected */
typedef struct _MpManaged MpManaged;   /* an object */
typedef struct _MpCall MpCall;         /* a method of an object, being called */

/* Returns: (transfer full), or floating: the result; NULL with an error, or from _mp_call_wait() */
typedef GVariant *(*MpManagedFunction) (MpCall  *call,
                                        GError **error);

typedef struct
{
  const char        *name;
  const char        *args;   /* the type they must have */
  MpManagedFunction  run;
} MpManagedMethod;

typedef struct
{
  const char            *name;
  gsize                  size;      /* of the struct that begins with an MpManaged */
  gboolean             (*init)      (MpManaged  *self,
                                     GVariant   *args,
                                     GError    **error);
  void                 (*clear)     (MpManaged  *self);
  void                 (*bereave)   (MpManaged  *self,
                                     MpSession  *session);
  const MpManagedMethod *methods;
  guint                  n_methods;
  const char            *made_of;   /* the type of its arguments, if not "()"; NULL for no other */
} MpManagedType;

struct _MpManaged
{
  const MpManagedType *type;
  MpServer            *server;
  guint64              id;
  guint                refs;
  GQueue               waiting;    /* MpCalls, in the order they came */
  gboolean             changed;    /* those should be run again */
};

struct _MpCall
{
  /* Owned */
  GVariant              *args;
  MpManaged             *object;
  gpointer               data;     /* the method's own */
  GDestroyNotify         free_data; /* NULL for g_free() */

  /* Borrowed */
  MpSession             *session;  /* NULL if it has ended, or nobody wants an answer */
  const MpManagedMethod *method;

  gint64                 deadline; /* -1 for none */
  GSequenceIter         *timer;
  GList                  link;     /* in the object's */
  GList                  session_link;
  guint32                serial;
  guint32                thread;   /* of the caller, within its process */
  guint                  stage;    /* the method's own */
  gboolean               late;     /* the time is over */
  gboolean               waits;
};

GVariant   *_mp_call_wait       (MpCall        *call,
                                 MpError        code,
                                 const char    *message,
                                 GError       **error);
void        _mp_call_drop_deadline (MpCall     *call);
GVariant   *_mp_call_nothing    (void);
GVariant   *_mp_call_arg        (MpCall        *call,
                                 guint          index);
void        _mp_managed_changed (MpManaged     *self);
void        _mp_managed_hold    (MpManaged     *self);
void        _mp_managed_drop    (MpManaged     *self);

/* Values that an object keeps hold what their proxies stand for. */
GVariant   *_mp_server_keep     (MpServer      *server,
                                 GVariant      *value);
void        _mp_server_forget   (MpServer      *server,
                                 GVariant      *value);

/* Objects that are not there yet. */
MpManaged  *_mp_managed_new     (MpServer      *server,
                                 const MpManagedType *type);
void        _mp_managed_add     (MpManaged     *self);
GVariant   *_mp_managed_publish (MpManaged     *self);

const MpManagedType *_mp_managed_find_type (const char *name);

extern const MpManagedType _mp_managed_array;
extern const MpManagedType _mp_managed_barrier;
extern const MpManagedType _mp_managed_bounded_semaphore;
extern const MpManagedType _mp_managed_condition;
extern const MpManagedType _mp_managed_dict;
extern const MpManagedType _mp_managed_event;
extern const MpManagedType _mp_managed_joinable_queue;
extern const MpManagedType _mp_managed_list;
extern const MpManagedType _mp_managed_lock;
extern const MpManagedType _mp_managed_namespace;
extern const MpManagedType _mp_managed_pool;
extern const MpManagedType _mp_managed_queue;
extern const MpManagedType _mp_managed_rlock;
extern const MpManagedType _mp_managed_semaphore;
extern const MpManagedType _mp_managed_set;
extern const MpManagedType _mp_managed_value;

G_END_DECLS
