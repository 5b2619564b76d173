/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "mp-listener.h"
#include "mp-managed-custom-private.h"
#include "mp-managed-pool-private.h"
#include "mp-managed-private.h"
#include "mp-request-private.h"

G_BEGIN_DECLS

/* What to send when there is room for it. */
typedef struct
{
  GBytes *bytes;
  gsize   weight;   /* with what is in memory */
  gsize   sent;     /* of a stream */
  int     memory;   /* -1 for none */
} MpFrame;

struct _MpSession
{
  /* Owned */
  GByteArray *in;        /* of a stream: what has come of the next requests */
  GQueue      out;       /* MpFrames */
  GHashTable *refs;      /* id → how often it was told of it */
  GQueue      calls;     /* MpCalls that wait */
  int         fd;

  /* Borrowed */
  MpServer   *server;

  GList       link;
  gsize       out_size;
  guint32     events;    /* what epoll looks for */
  gboolean    stream;
  gboolean    dead;      /* and about to be freed */
};

struct _MpServer
{
  /* Owned */
  MpListener *listener;
  GHashTable *objects;   /* id → MpManaged */
  GHashTable *leases;    /* token → MpLease */
  GSequence  *timers;    /* MpCalls by deadline */
  GQueue      sessions;
  GQueue      dead;
  GQueue      changed;   /* MpManaged, held */
  GQueue      forgotten; /* GVariants an answer may still be about */
  MpCustom   *custom;
  MpPools    *pools;     /* NULL without */
  int         epoll;

  guint64     last_id;
  guint64     last_token; /* random at first, so that nobody has one of another manager */
  int         control;   /* ends with who started it; -1 for none */
  gboolean    full;      /* nobody is accepted until something has changed */
  gboolean    answering; /* a method runs, or its result is about to be sent */
  gboolean    stop;
};

/* A proxy that is on its way to another process. */
typedef struct
{
  guint64    id;
  MpSession *session;    /* who has sent it, NULL if it has ended */
  gint64     expiry;
} MpLease;

gboolean    _mp_server_run          (MpServer        *self,
                                     GError         **error);
void        _mp_server_handle       (MpSession       *session,
                                     const MpRequest *request);
void        _mp_server_settle       (MpServer        *self);
void        _mp_server_end_session  (MpSession       *session);
gint64      _mp_server_run_timers   (MpServer        *self);
void        _mp_server_forget_all   (MpServer        *self);
void        _mp_call_free           (MpCall          *call);

MpSession  *_mp_session_new         (MpServer        *server,
                                     int              fd);
void        _mp_session_free        (MpSession       *self);
void        _mp_session_event       (MpSession       *self,
                                     guint32          events);
void        _mp_session_reply       (MpSession       *self,
                                     guint32          serial,
                                     gboolean         is_error,
                                     GVariant        *value);
void        _mp_session_fail        (MpSession       *self);

/* The objects. */
MpManaged  *_mp_server_find         (MpServer        *self,
                                     guint64          id);
void        _mp_server_return_lease (MpServer        *self,
                                     MpManaged       *object,
                                     guint64          token);
guint64     _mp_server_lend         (MpSession       *session,
                                     guint64          id);
void        _mp_server_expire_leases (MpServer       *self,
                                     MpSession       *ended);
void        _mp_server_end_answer   (MpServer        *self);
void        _mp_session_grant       (MpSession       *session,
                                     MpManaged       *object);
void        _mp_session_grant_value (MpSession       *session,
                                     GVariant        *value);
void        _mp_session_take_back   (MpSession       *session,
                                     guint64          id,
                                     guint            times);

/* Calls @found for each proxy in @value of the manager at @address, or of any. */
typedef void (*MpProxyFound) (const char *address,
                              guint64     id,
                              guint64     token,
                              gpointer    user_data);
void        _mp_proxies_find        (GVariant        *value,
                                     const char      *address,
                                     MpProxyFound     found,
                                     gpointer         user_data);

G_END_DECLS
