/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "gm-item.h"
#include "gm-outcome-status.h"

G_BEGIN_DECLS

/* What goes between runner and worker, both of one build: a struct's bytes and what follows. */

/* Runner to worker; the item's bytes and a NUL follow. */
typedef struct
{
  guint64 index;
  guint32 attempt;  /* from 1 */
  guint32 kind;     /* a GmItemKind */
} GmItemHeader;

typedef enum
{
  GM_ANSWER_FINAL           = 1 << 0,  /* another attempt would end the same way */
  GM_ANSWER_ENDED           = 1 << 1,  /* the runner asked for its end: no outcome of the task */
  GM_ANSWER_SPILLED_STDOUT  = 1 << 2,  /* outputs/<index>.out has it */
  GM_ANSWER_SPILLED_STDERR  = 1 << 3,
  GM_ANSWER_NO_RESOURCES    = 1 << 4,  /* did not start for lack of processes or descriptors */
  GM_ANSWER_OUTPUT_LOST     = 1 << 5,  /* was ended because its output could not be kept */
  GM_ANSWER_REUSED          = 1 << 6,  /* was done before: nothing has run */
} GmAnswerFlags;

/* Worker to runner; the outcome line, the output and the errors of the task follow. */
typedef struct
{
  guint64 line_length;
  guint64 stdout_length;  /* 0 unless the face wants them */
  guint64 stderr_length;
  gint32  exit_code;      /* -1: none */
  gint32  signal;         /* 0: none */
  guint32 flags;
  guint16 status;
  guint16 reason;
} GmAnswer;

void          gm_item_header_write (GString       *out,
                                    guint64        index,
                                    guint          attempt,
                                    const GmItem  *item);
gboolean      gm_item_header_read  (const guint8  *data,
                                    gsize          size,
                                    GmItemHeader  *header,
                                    GmItem        *item);
void          gm_answer_reserve    (GString       *out);
void          gm_answer_finish     (GString        *out,
                                    const GmAnswer *answer);
gboolean      gm_answer_read       (const guint8  *data,
                                    gsize          size,
                                    GmAnswer      *answer,
                                    const char   **line);

G_END_DECLS
