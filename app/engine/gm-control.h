/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* The socket of a live run: JSON-RPC 2.0, a message a line. */
typedef struct _GmControl GmControl;

typedef struct
{
  /* Appends the result, a JSON text, or sets an error: %G_IO_ERROR_NOT_SUPPORTED for a method that
   * there is not, %G_IO_ERROR_INVALID_ARGUMENT for wrong parameters, any other for what can't be
   * done now. @params is NULL or an object. */
  gboolean (*call)     (const char  *method,
                        JsonObject  *params,
                        GString     *result,
                        gpointer     user_data,
                        GError     **error);
  /* Appends what watchers are told. */
  void     (*snapshot) (GString     *out,
                        gpointer     user_data);
} GmControlFuncs;

GmControl  *gm_control_new        (int                    fd,
                                   const GmControlFuncs  *funcs,
                                   gpointer               user_data);
void        gm_control_free       (GmControl             *self);
void        gm_control_say_last   (GmControl             *self);

gboolean    gm_params_check       (JsonObject            *params,
                                   const char *const     *names,
                                   GError               **error);
gboolean    gm_params_get_int     (JsonObject            *params,
                                   const char            *name,
                                   gint64                *value,
                                   GError               **error);

G_END_DECLS
