/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "mp-proxy.h"

G_BEGIN_DECLS

/* Address, type, id, token of the way. */
#define MP_PROXY_STATE_TYPE "(sstt)"

/* This process's connection to one manager, for all its threads and proxies. */
typedef struct _MpManagerClient MpManagerClient;

MpManagerClient *_mp_manager_client_get      (const char          *address,
                                              GBytes              *authkey);
MpManagerClient *_mp_manager_client_ref      (MpManagerClient     *self);
void             _mp_manager_client_unref    (MpManagerClient     *self);
const char      *_mp_manager_client_address  (MpManagerClient     *self);
gboolean         _mp_manager_client_connect  (MpManagerClient     *self,
                                              gint64               timeout,
                                              GError             **error);
void             _mp_manager_client_retire   (MpManagerClient     *self);

GVariant        *_mp_manager_client_call     (MpManagerClient     *self,
                                              guint64              id,
                                              const char          *method,
                                              GVariant            *args,
                                              gint64               timeout,
                                              GError             **error);
GVariant        *_mp_manager_client_call_until (MpManagerClient     *self,
                                              guint64              id,
                                              const char          *method,
                                              GVariant            *args,
                                              gint64               timeout,
                                              gint64               deadline,
                                              GError             **error);
void             _mp_manager_client_start    (MpManagerClient     *self,
                                              guint64              id,
                                              const char          *method,
                                              GVariant            *args,
                                              gint64               timeout,
                                              GTask               *task);

/* What proxies of this process stand for. */
void             _mp_manager_client_created  (MpManagerClient     *self,
                                              guint64              id);
gboolean         _mp_manager_client_adopt    (MpManagerClient     *self,
                                              guint64              id,
                                              guint64              token,
                                              GError             **error);
void             _mp_manager_client_release  (MpManagerClient     *self,
                                              guint64              id);

MpProxy         *_mp_proxy_new               (MpManagerClient     *client,
                                              const char          *type_id,
                                              guint64              id);

G_END_DECLS
