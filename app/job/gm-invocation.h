/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "gm-inputs.h"

G_BEGIN_DECLS

/* The templates of a job, compiled once: words or shell text, env, cwd, creates. */
typedef struct _GmInvoker GmInvoker;

/* What to start for one item. Everything is borrowed until the next call. */
typedef struct
{
  const char * const *argv;        /* NULL-terminated; NULL for functions and workers */
  const char * const *env;         /* NULL-terminated "NAME=value": what the task adds */
  const char         *cwd;         /* absolute */
  const char         *creates;     /* absolute, or NULL */
  const char         *input;       /* for standard input, or NULL: /dev/null */
  gsize               input_size;
} GmInvocation;

GmInvoker *gm_invoker_new        (GmJob            *job,
                                  GError          **error);
void       gm_invoker_free       (GmInvoker        *invoker);
gboolean   gm_invoker_check      (GmInvoker        *invoker,
                                  GmInputs         *inputs,
                                  GError          **error);
gboolean   gm_invoker_expand     (GmInvoker        *invoker,
                                  const GmItem     *item,
                                  gint64            index,
                                  int               slot,
                                  GmInvocation     *invocation,
                                  GError          **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GmInvoker, gm_invoker_free)

G_END_DECLS
