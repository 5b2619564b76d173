/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "gm-control.h"

G_BEGIN_DECLS

/* One who is connected. */
typedef struct _GmControlClient GmControlClient;

typedef void (*GmControlGoneFunc) (GmControlClient *client,
                                   gpointer         user_data);

GmControlClient *gm_control_client_new      (int                    fd,
                                             const GmControlFuncs  *funcs,
                                             gpointer               user_data,
                                             GmControlGoneFunc      gone,
                                             gpointer               gone_data);
void             gm_control_client_free     (GmControlClient       *self);
void             gm_control_client_say_last (GmControlClient       *self);
void             gm_control_refuse          (int                    fd,
                                             const char            *why);

G_END_DECLS
